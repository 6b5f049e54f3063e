using CsCheck;
using LastBit.Random;

namespace LastBit.Tests.Random;

public class PhiloxTests
{
    // The vectors "philox4x32 10" of the file kat_vectors published with Random123.
    [Theory]
    [InlineData(0x00000000u, 0x00000000u, 0x00000000u, 0x00000000u, 0x00000000u, 0x00000000u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu,
        0x9b00dbd8u)]
    [InlineData(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u,
        0x6d5451fdu)]
    [InlineData(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u,
        0x24126ea1u)]
    public void The_published_known_answers_come_out(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint x, uint y, uint z, uint w)
    {
        Assert.Equal(new RandomWords(x, y, z, w), Philox.Rounds(c0, c1, c2, c3, k0, k1));
        ulong index = c0 | ((ulong)c1 << 32), seed = k0 | ((ulong)k1 << 32);
        if (c3 <= ushort.MaxValue)
            Assert.Equal(new RandomWords(x, y, z, w), Philox.Draw(seed, (RandomPurpose)c3, c2, index));
    }

    [Fact]
    public void A_draw_is_the_counter_that_the_documentation_says()
    {
        RandomWords expected = Philox.Rounds(0x89abcdef, 0x01234567, 77, (uint)RandomPurpose.Crop, 0x76543210, 0xfedcba98);
        Assert.Equal(expected, Philox.Draw(0xfedcba9876543210, RandomPurpose.Crop, 77, 0x0123456789abcdef));
    }

    [Fact]
    public void Changing_any_one_argument_changes_the_draw() => Gen.Select(Gen.ULong, Gen.UInt, Gen.ULong).Sample((seed, epoch, index) =>
    {
        RandomWords draw = Philox.Draw(seed, RandomPurpose.Weights, epoch, index);
        return draw != Philox.Draw(seed ^ 1, RandomPurpose.Weights, epoch, index)
            && draw != Philox.Draw(seed ^ (1UL << 32), RandomPurpose.Weights, epoch, index)
            && draw != Philox.Draw(seed, RandomPurpose.Shuffle, epoch, index)
            && draw != Philox.Draw(seed, RandomPurpose.Weights, epoch ^ 1, index)
            && draw != Philox.Draw(seed, RandomPurpose.Weights, epoch, index ^ 1)
            && draw != Philox.Draw(seed, RandomPurpose.Weights, epoch, index ^ (1UL << 32));
    });

    [Fact]
    public void Uniform_numbers_are_multiples_of_2_to_the_minus_24_from_0_to_just_below_1()
    {
        Assert.Equal(0f, Philox.ToUniform(0xff));
        Assert.Equal(MathF.BitDecrement(1f), Philox.ToUniform(uint.MaxValue));
        Gen.UInt.Sample(word => Philox.ToUniform(word) is >= 0 and < 1 && Philox.ToUniform(word) * (1 << 24) == word >> 8);
    }

    [Fact]
    public void Integers_below_a_bound_stay_below_it() =>
        Gen.Select(Gen.ULong, Gen.ULong, Gen.UInt[1, uint.MaxValue]).Sample((seed, index, bound) =>
        Philox.Below(seed, RandomPurpose.None, 0, index, bound) < bound);

    [Theory]
    [InlineData(9u)] // Crop offsets.
    [InlineData(3u
        << 30)] // A bound for which a quarter of the words is surplus: taking a remainder would give the lowest third twice its share.
    public void Integers_below_a_bound_are_uniform(uint bound)
    {
        const int draws = 90_000, bins = 9;
        int[] counts = new int[bins];
        for (int i = 0; i < draws; i++)
            counts[(int)((ulong)Philox.Below(11, RandomPurpose.None, 0, (ulong)i, bound) * bins / bound)]++;
        double chiSquared = counts.Sum(count => Math.Pow(count - draws / bins, 2) / (draws / bins));
        Assert.True(chiSquared < 26.1, $"chi squared {chiSquared} with 8 degrees of freedom (99.9%: 26.1)");
    }

