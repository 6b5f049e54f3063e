using System.Diagnostics;
using LastBit.Arithmetic;
using LastBit.Data;
using LastBit.Engines.Cpu;
using LastBit.Models;
using LastBit.Training;

namespace LastBit.Benchmarks;

/// <summary>
/// What more threads bring: the same training step on 1, 2, 4, ... threads, in turns, and what its parts allow on more cores than there
/// are.
/// </summary>
internal static class ScalingBenchmark
{
    private const int StepsPerTurn = 3;

    /// <summary>scaling [NETWORK] [BATCH] [ROUNDS] [--convolution NAME].</summary>
    public static int Run(string[] args)
    {
        string[] plain = BenchmarkArguments.Plain(args);
        string name = plain.ElementAtOrDefault(0) ?? "resnet56";
        int batch = BenchmarkArguments.Number(plain, 1, 128), rounds = BenchmarkArguments.Number(plain, 2, 5);
        ConvolutionAlgorithm algorithm = BenchmarkArguments.Algorithms(args)[0];
        int cores = MachineInfo.Current.Threads;
        var lanes = new List<Lane>();
        // Twice the cores last: what it costs to ask for more than there are.
        for (int threads = 1; threads < cores; threads *= 2)
            lanes.Add(new Lane(name, batch, threads, algorithm));
        lanes.Add(new Lane(name, batch, cores, algorithm));
        lanes.Add(new Lane(name, batch, 2 * cores, algorithm));
        for (int round = 0; round < rounds; round++)
            lanes.ForEach(lane => lane.Turn());

        Print($"{name}, batch {batch}, {algorithm}, {MachineInfo.Current.Processor}, {cores} cores, vectors of ",
            $"{MachineInfo.Current.VectorText}; medians of {rounds * StepsPerTurn} steps");
        Print($"{"threads",8}{"step",12}{"best",12}{"efficiency",12}{"serial",10}{"waiting",10}");
        Lane one = lanes[0];
        foreach (Lane lane in lanes)
        {
            Print($"{lane.Threads,8}{lane.Median,9:F1} ms{lane.Best,9:F1} ms{one.Median / (lane.Threads * lane.Median),12:P0}",
                $"{lane.Serial,10:P1}{lane.Waiting,10:P1}");
        }
        Print($"serial: share of a step outside of parallel passes; waiting: share of the threads' time in them without a part");

        // A pass of p parts on n threads takes as long as its ceil(p / n) longest in a row; what one thread does alone stays.
        double serial = one.SerialMilliseconds;
        Print($"what the parts allow, from one thread's times ({serial:F2} ms serial):");
        foreach (int threads in (int[])[2, 4, 8, 16, 32, 64, 128])
        {
            double step = serial + one.ByParts.Sum(pass => pass.Value * Math.Ceiling(pass.Key / (double)threads) / pass.Key);
            Print($"{threads,8}{step,9:F1} ms{(serial + one.ByParts.Values.Sum()) / step,9:F1} times as fast");
        }
        foreach ((int parts, double milliseconds) in one.ByParts.OrderBy(pass => pass.Key))
            Print($"  passes of {parts,4} parts: {milliseconds,8:F2} ms a step on one thread");
        lanes.ForEach(lane => lane.Dispose());
        return 0;
    }

    /// <summary>A training with a number of threads.</summary>
    private sealed class Lane : IDisposable
    {
        private readonly CpuEngineFactory _engines;
        private readonly Trainer _trainer;
        private readonly List<double> _steps = [];
        private readonly Dictionary<int, double> _byParts = [];
        private double _wall, _parallel, _busy;

        public Lane(string name, int batch, int threads, ConvolutionAlgorithm algorithm)
        {
            var (train, test) = Cifar10.Load(Cifar10.Sample);
            _engines = new CpuEngineFactory(threads);
            var settings = new TrainingSettings(Epochs: int.MaxValue, BatchSize: batch, StepSchedule: false, LearningRate: 0.01,
                Convolution: algorithm);
            _trainer = new Trainer(_engines, NetworkSettings.Parse(name, Activation.Relu).Build(), settings, [1], train, test);
            for (int i = 0; i < 2; i++)
                _trainer.Step();
        }

        public int Threads => _engines.Team.Size;

        public double Median => _steps.Order().ElementAt(_steps.Count / 2);

        public double Best => _steps.Min();

        public double Serial => (_wall - _parallel) / _wall;

        public double SerialMilliseconds => 1e3 * (_wall - _parallel) / _steps.Count;

        public double Waiting => 1 - (_busy / (_parallel * Threads));

        public Dictionary<int, double> ByParts => _byParts.ToDictionary(pass => pass.Key, pass => 1e3 * pass.Value / _steps.Count);

        public void Turn()
        {
            for (int i = 0; i < StepsPerTurn; i++)
            {
                // The last batch of an epoch is smaller: it is trained on, but not timed.
                if (_trainer.BatchIndex == _trainer.BatchesPerEpoch - 1)
                    _trainer.Step();
                _engines.Team.TakeTimes();
                long start = Stopwatch.GetTimestamp();
                _trainer.Step();
                double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
                TeamTimes times = _engines.Team.TakeTimes();
                _steps.Add(1e3 * seconds);
                _wall += seconds;
                _parallel += times.Seconds;
                _busy += times.BusySeconds;
                foreach ((int parts, (_, double busy)) in times.ByParts)
                    _byParts[parts] = _byParts.GetValueOrDefault(parts) + busy;
            }
        }

        public void Dispose()
        {
            _trainer.Dispose();
            _engines.Dispose();
        }
    }

    private static void Print(params FormattableString[] line) =>
        Console.WriteLine(string.Concat(line.Select(FormattableString.Invariant)));
}
