namespace LastBit.Reports.Trainings;

/// <summary>
/// How much of long learning curves is drawn: a page with every step of a million would be as large as the logs. Every n-th step of each
/// run and
/// its last one, the same n for all, so that curves that were recorded at the same steps keep them in common.
/// </summary>
public static class DrawnRuns
{
    /// <summary>How many points all curves of a page have together, about.</summary>
    public const int MostPoints = 40_000;

    /// <summary>How many those of a figure have, which is one column of a paper wide and cannot be zoomed into.</summary>
    public const int MostFigurePoints = 10_000;

    private const int FewestPoints = 100;

    /// <summary>Thins the curves of trainings where they are longer than can be seen.</summary>
    /// <param name="groups">The trainings.</param>
    /// <param name="points">How many points all curves have together at most, about.</param>
    /// <returns>The trainings as they are drawn, and n; 1 where every step is.</returns>
    public static (IReadOnlyList<ShownGroup> Groups, int Every) Of(IReadOnlyList<ShownGroup> groups, int points = MostPoints)
    {
        ArgumentNullException.ThrowIfNull(groups);
        int runs = groups.Sum(group => group.Runs.Count);
        int longest = groups.Max(group => group.Runs.Max(run => run.Values.Length)), most = Math.Max(FewestPoints, points / runs);
        if (longest <= most)
            return (groups, 1);
        int every = (longest + most - 1) / most;
        return ([.. groups.Select(group =>
            group with { Runs = [.. group.Runs.Select(run => run with { Steps = Thin(run.Steps, every), Values =
            Thin(run.Values, every) })] })], every);
    }

    private static double[] Thin(double[] all, int every)
    {
        // Counted from the end, the last step is always there.
        var thin = new double[(all.Length + every - 1) / every];
        for (int i = 0; i < thin.Length; i++)
            thin[^(i + 1)] = all[^(i * every + 1)];
        return thin;
    }
}
