using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using LastBit.Reports.Results;
using LastBit.Tests;
using LastBit.Tests.Cli;

namespace LastBit.SystemTests;

/// <summary>What the command line has from its process: its streams, its folder, its cores.</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static string LastBit => "dotnet " + ShellWord.Quote(Path.Combine(AppContext.BaseDirectory, "LastBit.Cli.dll"));

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
        (int code, _, string error) =
            Shell.Run($"{LastBit} {string.Format(CultureInfo.InvariantCulture, arguments, folder)} {redirection}");
        Assert.Equal(exitCode, code);
        if (exitCode == 2)
            return;
        Assert.True(File.Exists(Path.Combine(folder, "heat.json")));
        Assert.Contains("\"finished\": true", File.ReadAllText(Path.Combine(folder, "run.json")), StringComparison.Ordinal);
        if (exitCode == 1)
            Assert.Contains("standard output cannot be written (", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_that_needs_no_cache_needs_no_home()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs env");
        const string Without = "env -u HOME -u LASTBIT_CACHE -u XDG_CACHE_HOME", Train =
            "train --network resnet8 --train-size 16 --batch-size 8 --epochs 1 --threads 1";
        Assert.Equal(0, Shell.Run($"{Without} {LastBit} {Train} --data sample --out {_folder["out"]}").Code);
        (int code, _, string error) = Shell.Run($"{Without} {LastBit} {Train} --out {_folder["other"]}");
        Assert.Equal((2, "lastbit train: LASTBIT_CACHE: there is no home folder to keep data in; set LASTBIT_CACHE to a folder for it\n"),
            (code, error));
        File.WriteAllText(_folder["file"], "");
        (code, _, error) = Shell.Run($"{Without} XDG_CACHE_HOME={_folder["file"]} {LastBit} {Train} --out {_folder["other"]}");
        Assert.Equal(2, code);
        Assert.StartsWith(
            $"lastbit train: XDG_CACHE_HOME: data would be kept in {_folder["file"]}/lastbit, and {_folder["file"]} is not a folder", error,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Reproduce_misses_the_data_of_its_last_part_before_it_runs_the_first()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs env");
        (int code, string output, string error) = Shell.Run($"env LASTBIT_CACHE={_folder["none"]} {LastBit} reproduce --scale laptop "
            + $"--only figure1,table1 --out {_folder["out"]}");
        Assert.Equal((2, ""), (code, output));
        Assert.Contains("CIFAR-10 is not in", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["out"]));
    }

    [Fact]
    public void Without_out_the_folder_is_named_by_command_and_time()
    {
        Assert.Equal(0, LastBitProcess.RunIn(_folder.Path, "heat").ExitCode);
        string folder = Assert.Single(Directory.GetDirectories(_folder["runs"]));
        Assert.Matches(@"heat-\d{8}-\d{6}$", folder);
    }

    [Fact]
    public void A_process_that_is_confined_to_one_core_uses_one_thread()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/taskset"), "needs taskset");
        using var process = Process.Start(new ProcessStartInfo(
            "/usr/bin/taskset", ["--cpu-list", "0", "dotnet", Path.Combine(AppContext.BaseDirectory, "LastBit.Cli.dll"), "info", "--json"])
        {
            RedirectStandardOutput = true,
        })!;
        using var document = JsonDocument.Parse(process.StandardOutput.ReadToEnd());
        Assert.Equal(1, document.RootElement.GetProperty("threads").GetInt32());
    }

    [Fact]
    public void A_run_finds_its_images_again_from_another_folder()
    {
        string there = Directory.CreateDirectory(_folder["there"]).FullName;
        // The folder is not claimed by a call that is refused; the images are named as they will be found from anywhere.
        var refused = LastBitProcess.RunIn(there, "train", "--data", "images", "--out", "run");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(Path.Combine(there, "images"), refused.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(there));
    }

    [Fact]
    public void The_example_in_the_docs_comes_out_as_it_is_written_there()
    {
        string docs = File.ReadAllText(Path.Combine(Repository.Root, "docs", "noise.md")).ReplaceLineEndings("\n");
        string[] blocks = [.. docs[docs.IndexOf("## A worked example", StringComparison.Ordinal)..].Split("```\n")
            .Where((_, i) => i % 2 == 1).Where(block => block.StartsWith("$ lastbit", StringComparison.Ordinal))];
        Assert.Equal(2, blocks.Length);
        foreach (string[] lines in blocks.Select(block => block.Split('\n', StringSplitOptions.RemoveEmptyEntries)))
        {
            LastBitProcess run = LastBitProcess.RunIn(Path.Combine(Repository.Root, "examples", "pytorch"),
                [.. lines[0].Split(' ')[2..], "--out", _folder["example"]]);
            Assert.Equal(0, run.ExitCode);
            string output = (run.Error + run.Output).ReplaceLineEndings("\n");
            Assert.All(lines[1..].Where(line => line != "..."), line => Assert.Contains(line + "\n", output, StringComparison.Ordinal));
        }
    }
}
