using LastBit.Arithmetic;

namespace LastBit.Statistics;

/// <summary>Pearson's correlation of paired values with Fisher's interval.</summary>
public static class Correlation
{
    /// <summary>The correlation; its 95% interval is tanh(atanh r -+ 1.96 / sqrt(n - 3)), from -1 to 1 with three pairs.</summary>
    /// <param name="x">Values.</param>
    /// <param name="y">As many, pair by pair.</param>
    /// <returns>Null with fewer than three pairs, or where a side does not vary; its degrees of freedom are n - 2.</returns>
    /// <exception cref="ArgumentException">There are not as many.</exception>
    public static Estimate? Of(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        if (x.Length != y.Length)
            throw new ArgumentException("needs pairs", nameof(y));
        if (x.Length < 3)
            return null;
        double[] a = SampleStatistics.Scaled(x, SampleStatistics.ScaleOf(x)), b = SampleStatistics.Scaled(y, SampleStatistics.ScaleOf(y));
        double meanA = SampleStatistics.Mean(a), meanB = SampleStatistics.Mean(b), products = 0;
        double squares = SampleStatistics.SquaredDeviations(a) * SampleStatistics.SquaredDeviations(b);
        for (int i = 0; i < a.Length; i++)
            products += (a[i] - meanA) * (b[i] - meanB);
        if (squares == 0)
            return null;
        double r = Math.Clamp(products / Math.Sqrt(squares), -1, 1);
        if (x.Length == 3 || Math.Abs(r) == 1)
            return new Estimate(r, x.Length == 3 ? -1 : r, x.Length == 3 ? 1 : r, x.Length - 2);
        double z = 0.5 * (Logarithm.Log1P(r) - Logarithm.Log1P(-r)), margin =
            Distributions.NormalQuantile(1 - SampleStatistics.Tail) / Math.Sqrt(x.Length - 3);
        return new Estimate(r, Tanh(z - margin), Tanh(z + margin), x.Length - 2);

        static double Tanh(double t) => (2 * Swish.Sigmoid(2 * t)) - 1;
    }
}
