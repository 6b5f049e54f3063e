using LastBit.Arithmetic;
using LastBit.Engines;
using LastBit.Files;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments;

/// <summary>What a checkpoint of the edge of stability holds beside the weights.</summary>
/// <param name="Loss">Mean loss of the plain copy before each step.</param>
/// <param name="Accuracy">Its accuracy, percent.</param>
/// <param name="Differences">For each copy, after each step, the difference of all numbers.</param>
/// <param name="Tensors">For each copy, after each step, that of every tensor.</param>
/// <param name="Sharpness">The curvature so far; the vector that the next search begins with lies in a file named by the last iteration.</param>
internal sealed record EdgeRecorded(List<double> Loss, List<double> Accuracy, List<double>[] Differences, List<double[]>[] Tensors, List<EdgePoint> Sharpness);

/// <summary>A plain copy of a network and its perturbed ones, compared after every step.</summary>
internal sealed class EdgeTraining : ITrainingRecorder<EdgeRecorded>
{
    private readonly EdgeFigure _figure;
    private readonly Trainer _trainer;
    private readonly EdgeKey _key;
    private readonly EdgeSettings _settings;
    private readonly EdgeSharpness _sharpness;
    private readonly HeldCells _held;
    private readonly IRunObserver _observer;
    private readonly Parameter[] _tensors;
    private readonly double _threshold;
    private double[]? _start;
    private string? _startOnDisk;
    private int? _diverged;

    public EdgeTraining(
        EdgeFigure figure, Trainer trainer, EdgeKey key, EdgeSettings settings, EdgeSharpness sharpness, HeldCells held, IRunObserver observer)
    {
        (_figure, _trainer, _key, _settings, _sharpness, _held, _observer) = (figure, trainer, key, settings, sharpness, held, observer);
        _tensors = [.. figure.Tensors.Select(name => trainer.Model.Layout[name])];
        _threshold = EdgeThreshold.OfSharpness(key.LearningRate, settings.Momentum, settings.Nesterov, key.WeightDecay);
        Recorded = new([], [], [.. settings.Perturbations.Select(_ => new List<double>())], [.. settings.Perturbations.Select(_ => new List<double[]>())], []);
    }

    /// <inheritdoc/>
    public EdgeRecorded Recorded { get; set; }

    /// <summary>What came of it, in a few words.</summary>
    public string Outcome => _diverged is { } at ? FormattableString.Invariant($"no longer finite at iteration {at}")
        : FormattableString.Invariant($"loss {Recorded.Loss[^1]:G4}, sharpness {Recorded.Sharpness[^1].Eigenvalues[0]:G4} (threshold {_threshold:G4}), difference {Recorded.Differences[0][^1]:G3}");

    /// <inheritdoc/>
    public (long Units, string Note) Progress => (_trainer.StepsDone, Recorded.Loss.Count == 0 || Recorded.Sharpness.Count == 0 ? "" : FormattableString.Invariant(
        $"loss {Recorded.Loss[^1]:G4}, sharpness {Recorded.Sharpness[^1].Eigenvalues[0]:G4} of {_threshold:G4}, difference {Recorded.Differences[0][^1]:G3}"));

    private NetworkState Plain => _trainer.Replicas[0].State;

    /// <inheritdoc/>
    public string? Problem(EdgeRecorded recorded)
    {
        int steps = recorded.Loss.Count, copies = _settings.Perturbations.Length;
        if (recorded.Accuracy.Count != steps || steps > _settings.Iterations || recorded.Differences.Length != copies || recorded.Tensors.Length != copies
            || recorded.Differences.Any(copy => copy is null || copy.Count != steps)
            || recorded.Tensors.Any(copy => copy is null || copy.Count != steps || copy.Any(row => row is null || row.Length != _tensors.Length))
            || recorded.Sharpness.Any(point => point is null))
        {
            return "what it recorded is not of this run";
        }
        // Read before the copies are overwritten: a file that is missing leaves the training as it was.
        if (recorded.Sharpness.Count > 0)
        {
            _startOnDisk = StartFile(recorded.Sharpness[^1].Iteration);
            _start = Npy.Read(_startOnDisk).Get<double>(_trainer.Model.Layout.ParameterCount);
        }
        return null;
    }

