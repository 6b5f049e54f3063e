using System.Runtime.CompilerServices;
using LastBit.Arithmetic;
using LastBit.Random;

namespace LastBit.Engines.Cpu;

/// <summary>
/// The perturbed step of <see cref="AdamW"/>, element by element: w = (1 - lr wd) w; m = b1 m + (1 - b1) g; v = b2 v + ((1 - b2) g) g; d =
/// m / (sqrt(v) / sqrt(1 - b2^t) + e); w = w - (lr / (1 - b1^t) k) (d / k). In each sum the first product is rounded and the second is
/// fused. What depends on the step alone is computed in binary64 and rounded once.
/// </summary>
internal sealed unsafe class AdamWUpdate(AdamW rule) : CpuUpdate
{
    private UpdateStep _step;
    private AdamWNumbers _numbers;

    /// <inheritdoc/>
    public override void Begin(in UpdateStep step)
    {
        _step = step;
        _numbers = AdamWNumbers.Of(rule, step);
    }

    /// <inheritdoc/>
    public override void Update(NetworkState state, float* gradients, int from, int count)
    {
        var at = new Places(state.ParameterPointer + from, gradients + from, state.VectorPointer(0) + from, state.VectorPointer(1) + from);
        if (_step.RoundsStochastically)
        {
            UpdateStochastically(at, count, from);
            return;
        }
        int whole = count / 16 * 16;
        var work = new Work(at, whole, _numbers);
        Widest.Single(ref work, whole);
        Update<SingleLanes1>(at, whole, count, _numbers);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Update<T>(Places at, int from, int end, in AdamWNumbers numbers)
        where T : unmanaged, ILanes<T, float>
    {
        T kept = T.Broadcast(numbers.Kept), step = T.Broadcast(-numbers.LearningRateTimesK), k = T.Broadcast(numbers.K);
        for (int i = from; i < end; i += T.Count)
        {
            T d = Direction<T>(at, i, numbers);
            T.Store(T.FusedMultiplyAdd(step, T.Divide(d, k), T.Multiply(kept, T.Load(at.Weights + i))), at.Weights + i);
        }
    }

    /// <summary>Moves the moments and gives d.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Direction<T>(Places at, int i, in AdamWNumbers numbers)
        where T : unmanaged, ILanes<T, float>
    {
        T g = T.Load(at.Gradients + i);
        T m = T.FusedMultiplyAdd(T.Broadcast(numbers.NotBeta1), g, T.Multiply(T.Broadcast(numbers.Beta1), T.Load(at.First + i)));
        T.Store(m, at.First + i);
        T v = T.FusedMultiplyAdd(T.Multiply(T.Broadcast(numbers.NotBeta2), g), g,
            T.Multiply(T.Broadcast(numbers.Beta2), T.Load(at.Second + i)));
        T.Store(v, at.Second + i);
        return T.Divide(m, T.Add(T.Divide(T.SquareRoot(v), T.Broadcast(numbers.Correction)), T.Broadcast(numbers.Epsilon)));
    }

    // The moments are rounded to nearest; k is 1.
    private void UpdateStochastically(Places at, int count, int first)
    {
        RandomWords words = default;
        for (int i = 0; i < count; i++)
        {
            if (i % 4 == 0)
                words = Philox.Draw(_step.Seed, RandomPurpose.Rounding, (uint)_step.Step, (ulong)(first + i) / 4);
            float d = Direction<SingleLanes1>(at, i, _numbers).Value;
            // The products of two numbers of binary32 are exact in binary64.
            double exact = ((double)_numbers.Kept * at.Weights[i]) - ((double)_numbers.LearningRateTimesK * d);
            at.Weights[i] = StochasticRounding.Round(exact, words[i]);
        }
    }

    private readonly struct Places(float* weights, float* gradients, float* first, float* second)
    {
        public readonly float* Weights = weights;
        public readonly float* Gradients = gradients;
        public readonly float* First = first;
        public readonly float* Second = second;
    }

    private readonly struct Work(Places at, int count, AdamWNumbers numbers) : IOverLanes<float>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, float> => Update<T>(at, 0, count, numbers);
    }
}

/// <summary>What a step of <see cref="AdamW"/> is made of, computed in binary64 and rounded once.</summary>
internal readonly record struct AdamWNumbers(
    float Kept, float Beta1, float NotBeta1, float Beta2, float NotBeta2, float Correction, float Epsilon, float LearningRateTimesK,
    float K)
{
    /// <summary>The numbers of a step.</summary>
    public static AdamWNumbers Of(AdamW rule, in UpdateStep step)
    {
        float k = (float)step.K;
        double first = 1 - WholePower.Of(rule.Beta1, step.Step + 1), second = 1 - WholePower.Of(rule.Beta2, step.Step + 1);
        return new AdamWNumbers(
            (float)(1 - (step.LearningRate * rule.WeightDecay)), (float)rule.Beta1, (float)(1 - rule.Beta1), (float)rule.Beta2,
            (float)(1 - rule.Beta2), (float)Math.Sqrt(second), (float)rule.Epsilon, (float)(step.LearningRate / first) * k, k);
    }
}
