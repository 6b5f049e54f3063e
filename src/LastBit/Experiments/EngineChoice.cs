using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Engines.Reference;

namespace LastBit.Experiments;

/// <summary>The engines that a training can be asked for.</summary>
public enum EngineChoice
{
    /// <summary>The processor's vectors, by the arithmetic contract.</summary>
    Cpu,

    /// <summary>Every layer by its definition in binary64, slowly; its bits are its own.</summary>
    Reference,
}

/// <summary>Makes the engines of an <see cref="EngineChoice"/>.</summary>
internal static class EngineChoices
{
    /// <summary>The factory of a choice: a further engine is a further line.</summary>
    /// <param name="choice">Which engine.</param>
    /// <param name="threads">How many threads it may use.</param>
    public static IEngineFactory Create(EngineChoice choice, int threads) => choice switch
    {
        EngineChoice.Cpu => new CpuEngineFactory(threads),
        EngineChoice.Reference => new ReferenceEngineFactory(),
        _ => throw new ArgumentOutOfRangeException(nameof(choice)),
    };
}
