using System.Diagnostics;
using System.Globalization;
using System.Runtime.Intrinsics;

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
        double lanes64 = Vector512.IsHardwareAccelerated ? 8 : Vector256.IsHardwareAccelerated ? 4 : 2;
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
        $"peak of {Threads} threads: {Gflops64:G3} GFLOPS binary64, {Gflops32:G3} GFLOPS binary32, memory {ReadGBs:F1} GB/s read, {CopyGBs:F1} GB/s copy");

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
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<double> x = Vector512.Create(0.999), y = Vector512.Create(1e-3);
            Vector512<double> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y;
            for (int n = 0; n < Iterations; n++)
            {
                a = Vector512.FusedMultiplyAdd(a, x, y); b = Vector512.FusedMultiplyAdd(b, x, y); c = Vector512.FusedMultiplyAdd(c, x, y);
                d = Vector512.FusedMultiplyAdd(d, x, y); e = Vector512.FusedMultiplyAdd(e, x, y); f = Vector512.FusedMultiplyAdd(f, x, y);
                g = Vector512.FusedMultiplyAdd(g, x, y); h = Vector512.FusedMultiplyAdd(h, x, y); i = Vector512.FusedMultiplyAdd(i, x, y);
                j = Vector512.FusedMultiplyAdd(j, x, y);
            }
            return Vector512.Sum(a + b + c + d + e + f + g + h + i + j);
        }
        if (Vector256.IsHardwareAccelerated)
        {
            Vector256<double> x = Vector256.Create(0.999), y = Vector256.Create(1e-3);
            Vector256<double> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y;
            for (int n = 0; n < Iterations; n++)
            {
                a = Vector256.FusedMultiplyAdd(a, x, y); b = Vector256.FusedMultiplyAdd(b, x, y); c = Vector256.FusedMultiplyAdd(c, x, y);
                d = Vector256.FusedMultiplyAdd(d, x, y); e = Vector256.FusedMultiplyAdd(e, x, y); f = Vector256.FusedMultiplyAdd(f, x, y);
                g = Vector256.FusedMultiplyAdd(g, x, y); h = Vector256.FusedMultiplyAdd(h, x, y); i = Vector256.FusedMultiplyAdd(i, x, y);
                j = Vector256.FusedMultiplyAdd(j, x, y);
            }
            return Vector256.Sum(a + b + c + d + e + f + g + h + i + j);
        }
        else
        {
            Vector128<double> x = Vector128.Create(0.999), y = Vector128.Create(1e-3);
            Vector128<double> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y;
            for (int n = 0; n < Iterations; n++)
            {
                a = Vector128.FusedMultiplyAdd(a, x, y); b = Vector128.FusedMultiplyAdd(b, x, y); c = Vector128.FusedMultiplyAdd(c, x, y);
                d = Vector128.FusedMultiplyAdd(d, x, y); e = Vector128.FusedMultiplyAdd(e, x, y); f = Vector128.FusedMultiplyAdd(f, x, y);
                g = Vector128.FusedMultiplyAdd(g, x, y); h = Vector128.FusedMultiplyAdd(h, x, y); i = Vector128.FusedMultiplyAdd(i, x, y);
                j = Vector128.FusedMultiplyAdd(j, x, y);
            }
            return Vector128.Sum(a + b + c + d + e + f + g + h + i + j);
        }
    }

    private static double MultiplyAdd32()
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Vector512<float> x = Vector512.Create(0.999f), y = Vector512.Create(1e-3f);
            Vector512<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y;
            for (int n = 0; n < Iterations; n++)
            {
                a = Vector512.FusedMultiplyAdd(a, x, y); b = Vector512.FusedMultiplyAdd(b, x, y); c = Vector512.FusedMultiplyAdd(c, x, y);
                d = Vector512.FusedMultiplyAdd(d, x, y); e = Vector512.FusedMultiplyAdd(e, x, y); f = Vector512.FusedMultiplyAdd(f, x, y);
                g = Vector512.FusedMultiplyAdd(g, x, y); h = Vector512.FusedMultiplyAdd(h, x, y); i = Vector512.FusedMultiplyAdd(i, x, y);
                j = Vector512.FusedMultiplyAdd(j, x, y);
            }
            return Vector512.Sum(a + b + c + d + e + f + g + h + i + j);
        }
        if (Vector256.IsHardwareAccelerated)
        {
            Vector256<float> x = Vector256.Create(0.999f), y = Vector256.Create(1e-3f);
            Vector256<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y;
            for (int n = 0; n < Iterations; n++)
            {
                a = Vector256.FusedMultiplyAdd(a, x, y); b = Vector256.FusedMultiplyAdd(b, x, y); c = Vector256.FusedMultiplyAdd(c, x, y);
                d = Vector256.FusedMultiplyAdd(d, x, y); e = Vector256.FusedMultiplyAdd(e, x, y); f = Vector256.FusedMultiplyAdd(f, x, y);
                g = Vector256.FusedMultiplyAdd(g, x, y); h = Vector256.FusedMultiplyAdd(h, x, y); i = Vector256.FusedMultiplyAdd(i, x, y);
                j = Vector256.FusedMultiplyAdd(j, x, y);
            }
            return Vector256.Sum(a + b + c + d + e + f + g + h + i + j);
        }
        else
        {
            Vector128<float> x = Vector128.Create(0.999f), y = Vector128.Create(1e-3f);
            Vector128<float> a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y;
            for (int n = 0; n < Iterations; n++)
            {
                a = Vector128.FusedMultiplyAdd(a, x, y); b = Vector128.FusedMultiplyAdd(b, x, y); c = Vector128.FusedMultiplyAdd(c, x, y);
                d = Vector128.FusedMultiplyAdd(d, x, y); e = Vector128.FusedMultiplyAdd(e, x, y); f = Vector128.FusedMultiplyAdd(f, x, y);
                g = Vector128.FusedMultiplyAdd(g, x, y); h = Vector128.FusedMultiplyAdd(h, x, y); i = Vector128.FusedMultiplyAdd(i, x, y);
                j = Vector128.FusedMultiplyAdd(j, x, y);
            }
            return Vector128.Sum(a + b + c + d + e + f + g + h + i + j);
        }
    }
}
