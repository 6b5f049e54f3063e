using System.Diagnostics;
using System.Globalization;
using LastBit.Tests.Experiments;

namespace LastBit.Tests.Cli;

/// <summary>
/// Runs that are killed at random moments, from the first millisecond on, and resumed until they are done end in the same bytes as one that was
/// left alone. LASTBIT_KILLS says how many kills (docs/reliability.md), LASTBIT_KILL_SEED which.
/// </summary>
public class KillTests
{
    private static readonly string[] Toy = ["--network", "resnet8", "--data", "sample", "--train-size", "40", "--batch-size", "16", "--threads", "1"];

    private static readonly (string Name, string[] Call)[] Commands =
    [
        ("accuracy", ["accuracy", .. Toy, "--epochs", "2", "--seeds", "1,2", "--k", "1,3"]),
        ("divergence", ["divergence", .. Toy, "--divisors", "2,3", "--scaled-iterations", "3", "--mat"]),
        ("train", ["train", .. Toy, "--epochs", "3"]),
    ];

    [Fact]
    public void Killed_runs_end_in_the_bytes_of_one_that_was_left_alone()
    {
        int kills = Variable("LASTBIT_KILLS", 20);
        var random = new System.Random(Variable("LASTBIT_KILL_SEED", 1));
        using var folder = new TemporaryFolder();
        var whole = new Dictionary<string, (TimeSpan Time, SortedDictionary<string, string> Files)>();
        foreach ((string name, string[] call) in Commands)
        {
            long begun = Stopwatch.GetTimestamp();
            LastBitProcess run = LastBitProcess.Run([.. call, "--out", folder[name]]);
            Assert.True(run.ExitCode == 0, run.Error);
            whole[name] = (Stopwatch.GetElapsedTime(begun), Results(folder[name]));
        }

        int killed = 0;
        for (int trial = 0; killed < kills; trial++)
        {
            (string name, string[] call) = Commands[trial % Commands.Length];
            string path = folder[string.Create(CultureInfo.InvariantCulture, $"{name}-{trial}")];
            bool done = false;
            // Killed a few times over, at moments all through the run and at its very beginning, then left alone.
            for (int times = random.Next(1, 4); !done && times > 0 && killed < kills; times--, killed++)
                done = RunFor(whole[name].Time * (random.Next(4) == 0 ? 0.1 * random.NextDouble() : random.NextDouble()), Next(name, call, path));
            if (!done)
            {
                LastBitProcess resumed = LastBitProcess.Run(Next(name, call, path));
                Assert.True(resumed.ExitCode == 0, $"trial {trial}, {name}: {resumed.Error}");
            }
            Assert.Equal(whole[name].Files, Results(path));
        }

        // A run that was killed before anything was asked for on disk is begun; any other is resumed, with nothing said again.
        static string[] Next(string name, string[] call, string path) =>
            File.Exists(Path.Combine(path, "run.json")) ? [name, "--resume", path, "--threads", "1"] : [.. call, "--out", path];
    }

    private static bool RunFor(TimeSpan time, string[] call)
    {
        using Process process = LastBitProcess.Start(Environment.CurrentDirectory, call);
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        bool ended = process.WaitForExit(time);
        if (!ended)
            process.Kill();
        process.WaitForExit();
        Assert.True(!ended || process.ExitCode == 0, error.Result + output.Result);
        return ended;
    }

    /// <summary>Everything that a run leaves but times; the figures are drawn from it.</summary>
    private static SortedDictionary<string, string> Results(string folder)
    {
        SortedDictionary<string, string> files = FolderFiles.Read(folder);
        foreach (string figure in files.Keys.Where(name => name.StartsWith("figures", StringComparison.Ordinal) || name == "train.json").ToList())
            files.Remove(figure);
        if (File.Exists(Path.Combine(folder, "train.json")))
        {
            var train = LastBit.Runs.DocumentFile.ReadObject(Path.Combine(folder, "train.json"));
            train.Remove("secondsPerStep");
            files["train.json"] = train.ToJsonString();
        }
        return files;
    }

    private static int Variable(string name, int value) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out int given) ? given : value;
}
