using System.Text.Json;
using LastBit.Runs;

namespace LastBit.Tests.Cli;

/// <summary>`status` of a run on this machine.</summary>
public sealed class StatusCommandTests
{
    private static readonly string[] Small =
        ["accuracy", "--network", "resnet8", "--data", "sample", "--train-size", "64", "--batch-size", "32", "--seeds", "1", "--k", "1"];

    [Fact]
    public void What_another_process_holds_is_not_finished_and_status_says_why_it_waits()
    {
        using var folder = new TemporaryFolder();
        string run = folder["run"];
        string[] small = [.. Small, "--epochs", "1", "--out", run];
        Assert.Equal(0, LastBitCall.Run(small).ExitCode);
        Assert.True((bool)RunFolder.Read(run)!["finished"]!);
        string[] more = ["accuracy", "--resume", run, "--k", "1,3"];
        Lease held = CellStore.Of(run, "accuracy").TryTake("seed1/k3")!;
        LastBitProcess left = LastBitCall.Run(more);
        Assert.Equal(1, left.ExitCode);
        Assert.Contains("Not computed yet: seed1/k3.", left.Error, StringComparison.Ordinal);
        Assert.False((bool)RunFolder.Read(run)!["finished"]!);
        held.Dispose();
        Assert.Contains("its process stopped before it was done; resume the run",
            LastBitCall.Run("status", run).Output.ReplaceLineEndings(" ").Replace("  ", " ", StringComparison.Ordinal),
            StringComparison.Ordinal);
        Assert.Equal(0, LastBitCall.Run(more).ExitCode);
        Assert.True((bool)RunFolder.Read(run)!["finished"]!);
        // A part of the grid is done when it is there; the folder is not finished before the rest is.
        LastBitProcess part = LastBitCall.Run("accuracy", "--resume", run, "--seeds", "2", "--k", "1");
        Assert.Equal(0, part.ExitCode);
        Assert.Contains("not asked for in this call: seed2/k3. `--resume`", part.Error, StringComparison.Ordinal);
        Assert.False((bool)RunFolder.Read(run)!["finished"]!);
        Assert.Equal(0, LastBitCall.Run("accuracy", "--resume", run, "--quiet").ExitCode);
        Assert.True((bool)RunFolder.Read(run)!["finished"]!);
        // Which images a run has seen is said by every run that sees some.
        Assert.Equal(10, RunFolder.Read(run)!["data"]!["classes"]!.AsArray().Count);
    }

    [Fact]
    public async Task Who_watches_is_told_until_all_is_done()
    {
        using var folder = new TemporaryFolder();
        Task<LastBitProcess> work = Task.Run(() => LastBitCall.Run([.. Small, "--epochs", "2", "--out", folder["run"], "--quiet"]));
        while (!File.Exists(folder["run/cells/accuracy/plan.json"]) && !work.IsCompleted)
            await Task.Delay(5, TestContext.Current.CancellationToken);
        LastBitProcess watch = LastBitCall.Run("status", folder["run"], "--watch", "--json");
        Assert.Equal((0, 0), ((await work).ExitCode, watch.ExitCode));
        string[] documents = watch.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        using JsonDocument last = JsonDocument.Parse(documents[^1]);
        JsonElement cell = Assert.Single(last.RootElement.GetProperty("cells").EnumerateArray());
        Assert.Equal(("seed1/k1", "done", 1.0),
            (cell.GetProperty("name").GetString(), cell.GetProperty("state").GetString(), cell.GetProperty("progress").GetDouble()));
        LastBitProcess text = LastBitCall.Run("status", folder["run"]);
        Assert.Contains("| seed1/k1 | done  | 100% |", text.Output, StringComparison.Ordinal);
        Assert.Contains("1 done, 0 running, 0 waiting, 0 failed", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_training_that_was_stopped_is_done_by_its_epochs()
    {
        using var folder = new TemporaryFolder();
        string run = folder["run"];
        Assert.Equal(0, LastBitCall.Run("train", "--network", "resnet8", "--data", "sample", "--train-size", "20", "--batch-size", "20",
            "--epochs", "1", "--out", run, "--quiet").ExitCode);
        // As a run of four epochs leaves it that is stopped after the first.
        string file = Path.Combine(run, "run.json");
        var stopped = DocumentFile.ReadObject(file);
        (stopped["finished"], stopped["settings"]!["epochs"]) = (false, 4);
        File.WriteAllText(file, stopped.ToJsonString());
        LastBitProcess status = LastBitCall.Run("status", run, "--json");
        JsonElement cell = Assert.Single(status.Json.GetProperty("cells").EnumerateArray());
        Assert.Equal(("waiting", 0.25), (cell.GetProperty("state").GetString(), cell.GetProperty("progress").GetDouble()));
    }
}
