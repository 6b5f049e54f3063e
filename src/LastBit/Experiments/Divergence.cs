using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using LastBit.Arithmetic;
using LastBit.Data;
using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Files;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Statistics;
using LastBit.Training;

namespace LastBit.Experiments;

/// <summary>Settings of Figure 2; the learning rate is divided by n, and there is no momentum and no schedule.</summary>
public sealed record DivergenceSettings : NetworkTrainingSettings
{
    /// <summary>As published: Swish, everything else as in Table 1.</summary>
    public DivergenceSettings() => Activation = Activation.Swish;

    /// <summary>Perturbation of the second copy; the first has k = 1; option --k.</summary>
    public int K { get; init; } = 3;

    /// <summary>Seeds weights, batches and augmentation; option --seed.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Scaled iterations, n iterations each; option --scaled-iterations.</summary>
    public int ScaledIterations { get; init; } = 100;

    /// <summary>Divisors n of the learning rate, one pair of copies each; option --divisors. More can be added to a folder later.</summary>
    [JsonIgnore]
    public int[] Divisors { get; init; } = [2, 4, 8, 16, 32, 320];

    /// <summary>Whether the weights of every scaled iteration also go into a .mat file of their own; option --mat.</summary>
    [JsonIgnore]
    public bool Mat { get; init; }

    /// <summary>The tensor of Figure 2: layer2.5.conv1, or that of the last block of stage 2 in a shallower network.</summary>
    [JsonIgnore]
    public string Tensor => NetworkSettings.Parse(Network, Activation).MiddleTensor;

    /// <summary>The settings of one divisor as the trainer takes them: no momentum, no schedule.</summary>
    /// <param name="divisor">The divisor n.</param>
    /// <param name="epochs">Enough for all scaled iterations.</param>
    /// <exception cref="InputException">A setting is not possible; the message names its option.</exception>
    public TrainingSettings ToTraining(int divisor, int epochs)
    {
        if (Divisors.Length == 0 || Divisors.Any(one => one < 1) || Divisors.Distinct().Count() < Divisors.Length)
            throw new InputException("--divisors: give different whole numbers of at least 1, as 2,8,32");
        if (ScaledIterations < 1)
            throw new InputException("--scaled-iterations: give at least 1");
        if (Seed < 0)
            throw new InputException("--seed: give a seed of at least 0");
        TrainingSettings.ValidatePerturbation(K);
        _ = NetworkSettings.Parse(Network, Activation);
        var settings = new TrainingSettings(
            (ulong)Seed, epochs, BatchSize, LearningRate / divisor,
            Momentum: 0, Nesterov: false, WeightDecay, StepSchedule: false);
        settings.Validate();
        return settings;
    }
}

/// <summary>One divisor of Figure 2.</summary>
/// <param name="Divisor">The divisor n.</param>
/// <param name="LearningRate">The learning rate, divided by n.</param>
/// <param name="Iterations">The iterations (steps, counted from 1) after which the copies were compared: n - 1, 2n - 1, ...; one a scaled iteration.</param>
/// <param name="RelativeL1">Average relative L1 difference of the tensor of Figure 2 after each of them, 0 to 2.</param>
/// <param name="Map">The file with that of every tensor, binary64 [scaled iterations][tensors], beside this document.</param>
/// <param name="FirstDifference">For each tensor: the first iteration after which any weight differs; null when none did.</param>
/// <param name="DivergedAtIteration">The iteration at which loss or weights were no longer finite, where the run stopped; null otherwise.</param>
/// <param name="Digests">Digests of the two copies at the end; null while the run goes on.</param>
public sealed record DivergenceRun(
    int Divisor, double LearningRate, int[] Iterations, double[] RelativeL1, string Map, IReadOnlyDictionary<string, int?> FirstDifference,
    int? DivergedAtIteration, string[]? Digests);

/// <summary>Figure 2 as numbers; divergence.json.</summary>
/// <param name="Network">The network.</param>
/// <param name="Activation">Its activation function.</param>
/// <param name="K">Perturbation of the second copy.</param>
/// <param name="TrainImages">How many training images.</param>
/// <param name="ScaledIterations">How many scaled iterations a finished run has.</param>
/// <param name="Tensor">The tensor of Figure 2.</param>
/// <param name="Tensors">Every parameter tensor in definition order: the columns of the maps.</param>
/// <param name="Runs">One a divisor, in ascending order; an unfinished one as far as it is.</param>
public sealed record DivergenceResult(
    string Network, Activation Activation, int K, int TrainImages, int ScaledIterations, string Tensor, string[] Tensors, DivergenceRun[] Runs)
{
    /// <summary>The name of the document in its folder.</summary>
    public const string FileName = "divergence.json";

    /// <summary>The document that --json prints and divergence.json holds.</summary>
    public string ToJson() => ResultJson.Serialize(this);
}

