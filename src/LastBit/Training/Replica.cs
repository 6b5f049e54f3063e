using LastBit.Engines;
using LastBit.Random;

namespace LastBit.Training;

/// <summary>One copy of the network in a run with several perturbations.</summary>
/// <param name="Perturbation">What sets it apart from the plain run.</param>
/// <param name="State">Weights, running statistics and the vectors of the update rule, in the engine's memory.</param>
public sealed record Replica(Perturbation Perturbation, IReplica State)
{
    /// <summary>Begins from weights that were drawn before, one of them moved where that is the perturbation.</summary>
    /// <param name="seed">The seed that they were drawn from.</param>
    /// <param name="initial">The weights; as they were afterwards.</param>
    internal void Begin(ulong seed, NetworkState initial)
    {
        // A unit in the last place of zero would be lost in the first sum that it meets.
        int place = Perturbation.Kind == PerturbationKind.Ulp
            ? NonZeroFrom((int)Philox.Below(seed, RandomPurpose.Perturbation, 0, 0, (uint)initial.Parameters.Length), initial.Parameters)
            : -1;
        float before = place < 0 ? 0 : initial.Parameters[place];
        if (place >= 0)
            initial.Parameters[place] = OneUlpFurther(before);
        State.Write(initial);
        if (place >= 0)
            initial.Parameters[place] = before;
    }

    /// <summary>The place of the first number that is not zero from one on, in a circle; -1 where all are zero.</summary>
    internal static int NonZeroFrom(int start, ReadOnlySpan<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            int place = (start + i) % values.Length;
            if (values[place] != 0)
                return place;
        }
        return -1;
    }

    /// <summary>The next number away from zero.</summary>
    internal static float OneUlpFurther(float value) => value < 0 ? MathF.BitDecrement(value) : MathF.BitIncrement(value);
}

/// <summary>Replicas that one engine trains together, made once so that a step allocates nothing.</summary>
/// <param name="Numbers">Which replicas.</param>
/// <param name="States">Their numbers in the engine's memory.</param>
internal sealed record ReplicaGroup(int[] Numbers, IReplica[] States)
{
    /// <summary>Takes the update of each.</summary>
    public UpdateStep[] Updates { get; } = new UpdateStep[Numbers.Length];
}
