using System.Diagnostics;
using System.Globalization;
using LastBit.Arithmetic;
using LastBit.Data;
using LastBit.Engines.Cpu;
using LastBit.Models;
using LastBit.Training;

namespace LastBit.Benchmarks;

/// <summary>
/// One whole training step (forward, backward, update) of a network beside the machine's peak and, if asked for, beside PyTorch as it comes
/// and at its best, all taken in turns in one run.
/// </summary>
internal static class StepBenchmark
{
    /// <summary>step [NETWORK] [BATCH] [THREADS] [ROUNDS] [--convolution LIST] [--pytorch] [--layers] [--swish].</summary>
    public static int Run(string[] args)
    {
        string[] plain = BenchmarkArguments.Plain(args);
        string name = plain.ElementAtOrDefault(0) ?? "resnet56";
        int batch = BenchmarkArguments.Number(plain, 1, 128), threads = BenchmarkArguments.Number(plain, 2, Environment.ProcessorCount),
            rounds = BenchmarkArguments.Number(plain, 3, 10);
        bool pytorch = args.Contains("--pytorch"), layers = args.Contains("--layers"), swish = args.Contains("--swish");

        var network = NetworkSettings.Parse(name, swish ? Activation.Swish : Activation.Relu);
        var (train, test) = Cifar10.Load(Cifar10.Sample);
        using var engines = new CpuEngineFactory(threads);
        Contender[] contenders =
            [.. BenchmarkArguments.Algorithms(args).Select(algorithm => new Contender(algorithm, network, batch, train, test, engines))];
        double gflop = contenders[0].Engine.TrainingFlop * (double)batch / 1e9;

        (string Name, bool AtItsBest, List<double> Times)[] theirs =
            pytorch ? [("PyTorch at its best", true, []), ("PyTorch as it comes", false, [])] : [];
        var peaks = new List<MachinePeak>();
        for (int round = 0; round < rounds; round++)
        {
            peaks.Add(MachinePeak.Measure(threads));
            foreach (Contender contender in contenders)
                contender.Steps(5);
            foreach (var (_, atItsBest, times) in theirs)
                times.Add(PyTorchStep(network, batch, threads, atItsBest));
        }

        double peak = peaks.Max(p => p.Gflops32);
        Print($"{name} {network.Activation}, batch {batch}, {threads} threads, vectors of {MachineInfo.Current.VectorText}, ",
            $"{gflop:F1} GFLOP a step counted as direct convolutions");
        Print($"peak of this run: {peak:F0} GFLOPS binary32, {gflop / peak * 1e3:F0} ms a step; ",
            $"memory {peaks.Max(p => p.ReadGBs):F1} GB/s read, {peaks.Max(p => p.CopyGBs):F1} GB/s copy");
        foreach (Contender contender in contenders)
        {
            double ours = Median(contender.Times), best = contender.Times.Min();
            Print($"{contender.Algorithm}: median {ours:F1} ms, best {best:F1} ms of {contender.Times.Count} steps; ",
                $"{batch / ours * 1e3:F0} images a second; ",
                $"of the FMA peak {gflop / ours * 1e3 / peak:P1}, best {gflop / best * 1e3 / peak:P1}; memory of the network ",
                    $"{contender.Engine.Bytes / 1e6:F0} MB");
            if (contender != contenders[0])
                Print($"{contender.Algorithm} takes {Ratio(contender.Rounds, contenders[0].Rounds):F3} of {contenders[0].Algorithm} ",
                    $"(median of {rounds} rounds in turns)");
            foreach (var (their, _, times) in theirs)
                Print($"{their}, in turns: median {Median(times):F1} ms a step; {Ratio(times, contender.Rounds):F2} times ",
                    $"{contender.Algorithm} (median of {rounds} rounds)");
            if (layers)
                PrintLayers(contender, batch, peak);
        }
        Print($"working set of the process {Environment.WorkingSet / 1e6:F0} MB; allocated {contenders[0].Allocated:F0} bytes a step on ",
            $"the training thread");
        foreach (Contender contender in contenders)
            contender.Dispose();
        return 0;
    }

    private static void PrintLayers(Contender contender, int batch, double peak)
    {
        foreach (var pass in contender.Engine.TakeTimes())
        {
            double seconds = pass.Seconds / contender.Batches;
            Print($"{(pass.Backward ? "backward" : "forward "),-8} {pass.Layers,-44} {seconds * 1e3,7:F2} ms ",
                $"{pass.Flop * (double)batch / seconds / 1e9 / peak,6:P0} of peak");
        }
    }

    /// <summary>The median over rounds of one's median time divided by the other's: what slows a whole round meets both.</summary>
    private static double Ratio(List<double> one, List<double> other) => Median([.. one.Zip(other, (a, b) => a / b)]);

    /// <summary>One algorithm's training, warm, and how long its steps have taken.</summary>
    private sealed class Contender : IDisposable
    {
        private readonly Trainer _trainer;
        private readonly double _lastBatch;
        private long _bytes;

        public Contender(ConvolutionAlgorithm algorithm, NetworkSettings network, int batch, Dataset train, Dataset test,
            CpuEngineFactory engines)
        {
            Algorithm = algorithm;
            var settings = new TrainingSettings(
                Epochs: int.MaxValue, BatchSize: batch, StepSchedule: false, LearningRate: 0.01, Convolution: algorithm);
            _trainer = new Trainer(engines, network.Build(), settings, [1], train, test);
            _lastBatch = (train.Count - ((_trainer.BatchesPerEpoch - 1.0) * batch)) / batch;
            Warm(_trainer);
            Engine.TakeTimes();
        }

