using System.Globalization;
using LastBit.Data;
using LastBit.Files;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments;

/// <summary>One call of <see cref="Divergence"/>: what all its divisors share.</summary>
internal sealed class DivergenceFigure : ICellExperiment
{
    private readonly DivergenceSettings _settings;
    private readonly ExperimentContext _context;
    private readonly TrainingData _data;
    private readonly string[] _tensors;

    public DivergenceFigure(DivergenceSettings settings, ExperimentContext context, TrainingData data)
    {
        (_settings, _context, _data) = (settings, context, data);
        Store = CellStore.Open(context.Folder, Divergence.Kind, data.IdentityOf(settings));
        _tensors = [.. data.ModelOf(settings).Layout.All.Where(tensor => tensor.IsTrainable).Select(tensor => tensor.Name)];
    }

    /// <inheritdoc/>
    public CellStore Store { get; }

    /// <summary>Files and folders that look like cells and are not.</summary>
    public SortedSet<string> Strays { get; } = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public string GroupOf(string cell) => "";

    /// <inheritdoc/>
    public CellReading Read(string cell) => Read(Divergence.DivisorOf(cell)!.Value) is { } run
        ? new CellReading(run.IsDone && !IsMatMissing(run), (double)run.RelativeL1.Length / _settings.ScaledIterations, null) : default;

    /// <inheritdoc/>
    public IEnumerable<string> FilesOf(string cell)
    {
        int divisor = Divergence.DivisorOf(cell)!.Value;
        return [CheckpointOf(divisor), RunFile(divisor), MapFile(divisor), WeightsFile(divisor, 0) + ".npy", WeightsFile(divisor, 1) + ".npy"];
    }

    /// <inheritdoc/>
    public void Compute(HeldCells held)
    {
        foreach (string cell in held.Cells)
        {
            int divisor = Divergence.DivisorOf(cell)!.Value;
            if (Read(divisor) is not { IsDone: true })
                Train(cell, divisor, held);
            File.Delete(CheckpointOf(divisor));
            if (_settings.Mat)
                WriteMat(divisor);
        }
    }

    /// <summary>Puts all divisors on disk together into divergence.json.</summary>
    public DivergenceResult WriteResult() => Store.WriteResult(DivergenceResult.FileName, file =>
    {
        var result = new DivergenceResult(
            _settings.Network, _settings.Activation, _settings.Perturbation, _data.TrainImages, _settings.ScaledIterations, _settings.Tensor, _tensors,
            [.. Store.NumbersIn("", "n", "", Strays).Select(Read).OfType<DivergenceRun>()]);
        AtomicFile.WriteAllText(file, result.ToJson());
        return result;
    });

    /// <summary>Writes what there is of a divisor: first the files that grow, then the document that speaks of them.</summary>
    public void Write(DivergenceRun run, DivergenceRecorded recorded, List<float[]>[] weights, IReadOnlyList<int> shape)
    {
        for (int copy = 0; copy < 2; copy++)
            Npy.Write(WeightsFile(run.Divisor, copy) + ".npy", [.. weights[copy].SelectMany(row => row)], [recorded.Rows.Count, .. shape]);
        Npy.Write(MapFile(run.Divisor), [.. recorded.Rows.SelectMany(row => row)], recorded.Rows.Count, _tensors.Length);
        AtomicFile.WriteAllText(RunFile(run.Divisor), ResultJson.Serialize(run));
        WriteResult();
    }

    /// <summary>The weights of Figure 2's tensor that were saved so far, one copy's, scaled iteration by scaled iteration.</summary>
    public List<float[]> ReadWeights(int divisor, int copy, IReadOnlyList<int> shape, int rows)
    {
        string file = WeightsFile(divisor, copy) + ".npy";
        NumericArray array = Npy.Read(file);
        if (array.Shape.Length != shape.Count + 1 || !array.Shape.AsSpan(1).SequenceEqual([.. shape]) || array.Shape[0] < rows)
            throw new InputException($"{file}: is not of this run; delete {Store.FileOf(Divergence.NameOf(divisor), "")} to compute it again");
        return [.. array.Get<float>().Chunk(shape.Aggregate(1, (product, extent) => product * extent)).Take(rows)];
    }

    private void Train(string cell, int divisor, HeldCells held)
    {
        int steps = checked(_settings.ScaledIterations * divisor) - 1;
        int perEpoch = Augmentation.BatchesPerEpoch(_data.TrainImages, _settings.BatchSize);
        int epochs = Math.Max(1, (steps + perEpoch - 1) / perEpoch);
        using Trainer trainer = _data.CreateTrainer(_settings.ToTraining(divisor, epochs), [Perturbation.None, _settings.Perturbation]);
        var loop = new TrainingLoop(trainer, CheckpointOf(divisor), _data.Digest, _context.Observer, _context.Cancellation);
        var pair = new DivergencePair(this, trainer, divisor, _settings, _tensors, held, _context.Observer);
        loop.Resume(pair);
        pair.ShowAll();
        string task = string.Create(CultureInfo.InvariantCulture, $"learning rate {_settings.LearningRate}/{divisor}");
        loop.Run(pair, task, Math.Max(1, steps), "iterations", (progress, left) => held.Tell([cell], progress, left));
        pair.WriteRun(finished: true);
        _context.Observer.End(task, pair.Outcome);
    }

    private DivergenceRun? Read(int divisor) => Divergence.Read(Store, divisor, _settings.ScaledIterations, _tensors);

    private bool IsMatMissing(DivergenceRun run) => _settings.Mat && Enumerable.Range(0, 2).Any(copy =>
        Enumerable.Range(1, run.RelativeL1.Length).Any(row => !File.Exists(MatFileOf(run.Divisor, copy, row))));

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
                CellStore.DeleteUnfinished(MatFileOf(divisor, copy, row + 1));
                MatFile.Write(MatFileOf(divisor, copy, row + 1), "conv_weight", values.AsSpan(row * size, size), shape);
            }
        }
    }

    private string MatFileOf(int divisor, int copy, int row) =>
        Path.Combine(WeightsFile(divisor, copy), string.Create(CultureInfo.InvariantCulture, $"{row}_conv_weight.mat"));

    private string WeightsFile(int divisor, int copy) => Path.Combine(_context.Folder, "result", "parameter", "nlayer",
        $"{_settings.Activation.ToString().ToLowerInvariant()}_{PythonNumber.Float(_settings.LearningRate)}",
        string.Create(CultureInfo.InvariantCulture, $"L{PythonNumber.Float(_settings.WeightDecay)}_{divisor}_{copy + 1}"));

    private string CheckpointOf(int divisor) => Store.FileOf(Divergence.NameOf(divisor), "/checkpoint.bin");

    private string RunFile(int divisor) => Store.FileOf(Divergence.NameOf(divisor), "/run.json");

    private string MapFile(int divisor) => Path.Combine(_context.Folder, DivergenceRun.MapFile(divisor));
}
