using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using LastBit.Arithmetic;
using LastBit.Data;
using LastBit.Engines.Cpu;
using LastBit.Files;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Statistics;
using LastBit.Training;

namespace LastBit.Experiments;

/// <summary>Settings of Table 1.</summary>
public sealed record AccuracySettings : ScheduledTrainingSettings
{
    /// <summary>The seeds to compute, columns of the table; option --seeds. Not among what a folder is compared by: seeds can be added later.</summary>
    [JsonIgnore]
    public int[] Seeds { get; init; } = [1, 2, 3, 4, 5, 6];

    /// <summary>The perturbations to compute, rows of the table; option --k. Can be added later too.</summary>
    [JsonIgnore]
    public int[] K { get; init; } = [1, 3, 5, 7, 9, 11];

    /// <summary>The settings of one seed as the trainer takes them.</summary>
    /// <param name="seed">The seed.</param>
    /// <exception cref="InputException">A setting is not possible; the message names its option.</exception>
    public TrainingSettings ToTraining(int seed)
    {
        if (Seeds.Length == 0 || Seeds.Any(one => one < 0) || Seeds.Distinct().Count() < Seeds.Length)
            throw new InputException("--seeds: give different seeds of at least 0, as 1..6");
        if (K.Length == 0 || K.Any(one => one < 1) || K.Distinct().Count() < K.Length)
            throw new InputException("--k: give different perturbations of at least 1, as 1,3,5");
        foreach (int k in K)
            TrainingSettings.ValidatePerturbation(k);
        return ToTrainingOf((ulong)seed);
    }
}

/// <summary>Table 1 as numbers; accuracy.json. Members of <see cref="Summary"/> are those of its finished runs.</summary>
/// <param name="Network">The network.</param>
/// <param name="Activation">Its activation function.</param>
/// <param name="TrainImages">How many training images.</param>
/// <param name="TestImages">How many test images.</param>
/// <param name="Classes">How many classes.</param>
/// <param name="Epochs">Epochs of a finished run.</param>
/// <param name="FinalEpochs">How many last epochs the final accuracy is the mean of.</param>
/// <param name="Final">Seed, then k, then the final accuracy, percent.</param>
/// <param name="StdOverK">For each seed: population standard deviation over k.</param>
/// <param name="StdOverSeeds">For each k: population standard deviation over seeds.</param>
/// <param name="Statistics">Intervals and tests; null while no run is finished.</param>
/// <param name="Sentence">What the table says of the difference between two runs.</param>
/// <param name="Comparison">How the two spreads compare.</param>
/// <param name="Notes">What a reader must know of the table.</param>
/// <param name="TestAccuracy">Seed, then k, then the test accuracy (percent) of every epoch so far.</param>
/// <param name="Digests">Seed, then k, then the digest of the weights of a finished run.</param>
public sealed record AccuracyResult(
    string Network, Activation Activation, int TrainImages, int TestImages, int Classes, int Epochs, int FinalEpochs,
    SortedDictionary<int, SortedDictionary<int, double>> Final, SortedDictionary<int, double> StdOverK, SortedDictionary<int, double> StdOverSeeds,
    SummaryStatistics? Statistics, string Sentence, string Comparison, string[] Notes,
    SortedDictionary<int, SortedDictionary<int, double[]>> TestAccuracy, SortedDictionary<int, SortedDictionary<int, string>> Digests)
{
    /// <summary>The document that --json prints and accuracy.json holds.</summary>
    public string ToJson() => ResultJson.Serialize(this);

    /// <summary>The summary of the finished runs; null while there is none.</summary>
    public Summary? ToSummary() => Statistics is null
        ? null
        : new Summary(Epochs, FinalEpochs, Final, StdOverK, StdOverSeeds, Statistics, Sentence, Comparison, Notes);
}

/// <summary>One run of Table 1 as it grows: cells/accuracy/seedS/kK.json.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="K">The perturbation.</param>
/// <param name="Epochs">The epochs so far.</param>
/// <param name="Digest">The digest of the weights after the last epoch; null before.</param>
internal sealed record AccuracyCell(int Seed, int K, IReadOnlyList<TrainingEpoch> Epochs, string? Digest);

