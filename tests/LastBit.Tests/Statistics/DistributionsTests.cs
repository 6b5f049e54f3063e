using CsCheck;
using LastBit.Statistics;

namespace LastBit.Tests.Statistics;

public class DistributionsTests
{
    [Fact]
    public void Quantiles_agree_with_SciPy()
    {
        foreach (double[] row in StatisticsReference.Rows("chiSquare"))
            AssertClose(row[2], Distributions.ChiSquareQuantile(row[0], row[1]), row);
        foreach (double[] row in StatisticsReference.Rows("f"))
            AssertClose(row[3], Distributions.FQuantile(row[0], row[1], row[2]), row);
        foreach (double[] row in StatisticsReference.Rows("studentT"))
            AssertClose(row[2], Distributions.StudentTQuantile(row[0], row[1]), row);
        foreach (double[] row in StatisticsReference.Rows("clopperPearson"))
        {
            (double low, double high) = Distributions.ClopperPearson(row[0], row[1]);
            AssertClose(row[2], low, row);
            AssertClose(row[3], high, row);
        }
    }

    [Fact]
    public void A_quantile_is_where_the_distribution_function_has_its_probability()
    {
        Gen<double> degrees = Gen.Double[1, 200];
        Gen.Select(Gen.Double[1e-4, 0.9999], degrees, degrees).Sample((p, n, d) =>
        {
            Assert.Equal(p, Distributions.ChiSquareLower(Distributions.ChiSquareQuantile(p, n), n), 1e-12);
            Assert.Equal(1 - p, Distributions.FUpper(Distributions.FQuantile(p, n, d), n, d), 1e-12);
        });
    }

    [Fact]
    public void Known_relations_between_the_distributions_hold()
    {
        Gen.Select(Gen.Double[0.001, 0.999], Gen.Double[1, 100], Gen.Double[1, 100]).Sample((p, n, d) =>
        {
            // 1/F has the degrees exchanged; t^2 is F with 1 and d; t is odd.
            Assert.InRange(Distributions.FQuantile(p, n, d) * Distributions.FQuantile(1 - p, d, n), 1 - 1e-10, 1 + 1e-10);
            double t = Distributions.StudentTQuantile((1 + p) / 2, d);
            Assert.InRange(t * t / Distributions.FQuantile(p, 1, d), 1 - 1e-10, 1 + 1e-10);
            Assert.Equal(0, (t + Distributions.StudentTQuantile((1 - p) / 2, d)) / t, 1e-10);
        });
        // Two degrees of freedom: chi-square is exponential.
        Assert.Equal(-2 * Math.Log(0.025), Distributions.ChiSquareQuantile(0.975, 2), 1e-12);
        Assert.Equal(0, Distributions.StudentTQuantile(0.5, 7));
    }

    [Fact]
    public void Beyond_the_ends_the_tails_are_zero_and_one()
    {
        Assert.Equal(0, Distributions.ChiSquareLower(-1, 3));
        Assert.Equal(1, Distributions.ChiSquareUpper(0, 3));
        Assert.Equal(0, Distributions.FUpper(double.PositiveInfinity, 3, 4));
        Assert.Equal(1, Distributions.FLower(double.PositiveInfinity, 3, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => Distributions.ChiSquareQuantile(1, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => Distributions.FQuantile(double.NaN, 3, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => Distributions.ClopperPearson(6, 5));
    }

    private static void AssertClose(double expected, double actual, double[] row) =>
        Assert.True(Math.Abs(actual - expected) <= 1e-11 * Math.Abs(expected),
            $"{actual:R} instead of {expected:R} at [{string.Join(", ", row)}]");
}
