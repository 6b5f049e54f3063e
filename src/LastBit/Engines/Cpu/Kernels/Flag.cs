namespace LastBit.Engines.Cpu.Kernels;

/// <summary>A yes or no as a type argument of a kernel: the JIT compiles a body for each, and the question is not in the loop.</summary>
internal interface IFlag
{
    /// <summary>The answer.</summary>
    static abstract bool IsSet { get; }
}

/// <summary>Yes.</summary>
internal readonly struct Yes : IFlag
{
    /// <inheritdoc/>
    public static bool IsSet => true;
}

/// <summary>No.</summary>
internal readonly struct No : IFlag
{
    /// <inheritdoc/>
    public static bool IsSet => false;
}
