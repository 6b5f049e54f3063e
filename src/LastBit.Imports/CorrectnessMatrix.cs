namespace LastBit.Imports;

/// <summary>Which run classified which test image correctly: one row a run, one column an image, every row over the same images in the same
/// order.</summary>
/// <param name="Runs">Who each row is; its value is the row's accuracy in percent, and it has one step.</param>
/// <param name="Correct">Row by row, image by image: 1 for correct, 0 for wrong.</param>
/// <param name="Labels">The class of each image, from 0; null where the files do not say.</param>
public sealed record CorrectnessMatrix(IReadOnlyList<ImportedRun> Runs, IReadOnlyList<byte[]> Correct, int[]? Labels)
{
    /// <summary>How many images there are.</summary>
    public int Images => Correct[0].Length;

    /// <summary>Some rows as the statistics take them.</summary>
    /// <param name="rows">Which, from 0; null for all.</param>
    public Statistics.CorrectnessMatrix ToMatrix(IEnumerable<int>? rows = null) =>
        new([.. (rows ?? Enumerable.Range(0, Correct.Count)).Select(row => Array.ConvertAll(Correct[row], one => one != 0))]);
}
