using LastBit.Arithmetic;
using LastBit.Pde;

namespace LastBit.Tests.Pde;

public class OneLayerHessianTests
{
    private const int Side = 4, Weights = Side * Side;
    private const double Alpha = 0.7, Beta = 1.3;

    [Fact]
    public void Products_agree_with_differences_of_gradients()
    {
        GreyImage image = Image(11, 14);
        double[] kernel = Vector(1), direction = Vector(2), product = new double[Weights];
        OneLayerHessian hessian = At(image, kernel);
        hessian.Multiply(direction, product);

        const double Step = 1e-5;
        double[] above = Gradient(image, Move(kernel, direction, Step)), below = Gradient(image, Move(kernel, direction, -Step));
        for (int i = 0; i < Weights; i++)
            Assert.Equal((above[i] - below[i]) / (2 * Step), product[i], 1e-8);
    }

    [Fact]
    public void Sharpness_is_the_largest_eigenvalue_of_the_whole_matrix()
    {
        GreyImage image = Image(9, 9);
        double[] kernel = Vector(3);
        OneLayerHessian hessian = At(image, kernel);
        // The power method on H + shift, with the matrix written out.
        double[][] matrix = [.. Enumerable.Range(0, Weights).Select(i =>
        {
            double[] unit = new double[Weights], column = new double[Weights];
            unit[i] = 1;
            hessian.Multiply(unit, column);
            return column;
        })];
        for (int i = 0; i < Weights; i++)
        {
            for (int j = 0; j < i; j++)
                Assert.Equal(matrix[i][j], matrix[j][i], 1e-12);
        }
        double[] x = Vector(4);
        double value = 0;
        for (int iteration = 0; iteration < 20_000; iteration++)
        {
            double[] next = [.. matrix.Select((row, i) => row.Zip(x, (a, b) => a * b).Sum() + 5 * x[i])];
            value = Math.Sqrt(next.Sum(one => one * one));
            x = [.. next.Select(one => one / value)];
        }
        Assert.Equal(value - 5, hessian.Sharpness(kernel, TestContext.Current.CancellationToken), 1e-7);
    }

    [Fact]
    public void Products_have_the_same_bits_in_every_vector_width()
    {
        using var correlation = new ValidCorrelation(Image(19, 23), Side, Side);
        double[] kernel = Vector(5), direction = Vector(6);
        double[] widest = new double[Weights], narrow = new double[Weights], single = new double[Weights];
        using var cnn = new OneLayerCnn(correlation, Beta);
        double mean = cnn.Curvature<DoubleLanes512>(kernel, direction, widest);
        Assert.Equal(mean, cnn.Curvature<DoubleLanes128>(kernel, direction, narrow));
        Assert.Equal(mean, cnn.Curvature<DoubleLanes1>(kernel, direction, single));
        Assert.Equal(widest, narrow);
        Assert.Equal(widest, single);
    }

    private static OneLayerHessian At(GreyImage image, double[] kernel)
    {
        var hessian = new OneLayerHessian(new OneLayerCnn(new ValidCorrelation(image, Side, Side), Beta), Alpha, Weights);
        hessian.MoveTo(kernel);
        return hessian;
    }

    // The gradient of the loss by its definition.
    private static double[] Gradient(GreyImage image, double[] kernel)
    {
        int rows = image.Height - Side + 1, columns = image.Width - Side + 1;
        double p = 0;
        double[] sums = new double[Weights];
        for (int y = 0; y < rows; y++)
        {
            for (int x = 0; x < columns; x++)
            {
                double z = 0;
                for (int i = 0; i < Weights; i++)
                    z += kernel[i] * image.Pixels[(y + i / Side) * image.Width + x + i % Side];
                double sigmoid = 1 / (1 + Math.Exp(-Beta * z));
                p += z * sigmoid / (rows * columns);
                for (int i = 0; i < Weights; i++)
                    sums[i] += sigmoid * (1 + Beta * z * (1 - sigmoid)) * image.Pixels[(y + i / Side) * image.Width + x + i % Side];
            }
        }
        return [.. sums.Select((sum, i) => (1 / (1 + Math.Exp(-p)) - 1) / (rows * columns) * sum + Alpha * kernel[i])];
    }

    private static double[] Move(double[] from, double[] direction, double step) => [.. from.Zip(direction, (a, b) => a + step * b)];

    private static double[] Vector(int seed)
    {
        var random = new System.Random(seed);
        return [.. Enumerable.Range(0, Weights).Select(_ => 2 * random.NextDouble() - 1)];
    }

    private static GreyImage Image(int height, int width)
    {
        var random = new System.Random(height * 100 + width);
        return new GreyImage("random", height, width, [.. Enumerable.Range(0, height * width).Select(_ => 2 * random.NextDouble() - 1)]);
    }
}
