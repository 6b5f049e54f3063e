using LastBit.Arithmetic;

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

    /// <summary>P(|T| &gt;= |t|) for T with Student's t distribution: a two-sided p.</summary>
    /// <param name="t">The statistic; infinite gives 0.</param>
    /// <param name="degrees">Degrees of freedom, positive.</param>
    public static double StudentTTwoSided(double t, double degrees) => FUpper(t * t, 1, degrees);

    /// <summary>P(X &lt;= x) for X standard normal.</summary>
    /// <param name="x">The argument, infinities allowed.</param>
    public static double NormalLower(double x)
    {
        double tail = SpecialFunctions.GammaQ(0.5, x * x / 2) / 2;
        return x < 0 ? tail : 1 - tail;
    }

    /// <summary>The x with P(X &lt;= x) = <paramref name="probability"/> for X standard normal.</summary>
    /// <param name="probability">Strictly between 0 and 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The argument is out of range.</exception>
    public static double NormalQuantile(double probability)
    {
        CheckProbability(probability);
        if (probability == 0.5)
            return 0;
        // The square of a normal variable is chi-square with one degree of freedom.
        double tail = 2 * Math.Min(probability, 1 - probability);
        double x = Math.Sqrt(
            QuantileOfTails(tail, upperIsGiven: true, square => ChiSquareLower(square, 1), square => ChiSquareUpper(square, 1)));
        return probability < 0.5 ? -x : x;
    }

    /// <summary>
    /// P(X &gt; x) for X with the noncentral F distribution: what the power of an F test, and of a two-sided t test, is read from.
    /// A Poisson mixture of beta distributions.
    /// </summary>
    /// <param name="x">The argument; below 0 the answer is 1.</param>
    /// <param name="numerator">Degrees of freedom of the numerator, positive.</param>
    /// <param name="denominator">Degrees of freedom of the denominator, positive.</param>
    /// <param name="noncentrality">The noncentrality, from 0 to 10,000.</param>
    /// <exception cref="ArgumentOutOfRangeException">The noncentrality is out of range.</exception>
    public static double NoncentralFUpper(double x, double numerator, double denominator, double noncentrality)
    {
        if (!(noncentrality >= 0 && noncentrality <= 10_000))
            throw new ArgumentOutOfRangeException(nameof(noncentrality), noncentrality, "must lie between 0 and 10,000");
        if (x <= 0)
            return 1;
        if (noncentrality == 0)
            return FUpper(x, numerator, denominator);
        double mean = noncentrality / 2, sum = numerator * x + denominator, y = denominator / sum, complement = numerator * x / sum;
        // Ten standard deviations below the mode the weights are nothing.
        int first = Math.Max(0, (int)(mean - 10 * Math.Sqrt(mean) - 10));
        double a = denominator / 2, b = numerator / 2 + first;
        double weight = Swish.ExpOfNegative(Math.Min(0, first * Logarithm.Log(mean) - mean - SpecialFunctions.LogGamma(first + 1.0)));
        // I_y(a, b + 1) = I_y(a, b) + y^a (1-y)^b / (b B(a, b)): sums of positive terms, so nothing cancels.
        double tail = SpecialFunctions.BetaI(a, b, y, complement);
        double step = Swish.ExpOfNegative(Math.Min(0, a * Logarithm.Log(y) + b * Logarithm.Log(complement)
            + SpecialFunctions.LogGamma(a + b) - SpecialFunctions.LogGamma(a) - SpecialFunctions.LogGamma(b + 1)));
        double total = 0;
        for (int j = first; j <= mean || weight > 1e-18; j++)
        {
            total += weight * tail;
            weight *= mean / (j + 1);
            tail += step;
            step *= complement * (a + b) / (b + 1);
            b++;
        }
        return Math.Min(1, total);
    }

    /// <summary>The exact (Clopper and Pearson) two-sided 95% interval of a proportion.</summary>
    /// <param name="successes">How many of the trials succeeded; need not be whole (the mean of several counts).</param>
    /// <param name="trials">How many trials.</param>
    /// <returns>The two ends, from 0 to 1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static (double Low, double High) ClopperPearson(double successes, double trials)
    {
        if (!(successes >= 0 && successes <= trials))
            throw new ArgumentOutOfRangeException(nameof(successes), successes, "must lie between 0 and the number of trials");
        double failures = trials - successes;
        // A beta variable with shapes s and f + 1 is the odds r/(1 + r) of a ratio r = F s/(f + 1).
        double low = successes == 0 ? 0
            : Odds(FQuantile(SampleStatistics.Tail, 2 * successes, 2 * (failures + 1)) * successes / (failures + 1));
        double high = failures == 0 ? 1
            : Odds(FQuantile(1 - SampleStatistics.Tail, 2 * (successes + 1), 2 * failures) * (successes + 1) / failures);
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

    /// <summary>
    /// The positive x whose tail is given: a bracket of a factor of 2, then false position with Illinois' correction, which cannot leave
    /// it.
    /// </summary>
    private static double QuantileOfTails(double tail, bool upperIsGiven, Func<double, double> lower, Func<double, double> upper)
    {
        // Above 0 where x is too small. A given tail above one half (Student's t near its middle) is compared on the other side.
        double Short(double x) => tail > 0.5
            ? (upperIsGiven ? 1 - tail - lower(x) : upper(x) - (1 - tail))
            : (upperIsGiven ? upper(x) - tail : tail - lower(x));

        double low = 1, high = 1, shortLow = Short(1), shortHigh = shortLow;
        while (low > 0 && shortLow <= 0)
            (high, shortHigh, low, shortLow) = (low, shortLow, low / 2, Short(low / 2));
        while (shortHigh > 0)
            (low, shortLow, high, shortHigh) = (high, shortHigh, high * 2, Short(high * 2));
        if (low == 0)
            return 0;
        int kept = 0;
        for (int i = 0; high - low > 2e-16 * high; i++)
        {
            double x = low + (high - low) * (shortLow / (shortLow - shortHigh));
            // Every fourth step halves the bracket: it closes however the tail bends.
            if (!(x > low && x < high) || i % 4 == 3)
                x = low + (high - low) / 2;
            if (x <= low || x >= high)
                break;
            double value = Short(x);
            if (value == 0)
                return x;
            if (value > 0)
            {
                (low, shortLow) = (x, value);
                shortHigh = kept > 0 ? shortHigh / 2 : shortHigh;
                kept = 1;
            }
            else
            {
                (high, shortHigh) = (x, value);
                shortLow = kept < 0 ? shortLow / 2 : shortLow;
                kept = -1;
            }
        }
        return low + (high - low) / 2;
    }

    private static void CheckProbability(double probability)
    {
        if (!(probability > 0 && probability < 1))
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "must lie strictly between 0 and 1");
    }
}
