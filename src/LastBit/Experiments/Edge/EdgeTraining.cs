using LastBit.Engines;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Edge;

/// <summary>A plain copy of a network and its perturbed ones, compared after every step.</summary>
internal sealed class EdgeTraining : ITrainingRecorder<EdgeRecorded>
{
    private readonly EdgeCells _figure;
    private readonly Trainer _trainer;
    private readonly EdgeKey _key;
    private readonly EdgeSettings _settings;
    private readonly EdgeSharpness _sharpness;
    private readonly HeldCells _held;
    private readonly IRunObserver _observer;
    // All weights together, then the tensors.
    private readonly Parameter[] _compared;
    private readonly (double Sharpness, double? Batch) _thresholds;
    private readonly CheckpointVectors _start;
    private int? _diverged;

    public EdgeTraining(
        EdgeCells figure, Trainer trainer, EdgeKey key, EdgeSettings settings, EdgeSharpness sharpness, HeldCells held,
        IRunObserver observer)
    {
        (_figure, _trainer, _key, _settings, _sharpness, _held, _observer) = (figure, trainer, key, settings, sharpness, held, observer);
        _compared = [trainer.Model.Layout.Weights, .. figure.Tensors.Select(name => trainer.Model.Layout[name])];
        _thresholds = (StabilityThreshold.OfSharpness(key.LearningRate, settings.Momentum, settings.Nesterov, key.WeightDecay),
            settings.IsFullBatch ? null : StabilityThreshold.OfBatchSharpness(key.LearningRate, settings.Momentum, key.WeightDecay));
        _start = StartOf(figure, key);
        Recorded = EdgeRecorded.Empty(settings.Perturbations.Length);
    }

    /// <inheritdoc/>
    public EdgeRecorded Recorded { get; set; }

    /// <summary>What came of it, in a few words.</summary>
    public string Outcome => CellReading.Diverged(_diverged) ?? Newest;

    /// <inheritdoc/>
    public (long Units, string Note) Progress =>
        (_trainer.StepsDone, Recorded.Loss.Count == 0 || Recorded.Sharpness.Count == 0 ? "" : Newest);

    private string Newest =>
        $"loss {NumberText.Of(Recorded.Loss[^1])}, sharpness {NumberText.Of(Recorded.Sharpness[^1].Judged)} (threshold "
        + $"{NumberText.Of(_thresholds.Batch ?? _thresholds.Sharpness)}), difference "
        + $"{NumberText.Of(Recorded.Differences[0][^1], NumberText.InSentences)}";

    private IReplica Plain => _trainer.Replicas[0].State;

    /// <inheritdoc/>
    public string? Problem(EdgeRecorded recorded)
    {
        if (!recorded.IsOf(_settings.Iterations, _settings.Perturbations.Length, _compared.Length - 1))
            return "what it recorded is not of this run";
        // Read before the copies are overwritten: a file that is missing leaves the training as it was.
        if (recorded.Sharpness.Count > 0)
            _start.Read(recorded.Sharpness[^1].Iteration, _trainer.Model.Layout.ParameterCount, recorded.Start);
        return null;
    }

    /// <inheritdoc/>
    public bool Between(Action save)
    {
        int step = (int)_trainer.StepsDone;
        bool isDue = step % _settings.Every == 0 && (Recorded.Sharpness.Count == 0 || Recorded.Sharpness[^1].Iteration < step);
        if (isDue && _diverged is null)
        {
            if (_sharpness.At(step, Plain, _start.Value) is var (point, start))
            {
                Recorded.Sharpness.Add(point);
                _start.Value = start;
                Show(Recorded.Sharpness.Count - 1);
            }
            else
            {
                _diverged = step;
            }
        }
        return _diverged is null && step < _settings.Iterations;
    }

    /// <inheritdoc/>
    public void AfterStep()
    {
        // Weights that are not finite make the next loss so.
        if (_trainer.StepScores.Any(score => !double.IsFinite(score.LossSum)))
        {
            _diverged = (int)_trainer.StepsDone;
            return;
        }
        Score score = _trainer.StepScores[0].Score;
        Recorded.Loss.Add(score.Loss);
        Recorded.Accuracy.Add(score.Accuracy);
        for (int copy = 0; copy < Recorded.Differences.Length; copy++)
        {
            double[] differences = new double[_compared.Length];
            Plain.Differences(_trainer.Replicas[copy + 1].State, _compared, differences);
            double difference = differences[0];
            if (!double.IsFinite(difference))
                _diverged = (int)_trainer.StepsDone;
            Recorded.Differences[copy].Add(double.IsFinite(difference) ? difference : 2);
            Recorded.Tensors[copy].Add([.. differences.Skip(1).Select(Finite)]);
        }
        ShowStep(Recorded.Loss.Count - 1);
    }

    /// <inheritdoc/>
    public void BeforeCheckpoint()
    {
        WriteRun(finished: false);
        if (Recorded.Sharpness.Count > 0)
            Recorded = Recorded with { Start = _start.Write(Recorded.Sharpness[^1].Iteration) };
    }

    /// <summary>The vectors that the next search begins with, as they are on disk.</summary>
    public static CheckpointVectors StartOf(EdgeCells figure, EdgeKey key) => new(figure.Store, key.Cell, "start");

    /// <summary>Shows the curves as far as a checkpoint brought them.</summary>
    public void ShowAll()
    {
        for (int i = 0; i < Recorded.Sharpness.Count; i++)
            Show(i);
        for (int i = 0; i < Recorded.Loss.Count; i++)
            ShowStep(i);
    }

    /// <summary>Writes the run as far as it is.</summary>
    public void WriteRun(bool finished)
    {
        _held.ThrowIfLost();
        var copies = new SortedDictionary<Perturbation, EdgeCopy>();
        for (int copy = 0; copy < Recorded.Differences.Length; copy++)
        {
            Perturbation one = _settings.Perturbations[copy];
            copies.Add(one,
                new EdgeCopy([.. Recorded.Differences[copy]], EdgeRun.MapFile(_key, one),
                    finished ? _trainer.Replicas[copy + 1].State.Digest() : null));
        }
        _figure.Write(_key, new EdgeRun(
            _key.LearningRate, _key.WeightDecay, _thresholds.Sharpness, [.. Recorded.Loss], [.. Recorded.Accuracy], [.. Recorded.Sharpness],
            copies, _diverged,
            finished ? Plain.Digest() : null, _thresholds.Batch), Recorded.Tensors);
    }

    private void Show(int point) => _observer.Point(
        "sharpness over its threshold", _key.Name, Recorded.Sharpness[point].Iteration,
        Recorded.Sharpness[point].Judged / (_thresholds.Batch ?? _thresholds.Sharpness));

    private void ShowStep(int step)
    {
        _observer.Point("training loss", _key.Name, step + 1, Recorded.Loss[step]);
        _observer.Point("relative L1 difference", _key.Name, step + 1, Recorded.Differences[0][step]);
    }

    private static double Finite(double difference) => double.IsFinite(difference) ? difference : 2;
}