    /// <inheritdoc/>
    public bool Between(Action save)
    {
        int step = (int)_trainer.StepsDone;
        bool isDue = step % _settings.Every == 0 && (Recorded.Sharpness.Count == 0 || Recorded.Sharpness[^1].Iteration < step);
        if (isDue && _diverged is null)
        {
            if (_sharpness.At(step, Plain, _start) is var (point, start))
            {
                Recorded.Sharpness.Add(point);
                _start = start;
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
            NetworkState other = _trainer.Replicas[copy + 1].State;
            double difference = RelativeDifference.L1(Plain.Parameters, other.Parameters);
            if (!double.IsFinite(difference))
                _diverged = (int)_trainer.StepsDone;
            Recorded.Differences[copy].Add(double.IsFinite(difference) ? difference : 2);
            Recorded.Tensors[copy].Add([.. _tensors.Select(tensor => Finite(RelativeDifference.L1(Plain.Get(tensor), other.Get(tensor))))]);
        }
        _observer.Point("training loss", Series, _trainer.StepsDone, Recorded.Loss[^1]);
        _observer.Point("relative L1 difference", Series, _trainer.StepsDone, Recorded.Differences[0][^1]);
    }

    /// <inheritdoc/>
    public void BeforeCheckpoint()
    {
        WriteRun(finished: false);
        if (_start is null)
            return;
        // The checkpoint that is still on disk counts on the file of its own last point; so that one stays until the next checkpoint.
        string file = StartFile(Recorded.Sharpness[^1].Iteration);
        if (file == _startOnDisk)
            return;
        Npy.Write(file, _start, _start.Length);
        foreach (string other in Starts().Where(other => other != file && other != _startOnDisk))
            File.Delete(other);
        _startOnDisk = file;
    }

    /// <summary>Removes the vectors that searches begin with, at the end.</summary>
    public void DeleteStarts()
    {
        foreach (string file in Starts())
            File.Delete(file);
    }

    /// <summary>Shows the curves as far as a checkpoint brought them.</summary>
    public void ShowAll()
    {
        for (int i = 0; i < Recorded.Sharpness.Count; i++)
            Show(i);
        for (int i = 0; i < Recorded.Loss.Count; i++)
        {
            _observer.Point("training loss", Series, i + 1, Recorded.Loss[i]);
            _observer.Point("relative L1 difference", Series, i + 1, Recorded.Differences[0][i]);
        }
    }

    /// <summary>Writes the run as far as it is.</summary>
    public void WriteRun(bool finished)
    {
        _held.ThrowIfLost();
        var copies = new SortedDictionary<Perturbation, EdgeCopy>();
        for (int copy = 0; copy < Recorded.Differences.Length; copy++)
        {
            Perturbation one = _settings.Perturbations[copy];
            copies.Add(one, new EdgeCopy([.. Recorded.Differences[copy]], EdgeRun.MapFile(_key, one), finished ? _trainer.Replicas[copy + 1].State.Digest() : null));
        }
        double? batch = _settings.IsFullBatch ? null : EdgeThreshold.OfBatchSharpness(_key.LearningRate, _settings.Momentum, _key.WeightDecay);
        _figure.Write(_key, new EdgeRun(
            _key.LearningRate, _key.WeightDecay, _threshold, [.. Recorded.Loss], [.. Recorded.Accuracy], [.. Recorded.Sharpness], copies, _diverged,
            finished ? Plain.Digest() : null, batch), Recorded.Tensors);
    }

    private string Series => FormattableString.Invariant($"learning rate {_key.LearningRate}{(_key.WeightDecay > 0 ? $", weight decay {_key.WeightDecay}" : "")}");

    private void Show(int point)
    {
        if (point >= 0)
            _observer.Point("sharpness over its threshold", Series, Recorded.Sharpness[point].Iteration, Recorded.Sharpness[point].Eigenvalues[0] / _threshold);
    }

    private string[] Starts() => Directory.GetFiles(_figure.Store.FileOf(_key.Cell, ""), "start-*.npy");

    private string StartFile(int iteration) => _figure.Store.FileOf(_key.Cell, FormattableString.Invariant($"/start-{iteration}.npy"));

    private static double Finite(double difference) => double.IsFinite(difference) ? difference : 2;
}
