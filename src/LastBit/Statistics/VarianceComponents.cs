namespace LastBit.Statistics;

/// <summary>
/// The one-way random-effects analysis of runs in groups: runs of one group (one seed) differ by rounding alone, runs of
/// different groups by seed and rounding. value[group][run] = mean + groupEffect + roundingEffect, both effects normal with
/// variances sigma_s^2 and sigma_r^2. See docs/statistics.md for the assumptions and why this and not another.
/// </summary>
/// <param name="Rounding">
/// sigma_r, the standard deviation over rounding alone, pooled within groups; null where no group has two runs, or where the runs
/// of each group are equal: then the resolution of what was measured hides it.
/// </param>
/// <param name="Seeds">
/// sqrt(sigma_s^2 + sigma_r^2), the standard deviation of a run with a fresh seed; null where there is but one group or nothing varies.
/// </param>
/// <param name="SeedsAlone">
/// sigma_s, what the seed adds to rounding: 0 where groups spread no more than rounding makes them. The interval is Williams and Tukey's.
/// Null where <paramref name="Rounding"/> or <paramref name="Seeds"/> is.
/// </param>
/// <param name="SeedsDegrees">Satterthwaite's degrees of freedom of <paramref name="Seeds"/>, as an estimate of a variance; 0 where it is
/// null.</param>
/// <param name="Ratio">
/// Rounding over Seeds, that is the square root of the share of the variance over seeds that rounding explains. Not cut at 1:
/// above it the seeds happened to spread less than rounding does. Null where either is, or where the means of all groups are equal.
/// </param>
/// <param name="LeastDifference">
/// Two runs that differ in nothing but rounding differ by less than this with probability 0.95: t(0.975) sqrt(2) sigma_r;
/// null where <paramref name="Rounding"/> is.
/// </param>
public sealed record VarianceComponents(
    Estimate? Rounding, Estimate? Seeds, Estimate? SeedsAlone, double SeedsDegrees, Estimate? Ratio, double? LeastDifference)
{
    /// <summary>Analyses the groups.</summary>
    /// <param name="groups">The runs of each group: at least one group, each with at least one finite value; sizes may differ.</param>
    /// <returns>The estimates; what the data cannot tell is null.</returns>
    /// <exception cref="ArgumentException">There is no group, or an empty one.</exception>
    public static VarianceComponents Analyze(IReadOnlyList<double[]> groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        if (groups.Count == 0)
            throw new ArgumentException("there is no group", nameof(groups));
        double scale = SampleStatistics.ScaleOf([.. groups.SelectMany(group => group)]);
        return scale == 1
            ? AnalyzeScaled(groups) : AnalyzeScaled([.. groups.Select(group => SampleStatistics.Scaled(group, scale))]).Times(scale);
    }

    private VarianceComponents Times(double scale) => this with
    {
        Rounding = Times(Rounding, scale),
        Seeds = Times(Seeds, scale),
        SeedsAlone = Times(SeedsAlone, scale),
        LeastDifference = scale * LeastDifference,
    };

    private static Estimate? Times(Estimate? one, double scale) =>
        one is null ? null : one with { Value = scale * one.Value, Low = scale * one.Low, High = scale * one.High };

    private static VarianceComponents AnalyzeScaled(IReadOnlyList<double[]> groups)
    {
        int runs = 0;
        double within = 0, reciprocals = 0;
        var means = new double[groups.Count];
        for (int g = 0; g < means.Length; g++)
        {
            means[g] = SampleStatistics.Mean(groups[g]);
            within += SampleStatistics.SquaredDeviations(groups[g]);
            runs += groups[g].Length;
            reciprocals += 1.0 / groups[g].Length;
        }
        int betweenDegrees = groups.Count - 1, withinDegrees = runs - groups.Count;
        // Thomas and Hultquist: with unequal groups, their means unweighted and the harmonic mean of their sizes keep the
        // distributions of the balanced case to a good approximation; with equal groups this is the exact analysis.
        double size = groups.Count / reciprocals;

        // Equal runs show no spread, but not that there is none.
        Estimate? rounding = withinDegrees > 0 && within > 0 ? SampleStatistics.StdFromSquares(within, withinDegrees) : null;
        double? leastDifference = rounding is null ? null : LeastDifferenceOf(rounding.Value, withinDegrees);
        if (betweenDegrees == 0)
            return new VarianceComponents(rounding, null, null, 0, null, leastDifference);

        double betweenMean = size * SampleStatistics.SquaredDeviations(means) / betweenDegrees;
        double withinMean = withinDegrees > 0 ? within / withinDegrees : 0;
        if (betweenMean == 0 && withinMean == 0)
            return new VarianceComponents(null, null, null, 0, null, null);
        Estimate seeds = TotalStd(betweenMean, betweenDegrees, withinMean, withinDegrees, size);
        double degrees = SatterthwaiteDegrees(betweenMean / size, betweenDegrees, (1 - 1 / size) * withinMean, withinDegrees);
        if (rounding is null)
            return new VarianceComponents(null, seeds, null, degrees, null, null);
        Estimate alone = SeedsAloneOf(betweenMean, betweenDegrees, withinMean, withinDegrees, size);
        Estimate? ratio = betweenMean == 0 ? null : RatioOf(betweenMean, betweenDegrees, withinMean, withinDegrees, size);
        return new VarianceComponents(rounding, seeds, alone, degrees, ratio, leastDifference);
    }

    /// <summary>
    /// Two further runs differ by less than this with probability 0.95: t(0.975) sqrt(2) times the standard deviation of a run, exactly so
    /// where that is estimated with these degrees of freedom.
    /// </summary>
    /// <param name="std">The estimated standard deviation of a run.</param>
    /// <param name="degrees">Its degrees of freedom, positive.</param>
    public static double LeastDifferenceOf(double std, double degrees) =>
        Distributions.StudentTQuantile(1 - SampleStatistics.Tail, degrees) * Math.Sqrt(2) * std;

    /// <summary>The degrees of freedom of the chi-square distribution that a sum of two mean squares resembles most.</summary>
    private static double SatterthwaiteDegrees(double between, int betweenDegrees, double within, int withinDegrees)
    {
        double total = between + within, b = between / total, w = within / total;
        return 1 / (b * b / betweenDegrees + (withinDegrees > 0 ? w * w / withinDegrees : 0));
    }

    /// <summary>
    /// sqrt(sigma_s^2 + sigma_r^2) from between/size + (1 - 1/size) within. The interval is Graybill and Wang's for a sum of
    /// mean squares, exact where one of the two dominates and slightly wide elsewhere.
    /// </summary>
    private static Estimate TotalStd(double betweenMean, int betweenDegrees, double withinMean, int withinDegrees, double size)
    {
        double between = betweenMean / size, within = (1 - 1 / size) * withinMean;
        double below = 0, above = 0;
        Add(between, betweenDegrees);
        if (withinDegrees > 0)
            Add(within, withinDegrees);
        double total = between + within;
        return new Estimate(
            Math.Sqrt(total), Math.Sqrt(Math.Max(0, total - Math.Sqrt(below))), Math.Sqrt(total + Math.Sqrt(above)), betweenDegrees);

        void Add(double part, int degrees)
        {
            double down = (1 - degrees / Distributions.ChiSquareQuantile(1 - SampleStatistics.Tail, degrees)) * part;
            double up = (degrees / Distributions.ChiSquareQuantile(SampleStatistics.Tail, degrees) - 1) * part;
            below += down * down;
            above += up * up;
        }
    }

    /// <summary>sigma_s from (between - within)/size; Williams and Tukey's interval, cut at 0.</summary>
    private static Estimate SeedsAloneOf(double betweenMean, int betweenDegrees, double withinMean, int withinDegrees, double size)
    {
        double squares = betweenMean * betweenDegrees, f = betweenMean / withinMean;
        return new Estimate(
            Math.Sqrt(Math.Max(0, betweenMean - withinMean) / size),
            End(1 - SampleStatistics.Tail),
            End(SampleStatistics.Tail),
            betweenDegrees);

        double End(double probability)
        {
            double quantile = Distributions.FQuantile(probability, betweenDegrees, withinDegrees);
            double explained = f > 0 ? 1 - quantile / f : -1;
            return Math.Sqrt(Math.Max(0, explained * squares / (size * Distributions.ChiSquareQuantile(probability, betweenDegrees))));
        }
    }

    /// <summary>
    /// With theta = sigma_s^2/sigma_r^2, F/(1 + size theta) has the F distribution, hence the exact interval of theta and of
    /// 1/sqrt(1 + theta).
    /// </summary>
    private static Estimate RatioOf(double betweenMean, int betweenDegrees, double withinMean, int withinDegrees, double size)
    {
        double f = betweenMean / withinMean;
        return new Estimate(
            At(1),
            At(Distributions.FQuantile(SampleStatistics.Tail, betweenDegrees, withinDegrees)),
            At(Distributions.FQuantile(1 - SampleStatistics.Tail, betweenDegrees, withinDegrees)),
            betweenDegrees);

        double At(double quantile) => 1 / Math.Sqrt(1 + (f / quantile - 1) / size);
    }
}
