using CsCheck;
using LastBit.Statistics;

namespace LastBit.Tests.Statistics;

public class SpecialFunctionsTests
{
    [Fact]
    public void Log_gamma_agrees_with_mpmath()
    {
        foreach (double[] row in StatisticsReference.Rows("logGamma"))
            Assert.InRange(SpecialFunctions.LogGamma(row[0]) - row[1], -1e-14 * (1 + Math.Abs(row[1])), 1e-14 * (1 + Math.Abs(row[1])));
    }

    [Fact]
    public void Log_gamma_of_whole_numbers_is_the_logarithm_of_the_factorial()
    {
        double factorial = 1;
        for (int n = 1; n <= 20; n++)
        {
            Assert.Equal(Math.Log(factorial), SpecialFunctions.LogGamma(n), 1e-14 * (1 + Math.Log(factorial)));
            factorial *= n;
        }
    }

    [Fact]
    public void Incomplete_gamma_and_beta_agree_with_mpmath_in_both_tails()
    {
        foreach (double[] row in StatisticsReference.Rows("gammaP"))
            AssertClose(row[2], SpecialFunctions.GammaP(row[0], row[1]), row);
        foreach (double[] row in StatisticsReference.Rows("gammaQ"))
            AssertClose(row[2], SpecialFunctions.GammaQ(row[0], row[1]), row);
        foreach (double[] row in StatisticsReference.Rows("betaI"))
            AssertClose(row[3], SpecialFunctions.BetaI(row[0], row[1], row[2]), row);
    }

    [Fact]
    public void Tails_add_up_to_one_and_beta_is_symmetric()
    {
        Gen.Select(Gen.Double[0.5, 2000], Gen.Double[0, 4000]).Sample((a, x) =>
            Assert.Equal(1, SpecialFunctions.GammaP(a, x) + SpecialFunctions.GammaQ(a, x), 1e-15));
        Gen.Select(Gen.Double[0.5, 2000], Gen.Double[0.5, 2000], Gen.Double[0, 1]).Sample((a, b, x) =>
            Assert.Equal(1, SpecialFunctions.BetaI(a, b, x) + SpecialFunctions.BetaI(b, a, 1 - x, x), 1e-14));
    }

    [Fact]
    public void Shape_one_is_the_exponential_and_the_power_law()
    {
        Gen.Double[0.001, 700].Sample(x => Assert.InRange(SpecialFunctions.GammaQ(1, x) / Math.Exp(-x), 1 - 1e-12, 1 + 1e-12));
        Gen.Select(Gen.Double[0.5, 50], Gen.Double[0.001, 1]).Sample((a, x) =>
            Assert.InRange(SpecialFunctions.BetaI(a, 1, x) / Math.Pow(x, a), 1 - 1e-12, 1 + 1e-12));
    }

    [Fact]
    public void Arguments_out_of_range_are_refused()
    {
        foreach (double bad in new[] { 0, -1, double.NaN, double.PositiveInfinity })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => SpecialFunctions.LogGamma(bad));
            Assert.Throws<ArgumentOutOfRangeException>(() => SpecialFunctions.GammaP(bad, 1));
            Assert.Throws<ArgumentOutOfRangeException>(() => SpecialFunctions.BetaI(1, bad, 0.5));
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => SpecialFunctions.GammaQ(1, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => SpecialFunctions.BetaI(1, 1, 1.5));
    }

    // A tail below the smallest normal number is as good as zero.
    private static void AssertClose(double expected, double actual, double[] row)
    {
        if (expected > 1e-290)
            Assert.True(StatisticsReference.RelativeError(actual, expected) < 1e-12, $"{actual:R} at [{string.Join(", ", row)}]");
        else
            Assert.InRange(actual, 0, 1e-289);
    }
}
