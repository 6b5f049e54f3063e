using System.Diagnostics;
using System.Globalization;
using LastBit.Data;
using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Models;

namespace LastBit.Benchmarks;

/// <summary>What a product with the Hessian costs beside a gradient of the same batch, in turns in one run.</summary>
internal static class HessianBenchmark
{
    /// <summary>
    /// hessian [NETWORK] [BATCH] [THREADS] [ROUNDS] [--swish] [--convolution direct,winograd]: of one algorithm a pair, in turns.
    /// </summary>
    public static int Run(string[] args)
    {
        string[] plain = BenchmarkArguments.Plain(args);
        string name = plain.ElementAtOrDefault(0) ?? "resnet20";
        int batch = BenchmarkArguments.Number(plain, 1, 128), threads = BenchmarkArguments.Number(plain, 2, Environment.ProcessorCount),
            rounds = BenchmarkArguments.Number(plain, 3, 20);
        var network = NetworkSettings.Parse(name, args.Contains("--swish") ? Activation.Swish : Activation.Relu);
        var (train, _) = Cifar10.Load(Cifar10.Sample, batch);
        var model = network.Build();
        using var team = new WorkerTeam(threads);
        float[] images = new float[train.Count * model.ImageFloats];
        int[] labels = new int[train.Count];
        Augmentation.FillTestBatch(train, 0, train.Count, images, labels);
        foreach (ConvolutionAlgorithm algorithm in BenchmarkArguments.Algorithms(args))
            Compare(model, algorithm, team, images, labels, rounds);
        return 0;
    }

    private static void Compare(Model model, ConvolutionAlgorithm algorithm, WorkerTeam team, float[] images, int[] labels, int rounds)
    {
        using var engine = new CpuEngine(model, labels.Length, team, algorithm);
        using var hessian = new HessianProduct(model, labels.Length, team, algorithm);
        using var state = new NetworkState(model.Layout);
        state.Initialise(1);
        using IReplica replica = engine.CreateReplica(new Sgd());
        using IBatch batch = engine.CreateBatch(labels.Length);
        replica.Write(state);
        batch.Write(images, labels);
        List<BatchResult> results = [];
        hessian.Load(state);
        hessian.Use(images, labels);
        double[] v = new double[hessian.Size], product = new double[hessian.Size];
        for (int i = 0; i < v.Length; i++)
            v[i] = (i % 7) - 3;

        List<double> gradients = [], products = [];
        for (int round = -2; round < rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            engine.Forward(replica, batch, 0, labels.Length, new PassSettings(IsTraining: true));
            engine.Backward();
            replica.TakeResults(results);
            double gradient = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            start = Stopwatch.GetTimestamp();
            hessian.Multiply(v, product);
            double multiplied = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            if (round < 0)
                continue;
            gradients.Add(gradient);
            products.Add(multiplied);
        }
        double ratio = Median([.. products.Zip(gradients, (p, g) => p / g)]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{model.Name} {model.Activations}, {algorithm}, batch {labels.Length}, {team.Size} threads: a gradient "
                + $"{Median(gradients):F1} ms, a product with the Hessian {Median(products):F1} ms: "
            + $"{ratio:F2} times (median of {rounds} pairs); memory {hessian.Bytes / 1e6:F0} MB beside {engine.Bytes / 1e6:F0} MB"));
    }

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
