namespace LastBit.Statistics;

/// <summary>
/// The one-way random-effects analysis of runs in groups: runs of one group (one seed) differ by rounding alone, runs of
/// different groups by seed and rounding. value[group][run] = mean + groupEffect + roundingEffect, both effects normal with
/// variances sigma_s^2 and sigma_r^2. See docs/statistics.md for the assumptions and why this and not another.
/// </summary>
/// <param name="Rounding">
/// sigma_r, the standard deviation over rounding alone, pooled within groups; null where no group has two runs.
/// </param>
/// <param name="Seeds">
/// sqrt(sigma_s^2 + sigma_r^2), the standard deviation of a run with a fresh seed; null where there is but one group.
/// </param>
/// <param name="Ratio">
/// Rounding over Seeds, that is the square root of the share of the variance over seeds that rounding explains. Not cut at 1:
/// above it the seeds happened to spread less than rounding does. Null where either is, or where nothing varies at all.
/// </param>
/// <param name="LeastDifference">
/// Two runs that differ in nothing but rounding differ by less than this with probability 0.95: t(0.975) sqrt(2) sigma_r;
/// null where <paramref name="Rounding"/> is.
/// </param>
public sealed record VarianceComponents(Estimate? Rounding, Estimate? Seeds, Estimate? Ratio, double? LeastDifference)
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

        Estimate? rounding = withinDegrees > 0 ? SampleStatistics.StdFromSquares(within, withinDegrees) : null;
        double? leastDifference = rounding is null
            ? null
            : Distributions.StudentTQuantile(1 - (1 - SampleStatistics.Confidence) / 2, withinDegrees) * Math.Sqrt(2) * rounding.Value;
        if (betweenDegrees == 0)
            return new VarianceComponents(rounding, null, null, leastDifference);

        double betweenMean = size * SampleStatistics.SquaredDeviations(means) / betweenDegrees;
        double withinMean = withinDegrees > 0 ? within / withinDegrees : 0;
        Estimate seeds = TotalStd(betweenMean, betweenDegrees, withinMean, withinDegrees, size);
        if (withinDegrees == 0 || (betweenMean == 0 && withinMean == 0))
            return new VarianceComponents(rounding, seeds, null, leastDifference);
        Estimate ratio = RatioOf(betweenMean, betweenDegrees, withinMean, withinDegrees, size);
        return new VarianceComponents(rounding, seeds, ratio, leastDifference);
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
            const double tail = (1 - SampleStatistics.Confidence) / 2;
            double down = (1 - degrees / Distributions.ChiSquareQuantile(1 - tail, degrees)) * part;
            double up = (degrees / Distributions.ChiSquareQuantile(tail, degrees) - 1) * part;
            below += down * down;
            above += up * up;
        }
    }

    /// <summary>
    /// With theta = sigma_s^2/sigma_r^2, F/(1 + size theta) has the F distribution, hence the exact interval of theta and of
    /// 1/sqrt(1 + theta).
    /// </summary>
    private static Estimate RatioOf(double betweenMean, int betweenDegrees, double withinMean, int withinDegrees, double size)
    {
        if (withinMean == 0)
            return new Estimate(0, 0, 0, betweenDegrees);
        const double tail = (1 - SampleStatistics.Confidence) / 2;
        double f = betweenMean / withinMean;
        return new Estimate(
            At(1),
            At(Distributions.FQuantile(tail, betweenDegrees, withinDegrees)),
            At(Distributions.FQuantile(1 - tail, betweenDegrees, withinDegrees)),
            betweenDegrees);

        double At(double quantile) => 1 / Math.Sqrt(1 + (f / quantile - 1) / size);
    }
}
