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
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static double Of(double effect, int runs, bool paired = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(runs, 2);
        ArgumentOutOfRangeException.ThrowIfNegative(effect);
        int degrees = Degrees(runs, paired);
        return OfNoncentrality(Critical(degrees), degrees, effect * effect * Size(runs, paired));
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
    /// <returns>The least number of runs (pairs), at least 2; null where it is above <see cref="MostRuns"/> or the effect is 0.</returns>
    public static int? RunsNeeded(double effect, bool paired = false)
    {
        effect = Math.Abs(effect);
        if (!(effect > 0) || !Suffice(MostRuns))
            return null;
        // Power grows with the number of runs: doubling, then halving the bracket.
        int high = 2;
        while (!Suffice(high))
            high = Math.Min(2 * high, MostRuns);
        int low = Math.Max(1, high / 2);
        while (high - low > 1)
        {
            int middle = low + (high - low) / 2;
            if (Suffice(middle))
                high = middle;
            else
                low = middle;
        }
        return high;

        bool Suffice(int runs) => Of(effect, runs, paired) >= Target;
    }

    private static double NeededNoncentrality(int degrees)
    {
        double critical = Critical(degrees), low = 0, high = 8;
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

    // Power has left 1 behind by 1e-16 there.
    private static double OfNoncentrality(double critical, int degrees, double noncentrality) =>
        noncentrality > 10_000 ? 1 : Distributions.NoncentralFUpper(critical, 1, degrees, noncentrality);

    private static double Critical(int degrees) => Distributions.FQuantile(1 - Level, 1, degrees);

    private static int Degrees(int runs, bool paired) => paired ? runs - 1 : 2 * runs - 2;

    private static double Size(int runs, bool paired) => paired ? runs : runs / 2.0;
}
