using System.Diagnostics;
using System.Globalization;
using LastBit.Data;
using LastBit.Engines.OpenCl;
using LastBit.Models;
using LastBit.Training;

namespace LastBit.Benchmarks;

/// <summary>A training step on a device of OpenCL, with one replica and with six, in milliseconds and operations a second.</summary>
internal static class GpuBenchmark
{
    /// <summary>gpu [NETWORK] [BATCH] [STEPS] [--device N].</summary>
    public static int Run(string[] args)
    {
        int at = Array.IndexOf(args, "--device");
        int number = at < 0 ? 0 : int.Parse(args[at + 1], CultureInfo.InvariantCulture);
        string[] plain = at < 0 ? args : [.. args[..at], .. args[(at + 2)..]];
        string network = plain.ElementAtOrDefault(0) ?? "resnet56";
        int batch = BenchmarkArguments.Number(plain, 1, 128), steps = BenchmarkArguments.Number(plain, 2, 20);
        Model model = NetworkSettings.Parse(network, Activation.Relu).Build();
        (Dataset train, Dataset test) = Cifar10.Load(Cifar10.Sample);
        OpenClDevice device = OpenClDevice.Get(number);
        Console.WriteLine($"{device.Name}, driver {device.Driver}");
        double flop = GpuModel.Step(model, batch, ConvolutionAlgorithm.Direct, 1).Sum(one => one.Flop);
        foreach (ConvolutionAlgorithm convolution in Enum.GetValues<ConvolutionAlgorithm>())
        {
            foreach (int replicas in (int[])[1, 6])
            {
                // No witness: the time of the CPU beside is not the device's.
                using var engines = new OpenClEngineFactory(() => new OpenClProgram(device), 0);
                var settings = new TrainingSettings(Epochs: 1000, BatchSize: batch, Convolution: convolution);
                using var trainer = new Trainer(engines, model, settings, [.. Enumerable.Repeat(Perturbation.None, replicas)], train, test);
                Time(trainer, 3);
                double seconds = Time(trainer, steps) / steps;
                Console.WriteLine(FormattableString.Invariant($"{network}, batch {batch}, {convolution}, {replicas} replicas: ")
                    + FormattableString.Invariant($"{1e3 * seconds:0.00} ms a step, ")
                    + FormattableString.Invariant($"{flop * replicas / seconds / 1e12:0.000} TFLOPS counted as direct"));
            }
        }
        return 0;
    }

    private static double Time(Trainer trainer, int steps)
    {
        long begun = Stopwatch.GetTimestamp();
        for (int i = 0; i < steps; i++)
            trainer.Step();
        _ = trainer.Scores;
        return Stopwatch.GetElapsedTime(begun).TotalSeconds;
    }
}
