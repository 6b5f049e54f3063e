using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>
/// A fixed team of threads that takes the pieces of a job. Which thread takes which piece is a matter of chance, what a piece computes is not: so
/// the number of threads cannot change a bit. Running a job allocates nothing.
/// </summary>
public sealed class WorkerTeam : IDisposable
{
    private const int Spins = 200;
    private readonly Thread[] _threads;
    private readonly Lock _gate = new();
    private readonly object _sleep = new();
    private readonly object _finish = new();
    private Action<int, int>? _job;
    private int _pieces;
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

    /// <summary>Runs job(piece, worker) for every piece in [0, pieces), with worker in [0, Size), and returns when all are done.</summary>
    /// <param name="pieces">Number of pieces.</param>
    /// <param name="job">What to do with a piece; a worker does one piece at a time.</param>
    /// <exception cref="Exception">Whatever a piece threw first; the other pieces are then not begun.</exception>
    public void Run(int pieces, Action<int, int> job)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (pieces <= 0)
            return;
        lock (_gate)
        {
            _job = job;
            _pieces = pieces;
            _failure = null;
            Volatile.Write(ref _next, 0);
            if (pieces == 1 || _threads.Length == 0)
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
            _job = null;
            if (_failure is { } failure)
                throw new InvalidOperationException("A piece of a parallel job failed.", failure);
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

    private void AwaitOthers()
    {
        var spinner = new SpinWait();
        for (int i = 0; i < Spins; i++)
        {
            if (Volatile.Read(ref _running) == 0)
                return;
            spinner.SpinOnce(sleep1Threshold: -1);
        }
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
        for (int i = 0; i < Spins; i++)
        {
            if (Volatile.Read(ref _generation) != seen)
                return;
            spinner.SpinOnce(sleep1Threshold: -1);
        }
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
        int piece;
        while ((piece = Interlocked.Increment(ref _next) - 1) < _pieces)
        {
            try
            {
                job(piece, worker);
            }
            catch (Exception error)
            {
                Interlocked.CompareExchange(ref _failure, error, null);
                Volatile.Write(ref _next, _pieces);
            }
        }
    }
}
