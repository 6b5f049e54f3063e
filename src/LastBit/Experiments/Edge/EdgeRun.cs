using System.Text.Json.Serialization;
using LastBit.LinearAlgebra;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Edge;

/// <summary>The curvature of the training loss at one moment of a run, of the plain copy.</summary>
/// <param name="Iteration">How many steps had been done.</param>
/// <param name="Eigenvalues">The largest of the Hessian of the loss without weight decay, in descending order; none where only the batch
/// sharpness was taken.</param>
/// <param name="Residual">The greatest residual of these: an eigenvalue lies within this distance of each. 0 where there are none.</param>
/// <param name="BatchSharpness">Mean over batches of the curvature of a batch's loss along its own gradient; left out with full
/// batches.</param>
/// <param name="Verified">How far any other eigenvalue can lie above these; null of a search that began with the vectors found before, and
/// did not look elsewhere.</param>
public sealed record EdgePoint(
    int Iteration, double[] Eigenvalues, double Residual,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? BatchSharpness = null,
    EigenvalueVerification? Verified = null)
{
    /// <summary>
    /// What is compared with the threshold: the batch sharpness where there are batches, the largest eigenvalue where there are none.
    /// </summary>
    [JsonIgnore]
    public double Judged => BatchSharpness ?? Eigenvalues[0];
}

/// <summary>How far a copy has drifted from the plain one.</summary>
/// <param name="RelativeL1">Average relative L1 difference of all trainable numbers after each step.</param>
/// <param name="Map">The file with that of every tensor, binary64 [iterations][tensors], beside this document.</param>
/// <param name="Digest">The digest of the copy at the end; null while the run goes on.</param>
public sealed record EdgeCopy(double[] RelativeL1, string Map, string? Digest)
{
    /// <summary>How many steps a growth rate is taken over.</summary>
    public const int GrowthWindow = 20;

    /// <summary>
    /// After each step the slope of the logarithm (base e) of the difference over the last <see cref="GrowthWindow"/> steps, by least
    /// squares; null before there are so many, and where one is 0.
    /// </summary>
    public double?[] GrowthRate => [.. RelativeL1.Select((_, i) => SlopeOfLogarithm(RelativeL1.AsSpan(0, i + 1)))];

    private static double? SlopeOfLogarithm(ReadOnlySpan<double> differences)
    {
        if (differences.Length < GrowthWindow)
            return null;
        ReadOnlySpan<double> last = differences[^GrowthWindow..];
        double sum = 0, squares = 0;
        for (int i = 0; i < last.Length; i++)
        {
            if (last[i] == 0)
                return null;
            double x = i - ((GrowthWindow - 1) / 2.0);
            sum = Math.FusedMultiplyAdd(x, Arithmetic.Logarithm.Log(last[i]), sum);
            squares += x * x;
        }
        return sum / squares;
    }
}

