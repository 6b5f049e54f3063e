namespace LastBit.Engines;

/// <summary>How the weights of a replica are updated: a record for each rule, beside a kernel of each engine that computes it.</summary>
public abstract record UpdateRule
{
    /// <summary>Numbers that a weight needs from step to step, beside itself: vectors of a replica, which begin at zero and which checkpoints store.</summary>
    public abstract int Vectors { get; }
}

/// <summary>
/// Stochastic gradient descent, plain or with momentum: g = wd w + gradient; v = mu v + g; d = g + mu v (Nesterov) or v; w = w - lr d. The one vector is v. It begins at zero, so that the first
/// step has v = g.
/// </summary>
/// <param name="Momentum">mu, in [0, 1).</param>
/// <param name="Nesterov">Whether d = g + mu v, rather than v.</param>
/// <param name="WeightDecay">wd, on every parameter.</param>
public sealed record Sgd(double Momentum = 0, bool Nesterov = false, double WeightDecay = 0) : UpdateRule
{
    /// <inheritdoc/>
    public override int Vectors => 1;
}
