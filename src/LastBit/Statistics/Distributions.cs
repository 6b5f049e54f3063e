namespace LastBit.Statistics;

/// <summary>
/// Tails and quantiles of the distributions that intervals and tests need. Relative error of a quantile at most 1e-11 for
/// probabilities between 1e-6 and 1 - 1e-6 (tested against values computed elsewhere).
/// </summary>
public static class Distributions
{
    /// <summary>P(X &lt;= x) for X chi-square distributed.</summary>
    /// <param name="x">The argument; below 0 the answer is 0.</param>
    /// <param name="degrees">Degrees of freedom, positive.</param>
    public static double ChiSquareLower(double x, double degrees) => x <= 0 ? 0 : SpecialFunctions.GammaP(degrees / 2, x / 2);

    /// <summary>P(X &gt; x) for X chi-square distributed.</summary>
    /// <param name="x">The argument; below 0 the answer is 1.</param>
    /// <param name="degrees">Degrees of freedom, positive.</param>
    public static double ChiSquareUpper(double x, double degrees) => x <= 0 ? 1 : SpecialFunctions.GammaQ(degrees / 2, x / 2);

    /// <summary>The x with P(X &lt;= x) = <paramref name="probability"/> for X chi-square distributed.</summary>
    /// <param name="probability">Strictly between 0 and 1.</param>
    /// <param name="degrees">Degrees of freedom, positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static double ChiSquareQuantile(double probability, double degrees) =>
        Quantile(probability, x => ChiSquareLower(x, degrees), x => ChiSquareUpper(x, degrees));

    /// <summary>P(X &lt;= x) for X with Fisher's F distribution.</summary>
    /// <param name="x">The argument; below 0 the answer is 0.</param>
    /// <param name="numerator">Degrees of freedom of the numerator, positive.</param>
    /// <param name="denominator">Degrees of freedom of the denominator, positive.</param>
    public static double FLower(double x, double numerator, double denominator)
    {
        if (x <= 0)
            return 0;
        if (double.IsPositiveInfinity(x))
            return 1;
        double sum = numerator * x + denominator;
        return SpecialFunctions.BetaI(numerator / 2, denominator / 2, numerator * x / sum, denominator / sum);
    }

    /// <summary>P(X &gt; x) for X with Fisher's F distribution.</summary>
    /// <param name="x">The argument; below 0 the answer is 1.</param>
    /// <param name="numerator">Degrees of freedom of the numerator, positive.</param>
    /// <param name="denominator">Degrees of freedom of the denominator, positive.</param>
    public static double FUpper(double x, double numerator, double denominator)
    {
        if (x <= 0)
            return 1;
        if (double.IsPositiveInfinity(x))
            return 0;
        double sum = numerator * x + denominator;
        return SpecialFunctions.BetaI(denominator / 2, numerator / 2, denominator / sum, numerator * x / sum);
    }

    /// <summary>The x with P(X &lt;= x) = <paramref name="probability"/> for X with Fisher's F distribution.</summary>
    /// <param name="probability">Strictly between 0 and 1.</param>
    /// <param name="numerator">Degrees of freedom of the numerator, positive.</param>
    /// <param name="denominator">Degrees of freedom of the denominator, positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static double FQuantile(double probability, double numerator, double denominator) =>
        Quantile(probability, x => FLower(x, numerator, denominator), x => FUpper(x, numerator, denominator));

    /// <summary>The x with P(T &lt;= x) = <paramref name="probability"/> for T with Student's t distribution.</summary>
    /// <param name="probability">Strictly between 0 and 1.</param>
    /// <param name="degrees">Degrees of freedom, positive.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static double StudentTQuantile(double probability, double degrees)
    {
        CheckProbability(probability);
        if (probability == 0.5)
            return 0;
        if (probability < 0.5)
            return -StudentTUpperQuantile(probability, degrees);
        return StudentTUpperQuantile(1 - probability, degrees);
    }

    /// <summary>The exact (Clopper and Pearson) two-sided interval of a proportion.</summary>
    /// <param name="successes">How many of the trials succeeded; need not be whole (the mean of several counts).</param>
    /// <param name="trials">How many trials.</param>
    /// <param name="confidence">The probability that the interval holds the proportion, 0.95 say.</param>
    /// <returns>The two ends, from 0 to 1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static (double Low, double High) ClopperPearson(double successes, double trials, double confidence)
    {
        CheckProbability(confidence);
        if (!(successes >= 0 && successes <= trials))
            throw new ArgumentOutOfRangeException(nameof(successes), successes, "must lie between 0 and the number of trials");
        double tail = (1 - confidence) / 2;
        double failures = trials - successes;
        // A beta variable with shapes s and f + 1 is the odds r/(1 + r) of a ratio r = F s/(f + 1).
        double low = successes == 0 ? 0 : Odds(FQuantile(tail, 2 * successes, 2 * (failures + 1)) * successes / (failures + 1));
        double high = failures == 0 ? 1 : Odds(FQuantile(1 - tail, 2 * (successes + 1), 2 * failures) * (successes + 1) / failures);
        return (low, high);

        static double Odds(double r) => r / (1 + r);
    }

    private static double StudentTUpperQuantile(double upperTail, double degrees)
    {
        // P(T > x) = P(F > x^2)/2 with F of 1 and `degrees` degrees of freedom.
        double square = QuantileOfTails(2 * upperTail, upperIsGiven: true, x => FLower(x, 1, degrees), x => FUpper(x, 1, degrees));
        return Math.Sqrt(square);
    }

    private static double Quantile(double probability, Func<double, double> lower, Func<double, double> upper)
    {
        CheckProbability(probability);
        // Work in the smaller tail: there the distribution function has all its digits.
        return probability <= 0.5
            ? QuantileOfTails(probability, upperIsGiven: false, lower, upper)
            : QuantileOfTails(1 - probability, upperIsGiven: true, lower, upper);
    }

    /// <summary>Bisection for a positive x: sure to converge, and 60 evaluations cost nothing here.</summary>
    private static double QuantileOfTails(double tail, bool upperIsGiven, Func<double, double> lower, Func<double, double> upper)
    {
        bool IsBelow(double x)
        {
            // A given tail above one half (Student's t near its middle) is compared on the other side.
            if (tail > 0.5)
                return upperIsGiven ? lower(x) < 1 - tail : upper(x) > 1 - tail;
            return upperIsGiven ? upper(x) > tail : lower(x) < tail;
        }

        double low = 1, high = 1;
        while (low > 0 && !IsBelow(low))
            low /= 2;
        while (IsBelow(high))
            high *= 2;
        // One of the two has moved, and the last step that moved it is the bracket.
        if (low < 1)
            high = Math.Max(2 * low, double.Epsilon);
        else if (high > 1)
            low = high / 2;
        while (true)
        {
            double middle = low + (high - low) / 2;
            if (middle <= low || middle >= high)
                return middle;
            if (IsBelow(middle))
                low = middle;
            else
                high = middle;
        }
    }

    private static void CheckProbability(double probability)
    {
        if (!(probability > 0 && probability < 1))
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "must lie strictly between 0 and 1");
    }
}
