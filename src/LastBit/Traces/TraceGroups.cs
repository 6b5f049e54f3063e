namespace LastBit.Traces;

/// <summary>Several traces: which are equal to the last bit, and where those that are not part from the first.</summary>
/// <param name="Files">The traces, the reference first.</param>
/// <param name="Groups">Those that are equal to each other, in their order; the reference's first.</param>
/// <param name="Pairs">The first of each group beside the reference, and where there is one group, the reference beside the next.</param>
public sealed record TraceGroups(
    IReadOnlyList<string> Files, IReadOnlyList<IReadOnlyList<string>> Groups, IReadOnlyList<TraceDifference> Pairs)
{
    /// <summary>The pairs that part, the earliest first.</summary>
    public IReadOnlyList<TraceDifference> Parted => [.. Pairs.Where(pair => pair.Parted is not null).OrderBy(pair => pair.Parted!.Step)];

    /// <summary>Compares traces: each with the first of every group so far, until one is equal to it.</summary>
    /// <param name="files">Two traces or more.</param>
    /// <param name="rounding">A trace of the first training with other rounding; null where there is none.</param>
    /// <param name="cancellation">Gives up between two steps.</param>
    /// <exception cref="InputException">A file cannot be read, is no trace, or has no step in common with the first.</exception>
    public static TraceGroups Of(IReadOnlyList<string> files, string? rounding, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(files);
        List<List<string>> groups = [[files[0]]];
        List<TraceDifference> pairs = [];
        foreach (string file in files.Skip(1))
        {
            TraceDifference beside = TraceComparison.Of(files[0], file, rounding, cancellation);
            List<string>? own = beside.Parted is null ? groups[0]
                : groups.Skip(1).FirstOrDefault(group => TraceComparison.Of(group[0], file, null, cancellation).Parted is null);
            if (own is null)
                pairs.Add(beside);
            if (own is null)
                groups.Add([file]);
            else
                own.Add(file);
            if (pairs.Count == 0 && file == files[^1])
                pairs.Add(beside);
        }
        return new TraceGroups(files, groups, pairs);
    }
}
