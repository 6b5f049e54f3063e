using System.Runtime.CompilerServices;
using LastBit.Arithmetic;
using LastBit.Random;

namespace LastBit.Engines.Cpu;

/// <summary>
/// The perturbed step of <see cref="Sgd"/>, element by element: g = wd w + grad; v = mu v + g; d = g + mu v (Nesterov) or v; w = w - (lr
/// k) (d / k), every multiplication and addition that belong together fused.
/// </summary>
internal sealed unsafe class SgdUpdate(Sgd rule) : CpuUpdate
{
    private UpdateStep _step;
    private SgdNumbers _numbers;

    /// <inheritdoc/>
    public override void Begin(in UpdateStep step)
    {
        _step = step;
        _numbers = SgdNumbers.Of(rule, step);
    }

    /// <inheritdoc/>
    public override void Update(NetworkState state, float* gradients, int from, int count)
    {
        float* weights = state.ParameterPointer + from, velocity = state.VectorPointer(0) + from;
        gradients += from;
        if (_step.RoundsStochastically)
        {
            UpdateStochastically(weights, gradients, velocity, count, from);
            return;
        }
        int whole = count / 16 * 16;
        var work = new Work(weights, gradients, velocity, whole, _numbers);
        Widest.Single(ref work, whole);
        Update<SingleLanes1>(weights + whole, gradients + whole, velocity + whole, count - whole, _numbers);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Update<T>(float* weights, float* gradients, float* velocity, int count, in SgdNumbers numbers)
        where T : unmanaged, ILanes<T, float>
    {
        T decay = T.Broadcast(numbers.WeightDecay), momentum = T.Broadcast(numbers.Momentum);
        T step = T.Broadcast(-numbers.LearningRateTimesK), k = T.Broadcast(numbers.K);
        for (int i = 0; i < count; i += T.Count)
        {
            T w = T.Load(weights + i);
            T g = T.FusedMultiplyAdd(decay, w, T.Load(gradients + i));
            T v = T.FusedMultiplyAdd(momentum, T.Load(velocity + i), g);
            T.Store(v, velocity + i);
            T d = numbers.Nesterov ? T.FusedMultiplyAdd(momentum, v, g) : v;
            T.Store(T.FusedMultiplyAdd(step, T.Divide(d, k), w), weights + i);
        }
    }

    // The momentum is rounded to nearest; k is 1.
    private void UpdateStochastically(float* weights, float* gradients, float* velocity, int count, int first)
    {
        RandomWords words = default;
        for (int i = 0; i < count; i++)
        {
            if (i % 4 == 0)
                words = Philox.Draw(_step.Seed, RandomPurpose.Rounding, (uint)_step.Step, (ulong)(first + i) / 4);
            float g = MathF.FusedMultiplyAdd(_numbers.WeightDecay, weights[i], gradients[i]);
            float v = MathF.FusedMultiplyAdd(_numbers.Momentum, velocity[i], g);
            velocity[i] = v;
            float d = _numbers.Nesterov ? MathF.FusedMultiplyAdd(_numbers.Momentum, v, g) : v;
            // The product of two numbers of binary32 is exact in binary64.
            double exact = weights[i] - ((double)_numbers.LearningRateTimesK * d);
            weights[i] = StochasticRounding.Round(exact, words[i]);
        }
    }

    private readonly struct Work(float* weights, float* gradients, float* velocity, int count, SgdNumbers numbers) : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => Update<T>(weights, gradients, velocity, count, numbers);
    }
}

/// <summary>What a step of <see cref="Sgd"/> is made of, rounded to binary32.</summary>
internal readonly record struct SgdNumbers(float LearningRateTimesK, float K, float Momentum, float WeightDecay, bool Nesterov)
{
    /// <summary>The numbers of a step.</summary>
    public static SgdNumbers Of(Sgd rule, in UpdateStep step) => new(
        (float)step.LearningRate * (float)step.K, (float)step.K, (float)rule.Momentum, (float)rule.WeightDecay, rule.Nesterov);
}
