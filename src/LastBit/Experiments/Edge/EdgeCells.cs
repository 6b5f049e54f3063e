using LastBit.Data;
using LastBit.Files;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Edge;

/// <summary>One call of <see cref="EdgeExperiment"/>: what all its cells share.</summary>
internal sealed class EdgeCells : ICellExperiment, IDisposable
{
    private readonly EdgeSettings _settings;
    private readonly ExperimentContext _context;
    private readonly TrainingData _data;
    private EdgeSharpness? _sharpness;

    public EdgeCells(EdgeSettings settings, ExperimentContext context, TrainingData data)
    {
        (_settings, _context, _data) = (settings, context, data);
        Store = CellStore.Open(context.Folder, EdgeExperiment.Kind, EdgeSettings.WithoutLists(data.IdentityOf(settings)));
        Tensors = [.. data.ModelOf(settings).Layout.All.Where(tensor => tensor.IsTrainable).Select(tensor => tensor.Name)];
    }

    /// <inheritdoc/>
    public CellStore Store { get; }

    /// <summary>The names of all parameter tensors.</summary>
    public string[] Tensors { get; }

    /// <summary>Files and folders that look like cells and are not.</summary>
    public SortedSet<string> Strays { get; } = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string GroupOf(string cell) => "";

    /// <inheritdoc/>
    public CellReading Read(string cell) => EdgeExperiment.Reading(EdgeExperiment.Read(Store, EdgeKey.Of(cell)!.Value, _settings.Iterations), _settings.Iterations);

    /// <inheritdoc/>
    public IEnumerable<string> FilesOf(string cell)
    {
        EdgeKey key = EdgeKey.Of(cell)!.Value;
        return [CheckpointOf(key), RunFile(key), .. _settings.Perturbations.Select(one => MapFile(key, one))];
    }

    /// <inheritdoc/>
    public void Compute(HeldCells held)
    {
        foreach (string cell in held.Cells.Where(cell => !Read(cell).IsDone))
        {
            EdgeKey key = EdgeKey.Of(cell)!.Value;
            int batch = _settings.IsFullBatch ? _data.TrainImages : _settings.BatchSize;
            int perEpoch = Augmentation.BatchesPerEpoch(_data.TrainImages, batch);
            TrainingSettings training = _settings.ToTraining(key, _data.TrainImages, (_settings.Iterations + perEpoch - 1) / perEpoch);
            using Trainer trainer = _data.CreateTrainer(training, [Perturbation.None, .. _settings.Perturbations]);
            _sharpness ??= new EdgeSharpness(_settings, _data, _context.Cancellation);
            var loop = new TrainingLoop(trainer, CheckpointOf(key), _data.Digest, _context.Observer, _context.Cancellation);
            var run = new EdgeTraining(this, trainer, key, _settings, _sharpness, held, _context.Observer);
            loop.Resume(run);
            run.ShowAll();
            loop.Run(run, key.Name, _settings.Iterations, "iterations", (progress, left) => held.Tell([cell], progress, left));
            run.WriteRun(finished: true);
            _context.Observer.End(key.Name, run.Outcome);
        }
    }

    /// <inheritdoc/>
    public void Tidy(string cell)
    {
        EdgeKey key = EdgeKey.Of(cell)!.Value;
        File.Delete(CheckpointOf(key));
        EdgeTraining.StartOf(this, key).Delete();
    }

    /// <summary>Puts all cells on disk together into edge.json.</summary>
    public EdgeResult WriteResult() => Store.WriteResult(EdgeResult.FileName, file =>
    {
        EdgeRun?[] runs = [.. Store.NamesIn("lr", Strays).Select(EdgeKey.Of).OfType<EdgeKey>().OrderBy(key => key.WeightDecay).ThenBy(key => key.LearningRate)
            .Select(key => EdgeExperiment.Read(Store, key, _settings.Iterations))];
        var result = new EdgeResult(
            _settings.Network, _settings.Activation, _settings.Loss, _data.TrainImages, _settings.BatchSize, _settings.Momentum, _settings.Nesterov,
            _settings.Iterations, Tensors, [.. runs.OfType<EdgeRun>()]);
        AtomicFile.WriteAllText(file, result.ToJson());
        return result;
    });

    /// <summary>Writes what there is of a cell: first the files that grow, then the document that speaks of them.</summary>
    public void Write(EdgeKey key, EdgeRun run, IReadOnlyList<double[]>[] maps)
    {
        for (int copy = 0; copy < maps.Length; copy++)
            Npy.Write(MapFile(key, _settings.Perturbations[copy]), [.. maps[copy].SelectMany(row => row)], maps[copy].Count, Tensors.Length);
        AtomicFile.WriteAllText(RunFile(key), ResultJson.Serialize(run));
        WriteResult();
    }

    /// <inheritdoc/>
    public void Dispose() => _sharpness?.Dispose();

    private string CheckpointOf(EdgeKey key) => Store.FileOf(key.Cell, "/checkpoint.bin");

    private string RunFile(EdgeKey key) => Store.FileOf(key.Cell, "/run.json");

    private string MapFile(EdgeKey key, Perturbation one) => Path.Combine(_context.Folder, EdgeRun.MapFile(key, one));
}
