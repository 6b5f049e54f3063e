using System.Diagnostics;
using System.Text.Json.Nodes;
using LastBit.Arithmetic;
using LastBit.Files;
using LastBit.Runs;

namespace LastBit.Tests.Runs;

public sealed class RunFolderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("lastbit-").FullName;

    private string Folder => Path.Combine(_root, "run");

    private static JsonObject Settings(double alpha) => new() { ["alpha"] = alpha, ["iterations"] = 10 };

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Run_json_says_what_was_run_and_on_what()
    {
        var clock = new Clock();
        using (RunFolder folder = RunFolder.Open(Folder, "linear", Settings(1e7), threads: 3, clock: clock))
        {
            Assert.False(folder.Existed);
            Assert.False(RunFolder.Read(Folder)!["finished"]!.GetValue<bool>());
            clock.Seconds = 140;
            folder.RecordTime();
            Assert.Equal(140, RunFolder.Read(Folder)!["seconds"]!.GetValue<double>());
            clock.Seconds = 150;
            folder.Finish();
        }

        JsonObject run = RunFolder.Read(Folder)!;
        Assert.Equal("linear", run["command"]!.GetValue<string>());
        Assert.Equal(1e7, run["settings"]!["alpha"]!.GetValue<double>());
        Assert.Equal(3, run["threads"]!.GetValue<int>());
        Assert.Equal(MachineInfo.Current.Version, run["version"]!.GetValue<string>());
        Assert.Equal(MachineInfo.Current.Processor, run["processor"]!.GetValue<string>());
        Assert.Equal(MachineInfo.Current.VectorBits, run["vectorBits"]!.GetValue<int>());
        Assert.True(run["finished"]!.GetValue<bool>());
        Assert.Equal(150, run["seconds"]!.GetValue<double>());
        Assert.DoesNotContain(Environment.MachineName, run.ToJsonString(), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("deleted")]
    [InlineData("moved")]
    [InlineData("replaced")]
    public void A_folder_that_is_taken_away_under_a_run_is_noticed_at_the_next_write_and_not_made_again(string how)
    {
        using RunFolder folder = RunFolder.Open(Folder, "accuracy", Settings(1), 1, shared: true);
        JsonObject run = RunFolder.Read(Folder)!;
        CellStore store = CellStore.Open(Folder, "accuracy", []);
        using Lease held = store.TryTake("seed1/k1")!;
        string other = Path.Combine(_root, "other");
        if (how == "deleted")
            Directory.Delete(Folder, recursive: true);
        else
            Directory.Move(Folder, other);
        if (how == "replaced")
            File.WriteAllText(Path.Combine(Directory.CreateDirectory(Folder).FullName, "run.json"),
                """{"command":"accuracy","token":"another","finished":false}""");
        string said = how == "replaced" ? "its run.json was replaced by that of another run" : "the folder was deleted, moved or emptied";
        Action[] writes =
        [
            () => AtomicFile.WriteAllText(Path.Combine(Folder, "cells", "x.json"), "{}"), () => folder.Finish(), held.ThrowIfLost,
            () => store.TryTake("seed1/k3"), () => CellStore.Plan(Folder, "accuracy", []),
        ];
        Assert.All(writes, write => Assert.Contains(said, Assert.Throws<InputException>(write).Message, StringComparison.Ordinal));
        folder.Dispose();
        Assert.Equal(how == "replaced", Directory.Exists(Folder));
        if (how == "replaced")
            Assert.False(RunFolder.Read(Folder)!["finished"]!.GetValue<bool>());
        if (how != "deleted")
            Assert.Equal(run["token"]!.ToString(), RunFolder.Read(other)!["token"]!.ToString());
    }

    [Fact]
    public void A_folder_is_opened_again_with_the_same_settings_and_its_time_adds_up()
    {
        var clock = new Clock();
        using (RunFolder.Open(Folder, "linear", Settings(1e7), 1, clock: clock))
            clock.Seconds = 2.5;
        string started = RunFolder.Read(Folder)!["started"]!.GetValue<string>();

        using (RunFolder again = RunFolder.Open(Folder, "linear", Settings(10_000_000), 2, clock: clock))
        {
            Assert.True(again.Existed);
            clock.Seconds = 4;
        }

        Assert.Equal(4, RunFolder.Read(Folder)!["seconds"]!.GetValue<double>());
        Assert.Equal(started, RunFolder.Read(Folder)!["started"]!.GetValue<string>());
    }

    [Fact]
    public void Other_settings_are_refused_by_name_and_the_folder_stays_as_it_was()
    {
        RunFolder.Open(Folder, "linear", Settings(1e7), 1).Dispose();
        string before = File.ReadAllText(Path.Combine(Folder, "run.json"));

        var error = Assert.Throws<InputException>(() => RunFolder.Open(Folder, "linear", Settings(2e7), 1));
        Assert.Contains("alpha is 10000000 there and 20000000 here", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<InputException>(() => RunFolder.Open(Folder, "nonlinear", Settings(1e7), 1));
        Assert.Contains("`linear`, not of `nonlinear`", error.Message, StringComparison.Ordinal);

        Assert.Equal(before, File.ReadAllText(Path.Combine(Folder, "run.json")));
        RunFolder.Open(Folder, "linear", Settings(1e7), 1).Dispose();
    }

    [Fact]
    public void A_folder_that_holds_something_else_is_refused()
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, "thesis.tex"), "");
        var error = Assert.Throws<InputException>(() => RunFolder.Open(Folder, "linear", Settings(1e7), 1));
        Assert.Contains("thesis.tex", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Folder, "run.json")));
    }

    [Fact]
    public void A_damaged_run_json_is_refused_and_kept()
    {
        Directory.CreateDirectory(Folder);
        string file = Path.Combine(Folder, "run.json");
        File.WriteAllText(file, "{ \"command\": \"lin");
        var error = Assert.Throws<InputException>(() => RunFolder.Open(Folder, "linear", Settings(1e7), 1));
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Equal("{ \"command\": \"lin", File.ReadAllText(file));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_named()
    {
        string file = Path.Combine(_root, "file");
        File.WriteAllText(file, "");
        string path = Path.Combine(file, "run");
        var error = Assert.Throws<InputException>(() => RunFolder.Open(path, "linear", Settings(1e7), 1));
        Assert.StartsWith($"out {path}: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_run_in_the_same_folder_is_refused_until_the_first_ends()
    {
        using (RunFolder.Open(Folder, "linear", Settings(1e7), 1))
        {
            var error = Assert.Throws<InputException>(() => RunFolder.Open(Folder, "linear", Settings(1e7), 1));
            Assert.Contains("another run is working in this folder", error.Message, StringComparison.Ordinal);
        }
        RunFolder.Open(Folder, "linear", Settings(1e7), 1).Dispose();
    }

    [Fact]
    public void The_lock_of_a_killed_process_is_free_and_its_unfinished_files_are_removed()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("needs a Unix shell that holds a lock (flock)");
        Directory.CreateDirectory(Folder);
        string unfinished = Path.Combine(Folder, $"linear.json.17.{Guid.NewGuid():N}.tmp");
        File.WriteAllText(unfinished, "half");
        string ready = Path.Combine(_root, "ready");

        using Process holder = Process.Start("sh", ["-c", $"exec 9>'{Folder}/.lock'; flock -x 9; echo > '{ready}'; exec sleep 60"])!;
        while (!File.Exists(ready))
            Thread.Sleep(10);
        Assert.Throws<InputException>(() => RunFolder.Open(Folder, "linear", Settings(1e7), 1));
        Assert.True(File.Exists(unfinished));

        holder.Kill();
        holder.WaitForExit();
        RunFolder.Open(Folder, "linear", Settings(1e7), 1).Dispose();
        Assert.False(File.Exists(unfinished));
    }

    [Fact]
    public void In_a_shared_folder_only_what_nobody_else_can_be_writing_is_removed()
    {
        Directory.CreateDirectory(Folder);
        string ours = Path.Combine(Folder, $"run.json.17.{Guid.NewGuid():N}.tmp");
        string anothers = Path.Combine(Folder, $"cell.json.17.{Guid.NewGuid():N}.tmp");
        File.WriteAllText(ours, "half");
        File.WriteAllText(anothers, "half");
        RunFolder.Open(Folder, "accuracy", Settings(1), 1, shared: true).Dispose();
        Assert.False(File.Exists(ours));
        Assert.True(File.Exists(anothers));
    }

    [Theory]
    [InlineData("accuracy", true)]
    [InlineData("reproduce", false)]
    public void What_no_lease_guards_is_removed_where_cells_are_when_its_writer_is_gone(string command, bool shared)
    {
        RunFolder.Open(Folder, command, Settings(1), 1, shared).Dispose();
        string cells = Directory.CreateDirectory(Path.Combine(Folder, "cells", "accuracy")).FullName;
        string figures = Directory.CreateDirectory(Path.Combine(Folder, "figures")).FullName;
        using var killed = Process.Start(new ProcessStartInfo("dotnet", ["--list-runtimes"]) { RedirectStandardOutput = true })!;
        killed.WaitForExit();
        using var living = Process.GetCurrentProcess();
        string labels = AtomicFile.UnfinishedName(Path.Combine(cells, "labels.npy"), killed.Id);
        string figure = AtomicFile.UnfinishedName(Path.Combine(figures, "table1.svg"), killed.Id);
        string inWork = AtomicFile.UnfinishedName(Path.Combine(cells, "labels.npy"), living.Id);
        string elsewhere = Path.Combine(cells, $"labels.npy.{killed.Id}.{Guid.NewGuid():N}.tmp");
        string longAgo = Path.Combine(cells, $"labels.npy.17.{Guid.NewGuid():N}.tmp");
        string notOurs = Path.Combine(cells, "labels.tmp");
        foreach (string file in (string[])[labels, figure, inWork, elsewhere, longAgo, notOurs])
        {
            File.WriteAllText(file, "half");
            // However long it takes until the folder is opened.
            File.SetLastWriteTimeUtc(file, DateTime.UtcNow + TimeSpan.FromHours(1));
        }
        File.SetLastWriteTimeUtc(longAgo, DateTime.UtcNow - Lease.Patience - TimeSpan.FromMinutes(1));

        RunFolder.Open(Folder, command, Settings(1), 1, shared).Dispose();

        Assert.Equal(new SortedSet<string>([inWork, elsewhere, notOurs], StringComparer.Ordinal),
            new SortedSet<string>(Directory.GetFiles(Folder, "*.tmp", SearchOption.AllDirectories), StringComparer.Ordinal));
    }

    [Fact]
    public void Processes_that_share_a_folder_guard_their_parts_by_themselves()
    {
        using RunFolder first = RunFolder.Open(Folder, "accuracy", Settings(1), 1, shared: true);
        using RunFolder second = RunFolder.Open(Folder, "accuracy", Settings(1), 1, shared: true);

        using (Lease? seed1 = Lease.TryTake(Folder, ".lock-seed1"))
        {
            Assert.NotNull(seed1);
            Assert.Null(Lease.TryTake(Folder, ".lock-seed1"));
            using Lease? seed2 = Lease.TryTake(Folder, ".lock-seed2");
            Assert.NotNull(seed2);
        }
        using Lease? free = Lease.TryTake(Folder, ".lock-seed1");
        Assert.NotNull(free);
    }

    [Fact]
    public void The_default_folder_is_named_by_command_and_time()
    {
        string path = RunFolder.DefaultPath("linear", new DateTime(2026, 3, 4, 5, 6, 7, DateTimeKind.Local));
        Assert.Equal(Path.Combine("runs", "linear-20260304-050607"), path);
    }

    /// <summary>A clock that stands still until it is set: how fast the machine is must not show.</summary>
    private sealed class Clock : TimeProvider
    {
        public double Seconds { get; set; }

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => (long)(Seconds * 1000);
    }
}
