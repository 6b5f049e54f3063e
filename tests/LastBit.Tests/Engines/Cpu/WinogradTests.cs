using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Random;

namespace LastBit.Tests.Engines.Cpu;

/// <summary>Winograd: equal bits in every width and however the images come, and near the definition in binary64.</summary>
public unsafe class WinogradTests
{
    public static TheoryData<int, int, int, int> Shapes => new()
    {
        { 32, 16, 16, 1 }, { 16, 32, 32, 3 }, { 8, 64, 64, 4 }, { 8, 16, 48, 2 }, { 24, 32, 16, 1 }, { 8, 128, 64, 4 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Minimal_filtering_has_the_same_bits_in_every_width(int side, int inChannels, int outChannels, int images)
    {
        var shape = new ConvolutionShape(side, side, inChannels, outChannels, 3, 1);
        var one = Results<SingleLanes1>(shape, images);
        Assert.All(new[] { Results<SingleLanes128>(shape, images), Results<SingleLanes256>(shape, images),
            Results<SingleLanes512>(shape, images) }, other =>
        {
            Assert.Equal(Bits(one.Forward), Bits(other.Forward));
            Assert.Equal(Bits(one.WeightGradient), Bits(other.WeightGradient));
        });
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Minimal_filtering_is_what_the_definition_says(int side, int inChannels, int outChannels, int images)
    {
        var shape = new ConvolutionShape(side, side, inChannels, outChannels, 3, 1);
        var (input, gradient, weights) = Inputs(shape, images);
        var (forward, weightGradient) = Results<SingleLanes256>(shape, images);
        double[] exactForward = new double[forward.Length], exactGradient = new double[weightGradient.Length];
        for (int n = 0; n < images; n++)
        {
            for (int y = 0; y < side; y++)
            {
                for (int x = 0; x < side; x++)
                {
                    for (int tap = 0; tap < 9; tap++)
                    {
                        int r = tap / 3, c = tap % 3, sy = y + r - 1, sx = x + c - 1;
                        if (sy < 0 || sx < 0 || sy >= side || sx >= side)
                            continue;
                        int target = ((((n * side) + y) * side) + x) * outChannels, source = ((((n * side) + sy) * side) + sx) * inChannels;
                        for (int i = 0; i < inChannels; i++)
                        {
                            int weight = ((((r * inChannels) + i) * 3) + c) * outChannels;
                            for (int o = 0; o < outChannels; o++)
                            {
                                exactForward[target + o] += (double)input[source + i] * weights[weight + o];
                                exactGradient[weight + o] += (double)gradient[target + o] * input[source + i];
                            }
                        }
                    }
                }
            }
        }
        AssertNear(exactForward, forward);
        AssertNear(exactGradient, weightGradient);
    }

    private static void AssertNear(double[] expected, float[] actual)
    {
        double size = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 2e-6 * size, $"element {i}: {actual[i]}, not {expected[i]}");
    }

    private static int[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToInt32Bits)];

    private static (float[] Input, float[] Gradient, float[] Weights) Inputs(ConvolutionShape shape, int images)
    {
        float[] input = new float[images * shape.InHeight * shape.InWidth * shape.InChannels];
        float[] gradient = new float[images * shape.OutHeight * shape.OutWidth * shape.OutChannels];
        float[] weights = new float[shape.WeightCount];
        Philox.FillNormal(1, RandomPurpose.None, 0, 1, input);
        Philox.FillNormal(1, RandomPurpose.None, 1, 1, gradient);
        Philox.FillNormal(1, RandomPurpose.None, 2, 1, weights);
        return (input, gradient, weights);
    }

    /// <summary>One chunk of a number of images; weights are in the kernels' layout.</summary>
    private static (float[] Forward, float[] WeightGradient) Results<T>(ConvolutionShape shape, int images)
        where T : unmanaged, ILanes<T, float>
    {
        var (input, gradient, weights) = Inputs(shape, images);
        Assert.True(Winograd2x2.Fits(shape) && Winograd4x4.Fits(shape));
        int inC = shape.InChannels, outC = shape.OutChannels, side = shape.InHeight;
        float[] forward = new float[gradient.Length], weightGradient = new float[weights.Length], transformed = new float[16 * inC * outC];
        // Whatever scratch held before must not matter.
        float[] scratch = new float[Winograd2x2.ScratchSize(side, side, inC, outC)], gathered =
            new float[Winograd4x4.ScratchSize(shape, images)];
        Array.Fill(scratch, float.NaN);
        Array.Fill(gathered, float.NaN);
        var progress = default(WinogradProgress);
        fixed (float* w = weights, u = transformed, y = forward, dw = weightGradient, s = scratch, g = gathered)
        {
            Winograd2x2.TransformWeights<T>(w, u, inC, outC);
            for (int n = 0; n < images; n++)
            {
                float[] paddedInput = Pad(input, n, side, inC, 0), paddedGradient = Pad(gradient, n, side, outC, float.NaN);
                fixed (float* x = paddedInput, dy = paddedGradient)
                {
                    Winograd2x2.Forward<T>(x, u, y + (n * side * side * outC), side, side, inC, outC, s);
                    Winograd4x4.Add<T>(x, dy, shape, images, g, ref progress);
                }
            }
            Winograd4x4.Finish<T>(shape, images, g, ref progress, dw);
        }
        Assert.Equal(default, progress);
        return (forward, weightGradient);
    }

    private static float[] Pad(float[] values, int image, int side, int channels, float beside)
    {
        float[] padded = new float[side * (side + 2) * channels];
        Array.Fill(padded, beside);
        for (int y = 0; y < side; y++)
            values.AsSpan(((image * side) + y) * side * channels, side * channels).CopyTo(padded.AsSpan(((y * (side + 2)) + 1) * channels));
        return padded;
    }
}