        public ConvolutionAlgorithm Algorithm { get; }

        public CpuEngine Engine => (CpuEngine)_trainer.Engine;

        public List<double> Times { get; } = [];

        public List<double> Rounds { get; } = [];

        /// <summary>How many batches the engine has computed, the smaller last one of an epoch as a part of one.</summary>
        public double Batches { get; private set; }

        public double Allocated => _bytes / (double)Times.Count;

        public void Steps(int count)
        {
            for (int i = 0; i < count; i++)
            {
                // The last batch of an epoch is smaller: it is trained on, but not timed.
                if (_trainer.BatchIndex == _trainer.BatchesPerEpoch - 1)
                {
                    _trainer.Step();
                    Batches += _lastBatch;
                }
                Batches++;
                long bytes = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
                _trainer.Step();
                Times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                _bytes += GC.GetAllocatedBytesForCurrentThread() - bytes;
            }
            Rounds.Add(Median(Times[^count..]));
        }

        public void Dispose() => _trainer.Dispose();
    }

    /// <summary>replicas [NETWORK] [ROUNDS]: what six replicas cost beside one, and evaluation beside training, image for image.</summary>
    public static int Replicas(string[] args)
    {
        string[] plain = BenchmarkArguments.Plain(args);
        string name = plain.ElementAtOrDefault(0) ?? "resnet56";
        int rounds = BenchmarkArguments.Number(plain, 1, 5);
        var algorithm = BenchmarkArguments.Algorithms(args)[0];
        var network = NetworkSettings.Parse(name, Activation.Relu);
        var (train, test) = Cifar10.Load(Cifar10.Sample);
        using var engines = new CpuEngineFactory(Environment.ProcessorCount);
        var settings = new TrainingSettings(Epochs: int.MaxValue, StepSchedule: false, LearningRate: 0.01, Convolution: algorithm);
        using var one = new Trainer(engines, network.Build(), settings, [1], train, test);
        using var six = new Trainer(engines, network.Build(), settings, [1, 3, 5, 7, 9, 11], train, test);
        Warm(one);
        Warm(six);
        List<double> single = [], several = [], ratios = [], training = [], evaluation = [];
        for (int round = 0; round < rounds; round++)
        {
            // Six steps of one take as long as a step of six, so that what else the machine does meets both alike; before and after, so
            // that a drift does.
            double before = SixSteps(), together = Milliseconds(six), after = SixSteps();
            single.AddRange([before / 6, after / 6]);
            several.Add(together);
            ratios.Add(12 * together / (before + after));
            // An epoch of the sample is 1000 images, an evaluation 500.
            while (one.BatchIndex != 0)
                one.Step();
            long start = Stopwatch.GetTimestamp();
            do
                one.Step();
            while (one.BatchIndex != 0);
            training.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds / train.Count);
            start = Stopwatch.GetTimestamp();
            one.Evaluate(one.Replicas[0]);
            evaluation.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds / test.Count);
        }
        Print($"{name}: a step of one replica {Median(single):F1} ms, of six {Median(several):F1} ms: {Median(ratios):F2} times (median ",
            $"of {rounds} pairs)");
        Print($"an image in training {Median(training):F3} ms, in evaluation {Median(evaluation):F3} ms: ",
            $"{Median(evaluation) / Median(training):F3} of it");
        return 0;

        double SixSteps() => Enumerable.Range(0, 6).Sum(_ => Milliseconds(one));

        static double Milliseconds(Trainer trainer)
        {
            if (trainer.BatchIndex == trainer.BatchesPerEpoch - 1)
                trainer.Step();
            long start = Stopwatch.GetTimestamp();
            trainer.Step();
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
    }

    private static void Warm(Trainer trainer)
    {
        for (int i = 0; i < 3; i++)
            trainer.Step();
    }

    /// <summary>PyTorch's median step; at its best with channels last and a malloc that gives no page back to the system.</summary>
    private static double PyTorchStep(NetworkSettings network, int batch, int threads, bool atItsBest)
    {
        string script = Path.Combine(RepositoryRoot(), "benchmarks", "pytorch", "train.py");
        string name = network is ConnectedNetworkSettings ? "fc" : network.Name;
        // As many steps as ours in a round, or more where one is short.
        int steps = network is ConnectedNetworkSettings ? 20 : 5;
        var start = new ProcessStartInfo("/usr/bin/python3",
            [script, "--step", name, Text(batch), Text(steps), Text(threads), network.Activation.ToString().ToLowerInvariant(),
                atItsBest ? "channels_last" : "contiguous_format"])
        { RedirectStandardOutput = true };
        if (atItsBest)
        {
            start.Environment["MALLOC_MMAP_THRESHOLD_"] = "4000000000";
            start.Environment["MALLOC_TRIM_THRESHOLD_"] = "8000000000";
        }
        using var process = Process.Start(start) ?? throw new InvalidOperationException("python3 did not start.");
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return double.Parse(output, CultureInfo.InvariantCulture);
    }

    private static string RepositoryRoot()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "LastBit.slnx")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Run the benchmark inside the repository.");
        return folder;
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Prints one line, from its pieces.</summary>
    private static void Print(params FormattableString[] line) =>
        Console.WriteLine(string.Concat(line.Select(FormattableString.Invariant)));
}
