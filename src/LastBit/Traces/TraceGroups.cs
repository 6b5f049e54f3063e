namespace LastBit.Traces;

/// <summary>Several traces: which are equal to the last bit, and where those that are not part from the first.</summary>
/// <param name="Files">The traces, the reference first.</param>
/// <param name="Groups">Those that are equal to each other, in their order; the reference's first.</param>
/// <param name="Pairs">
/// The first of each group beside the reference, and what is equal to the reference as far as both go. Where there is neither, the last
/// trace beside the reference.
/// </param>
public sealed record TraceGroups(
    IReadOnlyList<string> Files, IReadOnlyList<IReadOnlyList<string>> Groups, IReadOnlyList<TraceDifference> Pairs)
{
    /// <summary>Whether no trace is cut or has steps that the one it is equal to lacks.</summary>
    public bool IsWhole { get; private init; }

    /// <summary>The pairs that part, the earliest first.</summary>
    public IReadOnlyList<TraceDifference> Parted => [.. Pairs.Where(pair => pair.Parted is not null).OrderBy(pair => pair.Parted!.Step)];

    /// <summary>The pairs that are equal as far as both go.</summary>
    public IEnumerable<TraceDifference> PartlyEqual => Pairs.Where(pair => pair.Parted is null && !pair.IsWhole);

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
        bool isWhole = true;
        foreach (string file in files.Skip(1))
        {
            TraceDifference beside = TraceComparison.Of(files[0], file, rounding, cancellation);
            List<string>? own = beside.Parted is null ? groups[0] : null;
            TraceDifference nearest = beside;
            foreach (List<string> group in own is null ? groups.Skip(1) : [])
            {
                nearest = TraceComparison.Of(group[0], file, null, cancellation);
                if (nearest.Parted is null)
                {
                    own = group;
                    break;
                }
            }
            bool partly = own is not null && !nearest.IsWhole;
            isWhole &= !partly;
            if (own is null || (partly && own == groups[0]))
                pairs.Add(beside);
            if (own is null)
                groups.Add([file]);
            else
                own.Add(file);
            if (pairs.Count == 0 && file == files[^1])
                pairs.Add(beside);
        }
        return new TraceGroups(files, groups, pairs) { IsWhole = isWhole };
    }
}
