using System.Diagnostics;
using LastBit.Arithmetic;

namespace LastBit.Engines.Cpu;

/// <summary>
/// A fixed team of threads that takes the parts of a job. Which thread takes which part is a matter of chance, what a part computes is not:
/// so the number of threads cannot change a bit. Running a job allocates nothing. A thread without work spins for a tenth of a millisecond,
/// which is as long as the last parts of a pass take, and then sleeps: nothing is burned that another process could use. A team larger than
/// what the process may use does not spin.
/// </summary>
public sealed class WorkerTeam : IDisposable
{
    // A worker's counter has a cache line of its own.
    private const int Stride = 16;
    private readonly Thread[] _threads;
    private readonly long _spinTicks;
    private readonly long[] _busy;
    private readonly Dictionary<int, (long Jobs, long Busy)> _byParts = [];
    private long _parallelTicks;
    private long _busyBefore;
    private readonly Lock _gate = new();
    private readonly object _sleep = new();
    private readonly object _finish = new();
    private Action<int, int>? _job;
    private int _parts;
    private int _next;
    private int _running;
    private int _generation;
    private int _sleeping;
    private int _waiting;
    private Exception? _failure;
    private volatile bool _stopped;

    /// <summary>Starts the team.</summary>
    /// <param name="size">Number of threads, the calling one included; at least 1.</param>
    public WorkerTeam(int size)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        Size = size;
        _spinTicks = size <= MachineInfo.Current.Threads ? Stopwatch.Frequency / 10_000 : 0;
        _busy = new long[size * Stride];
        _threads = new Thread[size - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            _threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"lastbit worker {worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>Number of threads, the calling one included.</summary>
    public int Size { get; }

    /// <summary>Runs job(part, worker) for every part in [0, parts + more), worker in [0, Size), and returns when all are done.</summary>
    /// <param name="parts">Number of parts.</param>
    /// <param name="job">What to do with a part; a worker does one part at a time.</param>
    /// <param name="more">Smaller parts, numbered on; begun last, they fill the time in which others would wait.</param>
    /// <exception cref="Exception">Whatever a part threw first; the other parts are then not begun.</exception>
    public void Run(int parts, Action<int, int> job, int more = 0)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (parts <= 0)
            return;
        lock (_gate)
        {
            _job = job;
            _parts = parts + more;
            _failure = null;
            Volatile.Write(ref _next, 0);
            if (_parts == 1)
            {
                Take(0);
            }
            else
            {
                long begun = Stopwatch.GetTimestamp();
                if (_threads.Length == 0)
                {
                    Take(0);
                }
                else
                {
                    Volatile.Write(ref _running, _threads.Length);
                    Wake();
                    Take(0);
                    AwaitOthers();
                }
                Count(parts, Stopwatch.GetTimestamp() - begun);
            }
            _job = null;
            if (_failure is { } failure)
                throw new InvalidOperationException("A part of a parallel job failed.", failure);
        }
    }

    /// <summary>How long jobs of more than one part took since the last call, and how much of that the threads worked.</summary>
    public TeamTimes TakeTimes()
    {
        lock (_gate)
        {
            double second = Stopwatch.Frequency;
            var times = new TeamTimes(
                _parallelTicks / second, _byParts.Values.Sum(one => one.Busy) / second,
                _byParts.ToDictionary(one => one.Key, one => (one.Value.Jobs, one.Value.Busy / second)));
            _byParts.Clear();
            _parallelTicks = 0;
            return times;
        }
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        if (_stopped)
            return;
        _stopped = true;
        Wake();
        foreach (var thread in _threads)
            thread.Join();
    }

    // Sleeping and waking agree through two interlocked operations in opposite order:
    // either the sleeper sees the new generation, or the waker sees the sleeper.
    private void Wake()
    {
        Interlocked.Increment(ref _generation);
        if (Volatile.Read(ref _sleeping) > 0)
        {
            lock (_sleep)
                Monitor.PulseAll(_sleep);
        }
    }

    private void Count(int parts, long ticks)
    {
        long busy = 0;
        for (int i = 0; i < _busy.Length; i += Stride)
            busy += _busy[i];
        (long jobs, long before) = _byParts.GetValueOrDefault(parts);
        _byParts[parts] = (jobs + 1, before + busy - _busyBefore);
        _busyBefore = busy;
        _parallelTicks += ticks;
    }

    private void AwaitOthers()
    {
        var spinner = new SpinWait();
        long begun = Stopwatch.GetTimestamp();
        do
        {
            if (Volatile.Read(ref _running) == 0)
                return;
            spinner.SpinOnce(sleep1Threshold: -1);
        }
        while (Stopwatch.GetTimestamp() - begun < _spinTicks);
        Interlocked.Exchange(ref _waiting, 1);
        lock (_finish)
        {
            while (Volatile.Read(ref _running) != 0)
                Monitor.Wait(_finish);
        }
        Volatile.Write(ref _waiting, 0);
    }

    private void Work(int worker)
    {
        int seen = 0;
        while (true)
        {
            AwaitGeneration(seen);
            if (_stopped)
                return;
            seen++;
            Take(worker);
            if (Interlocked.Decrement(ref _running) == 0 && Volatile.Read(ref _waiting) == 1)
            {
                lock (_finish)
                    Monitor.Pulse(_finish);
            }
        }
    }

    private void AwaitGeneration(int seen)
    {
        var spinner = new SpinWait();
        long begun = Stopwatch.GetTimestamp();
        do
        {
            if (Volatile.Read(ref _generation) != seen)
                return;
            spinner.SpinOnce(sleep1Threshold: -1);
        }
        while (Stopwatch.GetTimestamp() - begun < _spinTicks);
        Interlocked.Increment(ref _sleeping);
        lock (_sleep)
        {
            while (Volatile.Read(ref _generation) == seen)
                Monitor.Wait(_sleep);
        }
        Interlocked.Decrement(ref _sleeping);
    }

    private void Take(int worker)
    {
        var job = _job!;
        long begun = Stopwatch.GetTimestamp();
        int part;
        while ((part = Interlocked.Increment(ref _next) - 1) < _parts)
        {
            try
            {
                job(part, worker);
            }
            catch (Exception error)
            {
                Interlocked.CompareExchange(ref _failure, error, null);
                Volatile.Write(ref _next, _parts);
            }
        }
        if (_parts > 1)
            _busy[worker * Stride] += Stopwatch.GetTimestamp() - begun;
    }
}

/// <summary>Where the time of a team went. What it did not spend in jobs of several parts, one thread did alone.</summary>
/// <param name="Seconds">Wall time of jobs of more than one part.</param>
/// <param name="BusySeconds">
/// What all threads together worked in them; the rest of Seconds times threads they waited, at the ends of jobs for the most part.
/// </param>
/// <param name="ByParts">Jobs and work by the number of parts: no more threads than that can help.</param>
public sealed record TeamTimes(double Seconds, double BusySeconds, IReadOnlyDictionary<int, (long Jobs, double BusySeconds)> ByParts);
