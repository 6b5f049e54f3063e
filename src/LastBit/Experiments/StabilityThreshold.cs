namespace LastBit.Experiments;

/// <summary>Where gradient descent loses its stability along a direction of that curvature; linearised, on a quadratic.</summary>
public static class StabilityThreshold
{
    /// <summary>
    /// The largest stable eigenvalue of the Hessian of the loss without weight decay: 2/lr; (2 + 2b)/lr with momentum b; (2 + 2b)/(lr (1 +
    /// 2b)) with Nesterov's look ahead; each less the weight decay, which adds itself to every eigenvalue.
    /// </summary>
    /// <param name="learningRate">lr.</param>
    /// <param name="momentum">b.</param>
    /// <param name="nesterov">Whether momentum looks ahead.</param>
    /// <param name="weightDecay">The weight decay.</param>
    public static double OfSharpness(double learningRate, double momentum = 0, bool nesterov = false, double weightDecay = 0) =>
        ((2 + (2 * momentum)) / (learningRate * (nesterov ? 1 + (2 * momentum) : 1))) - weightDecay;

    /// <summary>
    /// What the batch sharpness of SGD with small batches is compared with: 2 (1 - b)/lr, less the weight decay (Andreyev and Beneventano).
    /// </summary>
    /// <param name="learningRate">lr.</param>
    /// <param name="momentum">b.</param>
    /// <param name="weightDecay">The weight decay.</param>
    public static double OfBatchSharpness(double learningRate, double momentum, double weightDecay) =>
        (2 * (1 - momentum) / learningRate) - weightDecay;
}
