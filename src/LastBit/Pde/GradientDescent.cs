using LastBit.Arithmetic;

namespace LastBit.Pde;

/// <summary>Gradient descent on the one-layer CNN with label 1: the linearized PDE (9) and the non-linear PDE (8).</summary>
internal static class GradientDescent
{
    /// <summary>What a run tells after every iteration.</summary>
    /// <param name="iteration">From 0.</param>
    /// <param name="loss">The loss recorded in it; finite.</param>
    /// <param name="kernel">The kernel after the step.</param>
    public delegate void Observe(int iteration, double loss, ReadOnlySpan<double> kernel);

    /// <summary>
    /// The linearized PDE (9): K &lt;- K - dt g, g = (a/2) (mean(I) + beta sum_x z[x] I[x+.]) + alpha K. An iteration's loss is the
    /// cross-entropy of K before the step plus (alpha/2) sum K^2 after it.
    /// </summary>
    /// <returns>The losses up to the first that is not finite, where the run stops.</returns>
    public static double[] Linearized(
        OneLayerCnn cnn, ReadOnlySpan<double> initial, double a, double alpha, double learningRate, int iterations, Observe observe)
    {
        double[] kernel = initial.ToArray(), sums = new double[kernel.Length];
        var losses = new List<double>();
        while (losses.Count < iterations)
        {
            double p = cnn.Evaluate(OneLayerCnn.Field.ZAndActivation, kernel, sums);
            for (int i = 0; i < kernel.Length; i++)
            {
                double gradient = Math.FusedMultiplyAdd(alpha, kernel[i], a / 2 * Math.FusedMultiplyAdd(cnn.Beta, sums[i], cnn.ImageMean));
                kernel[i] = Math.FusedMultiplyAdd(-learningRate, gradient, kernel[i]);
            }
            double loss = Math.FusedMultiplyAdd(alpha / 2, FixedOrderSum.OfProducts(kernel, kernel), Swish.Softplus(-p));
            if (!double.IsFinite(loss))
                break;
            losses.Add(loss);
            observe(losses.Count - 1, loss, kernel);
        }
        return [.. losses];
    }

    /// <summary>
    /// The non-linear PDE (8): K &lt;- K - (dt k) (g/k), g = sum_x ((sigmoid(p) - 1)/N) r'(z[x]) I[x+.] + alpha K. An iteration's loss is
    /// the cross-entropy plus (alpha/2) sum K^2, both before the step. k = 1 is plain gradient descent; any other k is the same but for
    /// rounding.
    /// </summary>
    /// <returns>The losses up to the first that is not finite, or that is followed by a kernel that is not, where the run stops.</returns>
    public static double[] NonLinear(OneLayerCnn cnn, ReadOnlySpan<double> initial, double k, double alpha, double learningRate,
        int iterations, Observe observe)
    {
        double[] kernel = initial.ToArray(), sums = new double[kernel.Length];
        var losses = new List<double>();
        while (losses.Count < iterations)
        {
            double p = cnn.Evaluate(OneLayerCnn.Field.Derivative, kernel, sums);
            double loss = Math.FusedMultiplyAdd(alpha / 2, FixedOrderSum.OfProducts(kernel, kernel), Swish.Softplus(-p));
            if (!double.IsFinite(loss))
                break;

            // sigmoid(p) - 1 = -sigmoid(-p), without cancellation.
            double factor = -Swish.Sigmoid(-p) / cnn.Positions;
            bool finite = true;
            for (int i = 0; i < kernel.Length; i++)
            {
                double gradient = Math.FusedMultiplyAdd(factor, sums[i], alpha * kernel[i]);
                kernel[i] = Math.FusedMultiplyAdd(-(learningRate * k), gradient / k, kernel[i]);
                finite &= double.IsFinite(kernel[i]);
            }
            losses.Add(loss);
            if (!finite)
                break;
            observe(losses.Count - 1, loss, kernel);
        }
        return [.. losses];
    }
}
