using System.Diagnostics;
using System.Text.Json;
using LastBit.Runs;
using LastBit.Tests;
using LastBit.Tests.Cli;

namespace LastBit.SystemTests;

/// <summary>Runs that are asked to stop: they say how to resume, and the line that they print can be pasted.</summary>
public sealed class InterruptionTests : IDisposable
{
    private static readonly string[] Small = ["accuracy", "--network", "resnet8", "--data", "sample", "--train-size", "64", "--batch-size", "32", "--seeds", "1", "--k", "1"];

    private readonly TemporaryFolder _folder = new();

    public InterruptionTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "sends signals, which Windows does not have");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_training_that_is_interrupted_says_how_to_resume_and_ends_in_the_results_of_one_that_was_not()
    {
        string[] training = ["train", "--network", "resnet8", "--data", "sample", "--train-size", "100", "--batch-size", "40", "--json", "--epochs", "6"];
        string stopped = _folder["stopped"];
        JsonElement straight = LastBitProcess.Run([.. training, "--out", _folder["straight"]]).Json;
        using (Process process = LastBitProcess.Start(_folder.Path, [.. training, "--out", stopped]))
        {
            Wait(() => File.Exists(Path.Combine(stopped, "train.json")) || process.HasExited);
            Interrupt(process);
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0)
                Assert.Contains($"lastbit train --resume {stopped}", error, StringComparison.Ordinal);
        }
        var resumed = LastBitProcess.Run("train", "--resume", stopped, "--json");
        Assert.Equal(0, resumed.ExitCode);
        foreach (string member in new[] { "digest", "epochs", "stepsDone" })
            Assert.Equal(straight.GetProperty(member).GetRawText(), resumed.Json.GetProperty(member).GetRawText());
        Assert.Equal(resumed.Output.Trim(), File.ReadAllText(Path.Combine(stopped, "train.json")).Trim());
        Assert.Equal(6, straight.GetProperty("epochs").GetArrayLength());
        Assert.Equal(18, straight.GetProperty("stepsDone").GetInt64());
    }

    [Fact]
    public async Task An_interrupted_run_says_how_to_go_on_and_the_line_works()
    {
        using Process process = LastBitProcess.Start(_folder.Path, "linear", "--iterations", "1000000", "--alpha", "1.3e7", "--threads", "1", "--out", "run");
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation), error = process.StandardError.ReadToEndAsync(cancellation);
        while (!File.Exists(_folder["run/run.json"]) && !process.HasExited)
            await Task.Delay(20, cancellation);

        LastBitProcess second = LastBitProcess.RunIn(_folder.Path, "linear", "--iterations", "1000000", "--alpha", "1.3e7", "--threads", "1", "--out", "run");
        Assert.Equal(2, second.ExitCode);
        Assert.Contains("another run is working in this folder", Assert.Single(second.ErrorLines), StringComparison.Ordinal);

        Interrupt(process);
        await process.WaitForExitAsync(cancellation).WaitAsync(TimeSpan.FromMinutes(15), cancellation);
        string said = await error;
        Assert.Equal((1, ""), (process.ExitCode, await output));
        Assert.Contains(
            "stopped. What is finished is in run. To resume: lastbit linear --iterations 1000000 --alpha 1.3e7 --threads 1 --out run",
            said, StringComparison.Ordinal);
        Assert.False((bool)RunFolder.Read(_folder["run"])!["finished"]!);
        Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_at_work_is_shown_and_asked_to_stop_and_keeps_what_it_computed()
    {
        using Process work = LastBitProcess.Start(_folder.Path, [.. Small, "--epochs", "5000", "--out", _folder["run"], "--quiet"]);
        try
        {
            string state = "";
            while (!work.HasExited && state != "running")
            {
                Thread.Sleep(200);
                if (File.Exists(_folder["run/run.json"]))
                    state = State(_folder["run"]);
            }
            Assert.Equal("running", state);
            LastBitProcess cancel = LastBitProcess.Run("cancel", _folder["run"]);
            Assert.Equal((0, $"Asked to stop: process {work.Id}\n"), (cancel.ExitCode, cancel.Output.ReplaceLineEndings("\n")));
            work.WaitForExit();
            Assert.NotEqual(0, work.ExitCode);
            Assert.Equal("waiting", State(_folder["run"]));
            Assert.Single(Directory.GetFiles(_folder["run/cells/accuracy/seed1"], "checkpoint-*.bin"));
            Assert.Contains("Nothing is at work", LastBitProcess.Run("cancel", _folder["run"]).Output, StringComparison.Ordinal);
        }
        finally
        {
            if (!work.HasExited)
                work.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public void The_line_to_resume_with_can_be_pasted_into_a_shell()
    {
        string folder = _folder["t r'$x \"and\" more"];
        using Process process = LastBitProcess.Start(
            _folder.Path, "train", "--network", "resnet8", "--data", "sample", "--epochs", "50", "--batch-size", "16", "--out", folder);
        Wait(() => File.Exists(Path.Combine(folder, "run.json")));
        Shell.Run($"kill -TERM {process.Id}");
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(1, process.ExitCode);
        string line = error[error.IndexOf("lastbit train --resume", StringComparison.Ordinal)..].Trim();
        Assert.Equal(["lastbit", "train", "--resume", folder], Words(line));
    }

    private static string State(string run)
    {
        LastBitProcess status = LastBitProcess.Run("status", run, "--json");
        return status.Json.GetProperty("cells").EnumerateArray().Select(cell => cell.GetProperty("state").GetString()!).FirstOrDefault("");
    }

    private static void Interrupt(Process process) => Shell.Run($"kill {LastBitProcess.Interrupt} {process.Id}");

    private static string[] Words(string line)
    {
        (_, string output, _) = Shell.Run($"lastbit() {{ printf '%s\\n' lastbit \"$@\"; }}; {line}");
        return output.TrimEnd('\n').Split('\n');
    }

    private static void Wait(Func<bool> until)
    {
        var watch = Stopwatch.StartNew();
        while (!until() && watch.Elapsed < TimeSpan.FromMinutes(10))
            Thread.Sleep(2);
    }
}
