using LastBit.Engines;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Edge;

/// <summary>A plain copy of a network and its perturbed ones, compared after every step.</summary>
internal sealed partial class EdgeTraining(
    EdgeCells figure, Trainer trainer, EdgeKey key, EdgeSettings settings, EdgeSharpness sharpness, CrossingSearch crossing, HeldCells held,
    IRunObserver observer)
    : ITrainingRecorder<EdgeRecorded>
{
    // All weights together, then the tensors.
    private readonly Parameter[] _compared =
        [trainer.Model.Layout.Weights, .. figure.Tensors.Select(name => trainer.Model.Layout[name])];

    private readonly (double Sharpness, double? Batch) _thresholds =
        (StabilityThreshold.OfSharpness(key.LearningRate, settings.Momentum, settings.Nesterov, key.WeightDecay),
            settings.IsFullBatch ? null : StabilityThreshold.OfBatchSharpness(key.LearningRate, settings.Momentum, key.WeightDecay));

    private readonly CheckpointVectors _start = StartOf(figure, key);
    private int? _diverged;

    /// <inheritdoc/>
    public EdgeRecorded Recorded { get; set; } = EdgeRecorded.Empty(settings.Perturbations.Length);

    /// <summary>What came of it, in a few words.</summary>
    public string Outcome => CellReading.Diverged(_diverged) ?? Newest;

    /// <summary>Whether a checkpoint that was read holds a last search of fewer iterations.</summary>
    public bool HasVerifiedEarly { get; private set; }

    /// <inheritdoc/>
    public (long Units, string Note) Progress =>
        (trainer.StepsDone, Recorded.Loss.Count == 0 || Recorded.Sharpness.Count == 0 ? "" : Newest);

    private string Newest =>
        $"loss {NumberText.Of(Recorded.Loss[^1])}, sharpness {NumberText.Of(Recorded.Sharpness[^1].Judged)} (threshold "
        + $"{NumberText.Of(Threshold)}), difference "
        + $"{NumberText.Of(Recorded.Differences[0][^1], NumberText.InSentences)}";

    private IReplica Plain => trainer.Replicas[0].State;

    private double Threshold => _thresholds.Batch ?? _thresholds.Sharpness;

    private string Journal => figure.JournalOf(key);

    /// <inheritdoc/>
    public string? Problem(EdgeRecorded recorded)
    {
        if (!recorded.IsOf(settings.Iterations, settings.Perturbations.Length, _compared.Length - 1))
            return "what it recorded is not of this run";
        HasVerifiedEarly = !IsLearnt(recorded) && recorded.Sharpness.Any(point => point.Verified is { Tolerance: > 0 }
            && settings.VerifyAt(point.Iteration) is null);
        if (HasVerifiedEarly)
            return "the run has been given more iterations since";
        // Read before the copies are overwritten: a file that is missing leaves the training as it was.
        if (recorded.Sharpness.Count > 0)
            _start.Read(recorded.Sharpness[^1].Iteration, trainer.Model.Layout.ParameterCount, recorded.Start);
        return null;
    }

    /// <inheritdoc/>
    public void AfterStep()
    {
        // Weights that are not finite make the next loss so.
        if (trainer.StepScores.Any(score => !double.IsFinite(score.LossSum)))
        {
            _diverged = (int)trainer.StepsDone;
            return;
        }
        Score score = trainer.StepScores[0].Score;
        Recorded.Loss.Add(score.Loss);
        Recorded.Accuracy.Add(score.Accuracy);
        for (int copy = 0; copy < Recorded.Differences.Length; copy++)
        {
            double[] differences = new double[_compared.Length];
            Plain.Differences(trainer.Replicas[copy + 1].State, _compared, differences);
            double difference = differences[0];
            if (!double.IsFinite(difference))
                _diverged = (int)trainer.StepsDone;
            Recorded.Differences[copy].Add(double.IsFinite(difference) ? difference : 2);
            Recorded.Tensors[copy].Add([.. differences.Skip(1).Select(Finite)]);
        }
        ShowStep(Recorded.Loss.Count - 1);
    }

    /// <inheritdoc/>
    public void BeforeCheckpoint()
    {
        WriteRun(finished: false);
        Recorded = WithStart();
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
        held.ThrowIfLost();
        var copies = new SortedDictionary<Perturbation, EdgeCopy>();
        for (int copy = 0; copy < Recorded.Differences.Length; copy++)
        {
            Perturbation one = settings.Perturbations[copy];
            copies.Add(one,
                new EdgeCopy([.. Recorded.Differences[copy]], EdgeRun.MapFile(key, one),
                    finished ? trainer.Replicas[copy + 1].State.Digest() : null));
        }
        figure.Write(key, new EdgeRun(
            key.LearningRate, key.WeightDecay, _thresholds.Sharpness, [.. Recorded.Loss], [.. Recorded.Accuracy], [.. Recorded.Sharpness],
            copies, _diverged,
            finished ? Plain.Digest() : null, _thresholds.Batch)
        {
            Crossing = Recorded.Crossing,
            LearntAtIteration = IsLearnt(Recorded) ? Recorded.Loss.Count : null,
        }, Recorded.Tensors);
    }

    private void Show(int point) => observer.Point(
        "sharpness over its threshold", key.Name, Recorded.Sharpness[point].Iteration,
        Recorded.Sharpness[point].Judged / Threshold);

    private void ShowStep(int step)
    {
        observer.Point("training loss", key.Name, step + 1, Recorded.Loss[step]);
        observer.Point("relative L1 difference", key.Name, step + 1, Recorded.Differences[0][step]);
    }

    private static double Finite(double difference) => double.IsFinite(difference) ? difference : 2;
}
