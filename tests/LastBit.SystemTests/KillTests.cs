using System.Diagnostics;
using System.Globalization;
using LastBit.Tests;
using LastBit.Tests.Cli;

namespace LastBit.SystemTests;

/// <summary>
/// Runs that are killed at random moments, from the first millisecond on, and resumed until they are done end in the same bytes as one that
/// was left alone. LASTBIT_KILLS says how many kills of each command (docs/reliability.md), LASTBIT_KILL_SEED which, and
/// LASTBIT_KILL_COMMAND of which command alone.
/// </summary>
public class KillTests
{
    [Theory]
    [InlineData("accuracy")]
    [InlineData("divergence")]
    [InlineData("edge")]
    [InlineData("train")]
    public void Killed_runs_end_in_the_bytes_of_one_that_was_left_alone(string command)
    {
        Assert.SkipUnless((Environment.GetEnvironmentVariable("LASTBIT_KILL_COMMAND") ?? command) == command,
            "Another command was asked for.");
        int kills = ToyRuns.Variable("LASTBIT_KILLS", 7);
        var random = new System.Random(ToyRuns.Variable("LASTBIT_KILL_SEED", 1));
        using var folder = new TemporaryFolder();
        string images = folder["images"];
        ToyRuns.WriteImages(images);
        long begun = Stopwatch.GetTimestamp();
        LastBitProcess whole = ToyRuns.Run([.. ToyRuns.Call(command, images), "--out", folder["whole"]]);
        TimeSpan time = Stopwatch.GetElapsedTime(begun);
        Assert.True(whole.ExitCode == 0, whole.Error);
        SortedDictionary<string, string> expected = ToyRuns.Results(folder["whole"]);

        int killed = 0;
        for (int trial = 0; killed < kills; trial++)
        {
            string path = folder[string.Create(CultureInfo.InvariantCulture, $"{trial}")];
            bool done = false;
            // Killed a few times over, then left alone.
            for (int times = random.Next(1, 6); !done && times > 0 && killed < kills; times--)
            {
                done = RunFor(time, random, ToyRuns.Next(command, images, path), path);
                killed += done ? 0 : 1;
            }
            if (!done)
            {
                LastBitProcess resumed = ToyRuns.Run(ToyRuns.Next(command, images, path));
                Assert.True(resumed.ExitCode == 0, $"trial {trial}: {resumed.Error}");
            }
            Assert.Equal(expected, ToyRuns.Results(path));
            Directory.Delete(path, recursive: true);
        }
    }

    /// <summary>
    /// Kills in half of the cases at any moment of the run's time, and in the others within milliseconds after something in its folder has
    /// changed, where files are being written: the start of the process takes most of the time of a small run, and nothing is written in
    /// it.
    /// </summary>
    /// <returns>Whether the run came to its end before.</returns>
    private static bool RunFor(TimeSpan time, System.Random random, string[] call, string folder)
    {
        TimeSpan after = random.Next(2) == 0 ? time * random.NextDouble() : TimeSpan.Zero;
        int changes = random.Next(1, 12);
        double pause = random.Next(4) == 0 ? 20 * random.NextDouble() : 2 * random.NextDouble();
        using Process process = ToyRuns.Start(call);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        bool ended;
        if (after > TimeSpan.Zero)
        {
            ended = process.WaitForExit(after);
        }
        else
        {
            for (string before = Look(folder); changes > 0 && !process.HasExited; changes--)
            {
                while (Look(folder) == before && !process.HasExited)
                    Thread.Yield();
                before = Look(folder);
            }
            for (long begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun).TotalMilliseconds < pause;)
                Thread.Yield();
            ended = process.HasExited;
        }
        if (!ended)
            process.Kill();
        process.WaitForExit();
        ended = process.ExitCode == 0;
        Assert.True(ended || process.ExitCode == (OperatingSystem.IsWindows() ? -1 : 137),
            error.GetAwaiter().GetResult() + output.GetAwaiter().GetResult());
        return ended;
    }

    /// <summary>The names that are in a folder now.</summary>
    private static string Look(string folder)
    {
        try
        {
            return Directory.Exists(folder)
                ? string.Join('|', Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories)) : "";
        }
        catch (IOException)
        {
            // It changes while it is looked at.
            return "?";
        }
    }
}
