using System.Diagnostics;
using System.Globalization;
using LastBit.Experiments;
using LastBit.Experiments.Amplification;
using LastBit.Experiments.Heat;
using LastBit.Experiments.Linear;
using LastBit.Experiments.NonLinear;
using LastBit.Experiments.OneLayer;
using LastBit.Pde;

namespace LastBit.Benchmarks;

/// <summary>The one-layer PDE: what an iteration needs and takes, and how long all of Figures 1, 3 and 4 take.</summary>
internal static class PdeBenchmark
{
    private const int Iterations = 40;
    private const int Rounds = 25;

    /// <summary>pde [IMAGE-SIZE] [KERNEL-SIZE]; noise, so that nothing can profit from a checkerboard.</summary>
    public static int Run(ReadOnlySpan<string> args)
    {
        int size = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 256;
        int kernelSize = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 32;
        GreyImage noise = Noise(size);
        // First, because the measurement of the memory's speed takes memory.
        foreach (GreyImage image in (ReadOnlySpan<GreyImage>)[GreyImage.Checkerboard(size), noise])
        {
            string folder = Directory.CreateTempSubdirectory("lastbit-").FullName;
            try
            {
                var context = new ExperimentContext(folder, Environment.ProcessorCount, SilentObserver.Instance, CancellationToken.None);
                TimeSpan processor = Process.GetCurrentProcess().TotalProcessorTime;
                long start = Stopwatch.GetTimestamp();
                HeatEquation.Experiment.Run(new(), context);
                LinearizedPde.Experiment.Run(new() { Image = image, KernelSize = kernelSize }, context);
                NonLinearPde.Experiment.Run(new() { Image = image, KernelSize = kernelSize }, context);
                ErrorAmplification.Experiment.Run(new() { Image = image, KernelSize = kernelSize }, context);
                double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                Process self = Process.GetCurrentProcess();
                double busy = (self.TotalProcessorTime - processor).TotalSeconds;
                Print($"Figures 1, 3 and 4, {image.Name}: {seconds:F2} s on {context.Threads} threads ",
                    $"({busy:F2} s of processor time), at most {self.PeakWorkingSet64 / 1e6:F0} MB of memory");
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        MachinePeak one = MachinePeak.Measure(1);
        Print($"{MachinePeak.Measure(Environment.ProcessorCount)}");
        Print($"{one}");

        double[] kernel = OneLayerSetup.InitialKernel(kernelSize), sums = new double[kernel.Length];
        using var correlation = new ValidCorrelation(noise, kernelSize, kernelSize);
        using var cnn = new OneLayerCnn(correlation, 1);
        CountingLanes.Operations = CountingLanes.Fused = 0;
        cnn.Evaluate<CountingLanes>(OneLayerCnn.Field.Derivative, kernel, sums);
        double operations = CountingLanes.Operations, positions = cnn.Positions;
        Print($"{size} x {size} image, {kernelSize} x {kernelSize} kernel: {operations / 1e6:F2} million operations an iteration ",
            $"({CountingLanes.Fused / 1e6:F2} million of them fused pairs); ",
            $"direct sums would take {4e-6 * positions * kernel.Length:F0} million");

        (double Wall, double Processor) linear =
            Median(observe => GradientDescent.Linearized(cnn, kernel, -0.5, 1e-3, 1e-6, Iterations, observe));
        (double Wall, double Processor) nonLinear =
            Median(observe => GradientDescent.NonLinear(cnn, kernel, 1, 20, 0.01, Iterations, observe));
        ReadOnlySpan<(string, (double, double))> descents = [("linearized", linear), ("non-linear", nonLinear)];
        foreach ((string name, (double wall, double processor)) in descents)
        {
            Print($"{name}: {wall:F3} ms an iteration on one thread (median of {Rounds} x {Iterations}), {processor:F3} ms of processor ",
                $"time: ",
                $"{operations / processor / 1e6:F1} GFLOPS, {100 * operations / processor / 1e6 / one.Gflops64:F0}% of the peak");
        }
        return 0;
    }

    // Milliseconds an iteration. On a busy machine the processor time is what the computation took, the rest is waiting for others.
    private static (double Wall, double Processor) Median(Func<GradientDescent.Observe, double[]> descend)
    {
        double[] wall = new double[Rounds], processor = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
            long start = Stopwatch.GetTimestamp();
            descend((_, _, _) => { });
            wall[round] = Stopwatch.GetElapsedTime(start).TotalMilliseconds / Iterations;
            processor[round] = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalMilliseconds / Iterations;
        }
        Array.Sort(wall);
        Array.Sort(processor);
        return (wall[Rounds / 2], processor[Rounds / 2]);
    }

    private static GreyImage Noise(int size)
    {
        var random = new LastBit.Random.Mt19937(1);
        double[] pixels = new double[size * size];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = 2 * random.NextDouble() - 1;
        return new GreyImage("noise", size, size, pixels);
    }

    /// <summary>Prints one line, from its pieces.</summary>
    private static void Print(params FormattableString[] line) =>
        Console.WriteLine(string.Concat(line.Select(piece => piece.ToString(CultureInfo.InvariantCulture))));
}
