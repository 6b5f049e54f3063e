using System.Globalization;
using LastBit.Data;
using LastBit.Experiments.Authors;
using LastBit.Files;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Divergence;

/// <summary>One call of <see cref="DivergenceExperiment"/>.</summary>
internal sealed class DivergenceCells(DivergenceSettings settings, ExperimentContext context, TrainingData data)
    : OpenCells<DivergenceSettings, DivergenceResult>(DivergenceExperiment.Experiment, settings, context, data)
{
    /// <inheritdoc/>
    public override IEnumerable<string> FilesOf(string cell)
    {
        DivergenceKey key = DivergenceKey.Of(cell)!.Value;
        return [CheckpointOf(key), RunFile(key), .. Arrays(key)];
    }

    /// <inheritdoc/>
    public override void Compute(HeldCells held)
    {
        foreach (string cell in held.Cells)
        {
            DivergenceKey key = DivergenceKey.Of(cell)!.Value;
            if (Read(key) is not { IsDone: true })
                Train(cell, key, held);
        }
    }

    /// <inheritdoc/>
    public override void Tidy(string cell) => File.Delete(CheckpointOf(DivergenceKey.Of(cell)!.Value));

    /// <inheritdoc/>
    public override void Complete(string cell)
    {
        DivergenceKey key = DivergenceKey.Of(cell)!.Value;
        CellFiles.Check(Context.Folder, Arrays(key), Read(key)!.Files, RunFile(key), Context.Observer);
        if (Settings.Mat)
            WriteMat(key);
    }

    /// <inheritdoc/>
    protected override DivergenceResult Gather() => new(
        Settings.Network, Settings.Activation, Settings.Perturbation, Data.TrainImages, Settings.ScaledIterations, Settings.Tensor, Tensors,
        [.. Keys().Select(Read).OfType<DivergenceRun>()])
    {
        Loss = Settings.Loss,
    };

    private IEnumerable<DivergenceKey> Keys()
    {
        // A folder like n32-ulp is looked for by name; of what else begins with n the strays are told.
        var strays = new List<string>();
        int[] divisors = [.. Store.NumbersIn("", "n", "", strays)];
        List<DivergenceKey> others = [];
        foreach (string stray in strays)
        {
            if (DivergenceKey.Of(Path.GetFileName(stray)) is { } key)
                others.Add(key);
            else
                Strays.Add(stray);
        }
        return divisors.Select(divisor => new DivergenceKey(divisor, null)).Concat(others).OrderBy(key => key.Perturbation)
            .ThenBy(key => key.Divisor);
    }

    /// <summary>Writes what there is of a divisor: first the files that grow, then the document that speaks of them.</summary>
    public void Write(DivergenceRun run, DivergenceRecorded recorded, List<float[]>[] weights, IReadOnlyList<int> shape)
    {
        for (int copy = 0; copy < 2; copy++)
            Npy.Write(WeightsFile(KeyOf(run), copy) + ".npy", [.. weights[copy].SelectMany(row => row)], [recorded.Rows.Count, .. shape]);
        Npy.Write(MapFile(KeyOf(run)), [.. recorded.Rows.SelectMany(row => row)], recorded.Rows.Count, Tensors.Length);
        AtomicFile.WriteAllText(RunFile(KeyOf(run)), ResultJson.Document(
            run.IsDone ? run with { Files = CellFiles.DigestsOf(Context.Folder, Arrays(KeyOf(run))) } : run));
        WriteResult();
    }

    /// <summary>The weights of Figure 2's tensor that were saved so far, one copy's, scaled iteration by scaled iteration.</summary>
    public List<float[]> ReadWeights(DivergenceKey key, int copy, IReadOnlyList<int> shape, int rows)
    {
        string file = WeightsFile(key, copy) + ".npy";
        NumericArray array = Npy.Read(file);
        if (array.Shape.Length != shape.Count + 1 || !array.Shape.AsSpan(1).SequenceEqual([.. shape]) || array.Shape[0] < rows)
            throw new InputException($"{file}: is not of this run; delete {Store.FileOf(key.Cell, "")} to compute it again");
        return [.. array.Get<float>().Chunk(shape.Aggregate(1, (product, extent) => product * extent)).Take(rows)];
    }

    private void Train(string cell, DivergenceKey key, HeldCells held)
    {
        int divisor = key.Divisor, steps = checked(Settings.ScaledIterations * divisor) - 1;
        int perEpoch = Augmentation.BatchesPerEpoch(Data.TrainImages, Settings.BatchSize);
        int epochs = Math.Max(1, (steps + perEpoch - 1) / perEpoch);
        using Trainer trainer =
            Data.CreateTrainer(Settings.ToTraining(divisor, epochs), [Perturbation.None, key.Perturbation ?? Settings.Perturbation]);
        var loop = new TrainingLoop(trainer, CheckpointOf(key), Data.Digest, Context.Observer, Context.Cancellation);
        var pair = new DivergencePair(this, trainer, key, Settings, Tensors, held, Context.Observer);
        loop.Resume(pair);
        pair.ShowAll();
        string task = string.Create(CultureInfo.InvariantCulture,
            $"learning rate {Settings.LearningRate}/{divisor}{(key.Perturbation is null ? "" : $", {key.Perturbation.Name}")}");
        loop.Run(pair, task, Math.Max(1, steps), "iterations", (progress, left) => held.Tell([cell], progress, left));
        pair.WriteRun(finished: true);
        Context.Observer.End(task, pair.Outcome);
    }

    private DivergenceRun? Read(DivergenceKey key) => DivergenceExperiment.Read(Store, key, Settings.ScaledIterations, Tensors);

    private void WriteMat(DivergenceKey key)
    {
        for (int copy = 0; copy < 2; copy++)
        {
            NumericArray array = Npy.Read(WeightsFile(key, copy) + ".npy");
            AuthorsWeights.Write(WeightsFile(key, copy), array.Get<float>(), array.Shape[1..], Context.Cancellation);
        }
    }

    private string WeightsFile(DivergenceKey key, int copy) => Path.Combine(Context.Folder, "result", "parameter", "nlayer",
        $"{Settings.Activation.ToString().ToLowerInvariant()}_{PythonNumber.Float(Settings.LearningRate)}",
        string.Create(CultureInfo.InvariantCulture, $"L{PythonNumber.Float(Settings.WeightDecay)}_{key.Text}_{copy + 1}"));

    private static DivergenceKey KeyOf(DivergenceRun run) => new(run.Divisor, run.Perturbation);

    private string CheckpointOf(DivergenceKey key) => Store.FileOf(key.Cell, "/checkpoint.bin");

    private string[] Arrays(DivergenceKey key) => [MapFile(key), WeightsFile(key, 0) + ".npy", WeightsFile(key, 1) + ".npy"];

    private string RunFile(DivergenceKey key) => Store.FileOf(key.Cell, "/run.json");

    private string MapFile(DivergenceKey key) => Path.Combine(Context.Folder, DivergenceRun.MapFile(key));
}
