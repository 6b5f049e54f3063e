using System.Diagnostics;
using System.Text.Json;

namespace LastBit.Tests.Cli;

/// <summary>`status` and `cancel` of a run on this machine.</summary>
public sealed class StatusCommandTests
{
    private static readonly string[] Small = ["accuracy", "--network", "resnet8", "--data", "sample", "--train-size", "64", "--batch-size", "32", "--seeds", "1", "--k", "1"];

    [Fact]
    public void A_run_at_work_is_shown_and_asked_to_stop_and_keeps_what_it_computed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows cannot ask a process of another console to stop; it is ended there.");
        using var folder = new TemporaryFolder();
        using Process work = LastBitProcess.Start(folder.Path, [.. Small, "--epochs", "5000", "--out", folder["run"], "--quiet"]);
        try
        {
            string state = "";
            while (!work.HasExited && state != "running")
            {
                Thread.Sleep(200);
                if (File.Exists(folder["run/run.json"]))
                    state = State(folder["run"]);
            }
            Assert.Equal("running", state);
            LastBitProcess cancel = LastBitProcess.Run("cancel", folder["run"]);
            Assert.Equal((0, $"Asked to stop: process {work.Id}\n"), (cancel.ExitCode, cancel.Output.ReplaceLineEndings("\n")));
            work.WaitForExit();
            Assert.NotEqual(0, work.ExitCode);
            Assert.Equal("waiting", State(folder["run"]));
            Assert.Single(Directory.GetFiles(folder["run/cells/accuracy/seed1"], "checkpoint-*.bin"));
            Assert.Contains("Nothing is at work", LastBitProcess.Run("cancel", folder["run"]).Output, StringComparison.Ordinal);
        }
        finally
        {
            if (!work.HasExited)
                work.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public void Who_watches_is_told_until_all_is_done()
    {
        using var folder = new TemporaryFolder();
        using Process work = LastBitProcess.Start(folder.Path, [.. Small, "--epochs", "2", "--out", folder["run"], "--quiet"]);
        while (!File.Exists(folder["run/cells/accuracy/plan.json"]) && !work.HasExited)
            Thread.Sleep(50);
        LastBitProcess watch = LastBitProcess.Run("status", folder["run"], "--watch", "--json");
        work.WaitForExit();
        Assert.Equal((0, 0), (work.ExitCode, watch.ExitCode));
        string[] documents = watch.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        using JsonDocument last = JsonDocument.Parse(documents[^1]);
        JsonElement cell = Assert.Single(last.RootElement.GetProperty("cells").EnumerateArray());
        Assert.Equal(("seed1/k1", "done", 1.0), (cell.GetProperty("name").GetString(), cell.GetProperty("state").GetString(), cell.GetProperty("progress").GetDouble()));
        LastBitProcess text = LastBitProcess.Run("status", folder["run"]);
        Assert.Contains("| seed1/k1 | done  | 100% |", text.Output, StringComparison.Ordinal);
        Assert.Contains("1 done, 0 running, 0 waiting, 0 failed", text.Output, StringComparison.Ordinal);
    }

    private static string State(string run)
    {
        LastBitProcess status = LastBitProcess.Run("status", run, "--json");
        return status.Json.GetProperty("cells").EnumerateArray().Select(cell => cell.GetProperty("state").GetString()!).FirstOrDefault("");
    }
}
