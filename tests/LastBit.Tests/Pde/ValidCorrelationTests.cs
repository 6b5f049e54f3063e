using CsCheck;
using LastBit.Arithmetic;
using LastBit.Pde;

namespace LastBit.Tests.Pde;

public class ValidCorrelationTests
{
    [Fact]
    public void Transforms_of_every_length_agree_with_the_definition_and_go_back()
    {
        foreach (int length in (ReadOnlySpan<int>)[1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 15, 16, 24, 25, 30, 32, 36, 64, 75, 128, 135])
            Transform<DoubleLanes512>(length);
        Transform<DoubleLanes1>(60);
    }

    [Fact]
    public void Leaving_out_what_is_zero_and_what_is_not_wanted_changes_nothing_that_is_wanted() =>
        Gen.Int[1, 300].SelectMany(size => Gen.Select(Gen.Int[1, size], Gen.Int[1, size], Gen.Const(size)))
            .Sample((given, wanted, size) => Prune(PanelFft.GoodLength(size), given, wanted), iter: 100);

    [Fact]
    public void Correlations_agree_with_direct_sums_for_every_shape() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 40]).SelectMany((height, width) =>
            Gen.Select(Gen.Double[-1, 1].Array[height * width], Gen.Int[1, height], Gen.Int[1, width])
                .Select((pixels, kernelHeight, kernelWidth) =>
                (new GreyImage("random", height, width, pixels), kernelHeight, kernelWidth)))
            .Sample((image, kernelHeight, kernelWidth) => AgainstDirect(image, kernelHeight, kernelWidth), iter: 60);

    [Fact]
    public void The_default_size_agrees_with_direct_sums()
    {
        var random = new System.Random(3);
        double[] pixels = new double[256 * 256];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = 2 * random.NextDouble() - 1;
        AgainstDirect(new GreyImage("random", 256, 256, pixels), 32, 32);
    }

    [Fact]
    public void A_checkerboard_of_the_default_size_has_one_frequency_and_two_values_exactly()
    {
        using var correlation = new ValidCorrelation(GreyImage.Checkerboard(), 32, 32);
        Assert.Equal((0, 65536.0 * 65536), correlation.PowerRange());
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(7, 1, 8)]
    [InlineData(11, 1, 12)]
    [InlineData(256, 2, 256)]
    [InlineData(243, 2, 250)]
    public void Lengths_are_products_of_2_3_and_5(int size, int multipleOf, int length) =>
        Assert.Equal(length, PanelFft.GoodLength(size, multipleOf));

    private static unsafe void Transform<T>(int length)
        where T : unmanaged, ILanes<T, double>
    {
        var random = new System.Random(length);
        var fft = new PanelFft(length);
        using var panel = new AlignedBuffer<double>(length * PanelFft.RowSize);
        double[] before = new double[length * PanelFft.RowSize];
        for (int i = 0; i < before.Length; i++)
            panel.Pointer[i] = before[i] = random.NextDouble() - 0.5;
        fft.Forward<T>(panel.Pointer, length);
        for (int lane = 0; lane < PanelFft.Lanes; lane++)
        {
            for (int k = 0; k < length; k++)
            {
                double re = 0, im = 0;
                for (int i = 0; i < length; i++)
                {
                    (double cos, double sin) = RootOfUnity.Of((int)((long)i * k % length), length);
                    double x = before[i * PanelFft.RowSize + lane], y = before[i * PanelFft.RowSize + 8 + lane];
                    re += x * cos + y * sin;
                    im += y * cos - x * sin;
                }
                double* row = panel.Pointer + fft.Position[k] * PanelFft.RowSize + lane;
                Assert.Equal(re, row[0], 1e-13);
                Assert.Equal(im, row[8], 1e-13);
            }
        }
        fft.Inverse<T>(panel.Pointer, length);
        for (int i = 0; i < before.Length; i++)
            Assert.Equal(before[i] * length, panel.Pointer[i], 1e-13);
    }

    private static unsafe void Prune(int length, int given, int wanted)
    {
        var random = new System.Random(length);
        var fft = new PanelFft(length);
        using AlignedBuffer<double> whole = new(length * PanelFft.RowSize), pruned = new(length * PanelFft.RowSize);
        for (int i = 0; i < length * PanelFft.RowSize; i++)
        {
            double value = random.NextDouble() - 0.5;
            whole.Pointer[i] = i < given * PanelFft.RowSize ? value : 0;
            pruned.Pointer[i] = value;
        }
        fft.Forward<DoubleLanes512>(whole.Pointer, length);
        fft.Forward<DoubleLanes512>(pruned.Pointer, given);
        for (int i = 0; i < length * PanelFft.RowSize; i++)
            Assert.Equal(whole.Pointer[i], pruned.Pointer[i], 1e-13);
        fft.Inverse<DoubleLanes512>(whole.Pointer, length);
        fft.Inverse<DoubleLanes512>(pruned.Pointer, wanted);
        for (int i = 0; i < wanted * PanelFft.RowSize; i++)
            Assert.Equal(whole.Pointer[i], pruned.Pointer[i], 1e-11);
    }

    private static unsafe void AgainstDirect(GreyImage image, int kernelHeight, int kernelWidth)
    {
        var random = new System.Random(1);
        double[] kernel = new double[kernelHeight * kernelWidth], sums = new double[kernel.Length];
        for (int i = 0; i < kernel.Length; i++)
            kernel[i] = random.NextDouble() - 0.5;
        int height = image.Height - kernelHeight + 1, width = image.Width - kernelWidth + 1;

        using var correlation = new ValidCorrelation(image, kernelHeight, kernelWidth);
        using var cnn = new OneLayerCnn(correlation, 1.5);
        double p = cnn.Evaluate(OneLayerCnn.Field.Derivative, kernel, sums);

        double mean = 0;
        double[] direct = new double[kernel.Length];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                double z = 0;
                for (int i = 0; i < kernel.Length; i++)
                    z += kernel[i] * image.Pixels[(y + i / kernelWidth) * image.Width + x + i % kernelWidth];
                double sigmoid = 1 / (1 + Math.Exp(-1.5 * z)), derivative = sigmoid * (1 + 1.5 * z * (1 - sigmoid));
                mean += z * sigmoid / height / width;
                for (int i = 0; i < kernel.Length; i++)
                    direct[i] += derivative * image.Pixels[(y + i / kernelWidth) * image.Width + x + i % kernelWidth];
            }
        }
        Assert.Equal(mean, p, 1e-12);
        for (int i = 0; i < kernel.Length; i++)
            Assert.Equal(direct[i], sums[i], 1e-13 * height * width);
    }
}
