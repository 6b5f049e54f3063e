using System.Diagnostics;
using LastBit.Arithmetic;
using LastBit.Data;
using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Models;

namespace LastBit.Benchmarks;

/// <summary>
/// A training step (weights loaded, forward, backward, update) of a network on one batch that stays where it is, beside the machine's peak:
/// what the kernels do when nobody prepares images beside them.
/// </summary>
internal static class HotStepBenchmark
{
    private const int Steps = 20;

    /// <summary>hot [NETWORK] [BATCH] [THREADS] [ROUNDS] [--mse].</summary>
    public static int Run(string[] args)
    {
        string[] plain = BenchmarkArguments.Plain(args);
        string name = plain.ElementAtOrDefault(0) ?? "fc-tanh";
        int batch = BenchmarkArguments.Number(plain, 1, 500), threads = BenchmarkArguments.Number(plain, 2, Environment.ProcessorCount),
            rounds = BenchmarkArguments.Number(plain, 3, 10);
        var network =
            NetworkSettings.Parse(name, Activation.Relu) with { Loss = args.Contains("--mse") ? Loss.SquaredError : Loss.CrossEntropy };
        var (train, _) = Cifar10.Load(Cifar10.Sample);
        float[] images = new float[batch * train.Shape.ImageFloats];
        int[] labels = new int[batch];
        Augmentation.FillTestBatch(train, 0, batch, images, labels);

        using var team = new WorkerTeam(threads);
        using var engine = new CpuEngine(network.Build(), batch, team);
        using IReplica replica = engine.CreateReplica(new Sgd());
        using IBatch given = engine.CreateBatch(batch);
        using var state = new NetworkState(engine.Model.Layout);
        state.Initialise(1);
        replica.Write(state);
        given.Write(images, labels);
        List<BatchResult> results = [];
        double gflop = engine.TrainingFlop * (double)batch / 1e9;
        List<double> times = [], fractions = [];
        for (int round = 0; round <= rounds; round++)
        {
            double peak = MachinePeak.Measure(threads).Gflops32;
            for (int i = 0; i < Steps; i++)
            {
                long start = Stopwatch.GetTimestamp();
                engine.Forward(replica, given, 0, batch, new PassSettings(IsTraining: true));
                engine.Backward();
                engine.Update(new UpdateStep(LearningRate: 0.001));
                replica.TakeResults(results);
                double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                if (round == 0)
                    continue;
                times.Add(milliseconds);
                fractions.Add(gflop / milliseconds * 1e3 / peak);
            }
            if (round == 0)
                engine.TakeTimes();
        }
        times.Sort();
        fractions.Sort();
        Print($"{name}, batch {batch}, {threads} threads, vectors of {MachineInfo.Current.VectorText}: {gflop:F2} GFLOP a step");
        Print($"median {times[times.Count / 2]:F2} ms, best {times[0]:F2} ms; of the peak measured in the same round: median ",
            $"{fractions[fractions.Count / 2]:P1}, best {fractions[^1]:P1}");
        foreach (var pass in engine.TakeTimes())
            Print($"{(pass.Backward ? "backward" : "forward"),-8} {pass.Layers,-30} ",
                $"{pass.Seconds / times.Count * 1e3,7:F3} ms");
        return 0;
    }

    private static void Print(params FormattableString[] line) =>
        Console.WriteLine(string.Concat(line.Select(FormattableString.Invariant)));
}
