using LastBit.Random;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>The SGD update with stochastic rounding, element by element; every draw belongs to a weight and a step.</summary>
internal static unsafe class StochasticUpdate
{
    /// <summary>
    /// The step of <see cref="UpdateKernel"/> with the new weight rounded up or down at random, in proportion to how near it is (stochastic rounding): its mean is the number that
    /// is rounded. The momentum is rounded to nearest. A weight that needs no rounding is not touched.
    /// </summary>
    /// <param name="weights">count weights, updated.</param>
    /// <param name="gradients">count gradients of the loss.</param>
    /// <param name="velocity">count momentum terms, updated.</param>
    /// <param name="count">How many.</param>
    /// <param name="rule">The rule, with k = 1.</param>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="step">The number of the step.</param>
    /// <param name="first">The number of the first weight among all, a multiple of 4: draws belong to weights, whoever updates them.</param>
    public static void Update(
        float* weights, float* gradients, float* velocity, int count, in UpdateKernel.Rule rule, ulong seed, uint step, int first)
    {
        RandomWords words = default;
        for (int i = 0; i < count; i++)
        {
            if (i % 4 == 0)
                words = Philox.Draw(seed, RandomPurpose.Rounding, step, (ulong)(first + i) / 4);
            float g = MathF.FusedMultiplyAdd(rule.WeightDecay, weights[i], gradients[i]);
            float v = MathF.FusedMultiplyAdd(rule.Momentum, velocity[i], g);
            velocity[i] = v;
            float d = rule.Nesterov ? MathF.FusedMultiplyAdd(rule.Momentum, v, g) : v;
            // The product of two numbers of binary32 is exact in binary64.
            double exact = weights[i] - ((double)rule.LearningRateTimesK * d);
            weights[i] = RoundStochastically(exact, (i % 4) switch { 0 => words.X, 1 => words.Y, 2 => words.Z, _ => words.W });
        }
    }

    /// <summary>Rounds to one of the two neighbours in binary32, up with the probability that makes the mean right, to 2^-32.</summary>
    /// <param name="exact">Any number.</param>
    /// <param name="word">A random word.</param>
    internal static float RoundStochastically(double exact, uint word)
    {
        float near = (float)exact;
        if (near == exact || !float.IsFinite(near))
            return near;
        float low = near < exact ? near : MathF.BitDecrement(near), high = near < exact ? MathF.BitIncrement(near) : near;
        // Differences of neighbours in binary32 and of numbers between them are exact in binary64.
        return word * (1.0 / (1L << 32)) * ((double)high - low) < exact - low ? high : low;
    }
}
