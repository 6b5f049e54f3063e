using System.Diagnostics;
using System.Globalization;
using LastBit.Reports.Results;
using LastBit.Tests;

namespace LastBit.SystemTests;

/// <summary>
/// Programs that stand where Slurm's stand and answer as they should not: sites wrap Slurm's commands in scripts of their own.
/// </summary>
public sealed class SlurmAnswerTests : IDisposable
{
    private const string Accuracy =
        "accuracy --network resnet8 --data sample --train-size 64 --epochs 1 --seeds 1 --k 1,3 --executor slurm --out";

    private readonly TemporaryFolder _folder = new();

    public SlurmAnswerTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "The programs are scripts of a shell.");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("exit 0", "sbatch: answered nothing, which is not the number of a job; ask squeue whether there is one")]
    [InlineData(@"printf 'sbatch: warning: hello\n\033[31mxx; touch pwned\n'",
        @"sbatch: answered 'sbatch: warning: hello \x1B[31mxx; touch pwned', which is not the number of a job; ask squeue whether there is one")]
    [InlineData(@"printf '\033[31mno\n' >&2; exit 1", @"sbatch: \x1B[31mno")]
    [InlineData("echo 1; echo 2", "sbatch: answered '1 2', which is not the number of a job; ask squeue whether there is one")]
    [InlineData("exit 3", "sbatch: ended with code 3")]
    [InlineData("head -c 300000000 /dev/zero", "sbatch: has answered with more than 64 MB")]
    public void An_answer_that_is_no_number_is_one_printable_line(string script, string line)
    {
        (int code, string output, string error) = Call(Put("sbatch", script), $"{Accuracy} {_folder["run"]}");
        Assert.Equal((2, "", $"lastbit accuracy: {line}\n"), (code, output, error));
        Assert.False(File.Exists(_folder["run/slurm/jobs.json"]));
    }

    [Theory]
    [InlineData("echo 4712; sleep 120 &")] // Keeps the pipe open.
    [InlineData("echo '4712;cluster'; kill -9 $$")]
    [InlineData("echo sbatch: note; echo 4712")]
    public void A_number_that_was_printed_is_kept_whatever_happens_after(string script)
    {
        var watch = Stopwatch.StartNew();
        (int code, string output, string error) = Call(Put("sbatch", script), $"{Accuracy} {_folder["run"]}");
        Assert.Equal((0, ""), (code, error));
        Assert.StartsWith("Job:     4712, 2 tasks\n", output, StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(110), "It waited for what runs in the background.");
        Assert.Contains("\"4712\"", File.ReadAllText(_folder["run/slurm/jobs.json"]), StringComparison.Ordinal);
    }

    [Fact]
    public void The_array_is_kept_where_the_second_job_is_refused()
    {
        string path = Put("sbatch", "case \"$*\" in *gather*) echo no >&2; exit 1 ;; esac; echo 4712");
        (int code, _, string error) = Call(path, $"{Accuracy} {_folder["run"]}");
        Assert.Equal((2, "lastbit accuracy: sbatch: no\n"), (code, error));
        Assert.Contains("\"4712\"", File.ReadAllText(_folder["run/slurm/jobs.json"]), StringComparison.Ordinal);
        // What squeue says of it reaches no terminal as it is.
        Put("squeue", @"printf '4712_0|RUN\033[31m|\033]0;x\007|node\033[1m\n4712_[0-2000000000]|PENDING|None|\n'");
        (code, string output, error) = Call(path, $"status {_folder["run"]}");
        Assert.Equal((0, ""), (code, error));
        Assert.DoesNotContain('\e', output);
        Assert.DoesNotContain('\a', output);
    }

    [Fact]
    public void A_program_that_does_not_answer_ends_with_the_call()
    {
        string path = Put("sbatch", $"echo > {ShellWord.Quote(_folder["begun"])}; sleep 50");
        using Process call = Process.Start(
            new ProcessStartInfo("sh", ["-c", $"PATH={ShellWord.Quote(path)}:$PATH exec {Program} {Accuracy} {_folder["run"]}"])
            { RedirectStandardError = true })!;
        while (!File.Exists(_folder["begun"]))
            Thread.Sleep(50);
        var watch = Stopwatch.StartNew();
        Process.Start("kill", ["-TERM", call.Id.ToString(CultureInfo.InvariantCulture)]).WaitForExit();
        Assert.True(call.WaitForExit(TimeSpan.FromSeconds(40)), "It did not end.");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(40));
        Assert.Equal(1, call.ExitCode);
        Assert.StartsWith("lastbit accuracy: stopped.", call.StandardError.ReadToEnd(), StringComparison.Ordinal);
    }

    private static string Program => "dotnet " + ShellWord.Quote(Path.Combine(AppContext.BaseDirectory, "LastBit.Cli.dll"));

    private static (int Code, string Output, string Error) Call(string path, string arguments) =>
        Shell.Run($"PATH={ShellWord.Quote(path)}:$PATH {Program} {arguments}");

    private string Put(string name, string script)
    {
        string path = _folder[$"bin/{name}"];
        Directory.CreateDirectory(_folder["bin"]);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return _folder["bin"];
    }
}
