namespace LastBit.Statistics;

/// <summary>Means, standard deviations and their intervals. Equal values have a spread of exactly zero, whatever their size.</summary>
public static class SampleStatistics
{
    /// <summary>The confidence of every interval that LastBit states.</summary>
    public const double Confidence = 0.95;

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
        const double tail = (1 - Confidence) / 2;
        return new Estimate(
            Math.Sqrt(sumOfSquares / degrees),
            Math.Sqrt(sumOfSquares / Distributions.ChiSquareQuantile(1 - tail, degrees)),
            Math.Sqrt(sumOfSquares / Distributions.ChiSquareQuantile(tail, degrees)),
            degrees);
    }
}
