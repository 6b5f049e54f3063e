namespace LastBit.Engines;

/// <summary>How the weights of a replica are updated: a record for each rule, beside a kernel of each engine that computes it.</summary>
public abstract record UpdateRule
{
    /// <summary>
    /// Numbers that a weight needs from step to step, beside itself: vectors of a replica, which begin at zero and which checkpoints store.
    /// </summary>
    public abstract int Vectors { get; }
}

/// <summary>
/// Stochastic gradient descent, plain or with momentum: g = wd w + gradient; v = mu v + g; d = g + mu v (Nesterov) or v; w = w - lr d. The
/// one vector is v. It begins at zero, so that the first step has v = g.
/// </summary>
/// <param name="Momentum">mu, in [0, 1).</param>
/// <param name="Nesterov">Whether d = g + mu v, rather than v.</param>
/// <param name="WeightDecay">wd, on every parameter.</param>
public sealed record Sgd(double Momentum = 0, bool Nesterov = false, double WeightDecay = 0) : UpdateRule
{
    /// <inheritdoc/>
    public override int Vectors => 1;
}

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter), by PyTorch's formula and in its order: w = (1 - lr wd) w; m = b1 m + (1 - b1)
/// g; v = b2 v + (1 - b2) g g; d = m / (sqrt(v) / sqrt(1 - b2^t) + e); w = w - lr / (1 - b1^t) d, where t counts the steps from 1. The two
/// vectors are m and v, the moments of the gradient.
/// </summary>
/// <param name="WeightDecay">wd, on every parameter.</param>
/// <param name="Beta1">b1, in [0, 1).</param>
/// <param name="Beta2">b2, in [0, 1).</param>
/// <param name="Epsilon">e, above 0.</param>
public sealed record AdamW(double WeightDecay = 0.01, double Beta1 = 0.9, double Beta2 = 0.999, double Epsilon = 1e-8) : UpdateRule
{
    /// <inheritdoc/>
    public override int Vectors => 2;
}
