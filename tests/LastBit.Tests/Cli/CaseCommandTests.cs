using System.Text.Json;
using LastBit.Files;

namespace LastBit.Tests.Cli;

/// <summary>
/// `noise` and `compare` where more than one number is known of a run: its test images one by one, or its trials; from the file to the
/// answer.
/// </summary>
public sealed class CaseCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_matrix_of_runs_by_images_gives_variance_churn_and_classes()
    {
        string matrix = _folder["matrix.npy"], labels = _folder["labels.npy"];
        Npy.Write(matrix, Rows(3), 4, 20);
        Npy.Write(labels, [.. Enumerable.Range(0, 20).Select(image => (byte)(image % 2))], 20);
        LastBitProcess noise = LastBitCall.Run("noise", matrix, labels, "--json", "--out", _folder["noise"]);
        Assert.Equal(0, noise.ExitCode);
        JsonElement read = noise.Json.GetProperty("correctness");
        // Runs i and j disagree on the images that only one of them has right; by hand: rows 3 to 6 of Rows.
        Assert.Equal(20, read.GetProperty("images").GetInt32());
        var statistics = new LastBit.Statistics.CorrectnessMatrix(
            [.. Enumerable.Range(0, 4).Select(run => Rows(3)[(20 * run)..(20 * run + 20)].Select(one => one == 1).ToArray())]);
        Assert.Equal(statistics.Churn()!.Value, read.GetProperty("churn").GetDouble(), 1e-12);
        Assert.Equal(statistics.DistributionVariance()!.Value, read.GetProperty("distributionVariance").GetDouble(), 1e-12);
        Assert.Contains(noise.Json.GetProperty("split").EnumerateArray(),
            part => part.GetProperty("source").GetString() == "sampling of the test set");

        LastBitProcess text = LastBitCall.Run("noise", matrix, labels, "--out", _folder["text"]);
        Assert.Contains("Image by image, 4 runs on 20 images", text.Output, StringComparison.Ordinal);
        Assert.Contains("class 1, mean", text.Output, StringComparison.Ordinal);
        string csv = _folder["matrix.csv"];
        File.WriteAllLines(csv, Enumerable.Range(0, 4).Select(run => $"{run + 1}," + string.Join(',', Rows(3)[(20 * run)..(20 * run + 20)]))
            .Prepend("seed," + string.Join(',', Enumerable.Range(0, 20))));
        LastBitProcess table = LastBitCall.Run("noise", csv, "--json", "--out", _folder["csv"]);
        Assert.Equal(read.GetProperty("churn").GetDouble(), table.Json.GetProperty("correctness").GetProperty("churn").GetDouble(), 1e-12);
    }

    [Fact]
    public void Whoever_says_the_classes_gets_the_bounds_for_them()
    {
        string log = _folder["acc.csv"];
        File.WriteAllText(log, "seed,acc\n1,90\n2,91\n3,90.5\n");
        JsonElement Split(params string[] more) =>
            LastBitCall.Run(["noise", log, "--test-images", "1000", .. more, "--json", "--out", _folder["out"]]).Json.GetProperty("split");
        JsonElement two = Split().EnumerateArray().Last(), ten = Split("--classes", "10").EnumerateArray().Last();
        Assert.Equal(JsonValueKind.Null, two.GetProperty("interval").ValueKind);
        Assert.Equal(two.GetProperty("std").GetDouble(), ten.GetProperty("interval")[1].GetDouble(), 1e-12);
        // err/(10 n) beside err/(2 n).
        Assert.Equal(Math.Sqrt(0.2) * two.GetProperty("std").GetDouble(), ten.GetProperty("interval")[0].GetDouble(), 1e-12);
        LastBitProcess alone = LastBitCall.Run("noise", log, "--classes", "10");
        Assert.Equal(2, alone.ExitCode);
        Assert.Contains("add --test-images", alone.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void McNemars_test_is_made_for_every_pair_of_trainings()
    {
        foreach (string name in new[] { "a", "b", "c" })
            Npy.Write(_folder[$"{name}.npy"], Rows(name[0] - 'a'), 4, 20);
        LastBitProcess compare = LastBitCall.Run(
            "compare", $"A={_folder["a.npy"]}", $"B={_folder["b.npy"]}", $"C={_folder["c.npy"]}", "--json", "--out", _folder["out"]);
        Assert.Equal(0, compare.ExitCode);
        JsonElement[] tests = [.. compare.Json.GetProperty("mcNemar").EnumerateArray()];
        Assert.Equal(["AB", "AC", "BC"],
            tests.Select(test => test.GetProperty("a").GetString() + test.GetProperty("b").GetString()).Distinct());
        Assert.Equal(12, tests.Length);
        byte[] a = Rows(0), c = Rows(2);
        JsonElement first = tests.First(test => test.GetProperty("a").GetString() == "A" && test.GetProperty("b").GetString() == "C");
        Assert.Equal(Enumerable.Range(0, 20).Count(image => a[image] > c[image]), first.GetProperty("onlyA").GetInt32());
        Assert.Equal(Enumerable.Range(0, 20).Count(image => a[image] < c[image]), first.GetProperty("onlyB").GetInt32());
        Assert.Equal(LastBit.Statistics.Holm.Adjust([.. tests.Select(test => test.GetProperty("p").GetDouble())]),
            tests.Select(test => test.GetProperty("pAdjusted").GetDouble()));
        Assert.Contains("McNemar", File.ReadAllText(_folder["out/report.html"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Passes_of_trials_are_compared_by_training()
    {
        string log = _folder["evals.csv"];
        File.WriteAllText(log,
            "model,seed,passed,trials\na,1,17,50\na,2,20,50\na,3,18,50\nb,1,35,50\nb,2,33,50\nb,3,36,50\nc,1,18,50\nc,2,19,50\nc,3,20,50\n");
        LastBitProcess compare = LastBitCall.Run("compare", log, "--json", "--out", _folder["out"]);
        Assert.Equal(0, compare.ExitCode);
        Assert.Equal("fraction", compare.Json.GetProperty("unit").GetString());
        Assert.Equal("real", compare.Json.GetProperty("pairs")[0].GetProperty("verdict").GetString());
        LastBitProcess text = LastBitCall.Run("compare", log, "--out", _folder["text"]);
        foreach (string part in new[] { "55 of 150", "104 of 150", "57 of 150", "b - a", "c - a", "c - b" })
            Assert.Contains(part, text.Output, StringComparison.Ordinal);
        string one = _folder["one.csv"];
        File.WriteAllText(one, "seed,passed,trials\n1,17,50\n2,20,50\n3,18,50\n");
        LastBitProcess noise = LastBitCall.Run("noise", one, "--out", _folder["noise"]);
        Assert.Contains("17 of 50", noise.Output, StringComparison.Ordinal);
        Assert.Contains("do runs differ by more than sampling?", noise.Output, StringComparison.Ordinal);
        Assert.Equal(2, LastBitCall.Run("noise", log).ExitCode);
    }

    [Fact]
    public void Latex_has_the_table_and_the_sentence_and_nothing_else_on_standard_output()
    {
        string log = _folder["runs.csv"];
        File.WriteAllText(log, "recipe,seed,val_acc\na_1,1,90\na_1,2,91\na_1,3,90.5\nb_2,1,94\nb_2,2,95\nb_2,3,94.6\n");
        LastBitProcess latex = LastBitCall.Run("compare", log, "--latex", "--out", _folder["out"]);
        Assert.Equal(0, latex.ExitCode);
        Assert.StartsWith(@"\begin{tabular}{lrrrrrrl}", latex.Output, StringComparison.Ordinal);
        Assert.Contains(@"b\_2 $-$ a\_1", latex.Output, StringComparison.Ordinal);
        Assert.Contains(@"95\% intervals", latex.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Report:", latex.Output, StringComparison.Ordinal);
        LastBitProcess iso = LastBitCall.Run("noise", log, "--group", "seed", "--seed", "recipe", "--out", _folder["iso"]);
        Assert.Equal(2, iso.ExitCode);
    }

    [Fact]
    public void Repeatability_and_reproducibility_are_said_in_the_words_of_the_standard()
    {
        string log = _folder["runs.csv"];
        File.WriteAllText(log, "seed,k,val_acc\n1,1,90\n1,3,90.4\n2,1,91\n2,3,91.2\n3,1,90.5\n3,3,90.1\n");
        LastBitProcess noise = LastBitCall.Run("noise", log, "--out", _folder["out"]);
        Assert.Contains("In the words of ISO 5725: repeatability limit r = ", noise.Output, StringComparison.Ordinal);
        Assert.Contains("reproducibility limit R = ", noise.Output, StringComparison.Ordinal);
    }

    /// <summary>Four runs of a training on 20 images; a later training has fewer right.</summary>
    private static byte[] Rows(int training) =>
        [.. Enumerable.Range(0, 80).Select(i => (byte)(i % 20 * 7 % 20 + i / 20 * 3 % 4 < 17 - 3 * training ? 1 : 0))];
}
