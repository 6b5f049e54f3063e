using LastBit.Random;

namespace LastBit.Models;

/// <summary>
/// How a tensor begins. A draw is a function of the seed, the tensor's number in definition order and the element alone (Philox), so that
/// equal seeds give equal bits whatever else is drawn.
/// </summary>
public abstract record Initialisation
{
    private Initialisation()
    {
    }

    /// <summary>Fills a tensor.</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="number">The tensor's number in definition order, running statistics counted.</param>
    /// <param name="values">The tensor's numbers, in PyTorch's order.</param>
    public abstract void Fill(ulong seed, uint number, Span<float> values);

    /// <summary>Every element the same.</summary>
    /// <param name="Value">The value.</param>
    public sealed record Constant(float Value) : Initialisation
    {
        /// <inheritdoc/>
        public override void Fill(ulong seed, uint number, Span<float> values) => values.Fill(Value);
    }

    /// <summary>Normal with mean 0.</summary>
    /// <param name="Deviation">The standard deviation.</param>
    public sealed record Normal(double Deviation) : Initialisation
    {
        /// <inheritdoc/>
        public override void Fill(ulong seed, uint number, Span<float> values) =>
            Philox.FillNormal(seed, RandomPurpose.Weights, number, Deviation, values);
    }

    /// <summary>Uniform between -Bound and Bound.</summary>
    /// <param name="Bound">The bound.</param>
    public sealed record Uniform(double Bound) : Initialisation
    {
        /// <inheritdoc/>
        public override void Fill(ulong seed, uint number, Span<float> values) =>
            Philox.FillUniform(seed, RandomPurpose.Weights, number, -Bound, Bound, values);
    }
}
