using System.Text.Json.Serialization;

namespace LastBit.Experiments.Divergence;

/// <summary>
/// What a checkpoint of Figure 2 holds beside the weights; the weights of the figure's tensor themselves lie in their own files.
/// </summary>
/// <param name="Iterations">When the copies were compared.</param>
/// <param name="Rows">The difference of every tensor at each of these.</param>
/// <param name="FirstDifference">For each tensor, when it first differed.</param>
/// <param name="Weights">SHA-256 over those weights; left out by older versions.</param>
internal sealed record DivergenceRecorded(List<int> Iterations, List<double[]> Rows, int?[] FirstDifference,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Weights = null)
{
    /// <summary>Whether it can be what a pair of so many scaled iterations and tensors recorded.</summary>
    public bool IsOf(int divisor, int scaledIterations, int tensors) =>
        Iterations.Count == Rows.Count && Rows.Count <= scaledIterations && FirstDifference.Length == tensors
        && !Iterations.Where((iteration, i) => iteration != ((i + 1) * divisor) - 1).Any()
        && !FirstDifference.Any(iteration => iteration < 1)
        && Rows.All(row => row is not null && row.Length == tensors && row.All(one => one is >= 0 and <= 2));
}
