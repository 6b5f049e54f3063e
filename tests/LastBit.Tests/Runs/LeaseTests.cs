using LastBit.Runs;

namespace LastBit.Tests.Runs;

public sealed class LeaseTests : IDisposable
{
    private const string Name = ".cell.lock";
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        Lease.WithoutLocks.Value = false;
        _folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_holds_it_at_a_time_and_the_next_has_a_higher_number(bool withoutLocks)
    {
        Lease.WithoutLocks.Value = withoutLocks;
        Lease first = Take()!;
        Assert.Equal(!withoutLocks, first.HasLock);
        Assert.Null(Take());
        Assert.True(Lease.IsHeld(_folder.Path, Name));
        LeaseNote note = Lease.ReadNote(_folder.Path, Name)!;
        Assert.Equal($"{Environment.MachineName} {Environment.ProcessId}", note.Owner);
        first.Tell(0.25, 60);
        first.Dispose();

        Assert.False(Lease.IsHeld(_folder.Path, Name));
        note = Lease.ReadNote(_folder.Path, Name)!;
        Assert.Equal((false, 0.25, 60.0, null), (note.Held, note.Progress, note.SecondsLeft!.Value, note.Failure));
        using Lease second = Take()!;
        Assert.True(second.Number > first.Number);
        second.ThrowIfLost();
    }

    [Fact]
    public void Without_locks_a_silent_holder_elsewhere_loses_it_and_learns_so()
    {
        Lease.WithoutLocks.Value = true;
        using Lease silent = Take()!;
        string file = _folder[Name + ".1"];
        File.WriteAllText(file, File.ReadAllText(file).Replace(Environment.MachineName, "elsewhere", StringComparison.Ordinal));
        Assert.Null(Take());
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow - Lease.Patience - TimeSpan.FromSeconds(5));
        using Lease next = Take()!;
        Assert.Equal(2, next.Number);
        Assert.Throws<LeaseLostException>(silent.ThrowIfLost);
        next.ThrowIfLost();
    }

    [Fact]
    public void Without_locks_a_holder_that_died_on_this_machine_has_lost_it()
    {
        Lease.WithoutLocks.Value = true;
        Take()!.Dispose();
        string file = _folder[Name + ".1"];
        string note = ResultJson.Serialize(new LeaseNote($"{Environment.MachineName} 2147483646", DateTime.UtcNow, true, 0, null, null));
        File.WriteAllText(file, note);
        using Lease? next = Take();
        Assert.NotNull(next);
    }

    [Fact]
    public void Without_locks_many_at_once_never_share_it()
    {
        int holders = 0, taken = 0;
        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            Lease.WithoutLocks.Value = true;
            using Lease? lease = Take();
            if (lease is null)
                return;
            Assert.Equal(1, Interlocked.Increment(ref holders));
            lease.ThrowIfLost();
            Interlocked.Increment(ref taken);
            Interlocked.Decrement(ref holders);
        });
        Assert.InRange(taken, 1, 200);
    }

    [Theory]
    [InlineData(false, ".1")]
    [InlineData(true, ".1")]
    [InlineData(false, ".7")]
    [InlineData(true, ".7")]
    [InlineData(false, ".9223372036854775807")]
    [InlineData(true, ".9223372036854775807")]
    public void What_cannot_be_a_note_is_passed_over(bool withoutLocks, string end)
    {
        Lease.WithoutLocks.Value = withoutLocks;
        foreach (bool folder in (bool[])[true, false])
        {
            string path = _folder[Name + end];
            if (folder)
                Directory.CreateDirectory(path);
            else if (end.Length > 2)
                File.WriteAllText(path, "{}");
            else
                continue;
            Lease first = Take()!;
            Assert.NotNull(first);
            Assert.Null(Take());
            first.ThrowIfLost();
            Assert.Equal($"{Environment.MachineName} {Environment.ProcessId}", Lease.ReadNote(_folder.Path, Name)!.Owner);
            first.Dispose();
            using (Lease second = Take()!)
                Assert.True(second.Number > first.Number);
            if (folder)
                Directory.Delete(path);
        }
    }

    [Fact]
    public void A_pipe_is_no_note()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Pipes are no files on Windows.");
        using (var make = System.Diagnostics.Process.Start("mkfifo", [_folder[Name + ".3"]]))
            make.WaitForExit();
        Assert.Null(Lease.ReadNote(_folder.Path, Name));
        using Lease lease = Take()!;
        Assert.Equal(4, lease.Number);
    }

    [Theory]
    [InlineData("12_3", 0, true, "12_3", 1, true)]
    [InlineData("12_3", 1, true, "12_3", 3, true)]
    [InlineData("12_3", 1, true, "12_3", 1, false)]
    [InlineData("12_3", 2, true, "12_3", 1, false)]
    [InlineData("12_3", 0, true, "12_4", 1, false)]
    [InlineData("12_3", 0, true, null, 0, false)]
    [InlineData(null, 0, true, null, 1, false)]
    [InlineData("12_3", 0, false, "12_3", 1, false)]
    public void A_copy_of_a_task_that_was_begun_again_has_no_say(string? task, int restart, bool held, string? laterTask, int laterRestart,
        bool fenced) =>
        Assert.Equal(fenced,
            new LeaseNote("node7 4711", DateTime.UtcNow, held, 0, null, null, false, task, restart).IsFencedBy(laterTask, laterRestart));

    private Lease? Take() => Lease.TryTake(_folder.Path, Name, visible: true);
}
