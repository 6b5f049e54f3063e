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
        return [CheckpointOf(key), FurtherOf(key), RunFile(key), .. CrossingSearch.Files.Select(file => FileOf(key, file)), .. Maps(key)];
    }

    /// <inheritdoc/>
    public override void Compute(HeldCells held)
    {
        foreach (string cell in held.Cells.Where(cell => !Read(cell).IsDone))
        {
            EdgeKey key = EdgeKey.Of(cell)!.Value;
            EdgeSettings settings = Settings with { Iterations = Iterations };
            int perEpoch = StepsPerEpoch;
            TrainingSettings training = settings.ToTraining(key, Data.TrainImages, (settings.Iterations + perEpoch - 1) / perEpoch);
            using Trainer trainer = New();
            _sharpness ??= new EdgeSharpness(settings, Data, Context.Cancellation);
            var crossing = new CrossingSearch(Store.FileOf(cell, ""), trainer, Data.Digest, New, Context.Cancellation);
            var loop = new TrainingLoop(trainer, CheckpointOf(key), Data.Digest, Context.Observer, Context.Cancellation);
            var run = new EdgeTraining(this, trainer, key, settings, _sharpness, crossing, held, Context.Observer);
            TakeUp(loop, run, key);
            run.ShowAll();
            loop.Run(run, key.Name, settings.Iterations, "iterations", (progress, left) => held.Tell([cell], progress, left));
            run.WriteRun(finished: true);
            Context.Observer.End(key.Name, run.Outcome);

            Trainer New() => Data.CreateTrainer(training, [Perturbation.None, .. settings.Perturbations]);
        }
    }

    // From the checkpoint; where the folder was given more iterations since, from what was kept before the last search, which verified.
    private void TakeUp(TrainingLoop loop, EdgeTraining run, EdgeKey key)
    {
        bool hasEnded = EdgeExperiment.Read(Store, key, Iterations) is { IsDone: true };
        try
        {
            if (!hasEnded && File.Exists(CheckpointOf(key)))
            {
                loop.Resume(run);
                return;
            }
        }
        catch (InputException) when (run.HasVerifiedEarly)
        {
            hasEnded = true;
        }
        if (hasEnded)
            File.Delete(CheckpointOf(key));
        try
        {
            loop.Resume(run, FurtherOf(key));
        }
        catch (InputException)
        {
            File.Delete(FurtherOf(key));
        }
        if (hasEnded && !loop.Resumed)
            Context.Observer.Message($"{key.Name}: nothing was kept to go on from, so it begins again.");
    }

    /// <inheritdoc/>
    public override void Tidy(string cell)
    {
        EdgeKey key = EdgeKey.Of(cell)!.Value;
        EdgeRun done = EdgeExperiment.Read(Store, key, Iterations)!;
        foreach (string file in CrossingSearch.Files.Select(file => FileOf(key, file)).Append(CheckpointOf(key)).Append(JournalOf(key)))
            File.Delete(file);
        if (!done.CanGoOn)
            File.Delete(FurtherOf(key));
        int? last = done.Searched.LastOrDefault()?.Iteration;
        EdgeTraining.StartOf(this, key).Delete(
            File.Exists(FurtherOf(key)) ? done.Sharpness.LastOrDefault(point => point.Iteration < last)?.Iteration : null);
    }

    /// <inheritdoc/>
    public override void Complete(string cell)
    {
        EdgeKey key = EdgeKey.Of(cell)!.Value;
        EdgeRun done = EdgeExperiment.Read(Store, key, Iterations)!;
        CellFiles.Check(Context.Folder, Maps(key), done.Files, RunFile(key), Context.Observer);
    }

    /// <inheritdoc/>
    protected override EdgeResult Gather() => new(
        Settings.Network, Settings.Activation, Settings.Loss, Data.TrainImages, Settings.BatchSize, Settings.Momentum, Settings.Nesterov,
        Iterations, Tensors,
        [.. Store.NamesIn("lr", Strays).Select(EdgeKey.Of).OfType<EdgeKey>().OrderBy(key => key.WeightDecay).ThenBy(key => key.LearningRate)
            .Select(key => EdgeExperiment.Read(Store, key, Iterations)).OfType<EdgeRun>()]);

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

    /// <summary>Keeps what more iterations will begin with, before the last search of a run.</summary>
    public void KeepFurther(EdgeKey key, Trainer trainer, EdgeRecorded recorded) =>
        Checkpoint.Save(FurtherOf(key), trainer, Data.Digest, ResultJson.Serialize(recorded));

    /// <summary>How many steps take all images once.</summary>
    public int StepsPerEpoch =>
        Augmentation.BatchesPerEpoch(Data.TrainImages, Settings.IsFullBatch ? Data.TrainImages : Settings.BatchSize);

    /// <summary>The checkpoint of a run.</summary>
    public string CheckpointOf(EdgeKey key) => FileOf(key, "checkpoint.bin");

    /// <summary>The products of a search that goes on.</summary>
    public string JournalOf(EdgeKey key) => FileOf(key, "search.bin");

    // The most that was asked for in the folder, by whatever process.
    private int Iterations => Store.Setting("iterations");

    private string FileOf(EdgeKey key, string name) => Store.FileOf(key.Cell, "/" + name);

    private string FurtherOf(EdgeKey key) => FileOf(key, "further.bin");

    private string RunFile(EdgeKey key) => FileOf(key, "run.json");

    private IEnumerable<string> Maps(EdgeKey key) => Settings.Perturbations.Select(one => MapFile(key, one));

    private string MapFile(EdgeKey key, Perturbation one) => Path.Combine(Context.Folder, EdgeRun.MapFile(key, one));
}
