namespace LastBit.Statistics;

/// <summary>Means, standard deviations and their intervals. Equal values have a spread of exactly zero, whatever their size.</summary>
public static class SampleStatistics
{
    /// <summary>The confidence of every interval that LastBit states.</summary>
    public const double Confidence = 0.95;

    /// <summary>What a two-sided interval leaves out at each end.</summary>
    internal const double Tail = (1 - Confidence) / 2;

    /// <summary>The arithmetic mean; of equal values exactly that value.</summary>
    /// <param name="values">At least one number.</param>
    /// <exception cref="ArgumentException">There is no value.</exception>
    public static double Mean(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty)
            throw new ArgumentException("a mean needs at least one value", nameof(values));
        double first = values[0], sum = 0;
        foreach (double value in values)
            sum += value - first;
        return first + sum / values.Length;
    }

    /// <summary>The sum of squared deviations from the mean.</summary>
    /// <param name="values">At least one number.</param>
    /// <exception cref="ArgumentException">There is no value.</exception>
    public static double SquaredDeviations(ReadOnlySpan<double> values)
    {
        double mean = Mean(values), sum = 0;
        foreach (double value in values)
            sum += (value - mean) * (value - mean);
        return sum;
    }

    /// <summary>The sample standard deviation (divided by the count less one), whatever the size of the values.</summary>
    /// <param name="values">At least two numbers.</param>
    /// <exception cref="ArgumentException">There are fewer than two.</exception>
    public static double Std(ReadOnlySpan<double> values)
    {
        if (values.Length < 2)
            throw new ArgumentException("a standard deviation needs two values", nameof(values));
        double scale = ScaleOf(values);
        return scale * Math.Sqrt(SquaredDeviations(Scaled(values, scale)) / (values.Length - 1));
    }

    /// <summary>
    /// A power of two by which values can be divided so that sums of their squares, and the squares of these, neither underflow nor
    /// overflow: 1 for values that are safe anyway. A division by a power of two rounds nothing.
    /// </summary>
    /// <param name="a">Values.</param>
    /// <param name="b">More of them.</param>
    public static double ScaleOf(ReadOnlySpan<double> a, ReadOnlySpan<double> b = default)
    {
        double largest = Math.Max(Largest(a), Largest(b));
        return largest is 0 or (> 1e-70 and < 1e70) ? 1 : Math.ScaleB(1, Math.ILogB(largest));

        static double Largest(ReadOnlySpan<double> values)
        {
            if (values.IsEmpty)
                return 0;
            double mean = Mean(values), largest = 0;
            foreach (double value in values)
                largest = Math.Max(largest, Math.Abs(value - mean));
            return largest;
        }
    }

    /// <summary>Values divided by a power of two.</summary>
    internal static double[] Scaled(ReadOnlySpan<double> values, double scale)
    {
        double[] scaled = values.ToArray();
        for (int i = 0; i < scaled.Length && scale != 1; i++)
            scaled[i] /= scale;
        return scaled;
    }

    /// <summary>
    /// The skewness of a sample, g1 = m3 / m2^(3/2): 0 for a symmetric one, 2 for an exponential distribution; null with fewer than three
    /// values, or where they are equal.
    /// </summary>
    /// <param name="values">The values.</param>
    public static double? Skewness(ReadOnlySpan<double> values)
    {
        if (values.Length < 3)
            return null;
        double[] scaled = Scaled(values, ScaleOf(values));
        double mean = Mean(scaled), squares = 0, cubes = 0;
        foreach (double value in scaled)
        {
            double deviation = value - mean;
            squares += deviation * deviation;
            cubes += deviation * deviation * deviation;
        }
        return squares == 0 ? null : cubes / scaled.Length / (squares / scaled.Length * Math.Sqrt(squares / scaled.Length));
    }

    /// <summary>The population standard deviation (divided by the count), as in Table 1 of the paper.</summary>
    /// <param name="values">At least one number.</param>
    /// <exception cref="ArgumentException">There is no value.</exception>
    public static double PopulationStd(ReadOnlySpan<double> values) => Math.Sqrt(SquaredDeviations(values) / values.Length);

    /// <summary>
    /// The 95% interval of the standard deviation behind a sum of squares of normal values: with v degrees of freedom,
    /// sum/sigma^2 is chi-square distributed. The value is sqrt(sum/v), the usual (sample) estimate.
    /// </summary>
    /// <param name="sumOfSquares">The sum of squared deviations, at least 0.</param>
    /// <param name="degrees">Degrees of freedom, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static Estimate StdFromSquares(double sumOfSquares, int degrees)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(degrees, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(sumOfSquares);
        return new Estimate(
            Math.Sqrt(sumOfSquares / degrees),
            Math.Sqrt(sumOfSquares / Distributions.ChiSquareQuantile(1 - Tail, degrees)),
            Math.Sqrt(sumOfSquares / Distributions.ChiSquareQuantile(Tail, degrees)),
            degrees);
    }
}