/// <summary>
/// Table 1: the test accuracy of runs that differ in seed and of runs that differ in rounding alone. All k of a seed are replicas in one
/// <see cref="Trainer"/>: the same first weights, the same batches, augmented once.
/// </summary>
public static class Accuracy
{
    private const string Kind = "accuracy";

    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(50);

    /// <summary>
    /// Computes the runs that the folder does not hold yet, seed by seed. After every epoch the cells,
    /// result/accuracy/cifar10_resnet_sgd/seedS/testI.npy (odd k only: test1, test2, ... are k = 1, 3, ...)
    /// and accuracy.json are on disk, and a checkpoint at least once a minute.
    /// Seeds that another process is working on are left to it.
    /// </summary>
    /// <param name="settings">What to train.</param>
    /// <param name="context">Folder, threads, observer.</param>
    /// <returns>The table of all cells in the folder.</returns>
    /// <exception cref="InputException">A setting is not possible, the data is missing, or the folder holds cells of other settings.</exception>
    /// <exception cref="OperationCanceledException">The run was stopped; its checkpoint is on disk.</exception>
    public static AccuracyResult Run(AccuracySettings settings, ExperimentContext context)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(context);
        settings.ToTraining(settings.Seeds.FirstOrDefault());
        (Dataset train, Dataset test) = DataSets.Load(settings.ToData());
        using var team = new WorkerTeam(context.Threads);
        var run = new Table1(settings, context, train, test, team);

