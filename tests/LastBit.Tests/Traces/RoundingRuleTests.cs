using LastBit.Traces;

namespace LastBit.Tests.Traces;

/// <summary>The rule of docs/diff.md, simulated: products added up in two orders, with rounded factors, and with a bug.</summary>
public class RoundingRuleTests
{
    private const int Tries = 60, Outputs = 48;

    // Deterministic, so that no run of the tests is another.
    private readonly System.Random _random = new(20221130);

    [Theory]
    [InlineData(9, false)]
    [InlineData(144, false)]
    [InlineData(144, true)]
    [InlineData(4608, false)]
    [InlineData(4608, true)]
    public void Sums_of_products_are_told_apart(int products, bool positive)
    {
        int rounding = 0, tf32 = 0, bfloat16 = 0, larger = 0;
        for (int i = 0; i < Tries; i++)
        {
            float[] x = Numbers(products, positive), w = Numbers(products * Outputs, false);
            double scale = Math.Sqrt(products) * Rms(x) * Rms(w);
            TraceTensor plain = Layer(x, w, 32, 1);
            DifferenceSize Against(TraceTensor other) =>
                plain.IsEqualTo(other) ? DifferenceSize.Rounding : RoundingRule.Judge(plain, other, products, scale, true).Size;
            rounding += Against(Layer(x, w, 32, 7)) == DifferenceSize.Rounding ? 1 : 0;
            tf32 += Against(Layer(x, w, RoundingRule.Tf32Precision, 1)) == DifferenceSize.Tf32 ? 1 : 0;
            bfloat16 += Against(Layer(x, w, RoundingRule.Bfloat16Precision, 1)) == DifferenceSize.Bfloat16 ? 1 : 0;
            Array.Reverse(x);
            larger += Against(Layer(x, w, 32, 1)) == DifferenceSize.Larger ? 1 : 0;
        }
        Assert.Equal((Tries, Tries, Tries, Tries), (rounding, tf32, bfloat16, larger));
    }

    [Fact]
    public void A_single_wrong_element_that_no_kept_value_shows_is_seen_in_the_norms()
    {
        float[] values = Numbers(4096, false);
        TraceTensor plain = TraceTensor.Of<float>(values, 4096);
        values[5] += 1000;
        TraceTensor wrong = TraceTensor.Of<float>(values, 4096);
        MeasuredDifference large = RoundingRule.Judge(plain, wrong, 144, 0, true);
        Assert.Equal((DifferenceSize.Larger, 0, 1, 64), (large.Size, large.Values, large.Blocks, large.OfBlocks));
        values[5] -= 1000;
        values[5] = MathF.BitIncrement(values[5]);
        MeasuredDifference last = RoundingRule.Judge(plain, TraceTensor.Of<float>(values, 4096), 144, 0, true);
        Assert.Equal((DifferenceSize.Rounding, 0), (last.Size, last.Values));
    }

    [Fact]
    public void An_element_that_is_no_number_and_one_of_another_shape_are_no_rounding()
    {
        TraceTensor one = TraceTensor.Of<float>([1f, 2f, 3f], 3), nan = TraceTensor.Of<float>([1f, float.NaN, 3f], 3);
        Assert.Equal(DifferenceSize.Larger, RoundingRule.Judge(one, nan, 1e6, 1e6, true).Size);
        Assert.Equal(1, nan.Nan);
        Assert.Equal(DifferenceSize.Structure, RoundingRule.Judge(one, TraceTensor.Of<float>([1f, 2f], 2), 1, 0, true).Size);
        Assert.Equal(DifferenceSize.Larger, RoundingRule.Judge(TraceTensor.Of<long>([3, 4], 2), TraceTensor.Of<long>([3, 5], 2), 1, 0,
            false).Size);
    }

    [Fact]
    public void A_number_that_is_none_on_one_side_is_said_in_words()
    {
        using var folder = new TemporaryFolder();
        foreach ((string name, float second) in ((string, float)[])[("a", 2), ("nan", float.NaN), ("inf", float.PositiveInfinity)])
        {
            using var writer = new TraceWriter(folder[name], "test 1", []);
            writer.Write(new TraceRecord(0, new TraceKey(TraceKind.Output, "fc")) { Tensor = TraceTensor.Of<float>([1, second, 3], 3) });
            writer.EndStep();
        }
        Dictionary<string, string> lines = Lines("a", "nan");
        Assert.Equal("step 0, output of fc: of its 3 numbers, none is NaN in A and 1 is in B", lines["parted"]);
        Assert.Equal("1 of 2 blocks; in the sample 1 value otherwise, not all of them finite", lines["size"]);
        Assert.Equal("larger than any rounding: look for a bug", lines["verdict"]);
        Assert.Contains("1 is NaN in A and none is in B", Lines("nan", "a")["parted"], StringComparison.Ordinal);
        Assert.Equal("1 of 2 blocks; in the sample 1 value otherwise, not all of them finite", Lines("inf", "a")["size"]);
        Assert.Equal("equal", Lines("nan", "nan")["verdict"]);

        Dictionary<string, string> Lines(string a, string b) => TraceWords.Lines(TraceComparison.Of(folder[a], folder[b], null,
            TestContext.Current.CancellationToken)).ToDictionary(line => line.Question, line => line.Answer);
    }

