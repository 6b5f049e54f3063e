using LastBit.Data;
using LastBit.Files;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Edge;

/// <summary>One call of <see cref="EdgeExperiment"/>.</summary>
internal sealed class EdgeCells(EdgeSettings settings, ExperimentContext context, TrainingData data)
    : OpenCells<EdgeSettings, EdgeResult>(EdgeExperiment.Experiment, settings, context, data)
{
    private EdgeSharpness? _sharpness;

    /// <inheritdoc/>
    public override IEnumerable<string> FilesOf(string cell)
    {
        EdgeKey key = EdgeKey.Of(cell)!.Value;
        return [CheckpointOf(key), RunFile(key), .. Maps(key)];
    }

    /// <inheritdoc/>
    public override void Compute(HeldCells held)
    {
        foreach (string cell in held.Cells.Where(cell => !Read(cell).IsDone))
        {
            EdgeKey key = EdgeKey.Of(cell)!.Value;
            int batch = Settings.IsFullBatch ? Data.TrainImages : Settings.BatchSize;
            int perEpoch = Augmentation.BatchesPerEpoch(Data.TrainImages, batch);
            TrainingSettings training = Settings.ToTraining(key, Data.TrainImages, (Settings.Iterations + perEpoch - 1) / perEpoch);
            using Trainer trainer = Data.CreateTrainer(training, [Perturbation.None, .. Settings.Perturbations]);
            _sharpness ??= new EdgeSharpness(Settings, Data, Context.Cancellation);
            var loop = new TrainingLoop(trainer, CheckpointOf(key), Data.Digest, Context.Observer, Context.Cancellation);
            var run = new EdgeTraining(this, trainer, key, Settings, _sharpness, held, Context.Observer);
            loop.Resume(run);
            run.ShowAll();
            loop.Run(run, key.Name, Settings.Iterations, "iterations", (progress, left) => held.Tell([cell], progress, left));
            run.WriteRun(finished: true);
            Context.Observer.End(key.Name, run.Outcome);
        }
    }

    /// <inheritdoc/>
    public override void Tidy(string cell)
    {
        EdgeKey key = EdgeKey.Of(cell)!.Value;
        File.Delete(CheckpointOf(key));
        EdgeTraining.StartOf(this, key).Delete();
    }

    /// <inheritdoc/>
    public override void Complete(string cell)
    {
        EdgeKey key = EdgeKey.Of(cell)!.Value;
        EdgeRun done = EdgeExperiment.Read(Store, key, Settings.Iterations)!;
        CellFiles.Check(Context.Folder, Maps(key), done.Files, RunFile(key), Context.Observer);
    }

    /// <inheritdoc/>
    protected override EdgeResult Gather() => new(
        Settings.Network, Settings.Activation, Settings.Loss, Data.TrainImages, Settings.BatchSize, Settings.Momentum, Settings.Nesterov,
        Settings.Iterations, Tensors,
        [.. Store.NamesIn("lr", Strays).Select(EdgeKey.Of).OfType<EdgeKey>().OrderBy(key => key.WeightDecay).ThenBy(key => key.LearningRate)
            .Select(key => EdgeExperiment.Read(Store, key, Settings.Iterations)).OfType<EdgeRun>()]);

    /// <summary>Writes what there is of a cell: first the files that grow, then the document that speaks of them.</summary>
    public void Write(EdgeKey key, EdgeRun run, IReadOnlyList<double[]>[] maps)
    {
        for (int copy = 0; copy < maps.Length; copy++)
            Npy.Write(MapFile(key, Settings.Perturbations[copy]), [.. maps[copy].SelectMany(row => row)], maps[copy].Count, Tensors.Length);
        AtomicFile.WriteAllText(RunFile(key),
            ResultJson.Document(run.IsDone ? run with { Files = CellFiles.DigestsOf(Context.Folder, Maps(key)) } : run));
        WriteResult();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _sharpness?.Dispose();
        base.Dispose();
    }

    private string CheckpointOf(EdgeKey key) => Store.FileOf(key.Cell, "/checkpoint.bin");

    private string RunFile(EdgeKey key) => Store.FileOf(key.Cell, "/run.json");

    private IEnumerable<string> Maps(EdgeKey key) => Settings.Perturbations.Select(one => MapFile(key, one));

    private string MapFile(EdgeKey key, Perturbation one) => Path.Combine(Context.Folder, EdgeRun.MapFile(key, one));
}
