using LastBit.Random;

namespace LastBit.Statistics;

/// <summary>
/// Efron's bias-corrected and accelerated (BCa) bootstrap intervals of a mean and of a difference of means: no distribution is assumed,
/// but with few runs they are too narrow (docs/statistics.md has the coverage that was measured).
/// </summary>
public static class Bootstrap
{
    /// <summary>How many resamples an interval is read from.</summary>
    public const int Resamples = 9_999;

    /// <summary>The 95% interval of mean(B) - mean(A).</summary>
    /// <param name="a">The values of A, at least two.</param>
    /// <param name="b">The values of B, at least two.</param>
    /// <param name="resamples">How many resamples.</param>
    /// <param name="seed">The seed of what is drawn.</param>
    /// <returns>The two ends; null where a side has fewer than two values, or nothing varies.</returns>
    public static (double Low, double High)? DifferenceOfMeans(ReadOnlySpan<double> a, ReadOnlySpan<double> b, int resamples = Resamples,
        ulong seed = 0)
    {
        if (a.Length < 2 || b.Length < 2)
            return null;
        // Sorted and in one order of the two, so that neither the order of the runs nor which side is called A changes a draw.
        double[] first = Sorted(a), second = Sorted(b);
        bool swapped = IsAfter(first, second);
        if (swapped)
            (first, second) = (second, first);
        var means = new double[resamples];
        for (int i = 0; i < resamples; i++)
            means[i] = ResampledMean(second, 8 * seed + 3, (uint)i) - ResampledMean(first, 8 * seed + 2, (uint)i);
        var jackknife = new Jackknife();
        double scale = SampleStatistics.ScaleOf(first, second);
        jackknife.Add(first, -1, scale);
        jackknife.Add(second, 1, scale);
        return Interval(means, SampleStatistics.Mean(second) - SampleStatistics.Mean(first), jackknife) is not { } interval ? null
            : swapped ? (-interval.High, -interval.Low) : interval;
    }

    /// <summary>The 95% interval of a mean (of differences of pairs, say).</summary>
    /// <param name="values">The values, at least two.</param>
    /// <param name="resamples">How many resamples.</param>
    /// <param name="seed">The seed of what is drawn.</param>
    /// <returns>The two ends; null where there are fewer than two values, or nothing varies.</returns>
    public static (double Low, double High)? Mean(ReadOnlySpan<double> values, int resamples = Resamples, ulong seed = 0)
    {
        if (values.Length < 2)
            return null;
        double[] sorted = Sorted(values);
        // Differences of pairs change sign when the sides are exchanged; the draws must not notice.
        double[] mirrored = [.. sorted.Reverse().Select(value => -value)];
        bool swapped = IsAfter(sorted, mirrored);
        if (swapped)
            sorted = mirrored;
        var means = new double[resamples];
        for (int i = 0; i < resamples; i++)
            means[i] = ResampledMean(sorted, 8 * seed + 2, (uint)i);
        var jackknife = new Jackknife();
        jackknife.Add(sorted, 1, SampleStatistics.ScaleOf(sorted));
        return Interval(means, SampleStatistics.Mean(sorted), jackknife) is not { } interval ? null
            : swapped ? (-interval.High, -interval.Low) : interval;
    }

    private static double[] Sorted(ReadOnlySpan<double> values)
    {
        double[] sorted = values.ToArray();
        Array.Sort(sorted);
        return sorted;
    }

    private static bool IsAfter(double[] a, double[] b) =>
        a.Length != b.Length ? a.Length > b.Length : a.AsSpan().SequenceCompareTo(b) > 0;

    private static double ResampledMean(double[] values, ulong sample, uint resample)
    {
        // Deviations from one of the values, so that large equal parts cannot hide small differences.
        double origin = values[0], sum = 0;
        for (int i = 0; i < values.Length; i++)
            sum += values[Philox.Below(sample, RandomPurpose.Resample, resample, (ulong)i, (uint)values.Length)] - origin;
        return origin + sum / values.Length;
    }

    private static (double Low, double High)? Interval(double[] resampled, double observed, Jackknife jackknife)
    {
        Array.Sort(resampled);
        if (!(resampled[^1] - resampled[0] > 1e-12 * Math.Abs(observed)))
            return null;
        // Half of the resamples that equal the estimate count as below it: means of few values tie often, and their rounding must not tell
        // them apart.
        double below = 0, margin = 1e-9 * (resampled[^1] - resampled[0]);
        foreach (double value in resampled)
            below += value < observed - margin ? 1 : value <= observed + margin ? 0.5 : 0;
        double share = Math.Clamp(below / resampled.Length, 0.5 / resampled.Length, 1 - 0.5 / resampled.Length);
        double bias = Distributions.NormalQuantile(share), acceleration = jackknife.Acceleration;
        return (At(Distributions.NormalQuantile(SampleStatistics.Tail)), At(Distributions.NormalQuantile(1 - SampleStatistics.Tail)));

        double At(double z)
        {
            double shifted = bias + z;
            double place = Distributions.NormalLower(bias + shifted / (1 - acceleration * shifted)) * (resampled.Length - 1);
            int index = Math.Min((int)place, resampled.Length - 2);
            return resampled[index] + (place - index) * (resampled[index + 1] - resampled[index]);
        }
    }

    /// <summary>The acceleration: the skewness of the influence of single values on the estimate.</summary>
    private struct Jackknife
    {
        private double _squares, _cubes;

        public void Add(double[] values, int sign, double scale)
        {
            double mean = SampleStatistics.Mean(values);
            foreach (double value in values)
            {
                double influence = sign * (value - mean) / scale / values.Length;
                _squares += influence * influence;
                _cubes += influence * influence * influence;
            }
        }

        public readonly double Acceleration => _squares > 0 ? _cubes / (6 * _squares * Math.Sqrt(_squares)) : 0;
    }
}
