using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using LastBit.Runs;
using LastBit.Tests;
using LastBit.Tests.Cli;

namespace LastBit.SystemTests;

/// <summary>Runs that are asked to stop: they say how to resume, and the line that they print can be pasted.</summary>
public sealed class InterruptionTests : IDisposable
{
    private static readonly string[] Small =
        ["accuracy", "--network", "resnet8", "--data", "sample", "--train-size", "64", "--batch-size", "32", "--seeds", "1", "--k", "1"];

    private readonly TemporaryFolder _folder = new();

    public InterruptionTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "sends signals, which Windows does not have");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_training_that_is_interrupted_says_how_to_resume_and_ends_in_the_results_of_one_that_was_not()
    {
        string[] training =
            ["train", "--network", "resnet8", "--data", "sample", "--train-size", "100", "--batch-size", "40", "--json", "--epochs", "6"];
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
        using Process process =
            LastBitProcess.Start(_folder.Path, "linear", "--iterations", "1000000", "--alpha", "1.3e7", "--threads", "1", "--out", "run");
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation), error =
            process.StandardError.ReadToEndAsync(cancellation);
        while (!File.Exists(_folder["run/run.json"]) && !process.HasExited)
            await Task.Delay(20, cancellation);

        LastBitProcess second =
            LastBitProcess.RunIn(_folder.Path, "linear", "--iterations", "1000000", "--alpha", "1.3e7", "--threads", "1", "--out", "run");
        Assert.Equal(2, second.ExitCode);
        Assert.Contains("another run is working in this folder", Assert.Single(second.ErrorLines), StringComparison.Ordinal);

        Interrupt(process);
        await process.WaitForExitAsync(cancellation).WaitAsync(TimeSpan.FromMinutes(15), cancellation);
        string said = await error;
        Assert.Equal((1, ""), (process.ExitCode, await output));
        Assert.Contains(
            "stopped. What is finished is in run. To resume:\nlastbit linear --iterations 1000000 --alpha 1.3e7 --threads 1 --out run",
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

    /// <summary>
    /// Each command, told to stop at a random moment: it ends within a limit that no quiet machine comes near, in its end, in one line that
    /// says it was stopped, or, before it listens, by the signal.
    /// </summary>
    [Theory]
    [InlineData("heat --out {0}/run")]
    [InlineData("linear --iterations 1000000 --out {0}/run")]
    [InlineData("nonlinear --iterations 1000000 --out {0}/run")]
    [InlineData("amplify --iterations 1000000 --out {0}/run")]
    [InlineData("bounds --out {0}/run")]
    [InlineData("train --network resnet56 --data sample --epochs 100 --out {0}/run")]
    [InlineData("accuracy --network resnet56 --data sample --epochs 100 --out {0}/run")]
    [InlineData("divergence --network resnet56 --data sample --out {0}/run")]
    [InlineData("edge --network resnet20-nobn --data sample --train-size 1000 --iterations 1000 --out {0}/run")]
    [InlineData("sharpness --network resnet56 --data sample --eigenvalues 10 --out {0}/run")]
    [InlineData("reproduce --out {0}/run")]
    [InlineData("noise {0}/log.csv --out {0}/run")]
    [InlineData("compare A={0}/log.csv B={0}/log.csv --out {0}/run")]
    [InlineData("status {0}/planned --watch")]
    public async Task A_command_that_is_told_to_stop_at_any_moment_ends(string command)
    {
        string[] call = string.Format(CultureInfo.InvariantCulture, command, _folder.Path).Split(' ');
        if (command.Contains("log.csv", StringComparison.Ordinal))
            File.WriteAllLines(_folder["log.csv"],
                Enumerable.Range(0, 500_000).Select(i => $"{i % 50},{i / 50},{i % 997 / 997.0}").Prepend("seed,step,acc"));
        if (command.StartsWith("status", StringComparison.Ordinal))
            Plan();
        CancellationToken stop = TestContext.Current.CancellationToken;
        var random = new System.Random(1);
        for (int trial = 0; trial < 3; trial++)
        {
            using Process process = LastBitProcess.Start(_folder.Path, call);
            Task<string> output = process.StandardOutput.ReadToEndAsync(stop), error = process.StandardError.ReadToEndAsync(stop);
            if (!process.WaitForExit(random.Next(200, 3000)))
                Shell.Run($"kill -TERM {process.Id}");
            if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
            {
                process.Kill(entireProcessTree: true);
                Assert.Fail($"lastbit {command} goes on for two minutes after SIGTERM.");
            }
            string said = await error, printed = await output;
            Assert.True(process.ExitCode is 0 or 1 or 143, $"{process.ExitCode}: {said}{printed}");
            Assert.Equal(process.ExitCode == 1, said.Contains(": stopped.", StringComparison.Ordinal));
            Assert.DoesNotContain("   at ", said, StringComparison.Ordinal);
        }

        // A run folder with cells that nobody computes.
        void Plan()
        {
            string run = Directory.CreateDirectory(_folder["planned"]).FullName;
            File.WriteAllText(Path.Combine(run, "run.json"), """{"command":"accuracy","settings":{},"cells":{"seeds":[1],"k":[1]}}""");
            Directory.CreateDirectory(Path.Combine(run, "cells", "accuracy"));
            File.WriteAllText(Path.Combine(run, "cells", "accuracy", "plan.json"), """{"seeds":[1],"k":[1]}""");
        }
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
