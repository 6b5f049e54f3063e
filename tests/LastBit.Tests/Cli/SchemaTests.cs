using System.Text.Json;
using LastBit.Runs;

namespace LastBit.Tests.Cli;

/// <summary>
/// Every document that the program prints or writes says its version first; RunAgainTests looks at those of the experiments. Documents of
/// before, which have none, are read.
/// </summary>
public class SchemaTests
{
    [Fact]
    public void Every_command_prints_and_writes_the_version_of_its_documents()
    {
        using var folder = new TemporaryFolder();
        string run = folder["run"], accuracy = folder["accuracy"], a = folder["a.csv"], b = folder["b.csv"];
        File.WriteAllText(a, "seed,acc,loss\n1,90,1\n2,91,2\n3,90.5,1\n");
        File.WriteAllText(b, "seed,acc,loss\n1,91,1\n2,92,2\n3,91.4,1\n");
        foreach (string line in (string[])
        [
            $"reproduce --only figure1 --out {run}", $"report {run}", $"status {run} --out {folder["status"]}", $"status {run} --watch",
            $"cancel {run}", $"info --out {folder["info"]}", $"pytorch --out {folder["torch"]}",
            $"noise {a} --out {folder["noise"]}", $"noise {a} --metric acc,loss --out {folder["noises"]}",
            $"compare A={a} B={b} --out {folder["compare"]}", $"summarize {a} --out {folder["summary"]}",
            $"accuracy --network resnet8 --data sample --train-size 8 --batch-size 8 --epochs 1 --seeds 1,2 --k 1,3 --out {accuracy}",
            $"summarize {accuracy} --test-images 16",
        ])
        {
            LastBitProcess process = LastBitCall.Run([.. line.Split(' '), "--json", "--quiet"]);
            Assert.True(process.ExitCode == 0, $"{line}: {process.Error}");
            AssertFirst(process.Output, line);
        }
        string[] written = [.. Directory.EnumerateFiles(folder.Path, "*.json", SearchOption.AllDirectories)];
        string[] expected = ["run.json", "heat.json", "status.json", "info.json", "noise.json", "compare.json", "summary.json",
            "accuracy.json", "settings.json", "k1.json"];
        Assert.Empty(expected.Except(written.Select(file => Path.GetFileName(file))));
        Assert.All(written, file => AssertFirst(File.ReadAllText(file), file));
        // What is not called here (it takes a network, or a trace) has its documents written by the same two methods.
        Assert.All(Directory.EnumerateFiles(Path.Combine(Repository.Root, "src/LastBit.Cli"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && Path.GetFileName(file) != "Json.cs"),
            file => Assert.DoesNotContain("ToJsonString(", File.ReadAllText(file), StringComparison.Ordinal));
    }

    [Fact]
    public void A_run_of_before_is_read_and_one_of_a_later_version_is_refused()
    {
        using var folder = new TemporaryFolder();
        string file = folder["run.json"];
        Assert.Equal(0, LastBitCall.Run("heat", "--dt", "0.1", "--quiet", "--out", folder.Path).ExitCode);
        var run = RunFolder.Read(folder.Path)!;
        // As before there were versions and checksums.
        File.WriteAllText(file, run.ToJsonString());
        File.WriteAllText(folder["heat.json"], WithoutVersion(File.ReadAllText(folder["heat.json"])));
        Assert.Equal(0, LastBitCall.Run("report", folder.Path, "--quiet").ExitCode);
        Assert.Equal(0, LastBitCall.Run("heat", "--dt", "0.1", "--quiet", "--out", folder.Path).ExitCode);
        AssertFirst(File.ReadAllText(file), file);
        run["schema"] = ResultJson.Schema + 1;
        File.WriteAllText(file, run.ToJsonString());
        LastBitProcess later = LastBitCall.Run("report", folder.Path, "--quiet");
        Assert.Equal(2, later.ExitCode);
        Assert.Contains("run.json: is of schema 2, and this program reads 1", Assert.Single(later.ErrorLines), StringComparison.Ordinal);

        static string WithoutVersion(string json)
        {
            var document = System.Text.Json.Nodes.JsonNode.Parse(json)!.AsObject();
            document.Remove("schema");
            document.Remove("checksum");
            return document.ToJsonString();
        }
    }

    /// <summary>That the first member of a document is its version.</summary>
    internal static void AssertFirst(string json, string whose)
    {
        JsonProperty first = JsonDocument.Parse(json).RootElement.EnumerateObject().First();
        Assert.True(first.Name == "schema" && first.Value.GetInt32() == ResultJson.Schema, $"{whose}: {first}");
    }
}
