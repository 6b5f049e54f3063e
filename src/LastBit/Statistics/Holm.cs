namespace LastBit.Statistics;

/// <summary>
/// Holm's correction for several tests: if no hypothesis is false, the chance that any adjusted p is below 0.05 is at most 0.05.
/// </summary>
public static class Holm
{
    /// <summary>Adjusts p values.</summary>
    /// <param name="p">The p values.</param>
    /// <returns>The adjusted ones in the same order, at most 1.</returns>
    public static double[] Adjust(IReadOnlyList<double> p)
    {
        ArgumentNullException.ThrowIfNull(p);
        var adjusted = new double[p.Count];
        double greatest = 0;
        int rank = 0;
        foreach (int i in Enumerable.Range(0, p.Count).OrderBy(i => p[i]))
        {
            greatest = Math.Max(greatest, Math.Min(1, (p.Count - rank++) * p[i]));
            adjusted[i] = greatest;
        }
        return adjusted;
    }
}
