using System.Globalization;
using System.Text.Json.Serialization;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Divergence;

/// <summary>One divisor of Figure 2.</summary>
/// <param name="Divisor">The divisor n.</param>
/// <param name="LearningRate">The learning rate, divided by n.</param>
/// <param name="Iterations">The iterations (steps, counted from 1) after which the copies were compared: n - 1, 2n - 1, ...; one a scaled
/// iteration.</param>
/// <param name="RelativeL1">Average relative L1 difference of the tensor of Figure 2 after each of them, 0 to 2.</param>
/// <param name="Map">The file with that of every tensor, binary64 [scaled iterations][tensors], beside this document.</param>
/// <param name="FirstDifference">For each tensor: the first iteration after which any weight differs; null when none did.</param>
/// <param name="DivergedAtIteration">The iteration at which loss or weights were no longer finite, where the run stopped; null
/// otherwise.</param>
/// <param name="Digests">Digests of the two copies at the end; null while the run goes on.</param>
/// <param name="Perturbation">Perturbation of the second copy, where it is not the one of the whole figure.</param>
public sealed record DivergenceRun(
    int Divisor, double LearningRate, int[] Iterations, double[] RelativeL1, string Map, IReadOnlyDictionary<string, int?> FirstDifference,
    int? DivergedAtIteration, string[]? Digests,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Perturbation? Perturbation = null)
{
    /// <summary>SHA-256 of the files that belong to it, by path; null while the run goes on, and left out by older versions.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SortedDictionary<string, string>? Files { get; init; }

    /// <summary>Whether nothing is left to compute.</summary>
    [JsonIgnore]
    public bool IsDone => Digests is not null;

    /// <summary>The file of a pair's map, below the result folder.</summary>
    internal static string MapFile(DivergenceKey key) => $"divergence/map{key.Text}.npy";

    /// <summary>What is wrong with a run that should be that of a pair; null when nothing is.</summary>
    internal string? Problem(DivergenceKey key, int scaledIterations, IReadOnlyCollection<string> tensors) =>
        Divisor != key.Divisor || Divisor < 1 || Perturbation != key.Perturbation
            ? $"is the run of divisor {Divisor}{(Perturbation is null ? "" : $" and {Perturbation.Name}")}"
        : Map != MapFile(key) ? $"map must be {MapFile(key)}, inside the folder"
        : !(LearningRate > 0) ? "learningRate is not positive"
        : RelativeL1.Length != Iterations.Length || Iterations.Length > scaledIterations
        ? $"has {RelativeL1.Length} differences at {Iterations.Length} of {scaledIterations} scaled iterations"
        : Iterations.Where((iteration, i) => iteration != ((i + 1) * Divisor) - 1).Any() ? "iterations are not n - 1, 2n - 1, ..."
        : RelativeL1.Any(difference => difference is not (>= 0 and <= 2)) ? "a relativeL1 lies outside 0 to 2"
        : FirstDifference.Count != tensors.Count || !tensors.All(FirstDifference.ContainsKey) ? "firstDifference does not name every tensor"
        : FirstDifference.Values.Any(iteration => iteration < 1) || DivergedAtIteration < 1 ? "an iteration is less than 1"
        : Digests is null ? null
        : Digests.Length != 2 || Digests.Any(digest => digest is null || DocumentFile.DigestProblem(digest) is not null)
        ? "digests are not two of 64 hexadecimal digits"
        : RelativeL1.Length < scaledIterations && DivergedAtIteration is null
        ? $"has digests, and {RelativeL1.Length} of {scaledIterations} scaled iterations"
        : null;
}

/// <summary>What names a pair of Figure 2.</summary>
/// <param name="Divisor">The divisor n.</param>
/// <param name="Perturbation">The second copy's perturbation, where it is not the one of the whole figure; null for that.</param>
internal readonly record struct DivergenceKey(int Divisor, Perturbation? Perturbation)
{
    /// <summary>"32", "32-ulp".</summary>
    public string Text =>
        string.Create(CultureInfo.InvariantCulture, $"{Divisor}{(Perturbation is null ? "" : "-")}{Perturbation?.FileName}");

    /// <summary>The cell's name: "n32", "n32-ulp".</summary>
    public string Cell => "n" + Text;

    /// <summary>Reads a cell's name; null where it is none.</summary>
    public static DivergenceKey? Of(string cell)
    {
        int dash = cell.IndexOf('-', StringComparison.Ordinal);
        Perturbation? perturbation = dash < 0 ? null : Training.Perturbation.FromFileName(cell[(dash + 1)..]);
        return CellStore.NumberBetween("n", dash < 0 ? cell : cell[..dash], "") is { } divisor && (dash < 0 || perturbation is not null)
            ? new DivergenceKey(divisor, perturbation) : null;
    }
}

/// <summary>Figure 2 as numbers; divergence.json.</summary>
/// <param name="Network">The network.</param>
/// <param name="Activation">Its activation function.</param>
/// <param name="Perturbation">Perturbation of the second copy; "k" in the document.</param>
/// <param name="TrainImages">How many training images.</param>
/// <param name="ScaledIterations">How many scaled iterations a finished run has.</param>
/// <param name="Tensor">The tensor of Figure 2.</param>
/// <param name="Tensors">Every parameter tensor in definition order: the columns of the maps.</param>
/// <param name="Runs">One a divisor and perturbation, in ascending order; an unfinished one as far as it is.</param>
public sealed record DivergenceResult(
    string Network, Activation Activation, [property: JsonPropertyName("k")] Perturbation Perturbation, int TrainImages,
    int ScaledIterations, string Tensor, string[] Tensors, DivergenceRun[] Runs)
    : ICheckedDocument
{
    /// <summary>What the outputs are measured by; left out of the document where it is the cross-entropy.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Loss Loss { get; init; }

    /// <summary>The name of the document in its folder.</summary>
    public const string FileName = "divergence.json";

    /// <summary>The document that --json prints and divergence.json holds.</summary>
    public string ToJson() => ResultJson.Document(this);

    /// <inheritdoc/>
    public string? Problem() => TrainImages < 1 || ScaledIterations < 1 ? "trainImages and scaledIterations must be at least 1"
        : Tensors.Length == 0 || !Tensors.Contains(Tensor) ? "tensors does not hold tensor"
        : Runs.Select(run =>
            run is null ? "a run is null" : run.Problem(new DivergenceKey(run.Divisor, run.Perturbation), ScaledIterations, Tensors))
            .FirstOrDefault(problem => problem is not null);
}