/// <summary>Figure 2: two copies of a network that differ in rounding alone (k = 1 and k = 3), at learning rates 0.1/n.</summary>
public static class Divergence
{
    private const string Kind = "divergence";

    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(50);

    /// <summary>
    /// Computes the divisors that the folder does not hold yet. Writes divergence.json, divergence/mapN.npy,
    /// the weights of the tensor of Figure 2 in result/parameter/nlayer/ACTIVATION_LR/LWD_N_1.npy and _2.npy
    /// ([scaled iterations] before the tensor's shape), with --mat also a folder of .mat files for each of these,
    /// and a checkpoint at least once a minute. Divisors that another process is working on are left to it.
    /// </summary>
    /// <param name="settings">What to train.</param>
    /// <param name="context">Folder, threads, observer.</param>
    /// <returns>All divisors in the folder.</returns>
    /// <exception cref="InputException">A setting is not possible, the data is missing, or the folder holds runs of other settings.</exception>
    /// <exception cref="OperationCanceledException">The run was stopped; its checkpoint is on disk.</exception>
    public static DivergenceResult Run(DivergenceSettings settings, ExperimentContext context)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(context);
        settings.ToTraining(1, 1);
        (Dataset train, Dataset test) = DataSets.Load(settings.ToData());
        using var team = new WorkerTeam(context.Threads);
        var run = new Figure2(settings, context, train, test, team);
        List<int> open = [.. settings.Divisors];
        for (int before = int.MaxValue; open.Count > 0 && open.Count < before;)
        {
            before = open.Count;
            open.RemoveAll(run.TryFinish);
        }
        if (open.Count > 0)
            context.Observer.Message($"Another process is working on divisor {string.Join(", ", open)}; the result has them when it is done.");
        return run.WriteResult();
    }

    /// <summary>The divisors that were asked for in a folder, finished or not: what --resume goes on with.</summary>
    /// <param name="folder">A folder of a `divergence` run.</param>
    /// <returns>In ascending order; empty where nothing was asked for.</returns>
    public static int[] DivisorsOf(string folder) => [.. CellFolder.ReadPlan(folder, Kind).GetValueOrDefault("divisors", [])];

    private static int DivisorOf(string group) => int.Parse(group.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>What a checkpoint holds beside the weights; the weights of Figure 2's tensor themselves lie in their own files.</summary>
    private sealed record Recorded(List<int> Iterations, List<double[]> Rows, int?[] FirstDifference);

    /// <summary>One call of <see cref="Run"/>: what all its divisors share.</summary>
    private sealed class Figure2
    {
        private readonly DivergenceSettings _settings;
        private readonly ExperimentContext _context;
        private readonly Dataset _train;
        private readonly Dataset _test;
        private readonly WorkerTeam _team;
        private readonly string _data;
        private readonly CellFolder _cells;
        private readonly Parameter[] _tensors;

        public Figure2(DivergenceSettings settings, ExperimentContext context, Dataset train, Dataset test, WorkerTeam team)
        {
            (_settings, _context, _train, _test, _team) = (settings, context, train, test, team);
            _data = $"{train.Digest()}+{test.Digest()}";
            var identity = (JsonObject)JsonNode.Parse(ResultJson.Serialize(settings with { Data = _data, TrainSize = train.Count }))!;
            identity["arithmetic"] = Checkpoint.ArithmeticVersion;
            _cells = new CellFolder(context.Folder, Kind, identity);
            _cells.Plan(("divisors", settings.Divisors));
            _tensors = [.. settings.ToModel(train.Shape).Layout.All.Where(tensor => tensor.IsTrainable)];
        }

        /// <summary>Computes a divisor unless it is there; false when another process holds it.</summary>
        public bool TryFinish(int divisor)
        {
            using FileStream? held = _cells.TryLock(
                GroupOf(divisor), Path.Combine(_context.Folder, MapFile(divisor)), WeightsFile(divisor, 0) + ".npy", WeightsFile(divisor, 1) + ".npy");
            if (held is null)
                return false;
            if (Read(divisor)?.Digests is null)
                Train(divisor);
            File.Delete(CheckpointFile(divisor));
            if (_settings.Mat)
                WriteMat(divisor);
            return true;
        }

        /// <summary>Puts all divisors on disk together into divergence.json.</summary>
        public DivergenceResult WriteResult() => _cells.WriteResult(DivergenceResult.FileName, file =>
        {
            var result = new DivergenceResult(
                _settings.Network, _settings.Activation, _settings.K, _train.Count, _settings.ScaledIterations,
                _settings.Tensor, [.. _tensors.Select(tensor => tensor.Name)],
                [.. _cells.Groups.Select(group => Read(DivisorOf(group))).OfType<DivergenceRun>().OrderBy(run => run.Divisor)]);
            AtomicFile.WriteAllText(file, result.ToJson());
            return result;
        });

        private void Train(int divisor)
        {
            int steps = checked(_settings.ScaledIterations * divisor) - 1;
            int perEpoch = Augmentation.BatchesPerEpoch(_train.Count, _settings.BatchSize);
            int epochs = Math.Max(1, (steps + perEpoch - 1) / perEpoch);
            using var trainer = Trainer.OnCpu(
                _settings.ToModel(_train.Shape), _settings.ToTraining(divisor, epochs), [1, _settings.K], _train, _test, _team);
            NetworkState first = trainer.Replicas[0].State, second = trainer.Replicas[1].State;
            Parameter shown = trainer.Model.Layout[_settings.Tensor];
            string checkpoint = CheckpointFile(divisor);
            var recorded = new Recorded([], [], new int?[_tensors.Length]);
            List<float[]>[] weights = [[], []];
            if (File.Exists(checkpoint))
            {
                recorded = ResultJson.Deserialize<Recorded>(Checkpoint.Load(checkpoint, trainer, _data));
                for (int copy = 0; copy < 2; copy++)
                    weights[copy] = [.. ReadWeights(divisor, copy, shown).Take(recorded.Rows.Count)];
            }
            int place = Array.FindIndex(_tensors, tensor => tensor.Name == _settings.Tensor);
            for (int i = 0; i < recorded.Rows.Count; i++)
                Show(i);

            string task = string.Create(CultureInfo.InvariantCulture, $"learning rate {_settings.LearningRate}/{divisor}");
            _context.Observer.Begin(task, Math.Max(1, steps), "iterations");
            var sinceCheckpoint = Stopwatch.StartNew();
            int? diverged = null;
            try
            {
                if (divisor == 1 && recorded.Rows.Count == 0)
                    Compare();
                while (recorded.Rows.Count < _settings.ScaledIterations)
                {
                    _context.Cancellation.ThrowIfCancellationRequested();
                    trainer.Step();
                    int iteration = (int)trainer.StepsDone;
                    NoteFirstDifferences(iteration);
                    // Weights that are not finite make the next loss so; the last comparison before belongs to the blow-up too.
                    bool finite = trainer.Scores.All(score => double.IsFinite(score.LossSum));
                    if (!finite || ((iteration + 1) % divisor == 0 && !Compare()))
                    {
                        diverged = iteration;
                        break;
                    }
                    _context.Observer.Advance(task, iteration, string.Create(CultureInfo.InvariantCulture,
                        $"loss {trainer.Scores[0].Score.Loss:F3}, difference {(recorded.Rows.Count > 0 ? recorded.Rows[^1][place] : 0):G3}"));
                    if (sinceCheckpoint.Elapsed > CheckpointInterval)
                        Save();
                }
            }
            catch (OperationCanceledException)
            {
                Save();
                throw;
            }
            WriteRun([first.Digest(), second.Digest()]);
            _context.Observer.End(task, diverged is null ? null : string.Create(CultureInfo.InvariantCulture, $"no longer finite at iteration {diverged}"));

            void NoteFirstDifferences(int iteration)
            {
                for (int i = 0; i < _tensors.Length; i++)
                {
                    if (recorded.FirstDifference[i] is null && !first.Get(_tensors[i]).SequenceEqual(second.Get(_tensors[i])))
                        recorded.FirstDifference[i] = iteration;
                }
            }

            bool Compare()
            {
                if (!IsFinite(first.Parameters) || !IsFinite(second.Parameters))
                    return false;
                double[] row = [.. _tensors.Select(tensor => RelativeDifference.L1(first.Get(tensor), second.Get(tensor)))];
                recorded.Iterations.Add((int)trainer.StepsDone);
                recorded.Rows.Add(row);
                weights[0].Add(first.Get(shown).ToArray());
                weights[1].Add(second.Get(shown).ToArray());
                Show(recorded.Rows.Count - 1);
                return true;
            }

            void Show(int row) => _context.Observer.Point(
                "relative L1 difference of " + _settings.Tensor, $"n = {divisor}", row + 1, recorded.Rows[row][place]);

            void Save()
            {
                // First the files that grow, then the checkpoint that counts on them.
                WriteRun(null);
                Checkpoint.Save(checkpoint, trainer, _data, ResultJson.Serialize(recorded));
                sinceCheckpoint.Restart();
            }

            void WriteRun(string[]? digests)
            {
                int rows = recorded.Rows.Count;
                for (int copy = 0; copy < 2; copy++)
                    Npy.Write(WeightsFile(divisor, copy) + ".npy", [.. weights[copy].SelectMany(row => row)], [rows, .. shown.Shape]);
                Npy.Write(Path.Combine(_context.Folder, MapFile(divisor)), [.. recorded.Rows.SelectMany(row => row)], rows, _tensors.Length);
                var firstDifference = new Dictionary<string, int?>(
                    _tensors.Select((tensor, i) => KeyValuePair.Create(tensor.Name, recorded.FirstDifference[i])));
                var run = new DivergenceRun(
                    divisor, trainer.Settings.LearningRate, [.. recorded.Iterations], [.. recorded.Rows.Select(row => row[place])],
                    MapFile(divisor), firstDifference, diverged, digests);
                AtomicFile.WriteAllText(RunFile(divisor), ResultJson.Serialize(run));
                WriteResult();
            }
        }

        private static bool IsFinite(ReadOnlySpan<float> values)
        {
            foreach (float value in values)
            {
                if (!float.IsFinite(value))
                    return false;
            }
            return true;
        }

        private void WriteMat(int divisor)
        {
            for (int copy = 0; copy < 2; copy++)
            {
                NumericArray array = Npy.Read(WeightsFile(divisor, copy) + ".npy");
                int[] shape = array.Shape[1..];
                int size = shape.Aggregate(1, (product, extent) => product * extent);
                float[] values = array.Get<float>();
                for (int row = 0; row < array.Shape[0]; row++)
                {
                    MatFile.Write(Path.Combine(WeightsFile(divisor, copy), string.Create(CultureInfo.InvariantCulture, $"{row + 1}_conv_weight.mat")),
                        "conv_weight", values.AsSpan(row * size, size), shape);
                }
            }
        }

        private IEnumerable<float[]> ReadWeights(int divisor, int copy, Parameter tensor)
        {
            string file = WeightsFile(divisor, copy) + ".npy";
            NumericArray array = Npy.Read(file);
            if (!array.Shape.AsSpan(1).SequenceEqual([.. tensor.Shape]))
                throw new InputException($"{file}: is not of this run; delete {_cells.Group(GroupOf(divisor))} to compute it again");
            return array.Get<float>().Chunk(tensor.Count);
        }

        private string WeightsFile(int divisor, int copy) => Path.Combine(_context.Folder, "result", "parameter", "nlayer",
            $"{_settings.Activation.ToString().ToLowerInvariant()}_{PythonNumber.Float(_settings.LearningRate)}",
            string.Create(CultureInfo.InvariantCulture, $"L{PythonNumber.Float(_settings.WeightDecay)}_{divisor}_{copy + 1}"));

        private string CheckpointFile(int divisor) => Path.Combine(_cells.Group(GroupOf(divisor)), "checkpoint.bin");

        private static string MapFile(int divisor) => string.Create(CultureInfo.InvariantCulture, $"divergence/map{divisor}.npy");

        private string RunFile(int divisor) => Path.Combine(_cells.Group(GroupOf(divisor)), "run.json");

        private DivergenceRun? Read(int divisor)
        {
            string file = RunFile(divisor);
            try
            {
                return File.Exists(file) ? ResultJson.Deserialize<DivergenceRun>(File.ReadAllText(file)) : null;
            }
            catch (JsonException error)
            {
                throw new InputException($"{file}: is damaged; delete it to compute the run again", error);
            }
        }

        private static string GroupOf(int divisor) => string.Create(CultureInfo.InvariantCulture, $"n{divisor}");
    }
}
