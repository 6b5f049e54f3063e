using System.Diagnostics;
using System.Text.Json;
using LastBit.Tests;
using LastBit.Tests.Cli;

namespace LastBit.SystemTests;

/// <summary>Job arrays under a real Slurm that is started on loopback (tests/slurm/cluster): two nodes of one core.</summary>
public sealed class SlurmTests : IDisposable
{
    private static readonly string[] Table1 =
        ["accuracy", "--network", "resnet8", "--data", "sample", "--epochs", "12", "--train-size", "256", "--batch-size", "32", "--seeds",
            "1,2", "--k", "1,3"];

    // A cell takes some ten seconds.
    private static readonly string[] One =
        ["accuracy", "--network", "resnet8", "--data", "sample", "--epochs", "30", "--train-size", "256", "--batch-size", "32", "--seeds",
            "1"];

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
        Signal("KILL", run, "seed1/k1");
        Call("scontrol", "requeue", $"{job}_1");
        // Then a node goes down under a third task, and comes back.
        Await(() => File.Exists(Cell(run, "seed2/k1")) && File.Exists(Cell(run, "seed2/k3")), "the other two tasks write their cells",
            nudge: true);
        string node = Call("squeue", "--noheader", "--array", $"--jobs={job}_3", "--format=%N").Trim();
        if (node.Length == 0)
            node = "n2";
        Call("scontrol", "update", $"nodename={node}", "state=down", "reason=test");
        Thread.Sleep(1000);
        Try("scontrol", "update", $"nodename={node}", "state=resume");

        Await(() => File.Exists(Path.Combine(run, "report.html")), "the last job writes the report", nudge: true);
        using JsonDocument status = JsonDocument.Parse(LastBit("status", run, "--json"));
        Assert.Equal(["seed1/k1", "seed1/k3", "seed2/k1", "seed2/k3"],
            status.RootElement.GetProperty("cells").EnumerateArray().Select(cell => cell.GetProperty("name").GetString()));
        Assert.All(status.RootElement.GetProperty("cells").EnumerateArray(),
            cell => Assert.Equal("done", cell.GetProperty("state").GetString()));

        AssertEqualsLocal(run, Table1, Path.Combine("cells", "accuracy", "seed2", "k3.json"));

