namespace LastBit.Statistics;

/// <summary>
/// How many runs show a difference: the power of the two-sided t test at 5%, from the noncentral F distribution. Two sides have equally
/// many runs; differences are in units of the standard deviation of one run (of one difference, where runs are paired).
/// </summary>
public static class Power
{
    /// <summary>The probability with which a difference is to be seen.</summary>
    public const double Target = 0.8;

    /// <summary>The level of the test.</summary>
    public const double Level = 0.05;

    /// <summary>More runs than this are not counted.</summary>
    public const int MostRuns = 100_000;

    /// <summary>The probability that the test of so many runs a side sees a difference.</summary>
    /// <param name="effect">The difference over the standard deviation, at least 0.</param>
    /// <param name="runs">Runs of each side, or pairs; at least 2.</param>
    /// <param name="paired">Whether runs are compared in pairs.</param>
    /// <param name="level">The level of the two-sided test; a one-sided one at half of it sees a difference on its side as often.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static double Of(double effect, int runs, bool paired = false, double level = Level)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(runs, 2);
        ArgumentOutOfRangeException.ThrowIfNegative(effect);
        int degrees = Degrees(runs, paired);
        return OfNoncentrality(Critical(degrees, level), degrees, effect * effect * Size(runs, paired));
    }

    /// <summary>The least difference that the test of so many runs sees with a probability of 80%.</summary>
    /// <param name="runs">Runs of each side, or pairs; at least 2.</param>
    /// <param name="paired">Whether runs are compared in pairs.</param>
    /// <returns>The difference over the standard deviation.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There are too few runs.</exception>
    public static double DetectableEffect(int runs, bool paired = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(runs, 2);
        int degrees = Degrees(runs, paired);
        return Math.Sqrt(NeededNoncentrality(degrees) / Size(runs, paired));
    }

    /// <summary>How many runs each side needs for a power of 80%.</summary>
    /// <param name="effect">The difference over the standard deviation.</param>
    /// <param name="paired">Whether runs are compared in pairs.</param>
    /// <param name="level">The level of the two-sided test.</param>
    /// <returns>The least number of runs (pairs), at least 2; null where it is above <see cref="MostRuns"/> or the effect is 0.</returns>
    public static int? RunsNeeded(double effect, bool paired = false, double level = Level)
    {
        effect = Math.Abs(effect);
        if (!(effect > 0))
            return null;
        return Least(runs => Of(effect, runs, paired, level) >= Target);
    }

    /// <summary>
    /// How many runs of each side have a 95% interval that excludes a difference, were the one observed to stay as it is.
    /// </summary>
    /// <param name="excluded">The difference to exclude, in units of the standard deviation.</param>
    /// <param name="observed">The difference observed, in the same units; its sign does not matter.</param>
    /// <param name="paired">Whether runs are compared in pairs.</param>
    /// <returns>The least number of runs (pairs); null where it is above <see cref="MostRuns"/> or the difference observed is not the
    /// smaller one.</returns>
    public static int? RunsToExclude(double excluded, double observed, bool paired = false)
    {
        double room = excluded - Math.Abs(observed);
        return room > 0 ? Least(runs => Math.Sqrt(Critical(Degrees(runs, paired), Level) / Size(runs, paired)) < room) : null;
    }

    private static int? Least(Func<int, bool> suffice)
    {
        if (!suffice(MostRuns))
            return null;
        // Both grow with the number of runs: doubling, then halving the bracket.
        int high = 2;
        while (!suffice(high))
            high = Math.Min(2 * high, MostRuns);
        int low = Math.Max(1, high / 2);
        while (high - low > 1)
        {
            int middle = low + (high - low) / 2;
            if (suffice(middle))
                high = middle;
            else
                low = middle;
        }
        return high;
    }

    private static double NeededNoncentrality(int degrees)
    {
        double critical = Critical(degrees, Level), low = 0, high = 8;
        while (OfNoncentrality(critical, degrees, high) < Target)
            high *= 2;
        // To 1e-10 of itself: more digits than a spread ever has.
        while (high - low > 1e-10 * high)
        {
            double middle = low + (high - low) / 2;
            if (OfNoncentrality(critical, degrees, middle) < Target)
                low = middle;
            else
                high = middle;
        }
        return high;
    }

    // Beyond it the power is within 1e-16 of 1.
    private static double OfNoncentrality(double critical, int degrees, double noncentrality) =>
        noncentrality > 10_000 ? 1 : Distributions.NoncentralFUpper(critical, 1, degrees, noncentrality);

    private static double Critical(int degrees, double level) => Distributions.FQuantile(1 - level, 1, degrees);

    private static int Degrees(int runs, bool paired) => paired ? runs - 1 : 2 * runs - 2;

    private static double Size(int runs, bool paired) => paired ? runs : runs / 2.0;
}
