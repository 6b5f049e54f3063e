using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using LastBit.Engines;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Divergence;

/// <summary>Two copies of a network, compared after every scaled iteration.</summary>
internal sealed class DivergencePair(
    DivergenceCells figure, Trainer trainer, DivergenceKey key, DivergenceSettings settings, string[] tensors, HeldCells held,
    IRunObserver observer)
    : ITrainingRecorder<DivergenceRecorded>
{
    private readonly IReplica _first = trainer.Replicas[0].State;
    private readonly IReplica _second = trainer.Replicas[1].State;
    private readonly Parameter[] _tensors = [.. tensors.Select(name => trainer.Model.Layout[name])];
    private readonly int _place = Array.IndexOf(tensors, settings.Tensor);
    private readonly List<float[]>[] _weights = [[], []];
    private DivergenceRecorded _recorded = new([], [], new int?[tensors.Length]);
    private int? _diverged;

    /// <inheritdoc/>
    public DivergenceRecorded Recorded
    {
        get => _recorded;
        set => _recorded = value;
    }

    /// <summary>What came of it, in a few words; null where nothing is to be said.</summary>
    public string? Outcome => CellReading.Diverged(_diverged);

    /// <inheritdoc/>
    public (long Units, string Note) Progress => (trainer.StepsDone, string.Create(CultureInfo.InvariantCulture,
        $"loss {NumberText.Of(trainer.Scores[0].Score.Loss)}, difference "
            + $"{NumberText.Of(_recorded.Rows.Count > 0 ? _recorded.Rows[^1][_place] : 0, NumberText.InSentences)}"));

    /// <inheritdoc/>
    public string? Problem(DivergenceRecorded recorded)
    {
        if (!recorded.IsOf(key.Divisor, settings.ScaledIterations, tensors.Length))
            return "what it recorded is not of this run";
        // Read before the copies are overwritten: a weights file that is missing leaves the training as it was.
        for (int copy = 0; copy < 2; copy++)
        {
            _weights[copy].Clear();
            if (recorded.Rows.Count > 0)
                _weights[copy].AddRange(figure.ReadWeights(key, copy, _tensors[_place].Shape, recorded.Rows.Count));
        }
        return recorded.Weights is { } digest && digest != WeightsDigest()
            ? $"the weights of {key.Cell} that it counts on, in result/parameter, were altered" : null;
    }

    /// <inheritdoc/>
    public bool Between(Action save)
    {
        if (key.Divisor == 1 && _recorded.Rows.Count == 0)
            Compare();
        return _diverged is null && _recorded.Rows.Count < settings.ScaledIterations;
    }

    /// <inheritdoc/>
    public void AfterStep()
    {
        int iteration = (int)trainer.StepsDone;
        int[] equal = [.. Enumerable.Range(0, _tensors.Length).Where(i => _recorded.FirstDifference[i] is null)];
        double[] differences = equal.Length == 0 ? [] : Differences([.. equal.Select(i => _tensors[i])]);
        foreach (int i in equal.Where((_, place) => differences[place] != 0))
            _recorded.FirstDifference[i] = iteration;
        // Weights that are not finite make the next loss so; the last comparison before belongs to the blow-up too.
        bool finite = trainer.Scores.All(score => double.IsFinite(score.LossSum));
        if (!finite || ((iteration + 1) % key.Divisor == 0 && !Compare()))
            _diverged = iteration;
    }

    /// <inheritdoc/>
    public void BeforeCheckpoint()
    {
        WriteRun(finished: false);
        _recorded = _recorded with { Weights = WeightsDigest() };
    }

    /// <summary>Shows the curve as far as a checkpoint brought it.</summary>
    public void ShowAll()
    {
        for (int i = 0; i < _recorded.Rows.Count; i++)
            Show(i);
    }

    /// <summary>Writes the run as far as it is.</summary>
    public void WriteRun(bool finished)
    {
        held.ThrowIfLost();
        var firstDifference =
            new Dictionary<string, int?>(tensors.Select((tensor, i) => KeyValuePair.Create(tensor, _recorded.FirstDifference[i])));
        var run = new DivergenceRun(
            key.Divisor, trainer.Settings.LearningRate, [.. _recorded.Iterations], [.. _recorded.Rows.Select(row => row[_place])],
            DivergenceRun.MapFile(key), firstDifference, _diverged, finished ? [_first.Digest(), _second.Digest()] : null,
            key.Perturbation);
        figure.Write(run, _recorded, _weights, _tensors[_place].Shape);
    }

    private string WeightsDigest()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (float[] row in _weights.SelectMany(copy => copy))
            hash.AppendData(MemoryMarshal.AsBytes<float>(row));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private bool Compare()
    {
        if (!_first.IsFinite() || !_second.IsFinite())
            return false;
        _recorded.Iterations.Add((int)trainer.StepsDone);
        _recorded.Rows.Add(Differences(_tensors));
        for (int copy = 0; copy < 2; copy++)
        {
            _weights[copy].Add(new float[_tensors[_place].Count]);
            trainer.Replicas[copy].State.Read(_tensors[_place], _weights[copy][^1]);
        }
        Show(_recorded.Rows.Count - 1);
        return true;
    }

    private double[] Differences(Parameter[] of)
    {
        double[] differences = new double[of.Length];
        _first.Differences(_second, of, differences);
        return differences;
    }

    private void Show(int row) => observer.Point(
        "relative L1 difference of " + settings.Tensor,
        $"n = {key.Divisor}{(key.Perturbation is null ? "" : $", {key.Perturbation.Name}")}", row + 1, _recorded.Rows[row][_place]);
}
