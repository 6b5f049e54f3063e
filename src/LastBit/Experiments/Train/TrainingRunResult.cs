using System.Text.Json.Serialization;
using LastBit.Data;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Train;

/// <summary>What one epoch came to. A value that is not finite is null.</summary>
/// <param name="Epoch">Counted from 1.</param>
/// <param name="TrainLoss">Mean loss over the epoch's batches, each before its step.</param>
/// <param name="TrainAccuracy">Percent classified correctly in the same batches.</param>
/// <param name="TestLoss">Mean loss on the test images after the epoch.</param>
/// <param name="TestAccuracy">Percent classified correctly on the test images after the epoch.</param>
public sealed record TrainingEpoch(int Epoch, double? TrainLoss, double TrainAccuracy, double? TestLoss, double TestAccuracy)
{
    /// <summary>Puts an epoch's two scores together.</summary>
    public static TrainingEpoch From(int epoch, Score train, Score test) =>
        new(epoch, Finite(train.Loss), train.Accuracy, Finite(test.Loss), test.Accuracy);

    /// <summary>What is wrong with the epochs of a run, naming the member; null when nothing is.</summary>
    internal static string? Problem(IReadOnlyList<TrainingEpoch> epochs) => epochs
        .Select((epoch, i) => epoch is null ? $"epochs[{i}] is null"
            : epoch.Epoch != i + 1 ? $"epochs[{i}] is epoch {epoch.Epoch}"
            : epoch.TrainAccuracy is not (>= 0 and <= 100) ? $"epochs[{i}].trainAccuracy lies outside 0 to 100"
            : epoch.TestAccuracy is not (>= 0 and <= 100) ? $"epochs[{i}].testAccuracy lies outside 0 to 100" : null)
        .FirstOrDefault(problem => problem is not null);

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}

/// <summary>One training as numbers; train.json.</summary>
/// <param name="Digest">SHA-256 of weights and running statistics after the last step so far (docs/arithmetic.md).</param>
/// <param name="Epochs">One entry an epoch.</param>
/// <param name="StepsDone">Steps so far.</param>
/// <param name="DivergedAtStep">The step, from 1, whose loss was no longer finite, where the run stopped; left out otherwise.</param>
/// <param name="SecondsPerStep">Mean wall time of a step in this process; a timing, not a result.</param>
/// <param name="DivergedBecause">What was no longer finite; left out where all was.</param>
/// <param name="Data">How many images of each class, and which; left out by older versions.</param>
public sealed record TrainingRunResult(
    string Digest,
    IReadOnlyList<TrainingEpoch> Epochs,
    long StepsDone,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? DivergedAtStep = null,
    double SecondsPerStep = 0,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? DivergedBecause = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DataFacts? Data = null)
    : ICheckedDocument
{
    /// <summary>The name of the document in its folder.</summary>
    public const string FileName = "train.json";

    /// <summary>The document that --json prints and train.json holds.</summary>
    public string ToJson() => ResultJson.Document(this);

    /// <inheritdoc/>
    public string? Problem() => TrainingEpoch.Problem(Epochs) ?? DocumentFile.DigestProblem(Digest)
        ?? (StepsDone < 0 || SecondsPerStep < 0 ? "stepsDone or secondsPerStep is less than 0" : null);
}
