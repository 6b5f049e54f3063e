using System.Diagnostics;
using System.Text.Json;
using LastBit.Tests;
using LastBit.Tests.Cli;

namespace LastBit.SystemTests;

/// <summary>
/// Full disks and folders that cannot be written. A small file system in memory needs root, or a container that may mount.
/// </summary>
public sealed class DiskTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _mounts = [];

    public void Dispose()
    {
        foreach (string mount in _mounts)
            Call("umount", "-l", mount);
        _folder.Dispose();
    }

    [Theory]
    [InlineData("accuracy")]
    [InlineData("divergence")]
    [InlineData("train")]
    public void A_run_on_a_full_disk_says_so_keeps_what_is_whole_and_is_resumed_when_there_is_room(string command)
    {
        string disk = MountTmpfs("4k");
        string images = _folder["images"], run = Path.Combine(disk, "run");
        ToyRuns.WriteImages(images);
        LastBitProcess whole = ToyRuns.Run([.. ToyRuns.Call(command, images), "--out", _folder["whole"]]);
        Assert.True(whole.ExitCode == 0, whole.Error);
        // Each size ends the run in another place: before run.json, before the first checkpoint, within the weights, ...
        foreach (string size in (string[])["4k", "24k", "64k", "400k", "2m"])
        {
            Assert.Equal(0, Call("mount", "-o", "remount,size=" + size, disk));
            LastBitProcess full = ToyRuns.Run(ToyRuns.Next(command, images, run));
            if (full.ExitCode == 0)
                continue;
            Assert.Equal(2, full.ExitCode);
            Assert.Contains("No space left on device", full.ErrorLines[^1], StringComparison.Ordinal);
            Assert.Contains(disk, full.ErrorLines[^1], StringComparison.Ordinal);
            Assert.DoesNotContain(full.ErrorLines,
                line => line.Contains("unexpectedly", StringComparison.Ordinal) || line.Contains("   at ", StringComparison.Ordinal));
            foreach (string file in Directory.Exists(run) ? Directory.EnumerateFiles(run, "*", SearchOption.AllDirectories) : [])
            {
                Assert.False(file.EndsWith(".tmp", StringComparison.Ordinal), file);
                if (file.EndsWith(".json", StringComparison.Ordinal))
                    JsonDocument.Parse(File.ReadAllText(file)).Dispose();
            }
        }
        Assert.Equal(0, Call("mount", "-o", "remount,size=64m", disk));
        LastBitProcess resumed = ToyRuns.Run(ToyRuns.Next(command, images, run));
        Assert.True(resumed.ExitCode == 0, resumed.Error);
        Assert.Equal(ToyRuns.Results(_folder["whole"]), ToyRuns.Results(run));
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_refused_and_can_still_be_read()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no mode of a folder that keeps its owner out.");
        string folder = Environment.IsPrivilegedProcess ? MountTmpfs("4m") : _folder["readonly"];
        string run = Path.Combine(folder, "run");
        LastBitProcess made =
            LastBitProcess.Run("accuracy", "--network", "resnet8", "--data", "sample", "--train-size", "32", "--batch-size", "16",
            "--epochs", "1", "--seeds", "1,2", "--k", "1,3", "--quiet", "--out", run);
        Assert.True(made.ExitCode == 0, made.Error);
        if (Environment.IsPrivilegedProcess)
            Assert.Equal(0, Call("mount", "-o", "remount,ro", folder));
        else
            Assert.Equal(0, Call("chmod", "-R", "a-w", folder));
        try
        {
            foreach (string[] call in (string[][])
            [
                ["heat", "--out", Path.Combine(folder, "new")],
                ["bounds", "--image-size", "8", "--kernel-size", "2", "--out", Path.Combine(folder, "new")],
                ["train", "--network", "resnet8", "--data", "sample", "--out", Path.Combine(folder, "new")],
                ["accuracy", "--resume", run, "--seeds", "3"], ["summarize", run], ["report", run],
            ])
            {
                LastBitProcess refused = LastBitProcess.Run(call);
                Assert.Equal(2, refused.ExitCode);
                string line = refused.ErrorLines[^1];
                Assert.Contains(folder, line, StringComparison.Ordinal);
                Assert.Matches("can be written|is writable", line);
            }
            Assert.Equal(0, LastBitProcess.Run("status", run).ExitCode);
            Assert.Equal(0, LastBitProcess.Run("summarize", run, "--out", _folder["out"]).ExitCode);
            Assert.Equal(0, LastBitProcess.Run("report", run, "--out", _folder["out"]).ExitCode);
            Assert.True(File.Exists(_folder["out/report.html"]) && File.Exists(_folder["out/summary.json"]));
        }
        finally
        {
            if (!Environment.IsPrivilegedProcess)
                Call("chmod", "-R", "u+w", folder);
        }
    }

    /// <summary>A file system of its own; the test is skipped where there can be none.</summary>
    private string MountTmpfs(string size)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "tmpfs is Linux's.");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Mounting a small disk needs root.");
        string place = _folder[$"disk{_mounts.Count}"];
        Directory.CreateDirectory(place);
        Assert.SkipUnless(Call("mount", "-t", "tmpfs", "-o", "size=" + size, "lastbit", place) == 0, "This container may not mount.");
        _mounts.Add(place);
        return place;
    }

    private static int Call(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        process.StandardOutput.ReadToEnd();
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}
