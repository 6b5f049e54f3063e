using LastBit.Arithmetic;
using LastBit.LinearAlgebra;

namespace LastBit.Pde;

/// <summary>
/// The Hessian of the one-layer loss, cross-entropy with label 1 plus (alpha/2) sum K^2, by its action:
/// H D = sigmoid'(p) dp g + ((sigmoid(p) - 1)/N) sum_x r''(z[x]) dz[x] I[x+.] + alpha D, where g = (1/N) sum_x r'(z[x]) I[x+.] and dp = (g,
/// D).
/// Holds the memory of one thread.
/// </summary>
/// <param name="cnn">The network.</param>
/// <param name="alpha">Weight decay.</param>
/// <param name="size">How many weights the kernel has.</param>
internal sealed class OneLayerHessian(OneLayerCnn cnn, double alpha, int size)
{
    /// <summary>
    /// The residual, as a fraction of lambda_max, at which it is taken as found; the error of lambda_max is of the order of its square.
    /// </summary>
    public const double Tolerance = 1e-5;

    private readonly double[] _kernel = new double[size], _gradient = new double[size];
    private double _slope, _factor;
    private double[][] _top = [];

    /// <summary>Moves to a kernel.</summary>
    /// <param name="kernel">The kernel, row by row.</param>
    public void MoveTo(ReadOnlySpan<double> kernel)
    {
        kernel.CopyTo(_kernel);
        double p = cnn.Evaluate(OneLayerCnn.Field.Derivative, _kernel, _gradient);
        // sigmoid(p) - 1 = -sigmoid(-p) and sigmoid'(p) = sigmoid(p) sigmoid(-p), without cancellation.
        double rest = Swish.Sigmoid(-p);
        _slope = Swish.Sigmoid(p) * rest / cnn.Positions;
        _factor = -rest / cnn.Positions;
    }

    /// <summary>H D.</summary>
    /// <param name="direction">D.</param>
    /// <param name="product">Receives H D.</param>
    public void Multiply(ReadOnlySpan<double> direction, Span<double> product)
    {
        double along = cnn.Curvature(_kernel, direction, product);
        for (int i = 0; i < size; i++)
            product[i] = Math.FusedMultiplyAdd(_factor, product[i],
                Math.FusedMultiplyAdd(_slope * along, _gradient[i], alpha * direction[i]));
    }

    /// <summary>lambda_max at a kernel; the search starts from the eigenvector of the kernel before.</summary>
    /// <param name="kernel">The kernel, row by row.</param>
    /// <param name="cancellation">Stops between two products.</param>
    public double Sharpness(ReadOnlySpan<double> kernel, CancellationToken cancellation)
    {
        MoveTo(kernel);
        LargestEigenvalues largest = Lanczos.Largest(Multiply, size, 1, Tolerance, 4 * size, _top, cancellation: cancellation);
        _top = largest.Vectors;
        return largest.Values[0];
    }
}
