namespace LastBit.Imports;

/// <summary>What the user says by hand of how logs are to be read; what is null is recognised.</summary>
public sealed record ImportOptions
{
    /// <summary>The metric: a column, a key or a tag.</summary>
    public string? Metric { get; init; }

    /// <summary>The column or parameter that holds the seed.</summary>
    public string? Seed { get; init; }

    /// <summary>The column or parameter that says how a run was rounded otherwise.</summary>
    public string? K { get; init; }

    /// <summary>The column or parameter that says on which fold or split of the data a run was made.</summary>
    public string? Fold { get; init; }

    /// <summary>The column or parameter that tells trainings apart.</summary>
    public string? Group { get; init; }

    /// <summary>The column that counts steps or epochs; "row" where the rows themselves are the steps.</summary>
    public string? Step { get; init; }

    /// <summary>
    /// How paths name runs: a pattern as logs/{group}/seed{seed}/k{k}, matched against the end of a path; "rows" where every row is a run;
    /// columns:PATTERN where every column that matches is one.
    /// </summary>
    public string? Runs { get; init; }

    /// <summary>How lines of a text name their numbers: a pattern as 'step {step}: train loss {train_loss}, val loss {val_loss}'; then
    /// every log is a text.</summary>
    public string? Pattern { get; init; }

    /// <summary>Whether less of the metric is better; null where its name decides.</summary>
    public bool? LowerIsBetter { get; init; }
}
