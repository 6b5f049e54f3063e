using System.Text.Json.Serialization;
using LastBit.Experiments.Train;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Accuracy;

/// <summary>Table 1 as numbers; accuracy.json. Members of <see cref="Summary"/> are those of its finished runs.</summary>
/// <param name="Network">The network.</param>
/// <param name="Activation">Its activation function.</param>
/// <param name="TrainImages">How many training images.</param>
/// <param name="TestImages">How many test images.</param>
/// <param name="Classes">How many classes.</param>
/// <param name="Epochs">Epochs of a finished run.</param>
/// <param name="FinalEpochs">How many last epochs the final accuracy is the mean of.</param>
/// <param name="Final">Seed, then perturbation, then the final accuracy, percent.</param>
/// <param name="StdOverK">For each seed: population standard deviation over perturbations.</param>
/// <param name="StdOverSeeds">For each perturbation: population standard deviation over seeds.</param>
/// <param name="Statistics">Intervals and tests; null while no run is finished.</param>
/// <param name="Sentence">What the table says of the difference between two runs.</param>
/// <param name="Comparison">How the two spreads compare.</param>
/// <param name="Notes">What a reader must know of the table.</param>
/// <param name="TestAccuracy">Seed, then perturbation, then the test accuracy (percent) of every epoch so far.</param>
/// <param name="Digests">Seed, then perturbation, then the digest of the weights of a finished run.</param>
/// <param name="Diverged">Seed, then perturbation, then where and why a run stopped being finite; null, and left out of the document, where
/// none did.</param>
public sealed record AccuracyResult(
    string Network, Activation Activation, int TrainImages, int TestImages, int Classes, int Epochs, int FinalEpochs,
    SortedDictionary<int, SortedDictionary<Perturbation, double>> Final, SortedDictionary<int, double> StdOverK,
    SortedDictionary<Perturbation, double> StdOverSeeds,
    SummaryStatistics? Statistics, string Sentence, string Comparison, string[] Notes,
    SortedDictionary<int, SortedDictionary<Perturbation, double[]>> TestAccuracy,
    SortedDictionary<int, SortedDictionary<Perturbation, string>> Digests,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] SortedDictionary<int,
        SortedDictionary<Perturbation, DivergedTraining>>? Diverged = null)
    : ICheckedDocument
{
    /// <summary>What the outputs are measured by; left out of the document where it is the cross-entropy.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Loss Loss { get; init; }

    /// <inheritdoc/>
    public string? Problem() => TrainImages < 1 ? "trainImages is less than 1"
        : AccuracyCurves.Problem(Epochs, TestImages, Classes, TestAccuracy, Diverged)
        ?? Digests.Values.SelectMany(runs => runs.Values).Select(DocumentFile.DigestProblem).FirstOrDefault(problem => problem is not null)
        ?? ToSummary()?.Problem();

    /// <summary>Puts runs together.</summary>
    internal static AccuracyResult Of(AccuracySettings settings, TrainingData data, IEnumerable<AccuracyCell> cells)
    {
        var accuracy = new SortedDictionary<int, SortedDictionary<Perturbation, double[]>>();
        var digests = new SortedDictionary<int, SortedDictionary<Perturbation, string>>();
        var diverged = new SortedDictionary<int, SortedDictionary<Perturbation, DivergedTraining>>();
        foreach (AccuracyCell cell in cells)
        {
            if (cell.Epochs.Count > 0)
                Row(accuracy, cell.Seed)[cell.Perturbation] = [.. cell.Epochs.Select(epoch => epoch.TestAccuracy)];
            if (cell.Digest is not null)
                Row(digests, cell.Seed)[cell.Perturbation] = cell.Digest;
            if (cell.Diverged is not null)
                Row(diverged, cell.Seed)[cell.Perturbation] = cell.Diverged;
        }
        var curves = new AccuracyCurves(settings.Epochs, data.TestImages, data.Classes, accuracy, diverged.Count > 0 ? diverged : null);
        Summary? summary = digests.Count > 0 ? Summary.Of(curves) : null;
        return new AccuracyResult(
            settings.Network, settings.Activation, data.TrainImages, data.TestImages, data.Classes,
            settings.Epochs, Math.Min(Summary.LastEpochs, settings.Epochs),
            summary?.Final ?? [], summary?.StdOverK ?? [], summary?.StdOverSeeds ?? [], summary?.Statistics,
            summary?.Sentence ?? "", summary?.Comparison ?? "", summary?.Notes ?? SummaryRuns.DivergedNotes(curves), accuracy, digests,
            curves.Diverged)
        {
            Loss = settings.Loss,
        };

        static SortedDictionary<Perturbation, T> Row<T>(SortedDictionary<int, SortedDictionary<Perturbation, T>> table, int seed)
        {
            if (!table.TryGetValue(seed, out SortedDictionary<Perturbation, T>? row))
                table.Add(seed, row = []);
            return row;
        }
    }

    /// <summary>The document that --json prints and accuracy.json holds.</summary>
    public string ToJson() => ResultJson.Document(this);

    /// <summary>The summary of the finished runs; null while there is none.</summary>
    public Summary? ToSummary() => Statistics is null
        ? null
        : new Summary(Epochs, FinalEpochs, Final, StdOverK, StdOverSeeds, Statistics, Sentence, Comparison, Notes);
}

/// <summary>One run of Table 1 as it grows: cells/accuracy/seedS/kK.json.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Perturbation">The perturbation.</param>
/// <param name="Epochs">The epochs so far.</param>
/// <param name="Digest">The digest of the weights after the last epoch; null before, and in a run that diverged.</param>
/// <param name="Diverged">Where and why the run stopped being finite; left out otherwise.</param>
internal sealed record AccuracyCell(
    int Seed, [property: JsonPropertyName("k")] Perturbation Perturbation, IReadOnlyList<TrainingEpoch> Epochs, string? Digest,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DivergedTraining? Diverged = null)
{
    /// <summary>SHA-256 of the files that belong to it, by path; null while the run goes on, and left out by older versions.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SortedDictionary<string, string>? Files { get; init; }

    /// <summary>Whether nothing is left to compute.</summary>
    [JsonIgnore]
    public bool IsDone => Digest is not null || Diverged is not null;

    /// <summary>What is wrong with a cell that should be a run of so many epochs; null when nothing is.</summary>
    public string? Problem(int seed, Perturbation perturbation, int epochs) =>
        Seed != seed || Perturbation != perturbation ? $"is the run of seed {Seed}, {Perturbation.Name}"
        : Epochs.Count > epochs ? $"has {Epochs.Count} epochs where {epochs} were to be run"
        : TrainingEpoch.Problem(Epochs) ?? Diverged?.Problem()
        ?? (Digest is null ? null
            : Epochs.Count != epochs ? $"has a digest and {Epochs.Count} of {epochs} epochs"
            : DocumentFile.DigestProblem(Digest));
}
