using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LastBit.Arithmetic;

namespace LastBit.Benchmarks;

/// <summary>What this machine can do at most, measured: the denominator of every "fraction of the peak".</summary>
/// <param name="Threads">Threads that worked at once.</param>
/// <param name="Gflops64">Fused multiply-adds in binary64, two operations each, in 1e9 a second, all threads together.</param>
/// <param name="Gflops32">The same in binary32.</param>
/// <param name="ReadGBs">Bytes read from memory, in 1e9 a second, all threads together.</param>
/// <param name="CopyGBs">Bytes read plus bytes written by a copy from memory to memory, in 1e9 a second.</param>
internal sealed record MachinePeak(int Threads, double Gflops64, double Gflops32, double ReadGBs, double CopyGBs)
{
    // Rounds of about a millisecond (and many) for the arithmetic, so that on a busy machine some round falls between two interruptions.
    private const int ArithmeticRounds = 400;
    private const int MemoryRounds = 20;
    private const int Iterations = 200_000;
    private const int Accumulators = 10;
    private const int MemoryDoubles = 1 << 23;

    /// <summary>Measures with a number of threads; the best of many rounds, because a peak is what nothing disturbed.</summary>
    public static MachinePeak Measure(int threads)
    {
        double[][] from = new double[threads][], to = new double[threads][];
        for (int i = 0; i < threads; i++)
        {
            from[i] = new double[MemoryDoubles];
            to[i] = new double[MemoryDoubles];
            Array.Fill(from[i], i);
            Array.Fill(to[i], i);
        }
        double lanes64 = VectorWidth.Is512 ? 8 : VectorWidth.Is256 ? 4 : 2;
        double operations = 2.0 * Iterations * Accumulators;
        double bytes = sizeof(double) * (double)MemoryDoubles;
        return new MachinePeak(threads,
            Best(threads, ArithmeticRounds, operations * lanes64, _ => MultiplyAdd64()),
            Best(threads, ArithmeticRounds, operations * 2 * lanes64, _ => MultiplyAdd32()),
            Best(threads, MemoryRounds, bytes, i => Read(from[i])),
            Best(threads, MemoryRounds, 2 * bytes, i => { from[i].AsSpan().CopyTo(to[i]); return to[i][0]; }));
    }

    /// <summary>The figures in one line.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"peak of {Threads} threads: {Gflops64:G3} GFLOPS binary64, {Gflops32:G3} GFLOPS binary32, memory {ReadGBs:F1} GB/s read, "
            + $"{CopyGBs:F1} GB/s copy");

    private static double Best(int threads, int rounds, double workEach, Func<int, double> work)
    {
        double[] best = new double[threads], sink = new double[threads];
        using var start = new Barrier(threads);
        var workers = new Thread[threads];
        for (int i = 0; i < threads; i++)
        {
            int index = i;
            workers[i] = new Thread(() =>
            {
                for (int round = 0; round < rounds; round++)
                {
                    start.SignalAndWait();
                    long begin = Stopwatch.GetTimestamp();
                    sink[index] += work(index);
                    best[index] = Math.Max(best[index], workEach / Stopwatch.GetElapsedTime(begin).TotalSeconds / 1e9);
                }
            });
            workers[i].Start();
        }
        foreach (Thread worker in workers)
            worker.Join();
        GC.KeepAlive(sink);
        return best.Sum();
    }

    private static double Read(double[] values)
    {
        var sum = Vector512<double>.Zero;
        for (int i = 0; i < values.Length; i += 8)
            sum += Vector512.Create(values.AsSpan(i));
        return Vector512.Sum(sum);
    }

    private static double MultiplyAdd64()
    {
        var work = new Chains<double>(0.999, 1e-3);
        Widest.Double(ref work, 16);
        return work.Sum;
    }

    private static double MultiplyAdd32()
    {
        var work = new Chains<float>(0.999f, 1e-3f);
        Widest.Single(ref work, 16);
        return work.Sum;
    }

    private unsafe struct Chains<TNumber>(TNumber factor, TNumber addend) : IOverLanes<TNumber>
        where TNumber : unmanaged
    {
        public TNumber Sum { get; private set; }

        // Ten chains, each waiting for itself only: more than the latency of a multiply-add times how many begin in a cycle, and few enough
        // for 16 registers.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<T>()
            where T : unmanaged, ILanes<T, TNumber>
        {
            T x = T.Broadcast(factor), y = T.Broadcast(addend);
            T a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y;
            for (int n = 0; n < Iterations; n++)
            {
                a = T.FusedMultiplyAdd(a, x, y); b = T.FusedMultiplyAdd(b, x, y); c = T.FusedMultiplyAdd(c, x, y);
                d = T.FusedMultiplyAdd(d, x, y); e = T.FusedMultiplyAdd(e, x, y);
                f = T.FusedMultiplyAdd(f, x, y); g = T.FusedMultiplyAdd(g, x, y); h = T.FusedMultiplyAdd(h, x, y);
                i = T.FusedMultiplyAdd(i, x, y); j = T.FusedMultiplyAdd(j, x, y);
            }
            TNumber* sums = stackalloc TNumber[T.Count];
            T.Store(T.Add(T.Add(T.Add(T.Add(a, b), T.Add(c, d)), T.Add(T.Add(e, f), T.Add(g, h))), T.Add(i, j)), sums);
            Sum = sums[0];
        }
    }
}