        // What the script was, and that the log of a requeued task goes on where it was.
        Assert.Contains("--open-mode=append", File.ReadAllText(Path.Combine(run, "slurm", "array.sh")), StringComparison.Ordinal);
        Assert.Contains("Killed", File.ReadAllText(Path.Combine(run, "slurm", $"{job}-0.log")), StringComparison.Ordinal);
        Assert.Contains("REQUEUE", File.ReadAllText(Path.Combine(run, "slurm", $"{job}-1.log")), StringComparison.Ordinal);
        Assert.Contains("test accuracy", File.ReadAllText(Path.Combine(run, "slurm", $"{job}-1.log")), StringComparison.Ordinal);
    }

    [Fact]
    public void Tasks_that_are_told_to_stop_write_a_checkpoint_are_requeued_and_end_in_the_files_of_a_local_run()
    {
        StartCluster();
        string run = _folder["told"];
        string job = Submit(One, run, "--k", "1,3");
        string[] cells = ["seed1/k1", "seed1/k3"], logs = [Log(run, job, 0), Log(run, job, 1)];

        // USR1 for the script alone, which hands it on, and for every process of the task, the program too.
        Await(() => cells.All(cell => File.Exists(Cell(run, cell))), "both tasks write their cells");
        Array.ForEach(cells, cell => Signal("STOP", run, cell));
        Call("scancel", "--batch", "--signal=USR1", $"{job}_0");
        Call("scancel", "--full", "--signal=USR1", $"{job}_1");
        Resume(run, cells, logs, "was sent USR1");
        Await(() => Restarts($"{job}_0", "PENDING") == 1 && Restarts($"{job}_1", "PENDING") == 1, "both tasks are requeued");
        Assert.Equal(2, Checkpoints(run));

        // Then a job of higher priority takes both nodes.
        Await(() => Restarts($"{job}_0", "RUNNING") == 1 && Restarts($"{job}_1", "RUNNING") == 1
            && cells.All(cell => Workers(run, cell).Length > 0), "both tasks are back", nudge: true);
        Array.ForEach(cells, cell => Signal("STOP", run, cell));
        Call("sbatch", "--partition=urgent", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=sleep 1");
        Resume(run, cells, logs, "DUE TO PREEMPTION", "was sent TERM");
        Await(() => Restarts($"{job}_0", "PENDING") == 2 && Restarts($"{job}_1", "PENDING") == 2, "Slurm requeues both tasks");
        Assert.Equal(2, Checkpoints(run));

        Await(() => File.Exists(Path.Combine(run, "report.html")), "the last job writes the report", nudge: true);
        AssertEqualsLocal(run, [.. One, "--k", "1,3"], Path.Combine("cells", "accuracy", "seed1", "k3.json"));
    }

    [Fact]
    public void Tasks_whose_time_limit_does_not_suffice_begin_again_whether_USR1_the_clock_or_only_TERM_tells_them()
    {
        StartCluster();
        // Slurm looks at time limits every half minute: 60 seconds before the end of a minute is when it looks first. URG is as good as no
        // notice;
        // without date the script does not know the end.
        (string Run, string[] Options, string Said)[] ways =
        [
            (_folder["usr1"], ["--sbatch", "--signal=B:USR1@60"], "was sent USR1"),
            (_folder["clock"], ["--sbatch", "--signal=B:URG@1"], "was sent USR1"),
            (_folder["term"], ["--sbatch", "--signal=B:URG@1", "--setup", "date() { false; }"], "was sent TERM"),
        ];
        string[] jobs = new string[ways.Length];
        // The programs stand still meanwhile: a minute of computing would show nothing more. There are two nodes.
        foreach (int way in (int[])[1, 0, 2])
        {
            (string run, string[] options, _) = ways[way];
            jobs[way] = Submit(One, run, ["--k", "3", "--time", "1", .. options]);
            Await(() => File.Exists(Cell(run, "seed1/k3")), "the task writes its cell");
            Signal("STOP", run, "seed1/k3");
            if (way == 0)
                ToldAndRequeued(0);
        }
        ToldAndRequeued(1);
        ToldAndRequeued(2);

        foreach ((string run, _, _) in ways)
        {
            Await(() => DoneCells(run) == 1, "the task ends", nudge: true);
            if (run == _folder["term"])
            {
                // For Slurm the task had failed, and the job that waited for it is given up.
                Await(() => Try("squeue", "--noheader", "--states=PENDING").Output.Length == 0, "nothing waits", nudge: true);
                LastBit("accuracy", "--resume", run, "--quiet");
            }
            else
            {
                Await(() => File.Exists(Path.Combine(run, "report.html")), "the last job writes the report", nudge: true);
            }
            AssertEqualsLocal(run, [.. One, "--k", "3"], Path.Combine("cells", "accuracy", "seed1", "k3.json"));
        }

        void ToldAndRequeued(int way)
        {
            Resume(ways[way].Run, ["seed1/k3"], [Log(ways[way].Run, jobs[way], 0)], ways[way].Said);
            Await(() => Restarts($"{jobs[way]}_0", "PENDING") == 1, "the task is requeued");
            Assert.Equal(1, Checkpoints(ways[way].Run));
        }
    }

    [Fact]
    public void A_pair_of_the_edge_of_stability_is_a_task_with_the_files_of_a_local_run()
    {
        StartCluster();
        string run = _folder["edge"];
        string[] command = ["edge", "--network", "fc-tanh", "--loss", "mse", "--data", "sample", "--train-size", "32", "--learning-rate",
            "0.01,0.02", "--iterations", "10", "--every", "5"];
        Submit(command, run);
        Await(() => File.Exists(Path.Combine(run, "report.html")), "the last job writes the report");
        AssertEqualsLocal(run, command, "edge.json");
    }

    [Theory]
    [InlineData(null, 120)]
    [InlineData("2-00", 120)]
    [InlineData("1-12:30", 120)]
    [InlineData("0-0:04:00", 60)]
    [InlineData("12:00:00", 120)]
    [InlineData("0:06:00", 90)]
    [InlineData("8", 120)]
    [InlineData("4", 60)]
    [InlineData("2:00", 30)]
    [InlineData("1", 15)]
    [InlineData("UNLIMITED", 120)]
    [InlineData("0", 120)]
    public void Notice_of_the_end_is_two_minutes_or_a_quarter_of_a_short_time_limit(string? time, int seconds)
    {
        LastBitProcess dry = LastBitProcess.Run([.. One, "--out", _folder["dry"], "--executor", "slurm", "--dry-run",
            .. time is null ? (string[])[] : ["--time", time]]);
        Assert.Equal(0, dry.ExitCode);
        Assert.Contains($"#SBATCH --signal=B:USR1@{seconds}", dry.Output.Split('\n'));
    }

    [Fact]
    public void Cancel_takes_the_jobs_out_of_the_queue_and_status_says_so()
    {
        StartCluster();
        string run = _folder["cancelled"];
        LastBit([.. Table1.Select(word => word == "12" ? "500" : word), "--out", run, "--executor", "slurm", "--cells-per-task", "2",
            "--array-limit", "1", "--quiet"]);
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
        LastBitProcess dry = LastBitProcess.Run([.. Table1, "--out", _folder["dry"], "--executor", "slurm", "--dry-run",
            "--time", "2:00:00", "--mem", "2G", "--cpus-per-task", "4", "--array-limit", "3", "--cells-per-task", "3",
            "--setup", "module load dotnet", "--sbatch=--partition=gpu", "--sbatch=--exclusive"]);
        Assert.Equal(0, dry.ExitCode);
        string[] lines = dry.Output.Split('\n');
        foreach (string line in (string[])["--array=0-1%3", "--requeue", "--open-mode=append", "--signal=B:USR1@120", "--partition=gpu",
            "--time=2:00:00", "--mem=2G", "--cpus-per-task=4", "--exclusive"])
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

    private static string Log(string run, string job, int task) => Path.Combine(run, "slurm", $"{job}-{task}.log");

    private static int Checkpoints(string run) =>
        Directory.GetFiles(Path.Combine(run, "cells", "accuracy", "seed1"), "checkpoint-*.bin").Length;

    private int DoneCells(string run)
    {
        using JsonDocument status = JsonDocument.Parse(Lenient("status", run, "--json").Output);
        return status.RootElement.GetProperty("cells").EnumerateArray().Count(cell => cell.GetProperty("state").GetString() == "done");
    }

    private string Submit(string[] command, string run, params string[] options)
    {
        using JsonDocument submitted = JsonDocument.Parse(LastBit([.. command, "--out", run, "--executor", "slurm", "--json", .. options]));
        return submitted.RootElement.GetProperty("job").GetString()!;
    }

    /// <summary>The programs, not their scripts, that compute a cell.</summary>
    private string[] Workers(string run, string cell) =>
        Try("pgrep", "-f", $"cell {run} {cell}").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private void Signal(string signal, string run, string cell) => Call("kill", [$"-{signal}", .. Workers(run, cell)]);

    /// <summary>
    /// Lets programs that stand still go on as soon as their logs say something; where Slurm itself has done so, they may be gone.
    /// </summary>
    private void Resume(string run, string[] cells, string[] logs, params string[] said)
    {
        Await(() => logs.All(log => said.All(one => File.ReadAllText(log).Contains(one, StringComparison.Ordinal))),
            string.Join(", ", said));
        foreach (string worker in cells.SelectMany(cell => Workers(run, cell)))
            Try("kill", "-CONT", worker);
    }

    /// <summary>How many times Slurm has begun a task again, if it is in a state; -1 otherwise.</summary>
    private int Restarts(string task, string state)
    {
        string shown = Try("scontrol", "--oneliner", "show", "job", task).Output;
        return shown.Contains($"JobState={state} ", StringComparison.Ordinal)
            ? int.Parse(shown.Split("Restarts=")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture) : -1;
    }

    private void AssertEqualsLocal(string run, string[] command, string among)
    {
        string local = _folder["local"];
        if (!Directory.Exists(local))
            LastBit([.. command, "--out", local, "--threads", "1", "--quiet"]);
        string[] files = [.. Results(local)];
        Assert.Contains($"{command[0]}.json", files);
        Assert.Contains(among, files);
        Assert.Equal(files, Results(run));
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(Path.Combine(local, file)), File.ReadAllBytes(Path.Combine(run, file))));
    }

    /// <summary>Everything that is a result: the rest (run.json, locks, reports, logs) says when and where.</summary>
    private static IEnumerable<string> Results(string run) => Directory.EnumerateFiles(run, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(run, file))
        .Where(file =>
            file is "accuracy.json" or "edge.json" || file.StartsWith("result", StringComparison.Ordinal)
                || file.StartsWith("cells", StringComparison.Ordinal))
        .Where(file => !Path.GetFileName(file).StartsWith('.'))
        .Order(StringComparer.Ordinal);

    private void StartCluster()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Slurm is started as root on Linux only.");
        string? missing = ((string[])["munged", "slurmctld", "slurmd", "sbatch"]).FirstOrDefault(program =>
            !((string[])["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"]).Any(folder =>
                File.Exists(Path.Combine(folder, program))));
        Assert.SkipWhen(missing is not null, $"{missing} is not installed (Debian: slurm-wlm, munge).");
        _started = true;
        Call("bash", Path.Combine(Repository.Root, "tests", "slurm", "cluster"), "start", _folder["cluster"]);
    }

    private void Await(Func<bool> condition, string what, bool nudge = false)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (watch.Elapsed > TimeSpan.FromMinutes(15))
                Assert.Fail("Waited too long until "
                    + $"{what}.\n{Try("squeue", "--array", "--states=all").Output}\n{Try("sinfo").Output}\n{Logs()}");
            // A requeued task would wait for two minutes. One that began within the second in which its last start was ended would be
            // refused by its node
            // ("job credential revoked") and fail, which Slurm's own pause prevents.
            foreach (string task in nudge
                ? Try("squeue", "--noheader", "--array", "--states=PENDING", "--format=%i %r %V").Output.Split('\n') : [])
            {
                if (task.Split(' ') is [string id, "BeginTime", string since]
                    && DateTime.Now - DateTime.Parse(since, System.Globalization.CultureInfo.InvariantCulture) > TimeSpan.FromSeconds(3))
                    Try("scontrol", "update", $"JobId={id}", "StartTime=now");
            }
            Thread.Sleep(300);
        }
    }

    /// <summary>What the daemons and the tasks wrote last.</summary>
    private string Logs() => string.Join('\n', Directory.EnumerateFiles(_folder.Path, "*.log", SearchOption.AllDirectories)
        .Select(file => $"{file}:\n{string.Join('\n', File.ReadLines(file).TakeLast(40))}"));

    private string LastBit(params string[] args)
    {
        (int code, string output, string error) = Lenient(args);
        Assert.True(code == 0, $"lastbit {string.Join(' ', args)}: {error}");
        return output;
    }

    private (int Code, string Output, string Error) Lenient(params string[] args) =>
        Try("dotnet", [Path.Combine(AppContext.BaseDirectory, "LastBit.Cli.dll"), .. args]);

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
        string line =
            string.Join(' ', ((string[])[program, .. args]).Select(word => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
        var start = new ProcessStartInfo("bash", ["-c", $"{line} >'{output}' 2>'{error}'"]);
        foreach ((string name, string value) in _environment)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        if (!process.WaitForExit(TimeSpan.FromMinutes(15)))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException(line);
        }
        return (process.ExitCode, File.ReadAllText(output), File.ReadAllText(error));
    }
}
