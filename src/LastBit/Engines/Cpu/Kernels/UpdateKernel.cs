using System.Runtime.CompilerServices;
using LastBit.Arithmetic;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>The perturbed SGD update, element by element.</summary>
internal static unsafe class UpdateKernel
{
    /// <summary>Numbers of the update rule in binary32.</summary>
    /// <param name="LearningRateTimesK">lr * k.</param>
    /// <param name="K">The perturbation.</param>
    /// <param name="Momentum">mu.</param>
    /// <param name="WeightDecay">wd.</param>
    /// <param name="Nesterov">Whether d = g + mu v, rather than v.</param>
    public readonly record struct Rule(float LearningRateTimesK, float K, float Momentum, float WeightDecay, bool Nesterov);

    /// <inheritdoc cref="Update{T}"/>
    public static void Update(float* weights, float* gradients, float* velocity, int count, in Rule rule)
    {
        int whole = count / 16 * 16;
        var work = new UpdateWork(weights, gradients, velocity, whole, rule);
        Widest.Single(ref work, whole);
        Update<SingleLanes1>(weights + whole, gradients + whole, velocity + whole, count - whole, rule);
    }

    /// <summary>
    /// g = wd w + grad; v = mu v + g; d = g + mu v (Nesterov) or v; w = w - (lr k) (d / k), every multiplication and addition that belong together fused
    /// (spec: experiments, 3). The velocity starts at zero, so that the first step has v = g.
    /// </summary>
    /// <param name="weights">count weights, updated.</param>
    /// <param name="gradients">count gradients of the loss.</param>
    /// <param name="velocity">count momentum terms, updated.</param>
    /// <param name="count">A multiple of the lanes.</param>
    /// <param name="rule">The rule.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Update<T>(float* weights, float* gradients, float* velocity, int count, in Rule rule)
        where T : unmanaged, ILanes<T, float>
    {
        T decay = T.Broadcast(rule.WeightDecay), momentum = T.Broadcast(rule.Momentum), step = T.Broadcast(-rule.LearningRateTimesK), k = T.Broadcast(rule.K);
        for (int i = 0; i < count; i += T.Count)
        {
            T w = T.Load(weights + i);
            T g = T.FusedMultiplyAdd(decay, w, T.Load(gradients + i));
            T v = T.FusedMultiplyAdd(momentum, T.Load(velocity + i), g);
            T.Store(v, velocity + i);
            T d = rule.Nesterov ? T.FusedMultiplyAdd(momentum, v, g) : v;
            T.Store(T.FusedMultiplyAdd(step, T.Divide(d, k), w), weights + i);
        }
    }

    private readonly struct UpdateWork(float* weights, float* gradients, float* velocity, int count, Rule rule) : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => Update<T>(weights, gradients, velocity, count, rule);
    }
}
