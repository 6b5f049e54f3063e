namespace LastBit.Imports;

/// <summary>Something that was read but is not in the answer.</summary>
/// <param name="What">The run, or the file whose rows they are.</param>
/// <param name="Why">In words that follow a colon, with file and line where there is one.</param>
/// <param name="Rows">How many rows; 0 where it is a whole run.</param>
public sealed record LeftOut(string What, string Why, long Rows = 0)
{
    /// <summary>The run, or the file whose rows they are, as a terminal can take it: names come from files.</summary>
    public string What { get; init; } = ForeignText.Printable(What);

    /// <summary>In words that follow a colon, with file and line where there is one.</summary>
    public string Why { get; init; } = ForeignText.Printable(Why);

    /// <summary>Whether it is a run that ended in numbers that are none; what is left of its side is then not all that was run.</summary>
    public bool HasDiverged => IsRun && Why.StartsWith("it diverged", StringComparison.Ordinal);

    /// <summary>True for a whole run, false for rows of one that is kept.</summary>
    public bool IsRun => Rows == 0;
}