        // A seed that another process holds is looked at again when the others are done: that process may have died meanwhile.
        List<int> open = [.. settings.Seeds];
        for (int before = int.MaxValue; open.Count > 0 && open.Count < before;)
        {
            before = open.Count;
            open.RemoveAll(run.TryFinish);
        }
        if (open.Count > 0)
            context.Observer.Message($"Another process is working on seed {string.Join(", ", open)}; the table has them when it is done.");
        return run.WriteTable();
    }

    /// <summary>The seeds and k that were asked for in a folder, finished or not: what --resume goes on with.</summary>
    /// <param name="folder">A folder of an `accuracy` run.</param>
    /// <returns>Both in ascending order; empty where nothing was asked for.</returns>
    public static (int[] Seeds, int[] K) CellsOf(string folder)
    {
        SortedDictionary<string, SortedSet<int>> plan = CellFolder.ReadPlan(folder, Kind);
        return ([.. plan.GetValueOrDefault("seeds", [])], [.. plan.GetValueOrDefault("k", [])]);
    }

    private static int NumberAfter(string prefix, string name) => int.Parse(name.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>One call of <see cref="Run"/>: the settings, the data and the threads that all its seeds share.</summary>
    private sealed class Table1
    {
        private readonly AccuracySettings _settings;
        private readonly ExperimentContext _context;
        private readonly Dataset _train;
        private readonly Dataset _test;
        private readonly WorkerTeam _team;
        private readonly string _data;
        private readonly CellFolder _cells;

        public Table1(AccuracySettings settings, ExperimentContext context, Dataset train, Dataset test, WorkerTeam team)
        {
            (_settings, _context, _train, _test, _team) = (settings, context, train, test, team);
            _data = $"{train.Digest()}+{test.Digest()}";
            var identity = (JsonObject)JsonNode.Parse(ResultJson.Serialize(settings with { Data = _data, TrainSize = train.Count }))!;
            identity["arithmetic"] = Checkpoint.ArithmeticVersion;
            _cells = new CellFolder(context.Folder, Kind, identity);
            _cells.Plan(("seeds", settings.Seeds), ("k", settings.K));
        }

        /// <summary>Computes what is missing of a seed; false when another process holds it.</summary>
        public bool TryFinish(int seed)
        {
            using FileStream? held = _cells.TryLock(GroupOf(seed), Path.Combine(AuthorsFolder(seed), "*"));
            if (held is null)
                return false;

            int[] missing = [.. _settings.K.Where(k => !IsFinished(Read(seed, k)))];
            // Replicas that were begun together go on together, whatever was asked for since.
            foreach (string checkpoint in Directory.GetFiles(_cells.Group(GroupOf(seed)), "checkpoint-k*.bin").Order(StringComparer.Ordinal))
            {
                int[] together = [.. Path.GetFileNameWithoutExtension(checkpoint)["checkpoint-k".Length..].Split('-').Select(k => NumberAfter("", k))];
                if (together.All(k => IsFinished(Read(seed, k))))
                    File.Delete(checkpoint);
                else if (together.Any(missing.Contains))
                    Train(seed, together, checkpoint);
                missing = [.. missing.Except(together)];
            }
            if (missing.Length > 0)
                Train(seed, missing, Path.Combine(_cells.Group(GroupOf(seed)), $"checkpoint-k{string.Join('-', missing)}.bin"));
            return true;
        }

        /// <summary>Puts all cells on disk together into accuracy.json.</summary>
        public AccuracyResult WriteTable() => _cells.WriteResult(AccuracyCurves.FileName, file =>
        {
            var accuracy = new SortedDictionary<int, SortedDictionary<int, double[]>>();
            var digests = new SortedDictionary<int, SortedDictionary<int, string>>();
            foreach (string group in _cells.Groups)
            {
                int seed = NumberAfter("seed", group);
                foreach (string cellFile in Directory.GetFiles(_cells.Group(group), "k*.json"))
                {
                    AccuracyCell cell = Read(seed, NumberAfter("k", Path.GetFileNameWithoutExtension(cellFile)))!;
                    if (cell.Epochs.Count > 0)
                        Entry(accuracy, seed)[cell.K] = [.. cell.Epochs.Select(epoch => epoch.TestAccuracy)];
                    if (cell.Digest is not null)
                        Entry(digests, seed)[cell.K] = cell.Digest;
                }
            }
            var curves = new AccuracyCurves(_settings.Epochs, _test.Count, _train.Shape.Classes, accuracy);
            Summary? summary = digests.Count > 0 ? Summary.Of(curves) : null;
            var result = new AccuracyResult(
                _settings.Network, _settings.Activation, _train.Count, _test.Count, _train.Shape.Classes,
                _settings.Epochs, Math.Min(Summary.LastEpochs, _settings.Epochs),
                summary?.Final ?? [], summary?.StdOverK ?? [], summary?.StdOverSeeds ?? [], summary?.Statistics,
                summary?.Sentence ?? "", summary?.Comparison ?? "", summary?.Notes ?? [], accuracy, digests);
            AtomicFile.WriteAllText(file, result.ToJson());
            return result;

            static SortedDictionary<int, T> Entry<T>(SortedDictionary<int, SortedDictionary<int, T>> table, int seed)
            {
                if (!table.TryGetValue(seed, out SortedDictionary<int, T>? row))
                    table.Add(seed, row = []);
                return row;
            }
        });

        private void Train(int seed, int[] ks, string checkpoint)
        {
            using var trainer = Trainer.OnCpu(
                _settings.ToModel(_train.Shape), _settings.ToTraining(seed), [.. ks.Select(k => (double)k)], _train, _test, _team);
            List<TrainingEpoch>[] epochs = [.. ks.Select(_ => new List<TrainingEpoch>())];
            int[] shown = new int[ks.Length];
            if (File.Exists(checkpoint))
                epochs = ResultJson.Deserialize<List<TrainingEpoch>[]>(Checkpoint.Load(checkpoint, trainer, _data));
            WriteCells();

            string task = $"seed {seed}, k = {string.Join(", ", ks)}";
            long perEpoch = (long)_train.Count * ks.Length;
            _context.Observer.Begin(task, perEpoch * _settings.Epochs, "images");
            var sinceCheckpoint = Stopwatch.StartNew();
            try
            {
                // An epoch is over when it has been evaluated: a run that was stopped in between evaluates first.
                while (!trainer.IsFinished || epochs[0].Count < _settings.Epochs)
                {
                    if (trainer.BatchIndex == 0 && trainer.Epoch > epochs[0].Count)
                    {
                        Score[] scores = [.. trainer.Replicas.Select(replica => trainer.Evaluate(replica, _context.Cancellation))];
                        for (int i = 0; i < ks.Length; i++)
                            epochs[i].Add(TrainingEpoch.From(trainer.Epoch, trainer.Scores[i].Score, scores[i]));
                        Save();
                        WriteCells();
                        continue;
                    }
                    _context.Cancellation.ThrowIfCancellationRequested();
                    trainer.Step();
                    long images = trainer.BatchIndex == 0
                        ? trainer.Epoch * perEpoch
                        : (trainer.Epoch * perEpoch) + (trainer.Scores[0].Count * ks.Length);
                    _context.Observer.Advance(task, images, string.Create(CultureInfo.InvariantCulture,
                        $"epoch {((trainer.StepsDone - 1) / trainer.BatchesPerEpoch) + 1}, loss {trainer.Scores[0].Score.Loss:F3}"));
                    if (sinceCheckpoint.Elapsed > CheckpointInterval)
                        Save();
                }
            }
            catch (OperationCanceledException)
            {
                Save();
                throw;
            }
            File.Delete(checkpoint);
            var accuracies = epochs.Select(curve => string.Create(CultureInfo.InvariantCulture, $"{curve[^1].TestAccuracy:F2}"));
            _context.Observer.End(task, "test accuracy " + string.Join(", ", accuracies) + "%");

            void Save()
            {
                Checkpoint.Save(checkpoint, trainer, _data, ResultJson.Serialize(epochs));
                sinceCheckpoint.Restart();
            }

            void WriteCells()
            {
                bool finished = epochs[0].Count == _settings.Epochs;
                for (int i = 0; i < ks.Length; i++)
                {
                    Write(new AccuracyCell(seed, ks[i], epochs[i], finished ? trainer.Replicas[i].State.Digest() : null));
                    if (epochs[i].Count > 0 && ks[i] % 2 == 1)
                    {
                        Npy.Write(Path.Combine(AuthorsFolder(seed), string.Create(CultureInfo.InvariantCulture, $"test{(ks[i] + 1) / 2}.npy")),
                            [.. epochs[i].Select(epoch => epoch.TestAccuracy)], epochs[i].Count);
                    }
                    for (; shown[i] < epochs[i].Count; shown[i]++)
                        _context.Observer.Point("test accuracy (%)", $"seed {seed}, k = {ks[i]}", shown[i] + 1, epochs[i][shown[i]].TestAccuracy);
                }
                WriteTable();
            }
        }

        private string AuthorsFolder(int seed) => Path.Combine(_context.Folder, "result", "accuracy", "cifar10_resnet_sgd", GroupOf(seed));

        private string CellFile(int seed, int k) => Path.Combine(_cells.Group(GroupOf(seed)), string.Create(CultureInfo.InvariantCulture, $"k{k}.json"));

        private void Write(AccuracyCell cell) => AtomicFile.WriteAllText(CellFile(cell.Seed, cell.K), ResultJson.Serialize(cell));

        private AccuracyCell? Read(int seed, int k)
        {
            string file = CellFile(seed, k);
            if (!File.Exists(file))
                return null;
            try
            {
                AccuracyCell cell = ResultJson.Deserialize<AccuracyCell>(File.ReadAllText(file));
                if (cell.Seed == seed && cell.K == k && cell.Epochs is not null && cell.Epochs.Count <= _settings.Epochs)
                    return cell;
            }
            catch (JsonException)
            {
                // Said below.
            }
            throw new InputException($"{file}: is damaged; delete it to compute the run again");
        }

        private static string GroupOf(int seed) => string.Create(CultureInfo.InvariantCulture, $"seed{seed}");

        private static bool IsFinished(AccuracyCell? cell) => cell?.Digest is not null;
    }
}
