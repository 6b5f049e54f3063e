namespace LastBit.Statistics;

/// <summary>The difference of two means with its 95% interval and the two-sided p of the hypothesis that there is none.</summary>
/// <param name="Difference">mean(B) - mean(A), or the mean of the differences B - A of pairs.</param>
/// <param name="StandardError">Its standard error, above 0.</param>
/// <param name="Degrees">Degrees of freedom of Student's t; Welch's are not whole.</param>
/// <param name="P">P(|t| at least this large) if there is no difference.</param>
public sealed record DifferenceTest(double Difference, double StandardError, double Degrees, double P)
{
    /// <summary>The lower end of the 95% interval.</summary>
    public double Low => Difference - Margin;

    /// <summary>The upper end of the 95% interval.</summary>
    public double High => Difference + Margin;

    /// <summary>The end of the one-sided 95% interval: the difference is above it with a confidence of 95%.</summary>
    public double LowerBound => Difference - OneSided;

    /// <summary>The end of the other one-sided 95% interval.</summary>
    public double UpperBound => Difference + OneSided;

    private double OneSided => StandardError * Distributions.StudentTQuantile(SampleStatistics.Confidence, Degrees);

    private double Margin { get; } = StandardError * Distributions.StudentTQuantile(1 - SampleStatistics.Tail, Degrees);

    /// <summary>
    /// Welch's test: two samples whose spreads may differ, Satterthwaite's degrees of freedom. Where one side is a single value the
    /// other's spread stands for both (Student's test with one pooled spread).
    /// </summary>
    /// <param name="a">The values of A, at least one.</param>
    /// <param name="b">The values of B, at least one.</param>
    /// <returns>The test; null where no side has two values, or where nothing varies.</returns>
    /// <exception cref="ArgumentException">A side is empty.</exception>
    public static DifferenceTest? Welch(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double scale = SampleStatistics.ScaleOf(a, b), difference = SampleStatistics.Mean(b) - SampleStatistics.Mean(a);
        double squaresA = SampleStatistics.SquaredDeviations(SampleStatistics.Scaled(a, scale));
        double squaresB = SampleStatistics.SquaredDeviations(SampleStatistics.Scaled(b, scale));
        if (a.Length + b.Length < 3 || squaresA + squaresB == 0)
            return null;
        if (a.Length == 1 || b.Length == 1)
        {
            int pooled = a.Length + b.Length - 2;
            return Of(difference, scale * Math.Sqrt((squaresA + squaresB) / pooled * (1.0 / a.Length + 1.0 / b.Length)), pooled);
        }
        double partA = squaresA / (a.Length - 1) / a.Length, partB = squaresB / (b.Length - 1) / b.Length, variance = partA + partB;
        // Shares of the variance, so that squares of tiny spreads cannot underflow.
        double shareA = partA / variance, shareB = partB / variance;
        return Of(difference, scale * Math.Sqrt(variance), 1 / (shareA * shareA / (a.Length - 1) + shareB * shareB / (b.Length - 1)));
    }

    /// <summary>Student's test of paired values.</summary>
    /// <param name="differences">The differences B - A of the pairs, at least two.</param>
    /// <returns>The test; null where all differences are equal.</returns>
    /// <exception cref="ArgumentException">There are fewer than two.</exception>
    public static DifferenceTest? Paired(ReadOnlySpan<double> differences)
    {
        if (differences.Length < 2)
            throw new ArgumentException("needs two pairs", nameof(differences));
        double std = SampleStatistics.Std(differences);
        int degrees = differences.Length - 1;
        return std == 0 ? null : Of(SampleStatistics.Mean(differences), std / Math.Sqrt(differences.Length), degrees);
    }

    private static DifferenceTest Of(double difference, double standardError, double degrees) =>
        new(difference, standardError, degrees, Distributions.StudentTTwoSided(difference / standardError, degrees));
}
