using LastBit.Engines.Cpu;

namespace LastBit.Tests.Engines.Cpu;

public class WorkerTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(9)]
    public void Every_piece_of_every_job_is_done_once(int size)
    {
        using var team = new WorkerTeam(size);
        int[] done = new int[37];
        int highest = 0;
        for (int job = 1; job <= 3000; job++)
        {
            team.Run(done.Length, (part, worker) =>
            {
                Interlocked.Increment(ref done[part]);
                if (worker >= size)
                    Interlocked.Exchange(ref highest, worker);
            });
            Assert.All(done, count => Assert.Equal(job, count));
            // Now and then the workers go to sleep between two jobs.
            if (job % 1000 == 0)
                Thread.Sleep(20);
        }
        Assert.Equal(0, highest);
    }

    [Fact]
    public void Slow_workers_do_not_lose_a_wake_up()
    {
        using var team = new WorkerTeam(7);
        int sum = 0;
        for (int job = 0; job < 200; job++)
        {
            team.Run(7, (part, _) =>
            {
                if ((part + job) % 5 == 0)
                    Thread.Sleep(1);
                Interlocked.Add(ref sum, part);
            });
        }
        Assert.Equal(200 * 21, sum);
    }

    [Fact]
    public void A_failure_in_a_piece_reaches_the_caller_and_the_team_lives_on()
    {
        using var team = new WorkerTeam(3);
        var error = Assert.Throws<InvalidOperationException>(() =>
            team.Run(10, (part, _) => ArgumentOutOfRangeException.ThrowIfEqual(part, 4)));
        Assert.IsType<ArgumentOutOfRangeException>(error.InnerException);
        int count = 0;
        team.Run(10, (_, _) => Interlocked.Increment(ref count));
        Assert.Equal(10, count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Smaller_pieces_are_numbered_on_and_counted_with_the_others(int threads)
    {
        using var team = new WorkerTeam(threads);
        int[] done = new int[9];
        team.Run(4, (part, _) => Interlocked.Increment(ref done[part]), more: 5);
        Assert.All(done, times => Assert.Equal(1, times));
        Assert.Equal([4], team.TakeTimes().ByParts.Keys);
    }

    [Fact]
    public void The_work_of_all_threads_is_counted_by_the_number_of_pieces()
    {
        using var team = new WorkerTeam(2);
        team.Run(1, (_, _) => Thread.Sleep(5));
        Assert.Equal(0, team.TakeTimes().Seconds);
        for (int job = 0; job < 3; job++)
            team.Run(4, (_, _) => Thread.Sleep(5));
        team.Run(6, (_, _) => Thread.Sleep(5));
        TeamTimes times = team.TakeTimes();
        Assert.Equal([4, 6], times.ByParts.Keys.Order());
        Assert.Equal(3, times.ByParts[4].Jobs);
        // Sleeping takes at least as long as was asked for, so these hold on any machine.
        Assert.InRange(times.ByParts[4].BusySeconds, 0.058, double.MaxValue);
        Assert.InRange(times.ByParts[6].BusySeconds, 0.028, double.MaxValue);
        Assert.Equal(times.BusySeconds, times.ByParts[4].BusySeconds + times.ByParts[6].BusySeconds, 9);
        Assert.InRange(times.BusySeconds, 0, 2 * times.Seconds);
        Assert.Empty(team.TakeTimes().ByParts);
    }
}