    [Fact]
    public void The_gradient_of_a_loss_that_is_almost_nothing_differs_by_rounding_of_the_probabilities()
    {
        const int Samples = 16, Classes = 10;
        float[] one = new float[Samples * Classes], other = new float[Samples * Classes];
        for (int i = 0; i < one.Length; i++)
        {
            // p - y of a network that is sure and right, with the last bit of p either way.
            float p = i % Classes == 0 ? 1 - 2e-6f : 2e-7f;
            one[i] = (p - (i % Classes == 0 ? 1 : 0)) / Samples;
            other[i] = ((i % Classes == 0 ? MathF.BitDecrement(p) : p) - (i % Classes == 0 ? 1 : 0)) / Samples;
        }
        using var folder = new TemporaryFolder();
        foreach ((string name, float[] gradient) in ((string, float[])[])[("a", one), ("b", other)])
        {
            using var writer = new TraceWriter(folder[name], "test 1", []);
            writer.Write(new TraceRecord(0, new TraceKey(TraceKind.Output, "fc"))
            { Tensor = TraceTensor.Of<float>(new float[Samples * Classes], Samples, Classes) });
            writer.Write(new TraceRecord(0, new TraceKey(TraceKind.OutputGradient, "fc", Phase: TraceKey.Backward))
            { Tensor = TraceTensor.Of<float>(gradient, Samples, Classes) });
            writer.EndStep();
        }
        TraceDifference result = TraceComparison.Of(folder["a"], folder["b"], null, TestContext.Current.CancellationToken);
        Assert.Equal(("gradient-of-output", DifferenceSize.Rounding), (result.Parted!.Kind, result.Size));
        Assert.InRange(result.Parted.Measured.Relative!.Value, 1e-4, 1);
        Assert.Contains("so the loss, backward, computes otherwise on B", result.Parted.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_last_bit_is_a_unit_in_the_last_place()
    {
        MeasuredDifference size = RoundingRule.Judge(TraceTensor.Of<float>([1.5f, 2f], 2),
            TraceTensor.Of<float>([MathF.BitIncrement(1.5f), 2f], 2), 1, 0, true);
        Assert.Equal(1, size.Ulps);
        Assert.Equal(Math.ScaleB(1, -23) / 1.5 / 2, size.Relative!.Value, 1e-14);
    }

    [Theory]
    [InlineData("bfloat16", 0x3f80UL, 1)]
    [InlineData("float16", 0x3c00UL, 1)]
    [InlineData("float64", 0x3ff0000000000000UL, 1)]
    [InlineData("float32", 0xbf000000UL, -0.5)]
    public void Bits_of_every_type_are_the_number_that_they_stand_for(string type, ulong bits, double value) =>
        Assert.Equal(value, TraceNumbers.Of(type)!.Value(bits));

    private static TraceTensor Layer(float[] x, float[] w, int bits, int stride)
    {
        var y = new float[Outputs];
        for (int o = 0; o < Outputs; o++)
        {
            // Every stride-th product, then the next: another order of the same products.
            for (int start = 0; start < stride; start++)
            {
                for (int k = start; k < x.Length; k += stride)
                    y[o] += Rounded(x[k], bits) * Rounded(w[(o * x.Length) + k], bits);
            }
        }
        return TraceTensor.Of<float>(y, Outputs);
    }

    private static float Rounded(float value, int bits)
    {
        if (bits >= 24)
            return value;
        uint raw = BitConverter.SingleToUInt32Bits(value), unit = 1u << (24 - bits);
        return BitConverter.UInt32BitsToSingle((raw + (unit / 2)) & ~(unit - 1));
    }

    private float[] Numbers(int count, bool positive)
    {
        var values = new float[count];
        for (int i = 0; i < count; i++)
        {
            double normal = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
            values[i] = (float)(positive ? Math.Max(0, normal) : normal);
        }
        return values;
    }

    private static double Rms(float[] values) => Math.Sqrt(values.Average(value => (double)value * value));
}