    [Fact]
    public void A_bound_of_zero_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Philox.Below(1, RandomPurpose.None, 0, 0, 0));

    [Fact]
    public void Normal_deviates_have_the_moments_and_tails_of_the_normal_distribution()
    {
        const int pairs = 200_000, n = 2 * pairs;
        double sum = 0, squares = 0, cubes = 0, fourths = 0, products = 0;
        int beyondOne = 0, beyondThree = 0;
        for (int i = 0; i < pairs; i++)
        {
            (double a, double b) = Philox.NormalPair(5, RandomPurpose.Weights, 3, (ulong)i);
            products += a * b;
            foreach (double x in (double[])[a, b])
            {
                sum += x;
                squares += x * x;
                cubes += x * x * x;
                fourths += x * x * x * x;
                beyondOne += Math.Abs(x) > 1 ? 1 : 0;
                beyondThree += Math.Abs(x) > 3 ? 1 : 0;
            }
        }
        // Four standard errors of each estimate.
        Assert.Equal(0, sum / n, 4 / Math.Sqrt(n));
        Assert.Equal(1, squares / n, 4 * Math.Sqrt(2.0 / n));
        Assert.Equal(0, cubes / n, 4 * Math.Sqrt(15.0 / n));
        Assert.Equal(3, fourths / n, 4 * Math.Sqrt(96.0 / n));
        Assert.Equal(0, products / pairs, 4 / Math.Sqrt(pairs));
        Assert.Equal(0.31731, (double)beyondOne / n, 4 * Math.Sqrt(0.317 * 0.683 / n));
        Assert.Equal(0.0026998, (double)beyondThree / n, 4 * Math.Sqrt(0.0027 / n));
    }

    // Frozen: the initial weights of every run depend on these bits. Python (floats, math.log) gives the same.
    [Fact]
    public void Normal_deviates_keep_their_bits()
    {
        long[] bits = [.. Enumerable.Range(0, 3).SelectMany(pair =>
        {
            (double a, double b) = Philox.NormalPair(1, RandomPurpose.Weights, 0, (ulong)pair);
            return (long[])[BitConverter.DoubleToInt64Bits(a), BitConverter.DoubleToInt64Bits(b)];
        })];
        Assert.Equal(
            [-4623135185083821648, -4627551768261059010, -4625961056223436375, -4629964580653520805, -4621099898344361255,
                4603786620350155677],
            bits);
    }

    [Fact]
    public void Filling_a_span_gives_the_same_numbers_whatever_its_length()
    {
        float[] seven = new float[7], four = new float[4];
        Philox.FillNormal(9, RandomPurpose.Weights, 2, 0.5, seven);
        Philox.FillNormal(9, RandomPurpose.Weights, 2, 0.5, four);
        Assert.Equal(four, seven[..4]);
        Assert.Equal((float)(0.5 * Philox.NormalPair(9, RandomPurpose.Weights, 2, 3).First), seven[6]);

        Philox.FillUniform(9, RandomPurpose.Weights, 2, -0.125, 0.125, seven);
        Philox.FillUniform(9, RandomPurpose.Weights, 2, -0.125, 0.125, four);
        Assert.Equal(four, seven[..4]);
        Assert.All(seven, value => Assert.InRange(value, -0.125f, MathF.BitDecrement(0.125f)));
        Assert.Equal(-0.125f + 0.25f * Philox.Uniform(9, RandomPurpose.Weights, 2, 5), seven[5]);
    }

    [Fact]
    public void A_permutation_holds_every_number_once() => Gen.Select(Gen.ULong, Gen.UInt, Gen.Int[0, 300]).Sample((seed, epoch, n) =>
    {
        int[] permutation = new int[n];
        Philox.FillPermutation(seed, RandomPurpose.Shuffle, epoch, permutation);
        return permutation.Order().SequenceEqual(Enumerable.Range(0, n));
    });

    [Fact]
    public void Every_permutation_of_four_is_equally_likely()
    {
        const int draws = 24_000;
        var counts = new Dictionary<string, int>();
        int[] permutation = new int[4];
        for (uint epoch = 0; epoch < draws; epoch++)
        {
            Philox.FillPermutation(3, RandomPurpose.Shuffle, epoch, permutation);
            string key = string.Join(' ', permutation);
            counts[key] = counts.GetValueOrDefault(key) + 1;
        }
        Assert.Equal(24, counts.Count);
        double chiSquared = counts.Values.Sum(count => Math.Pow(count - 1000, 2) / 1000);
        Assert.True(chiSquared < 49.7, $"chi squared {chiSquared} with 23 degrees of freedom (99.9%: 49.7)");
    }
}
