using System.Text.Json;
using LastBit.Arithmetic;

namespace LastBit.Tests.Arithmetic;

public class FunctionTests
{
    private static readonly JsonElement s_reference =
        JsonDocument.Parse(File.ReadAllText(Reference.File("functions", "functions.json"))).RootElement;

    [Fact]
    public void Logarithms_are_correctly_rounded_at_the_reference_points()
    {
        Assert.InRange(WorstUlps("log", Logarithm.Log), 0, 0.5001);
        Assert.InRange(WorstUlps("log1p", Logarithm.Log1P), 0, 0.5001);
    }

    [Fact]
    public void Exp_and_sigmoid_stay_within_their_stated_errors_at_the_reference_points()
    {
        // Subnormal values are rounded once more, to a multiple of the smallest: still less than one of it.
        Assert.InRange(WorstUlps("exp", Swish.ExpOfNegative), 0, 1);
        Assert.InRange(WorstUlps("sigmoid", Swish.Sigmoid), 0, 3);
    }

    [Fact]
    public void Exp_and_sigmoid_stay_within_their_stated_errors_over_the_whole_range()
    {
        var random = new System.Random(1);
        double worstExp = 0, worstSigmoid = 0;
        for (int i = 0; i < 100_000; i++)
        {
            double x = i % 2 == 0 ? -708 * random.NextDouble() : -Math.ScaleB(1 + random.NextDouble(), random.Next(-60, 9));
            DoubleDouble exact = Exp(x);
            worstExp = Math.Max(worstExp, Ulps(Swish.ExpOfNegative(x), exact.High, exact.Low));
            DoubleDouble negative = exact / (exact + 1), positive = (DoubleDouble)1 / (exact + 1);
            worstSigmoid = Math.Max(worstSigmoid, Ulps(Swish.Sigmoid(x), negative.High, negative.Low));
            worstSigmoid = Math.Max(worstSigmoid, Ulps(Swish.Sigmoid(-x), positive.High, positive.Low));
        }
        TestContext.Current.TestOutputHelper!.WriteLine($"exp {worstExp} ulp, sigmoid {worstSigmoid} ulp");
        Assert.InRange(worstExp, 0.4, 1);
        Assert.InRange(worstSigmoid, 0.4, 3);
    }

    [Fact]
    public void Nothing_overflows()
    {
        foreach (double x in (ReadOnlySpan<double>)[0, 1, 709, 745, 746, 1e10, double.MaxValue])
        {
            Assert.InRange(Swish.ExpOfNegative(-x), 0, 1);
            Assert.Equal(1, Swish.Sigmoid(x) + Swish.Sigmoid(-x), 1e-15);
            Assert.Equal(x, Swish.Softplus(x), Math.Max(1, x * 1e-15));
            Assert.InRange(Swish.Softplus(-x), 0, Math.Log(2));
        }
        Assert.Equal(0, Swish.ExpOfNegative(double.NegativeInfinity));
        Assert.True(double.IsNaN(Swish.Sigmoid(double.NaN)));
        Assert.True(double.IsNaN(Swish.Softplus(double.NaN)));
    }

    [Fact]
    public void Logarithms_of_the_edges()
    {
        Assert.Equal(double.NegativeInfinity, Logarithm.Log(0));
        Assert.True(double.IsNaN(Logarithm.Log(-1)));
        Assert.Equal(double.PositiveInfinity, Logarithm.Log(double.PositiveInfinity));
        Assert.Equal(0, Logarithm.Log(1));
        Assert.Equal(double.NegativeInfinity, Logarithm.Log1P(-1));
        Assert.True(double.IsNegative(Logarithm.Log1P(-0.0)));
    }

    [Fact]
    public void Vectors_of_every_width_give_the_bits_that_single_numbers_give()
    {
        double[] x = new double[4096];
        var random = new System.Random(2);
        for (int i = 0; i < x.Length; i++)
            x[i] = i % 3 == 0 ? 1600 * random.NextDouble() - 800 : 20 * random.NextDouble() - 10;
        double[] one = Sigmoids<DoubleLanes1>(x);
        Assert.Equal(one, Sigmoids<DoubleLanes128>(x));
        Assert.Equal(one, Sigmoids<DoubleLanes256>(x));
        Assert.Equal(one, Sigmoids<DoubleLanes512>(x));
    }

    [Fact]
    public void Cosines_and_sines_are_correctly_rounded_and_exact_on_the_axes()
    {
        foreach (string name in (ReadOnlySpan<string>)["cos", "sin"])
        {
            foreach (JsonElement row in s_reference.GetProperty(name).EnumerateArray())
            {
                (double cos, double sin) = RootOfUnity.Of(row[0].GetInt32(), row[1].GetInt32());
                double value = name == "cos" ? cos : sin, high = row[2].GetDouble();
                // Where the exact value is 0, the reference holds what 50 digits of pi leave.
                Assert.InRange(Math.Abs(high) < 1e-40 ? Math.Abs(value) : Ulps(value, high, row[3].GetDouble()), 0, 0.5001);
            }
        }
        Assert.Equal((1, 0), RootOfUnity.Of(0, 5));
        Assert.Equal((0, 1), RootOfUnity.Of(3, 12));
        Assert.Equal((-1, 0), RootOfUnity.Of(8, 16));
        Assert.Equal((0, -1), RootOfUnity.Of(3, 4));
    }

    private static unsafe double[] Sigmoids<T>(double[] x)
        where T : unmanaged, ILanes<T, double>
    {
        double[] result = new double[2 * x.Length];
        fixed (double* from = x, to = result)
        {
            for (int i = 0; i < x.Length; i += T.Count)
            {
                (T sigmoid, T complement) = Swish.Sigmoids<T>(T.Load(from + i));
                T.Store(sigmoid, to + i);
                T.Store(complement, to + x.Length + i);
            }
        }
        return result;
    }

    private static double WorstUlps(string name, Func<double, double> function) =>
        s_reference.GetProperty(name).EnumerateArray()
            .Max(row => Ulps(function(row[0].GetDouble()), row[1].GetDouble(), row[2].GetDouble()));

    private static double Ulps(double value, double high, double low) =>
        value == high && low == 0 ? 0 : Math.Abs(value - high - low) / (Math.BitIncrement(Math.Abs(high)) - Math.Abs(high));

    // exp by another way than the one under test: a 1024th of the argument, squared ten times, in double-double.
    private static DoubleDouble Exp(double x)
    {
        double n = Math.Round(x / Math.Log(2));
        DoubleDouble r = (x - DoubleDouble.Ln2 * n) / 1024, term = 1, sum = 0;
        for (int i = 1; i < 14; i++)
        {
            term = term * r / i;
            sum += term;
        }
        // e^2 - 1 = (e - 1)^2 + 2 (e - 1) keeps the digits.
        for (int i = 0; i < 10; i++)
            sum = sum * sum + sum + sum;
        DoubleDouble result = sum + 1;
        return new(Math.ScaleB(result.High, (int)n), Math.ScaleB(result.Low, (int)n));
    }
}
