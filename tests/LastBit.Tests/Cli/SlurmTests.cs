using System.Diagnostics;
using System.Text.Json;

namespace LastBit.Tests.Cli;

/// <summary>Job arrays under a real Slurm that is started on loopback (tests/slurm/cluster): two nodes of one core.</summary>
public sealed class SlurmTests : IDisposable
{
    private static readonly string[] Table1 =
        ["accuracy", "--network", "resnet8", "--data", "sample", "--epochs", "12", "--train-size", "256", "--batch-size", "32", "--seeds", "1,2", "--k", "1,3"];

    private readonly TemporaryFolder _folder = new();
    private readonly (string, string)[] _environment;
    private bool _started;

    public SlurmTests() => _environment = [("SLURM_CONF", _folder["cluster/slurm.conf"])];

    public void Dispose()
    {
        if (_started)
            Call("bash", Path.Combine(Repository.Root, "tests", "slurm", "cluster"), "stop", _folder["cluster"]);
        _folder.Dispose();
    }

    [Fact]
    public void A_job_array_that_is_killed_requeued_and_loses_a_node_ends_in_the_files_of_a_local_run()
    {
        StartCluster();
        string run = _folder["slurm"];
        using JsonDocument submitted = JsonDocument.Parse(LastBit([.. Table1, "--out", run, "--executor", "slurm", "--json"]));
        string job = submitted.RootElement.GetProperty("job").GetString()!;
        Assert.Equal(4, submitted.RootElement.GetProperty("tasks").GetInt32());

        // Both nodes are at work: one task's program is killed, the other task is sent back.
        Await(() => File.Exists(Cell(run, "seed1/k1")) && File.Exists(Cell(run, "seed1/k3")), "the first two tasks write their cells");
        int worker = int.Parse(Call("pgrep", "-f", $"cell {run} seed1/k1").Split('\n')[0], System.Globalization.CultureInfo.InvariantCulture);
        Call("kill", "-KILL", $"{worker}");
        Call("scontrol", "requeue", $"{job}_1");
        // Then a node goes down under a third task, and comes back.
        Await(() => File.Exists(Cell(run, "seed2/k1")) && File.Exists(Cell(run, "seed2/k3")), "the other two tasks write their cells", nudge: true);
        string node = Call("squeue", "--noheader", "--array", $"--jobs={job}_3", "--format=%N").Trim();
        if (node.Length == 0)
            node = "n2";
        Call("scontrol", "update", $"nodename={node}", "state=down", "reason=test");
        Thread.Sleep(1000);
        Try("scontrol", "update", $"nodename={node}", "state=resume");

        Await(() => File.Exists(Path.Combine(run, "report.html")), "the last job writes the report", nudge: true);
        using JsonDocument status = JsonDocument.Parse(LastBit("status", run, "--json"));
        Assert.Equal(["seed1/k1", "seed1/k3", "seed2/k1", "seed2/k3"], status.RootElement.GetProperty("cells").EnumerateArray().Select(cell => cell.GetProperty("name").GetString()));
        Assert.All(status.RootElement.GetProperty("cells").EnumerateArray(), cell => Assert.Equal("done", cell.GetProperty("state").GetString()));

        LastBit([.. Table1, "--out", _folder["local"], "--threads", "1", "--quiet"]);
        string[] files = [.. Results(_folder["local"])];
        Assert.Contains("accuracy.json", files);
        Assert.Contains(Path.Combine("cells", "accuracy", "seed2", "k3.json"), files);
        Assert.Equal(files, Results(run));
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(Path.Combine(_folder["local"], file)), File.ReadAllBytes(Path.Combine(run, file))));

        // What the script was, and that the log of a requeued task goes on where it was.
        Assert.Contains("--open-mode=append", File.ReadAllText(Path.Combine(run, "slurm", "array.sh")), StringComparison.Ordinal);
        Assert.Contains("Killed", File.ReadAllText(Path.Combine(run, "slurm", $"{job}-0.log")), StringComparison.Ordinal);
        Assert.Contains("REQUEUE", File.ReadAllText(Path.Combine(run, "slurm", $"{job}-1.log")), StringComparison.Ordinal);
        Assert.Contains("test accuracy", File.ReadAllText(Path.Combine(run, "slurm", $"{job}-1.log")), StringComparison.Ordinal);
    }

    [Fact]
    public void Cancel_takes_the_jobs_out_of_the_queue_and_status_says_so()
    {
        StartCluster();
        string run = _folder["cancelled"];
        LastBit([.. Table1.Select(word => word == "12" ? "500" : word), "--out", run, "--executor", "slurm", "--cells-per-task", "2", "--array-limit", "1", "--quiet"]);
        Await(() => File.Exists(Cell(run, "seed1/k1")), "the first task writes its cell");
        LastBit("cancel", run);
        Await(() => Call("squeue", "--noheader").Trim().Length == 0, "the queue is empty");
        using JsonDocument status = JsonDocument.Parse(Lenient("status", run, "--json").Output);
        JsonElement[] cells = [.. status.RootElement.GetProperty("cells").EnumerateArray()];
        Assert.Equal(4, cells.Length);
        Assert.All(cells, cell => Assert.Equal("failed", cell.GetProperty("state").GetString()));
        Assert.All(cells, cell => Assert.Equal("CANCELLED", cell.GetProperty("slurm").GetString()));
    }

    [Fact]
    public void A_dry_run_prints_the_script_with_all_options_and_writes_nothing()
    {
        LastBitProcess dry = LastBitProcess.Run([.. Table1, "--out", _folder["dry"], "--executor", "slurm", "--dry-run", "--partition", "gpu", "--account", "lab",
            "--qos", "low", "--time", "2:00:00", "--mem", "2G", "--cpus-per-task", "4", "--constraint", "avx512", "--array-limit", "3", "--cells-per-task", "3",
            "--setup", "module load dotnet", "--sbatch", "--exclusive"]);
        Assert.Equal(0, dry.ExitCode);
        string[] lines = dry.Output.Split('\n');
        foreach (string line in (string[])["--array=0-1%3", "--requeue", "--open-mode=append", "--signal=B:USR1@120", "--partition=gpu", "--account=lab", "--qos=low",
            "--time=2:00:00", "--mem=2G", "--cpus-per-task=4", "--constraint=avx512", "--exclusive"])
        {
            Assert.Contains($"#SBATCH {line}", lines);
        }
        Assert.Contains("module load dotnet", lines);
        Assert.Contains("  'seed1/k1 seed1/k3 seed2/k1'", lines);
        Assert.Contains("  'seed2/k3'", lines);
        Assert.False(Directory.Exists(_folder["dry"]));

        LastBitProcess stray = LastBitProcess.Run([.. Table1, "--out", _folder["dry"], "--time", "2:00:00"]);
        Assert.Equal(2, stray.ExitCode);
        Assert.Contains("--time: is for Slurm; give --executor slurm too", Assert.Single(stray.ErrorLines), StringComparison.Ordinal);
    }

    private static string Cell(string run, string name) => Path.Combine(run, "cells", "accuracy", name + ".json");

    /// <summary>Everything that is a result: the rest (run.json, locks, reports, logs) says when and where.</summary>
    private static IEnumerable<string> Results(string run) => Directory.EnumerateFiles(run, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(run, file))
        .Where(file => file == "accuracy.json" || file.StartsWith("result", StringComparison.Ordinal) || file.StartsWith("cells", StringComparison.Ordinal))
        .Where(file => !Path.GetFileName(file).StartsWith('.'))
        .Order(StringComparer.Ordinal);

    private void StartCluster()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Slurm is started as root on Linux only.");
        string? missing = ((string[])["munged", "slurmctld", "slurmd", "sbatch"]).FirstOrDefault(program =>
            !((string[])["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"]).Any(folder => File.Exists(Path.Combine(folder, program))));
        Assert.SkipWhen(missing is not null, $"{missing} is not installed (Debian: slurm-wlm, munge).");
        _started = true;
        Call("bash", Path.Combine(Repository.Root, "tests", "slurm", "cluster"), "start", _folder["cluster"]);
    }

    private void Await(Func<bool> condition, string what, bool nudge = false)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (watch.Elapsed > TimeSpan.FromMinutes(4))
                Assert.Fail($"Waited too long until {what}.\n{Try("squeue", "--array", "--states=all").Output}\n{Try("sinfo").Output}");
            // A requeued task would wait for two minutes.
            foreach (string task in nudge ? Try("squeue", "--noheader", "--array", "--states=PENDING", "--format=%i %r").Output.Split('\n') : [])
            {
                if (task.EndsWith("BeginTime", StringComparison.Ordinal))
                    Try("scontrol", "update", $"JobId={task.Split(' ')[0]}", "StartTime=now");
            }
            Thread.Sleep(300);
        }
    }

    private string LastBit(params string[] args)
    {
        (int code, string output, string error) = Lenient(args);
        Assert.True(code == 0, $"lastbit {string.Join(' ', args)}: {error}");
        return output;
    }

    private (int Code, string Output, string Error) Lenient(params string[] args) => Try("dotnet", [Path.Combine(AppContext.BaseDirectory, "LastBit.Cli.dll"), .. args]);

    private string Call(string program, params string[] args)
    {
        (int code, string output, string error) = Try(program, args);
        Assert.True(code == 0, $"{program} {string.Join(' ', args)}: {error}{output}");
        return output;
    }

    private (int Code, string Output, string Error) Try(string program, params string[] args)
    {
        // Daemons that a script starts keep its output open; files do not mind.
        string output = _folder[$"{Guid.NewGuid():N}.out"], error = output + ".err";
        string line = string.Join(' ', ((string[])[program, .. args]).Select(word => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
        var start = new ProcessStartInfo("bash", ["-c", $"{line} >'{output}' 2>'{error}'"]);
        foreach ((string name, string value) in _environment)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        if (!process.WaitForExit(TimeSpan.FromMinutes(4)))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException(line);
        }
        return (process.ExitCode, File.ReadAllText(output), File.ReadAllText(error));
    }
}
