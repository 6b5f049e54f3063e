using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Engines.Cpu.Layers;
using LastBit.Random;

namespace LastBit.Tests.Engines.Cpu;

/// <summary>The convolution kernels: equal bits in every width, and near the definition in binary64.</summary>
public unsafe class KernelTests
{
    public static TheoryData<int, int, int, int, int> Shapes => new()
    {
        { 32, 4, 16, 3, 1 }, { 32, 16, 16, 3, 1 }, { 16, 32, 32, 3, 1 }, { 8, 64, 64, 3, 1 }, { 8, 16, 48, 3, 1 }, { 24, 12, 16, 3, 1 },
        { 32, 16, 32, 3, 2 }, { 16, 32, 64, 1, 2 }, { 8, 32, 16, 5, 1 }, { 16, 4, 32, 5, 2 }, { 8, 16, 32, 1, 1 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Convolutions_have_the_same_bits_in_every_width(int side, int inChannels, int outChannels, int size, int stride)
    {
        var shape = new ConvolutionShape(side, side, inChannels, outChannels, size, stride);
        var one = Results<SingleLanes1>(shape);
        bool fitsLanes512 = outChannels % 32 == 0 && inChannels % 32 == 0 || shape.IsDense3x3 && inChannels % 16 == 0;
        Assert.All(new[] { Results<SingleLanes128>(shape), Results<SingleLanes256>(shape),
            fitsLanes512 ? Results<SingleLanes512>(shape) : one }, other =>
        {
            Assert.Equal(Bits(one.Forward), Bits(other.Forward));
            Assert.Equal(Bits(one.InputGradient), Bits(other.InputGradient));
            Assert.Equal(Bits(one.WeightGradient), Bits(other.WeightGradient));
        });
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Convolutions_are_what_their_definition_says(int side, int inChannels, int outChannels, int size, int stride)
    {
        var shape = new ConvolutionShape(side, side, inChannels, outChannels, size, stride);
        var (input, gradient, weights) = Inputs(shape);
        var actual = Results<SingleLanes256>(shape);
        double[] forward = new double[actual.Forward.Length];
        double[] inputGradient = new double[actual.InputGradient.Length], weightGradient = new double[actual.WeightGradient.Length];
        int pad = size / 2;
        for (int y = 0; y < shape.OutHeight; y++)
        {
            for (int x = 0; x < shape.OutWidth; x++)
            {
                for (int r = 0; r < size; r++)
                {
                    for (int c = 0; c < size; c++)
                    {
                        int sy = (stride * y) + r - pad, sx = (stride * x) + c - pad;
                        if (sy < 0 || sx < 0 || sy >= side || sx >= side)
                            continue;
                        for (int i = 0; i < inChannels; i++)
                        {
                            int source = (((sy * side) + sx) * inChannels) + i;
                            for (int o = 0; o < outChannels; o++)
                            {
                                int target = (((y * shape.OutWidth) + x) * outChannels) + o;
                                int weight = (((((o * inChannels) + i) * size) + r) * size) + c;
                                int packed = (((((r * inChannels) + i) * size) + c) * outChannels) + o;
                                forward[target] += (double)input[source] * weights[weight];
                                inputGradient[source] += (double)gradient[target] * weights[weight];
                                weightGradient[packed] += (double)gradient[target] * input[source];
                            }
                        }
                    }
                }
            }
        }
        AssertNear(forward, actual.Forward);
        AssertNear(inputGradient, actual.InputGradient);
        AssertNear(weightGradient, actual.WeightGradient);
    }

    [Theory]
    [InlineData(4, 1, 16)]
    [InlineData(4, 1, 48)]
    [InlineData(4, 3, 32)]
    [InlineData(8, 3, 16)]
    public void Padding_channels_are_not_read_and_change_no_bit(int inChannels, int paddingChannels, int outChannels)
    {
        Check<SingleLanes1>();
        Check<SingleLanes128>();
        Check<SingleLanes256>();
        Check<SingleLanes512>();

        void Check<T>()
            where T : unmanaged, ILanes<T, float>
        {
            var shape = new ConvolutionShape(16, 16, inChannels, outChannels, 3, 1);
            var (input, gradient, weights) = Inputs(shape);
            for (int k = 0; k < weights.Length; k++)
                weights[k] = IsPadding(k / (3 * outChannels)) ? 0 : weights[k];
            float[] paddedGradient = Pad(gradient, 16, 16, outChannels, 1, 0);
            float[][] forward = [new float[gradient.Length], new float[gradient.Length]], weightGradient =
                [new float[weights.Length], new float[weights.Length]];
            for (int left = 0; left < 2; left++)
            {
                float[] x = [.. input.Select((value, k) => !IsPadding(k) ? value : left == 0 ? 0 : float.NaN)];
                float[] padded = Pad(x, 16, 16, inChannels, 1, 0);
                fixed (float* from = padded, w = weights, g = paddedGradient, y = forward[left], dw = weightGradient[left])
                {
                    Convolution3x3.Forward<T>(from, w, y, 16, 16, inChannels, outChannels, left * paddingChannels);
                    Convolution3x3.WeightGradient<T>(from, g, dw, 16, 16, inChannels, outChannels, left * paddingChannels);
                }
            }
            Assert.Equal(Bits(forward[0]), Bits(forward[1]));
            Assert.Equal(Bits(Real(weightGradient[0])), Bits(Real(weightGradient[1])));
            Assert.All(Real(weightGradient[1]), value => Assert.NotEqual(0, value));

            float[] Real(float[] packed) => [.. packed.Where((_, k) => !IsPadding(k / (3 * outChannels)))];

            bool IsPadding(int number) => number % inChannels >= inChannels - paddingChannels;
        }
    }

    [Fact]
    public void Weights_survive_packing_and_unpacking()
    {
        var shape = new ConvolutionShape(8, 8, 4, 16, 3, 1);
        float[] weights = new float[16 * 3 * 9];
        Philox.FillNormal(1, RandomPurpose.None, 0, 1, weights);
        float[] packed = new float[shape.WeightCount], back = new float[weights.Length];
        fixed (float* w = weights)
        fixed (float* p = packed)
        fixed (float* b = back)
        {
            WeightLayout.Pack(w, 3, p, shape);
            WeightLayout.Unpack(p, 3, b, shape, 0, 5);
            WeightLayout.Unpack(p, 3, b, shape, 5, 12);
        }
        Assert.Equal(weights, back);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(32)]
    public void The_tree_of_a_sum_is_that_of_its_definition(int rows)
    {
        float[] table = new float[rows * 16];
        Philox.FillNormal(2, RandomPurpose.None, 0, 1, table);
        float[] expected = [.. Enumerable.Range(0, 16).Select(c => Tree(table, 0, rows, c))];
        fixed (float* t = table)
            PointwiseTable.TreeSum(t, rows, 16, 16);
        Assert.Equal(expected, table[..16]);

        // The largest power of two below the count splits it: ((0+1)+(2+3))+((4+5)+6).
        static float Tree(float[] table, int from, int count, int column)
        {
            if (count == 1)
                return table[(from * 16) + column];
            int left = 1;
            while (left * 2 < count)
                left *= 2;
            return Tree(table, from, left, column) + Tree(table, from + left, count - left, column);
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    [InlineData(20)]
    public void A_filled_image_ends_where_its_memory_ends(int channels)
    {
        const int Side = 4, Border = 1;
        float[] source = new float[Side * Side * channels], target = new float[(Side * (Side + (2 * Border)) * channels) + 16];
        Array.Fill(source, 2f);
        Array.Fill(target, 7f);
        foreach (var activation in Enum.GetValues<LastBit.Models.Activation>())
        {
            fixed (float* x = source, y = target)
                PointwiseTable.For(channels).FillPadded(false, activation)(x, default, y, Side, Side, channels, Border);
            Assert.Equal(Enumerable.Repeat(7f, 16), target[^16..]);
            Assert.All(target[..^16], value => Assert.InRange(value, 0, 2.13f));
        }
    }

    [Fact]
    public void A_kernel_refuses_rows_that_are_not_whole_vectors()
    {
        float[] numbers = new float[256];
        Assert.Throws<ArgumentException>(() => Fill<SingleLanes512>(4));
        Assert.Throws<ArgumentException>(() => Fill<SingleLanes256>(4));
        Fill<SingleLanes128>(4);
        Assert.Throws<ArgumentException>(() => Moments(6));
        Moments(8);
        Assert.Throws<ArgumentOutOfRangeException>(Unknown);

        void Fill<T>(int channels)
            where T : unmanaged, ILanes<T, float>
        {
            fixed (float* x = numbers)
                Pointwise.FillPadded<T, ReluActivation, No>(x, default, x + 128, 2, 2, channels, 0);
        }

        void Moments(int positions)
        {
            fixed (float* x = numbers)
                Pointwise.Moments<SingleLanes1>(x, positions, 1, x + 128, x + 129);
        }

        static void Unknown()
        {
            if (PointwiseTable.For(16).FillPadded(false, (LastBit.Models.Activation)99) == null)
                throw new InvalidOperationException("An unknown activation function gave no kernel.");
        }
    }

    private static void AssertNear(double[] expected, float[] actual)
    {
        double size = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 2e-6 * size, $"element {i}: {actual[i]}, not {expected[i]}");
    }

    private static int[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToInt32Bits)];

    private static (float[] Input, float[] Gradient, float[] Weights) Inputs(ConvolutionShape shape)
    {
        float[] input = new float[shape.InHeight * shape.InWidth * shape.InChannels];
        float[] gradient = new float[shape.OutHeight * shape.OutWidth * shape.OutChannels];
        float[] weights = new float[shape.WeightCount];
        Philox.FillNormal(1, RandomPurpose.None, 0, 1, input);
        Philox.FillNormal(1, RandomPurpose.None, 1, 1, gradient);
        Philox.FillNormal(1, RandomPurpose.None, 2, 1, weights);
        return (input, gradient, weights);
    }

    private static (float[] Forward, float[] InputGradient, float[] WeightGradient) Results<T>(ConvolutionShape shape)
        where T : unmanaged, ILanes<T, float>
    {
        var (input, gradient, weights) = Inputs(shape);
        float[] forward = new float[gradient.Length], inputGradient = new float[input.Length], weightGradient = new float[weights.Length];
        float[] packed = new float[weights.Length], flipped = new float[weights.Length];
        // The 3x3 kernels read nothing beside the image; the plain ones multiply zeros there.
        bool dense = shape.IsDense3x3 && shape.InChannels % 16 == 0;
        float[] paddedInput =
            Pad(input, shape.InHeight, shape.InWidth, shape.InChannels, shape.InputBorder, shape.IsDense3x3 ? float.NaN : 0);
        float[] paddedGradient =
            Pad(gradient, shape.OutHeight, shape.OutWidth, shape.OutChannels, shape.GradientBorder, dense ? float.NaN : 0);
        fixed (float* w = weights, p = packed, t = flipped, x = paddedInput, g = paddedGradient, y = forward, dx = inputGradient, dw =
            weightGradient)
        {
            WeightLayout.Pack(w, shape.InChannels, p, shape);
            WeightLayout.Flip(w, shape.InChannels, t, shape);
            if (shape.IsDense3x3)
            {
                Convolution3x3.Forward<T>(x, p, y, shape.InHeight, shape.InWidth, shape.InChannels, shape.OutChannels, 0);
                Convolution3x3.WeightGradient<T>(x, g, dw, shape.InHeight, shape.InWidth, shape.InChannels, shape.OutChannels, 0);
                if (shape.InChannels % 16 == 0)
                    Convolution3x3.Forward<T>(g, t, dx, shape.InHeight, shape.InWidth, shape.OutChannels, shape.InChannels, 0);
                else
                    Convolution.InputGradient<SingleLanes1>(g, t, dx, shape);
            }
            else
            {
                Convolution.Forward<T>(x, p, y, shape);
                Convolution.WeightGradient<T>(x, g, dw, shape);
                if (shape.InChannels % (2 * T.Count) == 0)
                    Convolution.InputGradient<T>(g, t, dx, shape);
                else
                    Convolution.InputGradient<SingleLanes1>(g, t, dx, shape);
            }
        }
        return (forward, inputGradient, weightGradient);
    }

    private static float[] Pad(float[] values, int height, int width, int channels, int border, float beside)
    {
        float[] padded = new float[height * (width + (2 * border)) * channels];
        Array.Fill(padded, beside);
        for (int y = 0; y < height; y++)
            values.AsSpan(y * width * channels, width * channels).CopyTo(padded.AsSpan(((y * (width + (2 * border))) + border) * channels));
        return padded;
    }
}