/// <summary>One learning rate and weight decay.</summary>
/// <param name="LearningRate">The learning rate.</param>
/// <param name="WeightDecay">The weight decay.</param>
/// <param name="Threshold">What the sharpness is compared with, <see cref="StabilityThreshold.OfSharpness"/>.</param>
/// <param name="Loss">Mean loss of the batch (with full batches: the training loss) of the plain copy before each step; without weight
/// decay.</param>
/// <param name="Accuracy">Percent of the batch that it classified correctly before each step.</param>
/// <param name="Sharpness">The curvature along the run.</param>
/// <param name="Copies">Perturbation, then how far that copy has drifted from the plain one.</param>
/// <param name="DivergedAtIteration">The step after which a loss was no longer finite, where the run stopped; null otherwise.</param>
/// <param name="Digest">The digest of the plain copy at the end; null while the run goes on.</param>
/// <param name="BatchThreshold">What the batch sharpness is compared with; left out with full batches.</param>
public sealed record EdgeRun(
    double LearningRate, double WeightDecay, double Threshold, double[] Loss, double[] Accuracy, EdgePoint[] Sharpness,
    SortedDictionary<Perturbation, EdgeCopy> Copies, int? DivergedAtIteration, string? Digest,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? BatchThreshold = null)
{
    /// <summary>SHA-256 of the files that belong to it, by path; null while the run goes on, and left out by older versions.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SortedDictionary<string, string>? Files { get; init; }

    /// <summary>Where the sharpness came to its threshold from below; left out before that, and by older versions.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public EdgeCrossing? Crossing { get; init; }

    /// <summary>How many steps had been done when it classified as many images as was asked for, and ended; left out otherwise.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? LearntAtIteration { get; init; }

    /// <summary>The differences of the first copy.</summary>
    public double[] RelativeL1 => Copies.Count == 0 ? [] : Copies.Values.First().RelativeL1;

    /// <summary>What <see cref="EdgePoint.Judged"/> is compared with.</summary>
    [JsonIgnore]
    public double JudgedThreshold => BatchThreshold ?? Threshold;

    /// <summary>
    /// The first iteration at which the sharpness is known to be at its threshold: to one step where <see cref="Crossing"/> is there; null
    /// where it never is.
    /// </summary>
    [JsonIgnore]
    public int? CrossedAt => Array.Find(Sharpness, point => point.Judged >= JudgedThreshold) is var first && first == Sharpness[0]
        ? first.Iteration : Crossing?.Iteration ?? first?.Iteration;

    /// <summary>The points at which eigenvalues were searched for.</summary>
    [JsonIgnore]
    public EdgePoint[] Searched => [.. Sharpness.Where(point => point.Eigenvalues.Length > 0)];

    /// <summary>Whether it came to its end, which was one of fewer iterations where the folder was given more since.</summary>
    [JsonIgnore]
    public bool IsDone => Digest is not null;

    /// <summary>Whether more iterations can be asked for.</summary>
    [JsonIgnore]
    public bool CanGoOn => DivergedAtIteration is null && LearntAtIteration is null;

    /// <summary>Whether nothing is left to compute of so many iterations.</summary>
    internal bool IsDoneOf(int iterations) => IsDone && (Loss.Length >= iterations || !CanGoOn);

    /// <summary>The file of a copy's map, below the result folder.</summary>
    internal static string MapFile(EdgeKey key, Perturbation perturbation) => $"edge/{key.Cell}-{perturbation.FileName}.npy";

    /// <summary>What is wrong with a run that should be that of a cell; null when nothing is.</summary>
    internal string? Problem(EdgeKey key, int iterations) =>
        (LearningRate, WeightDecay) != (key.LearningRate, key.WeightDecay) ? $"is the run of {new EdgeKey(LearningRate, WeightDecay).Cell}"
        : Loss.Length > iterations || Accuracy.Length != Loss.Length
        ? $"has {Loss.Length} losses and {Accuracy.Length} accuracies of {iterations} iterations"
        : Accuracy.Any(one => one is not (>= 0 and <= 100)) ? "an accuracy lies outside 0 to 100"
        : Copies.Count == 0 || Copies.Any(copy => copy.Value is null || copy.Value.RelativeL1.Length > Loss.Length
            || copy.Value.RelativeL1.Any(one => one is not (>= 0 and <= 2))) ? "copies are not those of the run"
        : Copies.Any(copy => copy.Value.Map != MapFile(key, copy.Key))
        ? $"a map is not {MapFile(key, Copies.Keys.First())} or the like, inside the folder"
        : Sharpness.Any(point =>
            point is null || point.Iteration < 0 || point.Iteration > iterations
                || (point.BatchSharpness is null && (BatchThreshold is not null || point.Eigenvalues.Length == 0)))
                ? "sharpness has a point that cannot be"
        : !Sharpness.Select(point => point.Iteration).SequenceEqual(Sharpness.Select(point => point.Iteration).Distinct().Order())
        ? "sharpness is not in order"
        : DivergedAtIteration < 1 ? "divergedAtIteration is less than 1"
        : LearntAtIteration is not null && LearntAtIteration != Loss.Length ? "learntAtIteration is not its last"
        : Crossing is not null && (Crossing.Iteration < 1 || Crossing.Iteration > Loss.Length) ? "crossing is at no iteration of it"
        : Digest is null ? null : DocumentFile.DigestProblem(Digest);
}
