using LastBit.Experiments.Bounds;
using LastBit.Experiments.OneLayer;
using LastBit.Pde;

namespace LastBit.Tests.Experiments;

public sealed class StabilityBoundsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<GreyImage, KernelSize> Images => new()
    {
        { OneLayerExperiments.Noise(24, 24), 5 },
        { OneLayerExperiments.Noise(19, 33), 6 },
        { OneLayerExperiments.Noise(27, 18), new KernelSize(3, 8) },
        { OneLayerExperiments.Disc(30, 41), 4 },
        { GreyImage.Checkerboard(17), 3 },
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Images))]
    public void The_eigenvalues_are_those_of_the_matrix_written_out(GreyImage image, KernelSize kernelSize)
    {
        StabilityBoundsResult bounds = Bounds(image, kernelSize, 1e-3);
        double[] eigenvalues = Eigenvalues(Matrix(image, kernelSize), kernelSize.Count);
        Assert.Equal(eigenvalues.Max(), bounds.LambdaMax, 1e-11 * eigenvalues.Max());
        Assert.Equal(eigenvalues.Min(), bounds.LambdaMin, 1e-11 * eigenvalues.Max());
        Assert.InRange(bounds.LambdaTolerance, 0, 2e-12 * eigenvalues.Max());
    }

    [Theory]
    [MemberData(nameof(Images))]
    public void The_PDE_is_stable_just_inside_of_the_bounds_and_unstable_just_outside(GreyImage image, KernelSize kernelSize)
    {
        // With this learning rate the stable weight decays fill the better part of 0 .. lambda_max.
        double lambdaMax = Bounds(image, kernelSize, 1e-3).LambdaMax, learningRate = 2 / lambdaMax, margin = 0.01 * lambdaMax;
        StabilityBoundsResult bounds = Bounds(image, kernelSize, learningRate);
        Assert.InRange(LastStepOverFirst(image, kernelSize, bounds.AlphaMin + margin, learningRate), 0, 0.1);
        Assert.InRange(LastStepOverFirst(image, kernelSize, bounds.AlphaMin - margin, learningRate), 10, double.MaxValue);
        Assert.InRange(LastStepOverFirst(image, kernelSize, bounds.AlphaMax - margin, learningRate), 0, 0.1);
        Assert.InRange(LastStepOverFirst(image, kernelSize, bounds.AlphaMax + margin, learningRate), 10, double.MaxValue);
    }

    [Theory]
    [MemberData(nameof(Images))]
    public void The_papers_Fourier_formula_asks_for_at_least_as_much_weight_decay(GreyImage image, KernelSize kernelSize)
    {
        StabilityBoundsResult bounds = Bounds(image, kernelSize, 1e-3);
        Assert.True(bounds.AlphaMin <= bounds.FourierAlphaMin);
    }

    [Fact]
    public void A_positive_constant_turns_the_bounds_round()
    {
        GreyImage image = OneLayerExperiments.Noise(24, 24);
        StabilityBoundsResult negative = Bounds(image, 5, 1e-3);
        StabilityBoundsResult positive = StabilityBounds.Experiment.Run(
            new() { Image = image, KernelSize = 5, LearningRate = 1e-3, A = 0.5, Beta = 2 }, OneLayerExperiments.Context(_folder.Path));
        Assert.Equal(-0.5 * negative.LambdaMin, positive.AlphaMin);
        Assert.Equal(2000 - 0.5 * negative.LambdaMax, positive.AlphaMax);
    }

    [Fact]
    public void The_bounds_of_noise_of_the_default_size_are_found_to_the_stated_tolerance()
    {
        StabilityBoundsResult bounds = StabilityBounds.Experiment.Run(
            new() { Image = OneLayerExperiments.Noise(100, 120), KernelSize = 16 }, OneLayerExperiments.Context(_folder.Path));
        Assert.InRange(bounds.LambdaTolerance, 0, 2e-12 * bounds.LambdaMax);
        // Marchenko and Pastur: pixels of variance 1/3, 8925 positions, 256 weights; neighbouring windows share pixels, so only roughly.
        Assert.InRange(bounds.LambdaMax, 8925 / 3.0, 2.2 * 8925 / 3.0);
        Assert.InRange(bounds.LambdaMin, 0.2 * 8925 / 3.0, 8925 / 3.0);
    }

    private StabilityBoundsResult Bounds(GreyImage image, KernelSize kernelSize, double learningRate) =>
        StabilityBounds.Experiment.Run(new() { Image = image, KernelSize = kernelSize, LearningRate = learningRate },
            OneLayerExperiments.Context(_folder.Path));

    private static double LastStepOverFirst(GreyImage image, KernelSize kernelSize, double alpha, double learningRate)
    {
        double[] before = OneLayerSetup.InitialKernel(kernelSize);
        double first = double.NaN, last = double.NaN;
        using var correlation = new ValidCorrelation(image, kernelSize.Height, kernelSize.Width);
        using var cnn = new OneLayerCnn(correlation, 1);
        GradientDescent.Linearized(cnn, before, -0.5, alpha, learningRate, 1000, (iteration, _, kernel) =>
        {
            last = 0;
            for (int i = 0; i < before.Length; i++)
            {
                last = Math.Max(last, Math.Abs(kernel[i] - before[i]));
                before[i] = kernel[i];
            }
            if (iteration == 0)
                first = last;
        });
        return last / first;
    }

    private static double[,] Matrix(GreyImage image, KernelSize kernelSize)
    {
        int size = kernelSize.Count;
        double[,] matrix = new double[size, size];
        for (int y = 0; y + kernelSize.Height <= image.Height; y++)
        {
            for (int x = 0; x + kernelSize.Width <= image.Width; x++)
            {
                double[] window =
                [
                    .. Enumerable.Range(0, size).Select(
                        i => image.Pixels[((y + (i / kernelSize.Width)) * image.Width) + x + (i % kernelSize.Width)]),
                ];
                for (int i = 0; i < size; i++)
                {
                    for (int j = 0; j < size; j++)
                        matrix[i, j] += window[i] * window[j];
                }
            }
        }
        return matrix;
    }

    // Jacobi: rotations until nothing is left beside the diagonal.
    private static double[] Eigenvalues(double[,] m, int n)
    {
        for (int sweep = 0; sweep < 30; sweep++)
        {
            for (int p = 0; p < n; p++)
            {
                for (int q = p + 1; q < n; q++)
                {
                    if (m[p, q] == 0)
                        continue;
                    double theta = (m[q, q] - m[p, p]) / (2 * m[p, q]);
                    double t = (theta < 0 ? -1 : 1) / (Math.Abs(theta) + Math.Sqrt(theta * theta + 1)), c = 1 / Math.Sqrt(t * t + 1), s =
                        t * c;
                    for (int i = 0; i < n; i++)
                        (m[i, p], m[i, q]) = (c * m[i, p] - s * m[i, q], s * m[i, p] + c * m[i, q]);
                    for (int i = 0; i < n; i++)
                        (m[p, i], m[q, i]) = (c * m[p, i] - s * m[q, i], s * m[p, i] + c * m[q, i]);
                }
            }
        }
        return [.. Enumerable.Range(0, n).Select(i => m[i, i])];
    }
}
