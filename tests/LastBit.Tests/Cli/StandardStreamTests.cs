using System.Diagnostics;
using LastBit.Reports;
using LastBit.Reports.Results;

namespace LastBit.Tests.Cli;

/// <summary>A run does not die of its log, and the command lines that it prints can be pasted.</summary>
public sealed class StandardStreamTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("heat --out {0}", "2>/dev/full", 0)]
    [InlineData("heat --out {0}", "2>&-", 0)]
    [InlineData("heat --out {0}", ">/dev/full", 1)]
    [InlineData("heat --json --out {0}", ">&-", 1)]
    [InlineData("heat --bogus", "2>/dev/full", 2)]
    [InlineData("bounds --learning-rate -1", "2>/dev/full", 2)]
    public void Output_that_cannot_be_written_does_not_end_a_run(string arguments, string redirection, int exitCode)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /dev/full");
        string folder = _folder["out"];
        (int code, _, string error) = Shell($"{LastBit} {string.Format(System.Globalization.CultureInfo.InvariantCulture, arguments, folder)} {redirection}");
        Assert.Equal(exitCode, code);
        if (exitCode == 2)
            return;
        Assert.True(File.Exists(Path.Combine(folder, "heat.json")));
        Assert.Contains("\"finished\": true", File.ReadAllText(Path.Combine(folder, "run.json")), StringComparison.Ordinal);
        if (exitCode == 1)
            Assert.Contains("standard output cannot be written (", error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_line_to_resume_with_can_be_pasted_into_a_shell()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "sends a signal");
        string folder = _folder["t r'$x \"and\" more"];
        using Process process = LastBitProcess.Start(
            _folder.Path, "train", "--network", "resnet8", "--data", "sample", "--epochs", "50", "--batch-size", "16", "--out", folder);
        var watch = Stopwatch.StartNew();
        while (!File.Exists(Path.Combine(folder, "run.json")) && watch.Elapsed < TimeSpan.FromMinutes(10))
            Thread.Sleep(20);
        Shell($"kill -TERM {process.Id}");
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(1, process.ExitCode);
        string line = error[error.IndexOf("lastbit train --resume", StringComparison.Ordinal)..].Trim();
        Assert.Equal(["lastbit", "train", "--resume", folder], Words(line));
    }

    [Theory]
    [InlineData("plain/path-1.0", "plain/path-1.0")]
    [InlineData("", "''")]
    [InlineData("a b", "'a b'")]
    [InlineData("it's $HOME", @"'it'\''s $HOME'")]
    public void Words_are_quoted_where_a_shell_needs_it(string text, string quoted) => Assert.Equal(quoted, ShellWord.Quote(text, windows: false));

    [Theory]
    [InlineData(@"C:\runs\one", @"C:\runs\one")]
    [InlineData(@"C:\my runs", "\"C:\\my runs\"")]
    public void Paths_of_Windows_are_quoted_for_its_shells(string text, string quoted) => Assert.Equal(quoted, ShellWord.Quote(text, windows: true));

    [Theory]
    [InlineData("train", "--seed", "18446744073709551616", "--seed: 18446744073709551616 is too large; give a whole number of at most 18446744073709551615")]
    [InlineData("accuracy", "--seeds", "4294967295", "--seeds: 4294967295 is too large; give a whole number of at most 2147483647")]
    [InlineData("nonlinear", "--iterations", "1e300", "--iterations: 1e300 is too large; give a whole number of at most 2147483647")]
    [InlineData("nonlinear", "--iterations", "-99999999999", "--iterations: -99999999999 is too small; give a whole number of at least 1")]
    [InlineData("nonlinear", "--iterations", "1.5", "--iterations: '1.5' is not a whole number; give one of at least 1")]
    public void Whole_numbers_out_of_range_are_refused_with_the_limit(string command, string option, string value, string message)
    {
        LastBitProcess run = LastBitProcess.Run(command, option, value, "--out", _folder["none"]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, Assert.Single(run.ErrorLines), StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["none"]));
    }

    [Fact]
    public void A_training_takes_any_seed_of_64_bits()
    {
        LastBitProcess run = LastBitProcess.Run("train", "--seed", "18446744073709551615", "--network", "resnet8", "--data", "sample", "--train-size", "16",
            "--batch-size", "16", "--epochs", "1", "--quiet", "--out", _folder["seed"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Contains("\"seed\": 18446744073709551615", File.ReadAllText(_folder["seed/run.json"]), StringComparison.Ordinal);
    }

    private static string LastBit => "dotnet " + ShellWord.Quote(Path.Combine(AppContext.BaseDirectory, "LastBit.Cli.dll"));

    private static string[] Words(string line)
    {
        (_, string output, _) = Shell($"lastbit() {{ printf '%s\\n' lastbit \"$@\"; }}; {line}");
        return output.TrimEnd('\n').Split('\n');
    }

    private static (int Code, string Output, string Error) Shell(string script)
    {
        var start = new ProcessStartInfo("sh", ["-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        return (process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }
}
