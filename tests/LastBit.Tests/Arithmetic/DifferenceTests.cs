using CsCheck;
using LastBit.Arithmetic;

namespace LastBit.Tests.Arithmetic;

public class DifferenceTests
{
    private static readonly Gen<double> s_finite = Gen.Double.Where(double.IsFinite);

    private static readonly Gen<(double[], double[])> s_pairs =
        Gen.Int[1, 40].SelectMany(n => Gen.Select(s_finite.Array[n], s_finite.Array[n]));

    [Fact]
    public void Neighbours_are_one_ulp_apart_and_distances_add_up() => Gen.Select(s_finite, Gen.Int[0, 1000]).Sample((x, n) =>
    {
        double y = x;
        for (int i = 0; i < n && double.IsFinite(Math.BitIncrement(y)); i++)
        {
            Assert.Equal(1ul, UlpDistance.Between(y, Math.BitIncrement(y)));
            y = Math.BitIncrement(y);
        }
        Assert.Equal(UlpDistance.Between(y, x), UlpDistance.Between(x, y));
        Assert.True(y - x == 0 || UlpDistance.Between(x, y) <= (ulong)n);
    }, iter: 50);

    [Fact]
    public void Ulp_distances_of_special_values()
    {
        Assert.Equal(0ul, UlpDistance.Between(0.0, -0.0));
        Assert.Equal(2ul, UlpDistance.Between(double.Epsilon, -double.Epsilon));
        Assert.Equal(1ul, UlpDistance.Between(double.MaxValue, double.PositiveInfinity));
        Assert.Equal(ulong.MaxValue, UlpDistance.Between(double.NaN, double.NaN));
        Assert.Equal(0ul, UlpDistance.Between(0f, -0f));
        Assert.Equal(2ul, UlpDistance.Between(float.Epsilon, -float.Epsilon));
        Assert.Equal(1ul << 23, UlpDistance.Between(1f, 2f));
    }

    [Fact]
    public void The_relative_difference_is_symmetric_and_between_0_and_2() => s_pairs.Sample((a, b) =>
    {
        double difference = RelativeDifference.L1(a, b);
        Assert.Equal(difference, RelativeDifference.L1(b, a));
        Assert.InRange(difference, 0, 2);
        Assert.Equal(0, RelativeDifference.L1(a, a));
    });

    [Fact]
    public void Scaling_both_by_a_power_of_two_changes_nothing() =>
        Gen.Select(Gen.Double[-1e3, 1e3].Array[7], Gen.Double[-1e3, 1e3].Array[7], Gen.Int[-300, 300]).Sample((a, b, power) =>
        {
            double scale = Math.ScaleB(1, power);
            Assert.Equal(RelativeDifference.L1(a, b), RelativeDifference.L1([.. a.Select(x => x * scale)], [.. b.Select(x => x * scale)]));
        });

    [Fact]
    public void Opposite_signs_count_2_and_two_zeros_count_0()
    {
        Assert.Equal(2, RelativeDifference.L1([1.0, -3.0], [-2.0, 5.0]));
        Assert.Equal(0, RelativeDifference.L1([0.0, 0.0], [0.0, -0.0]));
        Assert.Equal(2 * (1 / 3.0) / 2, RelativeDifference.L1([1.0, 0.0], [2.0, 0.0]));
        Assert.Equal(2, RelativeDifference.L1([double.MaxValue], [-double.MaxValue]));
        Assert.Equal(2 * (1 / 3.0) / 2, RelativeDifference.L1([1f, 0f], [2f, 0f]));
        Assert.Throws<ArgumentException>(() => RelativeDifference.L1([1.0], [1.0, 2.0]));
        Assert.Throws<ArgumentException>(() => RelativeDifference.L1(ReadOnlySpan<double>.Empty, []));
    }

    [Fact]
    public void Infinities_differ_from_all_but_themselves_and_a_NaN_is_not_hidden()
    {
        double infinity = double.PositiveInfinity;
        Assert.Equal(0, RelativeDifference.L1([infinity], [infinity]));
        Assert.Equal(2, RelativeDifference.L1([infinity, -infinity], [1.0, infinity]));
        Assert.Equal(double.NaN, RelativeDifference.L1([infinity, 1.0], [double.NaN, 1.0]));
        Assert.Equal(double.NaN, RelativeDifference.L1([double.NaN], [1.0]));
    }

    [Fact]
    public void Vectors_of_terms_have_the_bits_of_single_terms()
    {
        float[] special = [0, -0f, 1, -2, float.Epsilon, float.MaxValue, float.PositiveInfinity, float.NegativeInfinity];
        float[] some = [.. Enumerable.Range(0, 1300).Select(i => i % 3 == 0 ? special[i / 3 % 8] : i * 0.7f)];
        float[] others = [.. some.Select((x, i) => i % 5 == 0 ? special[i / 5 % 8] : x * (1 + (i % 7 * 1e-6f)))];
        double[] sums = new double[8];
        for (int i = 0; i < some.Length; i++)
            sums[i % 8] += RelativeDifference.L1<float>([some[i]], [others[i]]) / 2;
        double sum = sums[0] + sums[1] + (sums[2] + sums[3]) + (sums[4] + sums[5] + (sums[6] + sums[7]));
        Assert.Equal(2 * (sum / some.Length), RelativeDifference.L1<float>(some, others));
        Assert.Equal(2 * (sum / some.Length),
            RelativeDifference.L1<double>([.. some.Select(x => (double)x)], [.. others.Select(x => (double)x)]));
    }

    [Fact]
    public void Sums_go_by_eights_and_then_in_a_tree() => Gen.Double[-1, 1].Array[0, 50].Sample(terms =>
    {
        double[] sums = new double[8], products = new double[8];
        for (int i = 0; i < terms.Length; i++)
        {
            sums[i % 8] += terms[i];
            products[i % 8] = Math.FusedMultiplyAdd(terms[i], terms[i], products[i % 8]);
        }
        Assert.Equal(sums[0] + sums[1] + (sums[2] + sums[3]) + (sums[4] + sums[5] + (sums[6] + sums[7])), FixedOrderSum.Of(terms));
        Assert.Equal(products[0] + products[1] + (products[2] + products[3]) + (products[4] + products[5] + (products[6] + products[7])),
            FixedOrderSum.OfProducts(terms, terms));
    });
}
