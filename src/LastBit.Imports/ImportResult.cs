using LastBit.Statistics;

namespace LastBit.Imports;

/// <summary>What was read: the runs, and everything a reader of the answer must know of how it was read.</summary>
/// <param name="Runs">The runs, ordered by group, seed, perturbation and name; at least one.</param>
/// <param name="Metric">The metric that was chosen or named, as the log calls it.</param>
/// <param name="Format">What the files were recognised as ("PyTorch Lightning CSVLogger").</param>
/// <param name="LeftOut">Rows and runs that are not in <paramref name="Runs"/>, with the reason of each.</param>
/// <param name="Notes">Sentences of warning: stale values, an encoding that was guessed, runs that end at different steps.</param>
public sealed record ImportResult(
    IReadOnlyList<ImportedRun> Runs, string Metric, string Format, IReadOnlyList<LeftOut> LeftOut, IReadOnlyList<string> Notes)
{
    /// <summary>The unit of the values.</summary>
    public MeasureUnit Unit { get; init; }

    /// <summary>True where less is better: a loss, an error, a perplexity; decides what the best step is, and whether B beats A.</summary>
    public bool LowerIsBetter { get; init; }

    /// <summary>Whether that was said by hand or by the metric's name; false where more is taken as better for want of a word.</summary>
    public bool IsDirectionKnown { get; init; }

    /// <summary>Which run classified which test image correctly, where the files tell; null otherwise.</summary>
    public CorrectnessMatrix? Correctness { get; init; }

    /// <summary>The size of the test set, where the files say it; null otherwise.</summary>
    public int? TestImages { get; init; }

    /// <summary>How many classes it has, where the files say it; null otherwise.</summary>
    public int? Classes { get; init; }

    /// <summary>Passed of tried, one entry a run of <see cref="Runs"/> in the same order, where the files tell; null otherwise.</summary>
    public IReadOnlyList<PassRate>? PassRates { get; init; }

    /// <summary>What was recognised, in one sentence for standard error: format, runs, metric and unit, seeds, perturbations, last
    /// step.</summary>
    public string Recognised { get; init; } = "";
}
