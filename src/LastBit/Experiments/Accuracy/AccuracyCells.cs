using LastBit.Experiments.Authors;
using LastBit.Files;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Accuracy;

/// <summary>One call of <see cref="AccuracyExperiment"/>.</summary>
internal sealed class AccuracyCells(AccuracySettings settings, ExperimentContext context, TrainingData data)
    : OpenCells<AccuracySettings, AccuracyResult>(AccuracyExperiment.Experiment, settings, context, data)
{
    private bool _told;

    /// <inheritdoc/>
    public override string GroupOf(string cell) => AccuracyExperiment.GroupOf(PartsOf(cell).Seed);

    /// <inheritdoc/>
    public override IEnumerable<string> FilesOf(string cell)
    {
        (int seed, Perturbation perturbation) = PartsOf(cell);
        yield return Store.FileOf(cell, ".json");
        if (AuthorsLayout.FileOf(Context.Folder, seed, perturbation) is { } file)
            yield return file;
        if (Settings.Correctness)
            yield return CorrectFile(cell);
    }

    /// <inheritdoc/>
    public override void Compute(HeldCells held)
    {
        int seed = PartsOf(held.Cells.First()).Seed;
        List<string> missing =
            [.. held.Cells.Where(cell => !Read(cell).IsDone).OrderBy(cell => PartsOf(cell).Perturbation)];
        // Replicas that were begun together go on together, whatever was asked for since.
        foreach ((string checkpoint, string[] together) in CheckpointsOf(seed))
        {
            string[] unfinished = [.. together.Where(cell => !Read(cell).IsDone)];
            if (unfinished.Length > 0 && together.Any(missing.Contains) && unfinished.All(held.TryTake))
                Train(seed, together, checkpoint, held);
            missing.RemoveAll(together.Contains);
        }
        if (missing.Count > 0)
            Train(seed, [.. missing], CheckpointOf(seed, missing), held);
    }

    /// <inheritdoc/>
    public override void Tidy(string cell)
    {
        foreach ((string checkpoint, _) in CheckpointsOf(PartsOf(cell).Seed)
            .Where(one => one.Cells.Contains(cell) && one.Cells.All(other => Read(other).IsDone)).ToList())
        {
            UnfinishedFiles.DeleteOf(checkpoint);
            File.Delete(checkpoint);
        }
    }

    /// <inheritdoc/>
    public override void Complete(string cell)
    {
        AccuracyCell done = AccuracyExperiment.Read(Store, cell, Settings.Epochs)!;
        WriteCurve(done);
        if (!Settings.Correctness || done.Digest is null)
            return;
        WriteLabels();
        CellFiles.Check(Context.Folder, [CorrectFile(cell)], done.Files, Store.FileOf(cell, ".json"), Context.Observer);
    }

    /// <inheritdoc/>
    protected override AccuracyResult Gather() => AccuracyResult.Of(Settings, Data, OnDisk());

    /// <summary>The runs on disk.</summary>
    private IEnumerable<AccuracyCell> OnDisk() => Store.NumbersIn("", "seed", "", Strays).SelectMany(seed =>
        Store.NumbersIn(AccuracyExperiment.GroupOf(seed), "k", ".json", Strays).Select(k => Perturbation.OfK(k))
            .Concat(Perturbation.Words.Select(Perturbation.Parse))
            .Select(one => AccuracyExperiment.Read(Store, AccuracyExperiment.NameOf(seed, one), Settings.Epochs)).OfType<AccuracyCell>());

    /// <summary>Writes what there is of a run.</summary>
    public void Write(AccuracyCell cell)
    {
        string name = AccuracyExperiment.NameOf(cell.Seed, cell.Perturbation);
        WriteCurve(cell);
        // Last: nothing is written again once it says that the cell is done.
        AtomicFile.WriteAllText(Store.FileOf(name, ".json"), ResultJson.Document(cell.Digest is null || !Settings.Correctness ? cell
            : cell with { Files = CellFiles.DigestsOf(Context.Folder, [CorrectFile(name)]) }));
    }

    private void WriteCurve(AccuracyCell cell)
    {
        if (AuthorsLayout.FileOf(Context.Folder, cell.Seed, cell.Perturbation) is not { } file
            || (cell.Epochs.Count == 0 && cell.Diverged is null))
            return;
        // The authors' scripts want curves of one length; what a diverged run lacks is no number.
        int missing = cell.Diverged is null ? 0 : Settings.Epochs - cell.Epochs.Count;
        double[] curve = [.. cell.Epochs.Select(epoch => epoch.TestAccuracy), .. Enumerable.Repeat(double.NaN, missing)];
        Npy.Write(file, curve, curve.Length);
    }

    /// <summary>Writes which test image a run classifies correctly, and once for all runs the classes of the images.</summary>
    public void WriteCorrectness(int seed, Perturbation perturbation, byte[] correct)
    {
        WriteLabels();
        Npy.Write(CorrectFile(AccuracyExperiment.NameOf(seed, perturbation)), correct, correct.Length);
    }

    private void WriteLabels()
    {
        if (Data.TestLabels is { } labels)
            Npy.Write(Store.FileOf("labels", ".npy"), labels, labels.Length);
    }

    private string CorrectFile(string cell) => Store.FileOf(cell, AccuracyExperiment.CorrectEnding);

    private void Train(int seed, string[] cells, string checkpoint, HeldCells held)
    {
        UnfinishedFiles.DeleteOf(checkpoint);
        Perturbation[] perturbations = [.. cells.Select(cell => PartsOf(cell).Perturbation)];
        using Trainer trainer = Data.CreateTrainer(Settings.ToTraining(seed), perturbations);
        var loop = new TrainingLoop(trainer, checkpoint, Data.Digest, Context.Observer, Context.Cancellation);
        var run = new AccuracyTraining(this, trainer, Data.TrainImages, seed, perturbations, held, Context);
        loop.Resume(run);
        run.WriteCells();
        if (!_told)
            Context.Observer.Message($"Learning rate: {Settings.ToTraining(seed).RatesInWords()}.");
        _told = true;
        string task = $"seed {seed}, {Perturbation.Names(perturbations)}";
        loop.Run(run, task, run.Total, "images", (progress, left) => held.Tell(cells, progress, left));
        Context.Observer.End(task, run.Outcome);
    }

    private IEnumerable<(string File, string[] Cells)> CheckpointsOf(int seed)
    {
        foreach (string file in Directory.GetFiles(Path.GetDirectoryName(CheckpointOf(seed, []))!, "checkpoint-*")
            .Order(StringComparer.Ordinal).ToList())
        {
            if (Perturbation.EachFromFileName(Path.GetFileNameWithoutExtension(file)["checkpoint-".Length..]) is { } together
                && file.EndsWith(".bin", StringComparison.Ordinal))
                yield return (file, [.. together.Select(one => AccuracyExperiment.NameOf(seed, one))]);
            else if (!file.EndsWith(".tmp", StringComparison.Ordinal))
                Strays.Add(file);
        }
    }

    private string CheckpointOf(int seed, IEnumerable<string> cells)
    {
        string copies = Perturbation.FileNameOf(cells.Select(cell => PartsOf(cell).Perturbation));
        return Store.FileOf($"{AccuracyExperiment.GroupOf(seed)}/checkpoint-{copies}", ".bin");
    }

    private static (int Seed, Perturbation Perturbation) PartsOf(string cell) => AccuracyExperiment.PartsOf(cell)!.Value;
}
