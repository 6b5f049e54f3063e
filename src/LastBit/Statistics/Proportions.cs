using LastBit.Arithmetic;

namespace LastBit.Statistics;

/// <summary>Pass rates, k of n: intervals, the comparison of two, and McNemar's test of two runs on the same cases.</summary>
public static class Proportions
{
    /// <summary>Wilson's score interval (95%) of a proportion.</summary>
    /// <param name="successes">How many of the trials succeeded.</param>
    /// <param name="trials">How many trials, above 0.</param>
    /// <returns>The two ends, from 0 to 1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The counts are impossible.</exception>
    public static (double Low, double High) Wilson(double successes, double trials)
    {
        Check(successes, trials);
        double z = Distributions.NormalQuantile(1 - SampleStatistics.Tail), share = successes / trials;
        double centre = (share + z * z / (2 * trials)) / (1 + z * z / trials);
        double margin = z / (1 + z * z / trials) * Math.Sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials));
        return (successes == 0 ? 0 : centre - margin, successes == trials ? 1 : centre + margin);
    }

    /// <summary>
    /// Newcombe's interval (95%) of the difference of two independent proportions, B less A, from their Wilson intervals.
    /// </summary>
    /// <param name="successesA">Successes of A.</param>
    /// <param name="trialsA">Trials of A.</param>
    /// <param name="successesB">Successes of B.</param>
    /// <param name="trialsB">Trials of B.</param>
    /// <returns>The two ends, from -1 to 1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The counts are impossible.</exception>
    public static (double Low, double High) Difference(double successesA, double trialsA, double successesB, double trialsB)
    {
        (double lowA, double highA) = Wilson(successesA, trialsA);
        (double lowB, double highB) = Wilson(successesB, trialsB);
        double a = successesA / trialsA, b = successesB / trialsB;
        return (b - a - Math.Sqrt((b - lowB) * (b - lowB) + (highA - a) * (highA - a)),
            b - a + Math.Sqrt((highB - b) * (highB - b) + (a - lowA) * (a - lowA)));
    }

    /// <summary>
    /// Fisher's exact two-sided p that two proportions are one: all tables with the same margins that are at most as probable.
    /// </summary>
    /// <param name="successesA">Successes of A.</param>
    /// <param name="trialsA">Trials of A.</param>
    /// <param name="successesB">Successes of B.</param>
    /// <param name="trialsB">Trials of B.</param>
    /// <exception cref="ArgumentOutOfRangeException">The counts are impossible.</exception>
    public static double FisherExact(int successesA, int trialsA, int successesB, int trialsB)
    {
        Check(successesA, trialsA);
        Check(successesB, trialsB);
        int successes = successesA + successesB;
        double observed = LogProbability(successesA), sum = 0;
        for (int a = Math.Max(0, successes - trialsB); a <= Math.Min(successes, trialsA); a++)
        {
            double log = LogProbability(a);
            // Tables that are equally probable differ by rounding here.
            if (log <= observed + 1e-7)
                sum += Swish.ExpOfNegative(Math.Min(0, log));
        }
        return Math.Min(1, sum);

        double LogProbability(int a) => LogChoose(trialsA, a) + LogChoose(trialsB, successes - a) - LogChoose(trialsA + trialsB, successes);
    }

    /// <summary>
    /// McNemar's exact test: of the cases on which two runs disagree, is one right more often than a fair coin would have it?
    /// It asks whether these two runs differ on cases like these; it knows nothing of other seeds.
    /// </summary>
    /// <param name="onlyA">Cases that only A has right.</param>
    /// <param name="onlyB">Cases that only B has right.</param>
    /// <returns>The two-sided p; 1 where they never disagree.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A count is negative.</exception>
    public static double McNemar(int onlyA, int onlyB)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(onlyA);
        ArgumentOutOfRangeException.ThrowIfNegative(onlyB);
        int few = Math.Min(onlyA, onlyB), many = Math.Max(onlyA, onlyB);
        // P(X <= few) for X binomial of few + many and 1/2.
        return few == many ? 1 : Math.Min(1, 2 * SpecialFunctions.BetaI(many, few + 1, 0.5));
    }

    /// <summary>
    /// Whether rates of several runs spread more than the sampling of their cases explains: Pearson's chi-square test of homogeneity.
    /// </summary>
    /// <param name="rates">Successes and trials of each run, at least two.</param>
    /// <returns>The p; null where all succeed or none does.</returns>
    /// <exception cref="ArgumentException">There are fewer than two.</exception>
    public static double? Homogeneity(IReadOnlyList<(double Successes, double Trials)> rates)
    {
        ArgumentNullException.ThrowIfNull(rates);
        if (rates.Count < 2)
            throw new ArgumentException("needs two rates", nameof(rates));
        double share = rates.Sum(rate => rate.Successes) / rates.Sum(rate => rate.Trials);
        if (share is 0 or 1)
            return null;
        double sum = rates.Sum(rate =>
            (rate.Successes - share * rate.Trials) * (rate.Successes - share * rate.Trials) / (rate.Trials * share * (1 - share)));
        return Distributions.ChiSquareUpper(sum, rates.Count - 1);
    }

    private static double LogChoose(int n, int k) =>
        SpecialFunctions.LogGamma(n + 1.0) - SpecialFunctions.LogGamma(k + 1.0) - SpecialFunctions.LogGamma(n - k + 1.0);

    private static void Check(double successes, double trials)
    {
        if (!(trials > 0 && successes >= 0 && successes <= trials))
            throw new ArgumentOutOfRangeException(nameof(successes), successes,
                "must lie between 0 and the number of trials, which is above 0");
    }
}
