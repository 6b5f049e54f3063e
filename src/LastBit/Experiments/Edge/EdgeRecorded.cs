using System.Text.Json.Serialization;

namespace LastBit.Experiments.Edge;

/// <summary>What a checkpoint of the edge of stability holds beside the weights.</summary>
/// <param name="Loss">Mean loss of the plain copy before each step.</param>
/// <param name="Accuracy">Its accuracy, percent.</param>
/// <param name="Differences">For each copy, after each step, the difference of all numbers.</param>
/// <param name="Tensors">For each copy, after each step, that of every tensor.</param>
/// <param name="Sharpness">The curvature so far; the vectors that the next search begins with lie in a file named by the last
/// iteration.</param>
/// <param name="Start">SHA-256 of that file; left out by older versions.</param>
/// <param name="Crossing">Where the sharpness came to its threshold, once it has; left out by older versions.</param>
internal sealed record EdgeRecorded(List<double> Loss, List<double> Accuracy, List<double>[] Differences, List<double[]>[] Tensors,
    List<EdgePoint> Sharpness, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Start = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] EdgeCrossing? Crossing = null)
{
    /// <summary>Nothing yet.</summary>
    public static EdgeRecorded Empty(int copies) =>
        new([], [], [.. Enumerable.Range(0, copies).Select(_ => new List<double>())],
            [.. Enumerable.Range(0, copies).Select(_ => new List<double[]>())], []);

    /// <summary>Whether it can be what a run of so many iterations, copies and tensors recorded.</summary>
    public bool IsOf(int iterations, int copies, int tensors) =>
        Accuracy.Count == Loss.Count && Loss.Count <= iterations && Differences.Length == copies && Tensors.Length == copies
        && Differences.All(copy => copy is not null && copy.Count == Loss.Count)
        && Tensors.All(copy => copy is not null && copy.Count == Loss.Count && copy.All(row => row is not null && row.Length == tensors))
        && Sharpness.All(point => point is not null && (point.BatchSharpness is not null || point.Eigenvalues.Length > 0));
}
