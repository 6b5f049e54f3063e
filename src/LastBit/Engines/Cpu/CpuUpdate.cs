namespace LastBit.Engines.Cpu;

/// <summary>The kernel of an update rule, for one replica; each rule's is a file of its own.</summary>
internal abstract unsafe class CpuUpdate
{
    // A further rule is a further line.
    private static readonly (Type Rule, Func<UpdateRule, CpuUpdate> Kernel)[] s_kernels =
    [
        (typeof(Sgd), rule => new SgdUpdate((Sgd)rule)),
        (typeof(AdamW), rule => new AdamWUpdate((AdamW)rule)),
    ];

    /// <summary>Whether there is a kernel of a rule.</summary>
    public static bool Has(UpdateRule rule) => s_kernels.Any(one => one.Rule == rule.GetType());

    /// <summary>The kernel of a rule.</summary>
    /// <param name="rule">A rule that has one.</param>
    public static CpuUpdate Of(UpdateRule rule) => s_kernels.First(one => one.Rule == rule.GetType()).Kernel(rule);

    /// <summary>Rounds the numbers of a step to binary32; called before its chunks are updated.</summary>
    /// <param name="step">The step.</param>
    public abstract void Begin(in UpdateStep step);

    /// <summary>Updates some weights and what the rule keeps beside them. Chunks may be updated in any order and at once.</summary>
    /// <param name="state">Weights and vectors.</param>
    /// <param name="gradients">The gradients of all weights.</param>
    /// <param name="from">The first weight, a multiple of 16: draws belong to weights, whichever thread updates them.</param>
    /// <param name="count">How many.</param>
    public abstract void Update(NetworkState state, float* gradients, int from, int count);
}
