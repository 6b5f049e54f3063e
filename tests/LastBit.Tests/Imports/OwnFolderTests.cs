using System.Text.Json;
using System.Text.RegularExpressions;
using LastBit.Imports;
using LastBit.Imports.Formats;
using LastBit.Runs;
using LastBit.Statistics;
using LastBit.Tests.Cli;

namespace LastBit.Tests.Imports;

/// <summary>LastBit's own folders, written by LastBit itself.</summary>
public sealed class OwnFolderTests
{
    private static readonly string[] Small =
        ["--network", "resnet8", "--data", "sample", "--train-size", "20", "--batch-size", "20", "--epochs", "1", "--json"];

    [Fact]
    public void A_pair_of_figure_2_is_a_run_and_its_divisor_the_training()
    {
        string folder = Path.Combine(Repository.Root, "docs", "results", "figure2");
        ImportResult result = LogReader.Read([folder], new ImportOptions(), TestContext.Current.CancellationToken);
        Assert.Equal(("LastBit divergence.json", "relativeL1", MeasureUnit.Plain), (result.Format, result.Metric, result.Unit));
        Assert.Equal(["n = 2", "n = 32", "n = 8"], result.Runs.Select(run => run.Group));
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "divergence.json")));
        JsonElement first = document.RootElement.GetProperty("runs")[0];
        Assert.Equal(first.GetProperty("iterations").Deserialize<double[]>()!, result.Runs[0].Steps);
        Assert.Equal(first.GetProperty("relativeL1").Deserialize<double[]>()!, result.Runs[0].Values);
        Assert.All(result.Runs, run => Assert.Equal(1, run.Seed));
        Assert.Contains("3 of 100 scaled iterations", Assert.Single(result.LeftOut).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_figure_2_that_is_damaged_is_named()
    {
        using var folder = new TemporaryFolder();
        Logs.Write(folder, "divergence.json",
            """{"scaledIterations": 2, "runs": [{"divisor": 2, "learningRate": 0.1, "iterations": [1, 3], "relativeL1": [0.5]}]}""");
        Assert.Contains("divergence.json: n = 2 has 1 differences at 2 iterations",
            Logs.Error(() => LogReader.Read([folder.Path], new ImportOptions())), StringComparison.Ordinal);
        Logs.Write(folder, "divergence.json", """{"scaledIterations": 2, "runs": [{"learningRate": 0.1}]}""");
        Assert.Contains("is not what `lastbit divergence` writes", Logs.Error(() => LogReader.Read([folder.Path], new ImportOptions())),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_training_is_read_with_its_seed_and_k()
    {
        using var folder = new TemporaryFolder();
        string[] digests = [.. new[] { "1", "3" }.Select(k =>
        {
            LastBitProcess train = LastBitCall.Run(["train", .. Small, "--seed", "7", "--k", k, "--out", folder[$"runs/k{k}"]]);
            Assert.Equal(0, train.ExitCode);
            return train.Json.GetProperty("digest").GetString()!;
        })];
        Assert.NotEqual(digests[0], digests[1]);
        ImportResult result = LogReader.Read([folder["runs"]], new ImportOptions(), TestContext.Current.CancellationToken);
        Assert.Equal(("LastBit train.json", "testAccuracy", MeasureUnit.Percent), (result.Format, result.Metric, result.Unit));
        Assert.Equal(["7 1", "7 3"], result.Runs.Select(run => $"{run.Seed} {run.Perturbation}"));
        Assert.All(result.Runs, run => Assert.Equal("resnet8", run.Params["network"]));
        LastBitProcess noise = LastBitCall.Run("noise", folder["runs"], "--metric", "testLoss", "--json", "--out", folder["noise"]);
        Assert.Equal((0, 2, true),
            (noise.ExitCode, noise.Json.GetProperty("runs").GetInt32(), noise.Json.GetProperty("lowerIsBetter").GetBoolean()));

        // A number or a setting that was changed is not believed; without a checksum, as older versions wrote them, it is.
        foreach ((string name, string member) in (ReadOnlySpan<(string, string)>)[("train.json", "testAccuracy"), ("run.json", "seed")])
        {
            string file = folder[$"runs/k1/{name}"], whole = File.ReadAllText(file);
            string changed = Regex.Replace(whole, $"(\"{member}\": ?)[0-9.]+", "${1}93");
            Assert.NotEqual(whole, changed);
            File.WriteAllText(file, changed);
            Assert.Contains($"{name}: was changed after it was written",
                Logs.Error(() => LogReader.Read([folder["runs"]], new ImportOptions())), StringComparison.Ordinal);
            File.WriteAllText(file, Regex.Replace(changed, ",\\s*\"checksum\": ?\"[0-9a-f]+\"", ""));
            Assert.Equal(2, LogReader.Read([folder["runs"]], new ImportOptions(), TestContext.Current.CancellationToken).Runs.Count);
            File.WriteAllText(file, whole);
        }
    }

    [Fact]
    public void A_training_that_diverged_is_left_out()
    {
        using var folder = new TemporaryFolder();
        Logs.Write(folder, "a/train.json", """{"digest": "00", "epochs": [{"epoch": 1, "testAccuracy": 50, "testLoss": 1}]}""");
        Logs.Write(folder, "b/train.json",
            """{"digest": "00", "divergedAtStep": 17, "epochs": [{"epoch": 1, "testAccuracy": 10, "testLoss": null}]}""");
        ImportResult result =
            LogReader.Read([folder.Path], new ImportOptions { Metric = "testAccuracy" }, TestContext.Current.CancellationToken);
        Assert.Equal("- - -: 1=50", Logs.Short(result));
        Assert.Contains("diverged at step 17", Assert.Single(result.LeftOut).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void The_test_images_of_each_cell_are_saved_where_that_is_asked_for_and_read()
    {
        using var folder = new TemporaryFolder();
        string[] table = ["accuracy", .. Small, "--seeds", "1,2", "--k", "1,3"];
        LastBitProcess plain = LastBitCall.Run([.. table, "--out", folder["plain"]]), saved =
            LastBitCall.Run([.. table, "--correctness", "--out", folder["saved"]]);
        Assert.Equal((0, 0), (plain.ExitCode, saved.ExitCode));
        // Nothing else changes but the digest of the file that is saved, and what was not asked for is not there.
        foreach (string file in Directory.EnumerateFiles(folder["plain/cells/accuracy"], "k*.json", SearchOption.AllDirectories))
        {
            var cell = DocumentFile.ReadObject(file.Replace($"{Path.DirectorySeparatorChar}plain{Path.DirectorySeparatorChar}",
                $"{Path.DirectorySeparatorChar}saved{Path.DirectorySeparatorChar}", StringComparison.Ordinal));
            Assert.True(cell.Remove("files"));
            Assert.Equal(DocumentFile.ReadObject(file).ToJsonString(), cell.ToJsonString());
        }
        Assert.Empty(Directory.EnumerateFiles(folder["plain"], "*.correct.npy", SearchOption.AllDirectories));
        Assert.DoesNotContain("correctness", File.ReadAllText(folder["plain/cells/accuracy/plan.json"]), StringComparison.Ordinal);

        ImportResult result = LogReader.Read([folder["saved"]], new ImportOptions(), TestContext.Current.CancellationToken);
        Assert.Equal((500, 10), (result.TestImages!.Value, result.Classes!.Value));
        Assert.Equal((4, 500), (result.Correctness!.Runs.Count, result.Correctness.Images));
        Assert.All(result.Correctness.Runs.Zip(result.Correctness.Correct),
            row => Assert.Equal(row.First.Values[^1], row.Second.Sum(image => image) / 5.0, 1e-9));
        Assert.Equal(10, result.Correctness.Labels!.Distinct().Count());
        LastBitProcess noise = LastBitCall.Run("noise", folder["saved"], "--json", "--out", folder["noise"]);
        Assert.Equal(500, noise.Json.GetProperty("correctness").GetProperty("images").GetInt32());
        // What a folder was asked for once it goes on with.
        LastBitProcess more = LastBitCall.Run("accuracy", "--resume", folder["saved"], "--seeds", "3", "--k", "1,3", "--json");
        Assert.True(more.ExitCode == 0, more.Error);
        Assert.True(File.Exists(folder["saved/cells/accuracy/seed3/k1.correct.npy"]));
        string altered = folder["saved/cells/accuracy/seed2/k3.correct.npy"];
        byte[] content = File.ReadAllBytes(altered);
        content[^1] ^= 1;
        File.WriteAllBytes(altered, content);
        Assert.Contains($"{altered}: is damaged or was altered", Logs.Error(() => LogReader.Read([folder["saved"]], new ImportOptions())),
            StringComparison.Ordinal);
    }
}
