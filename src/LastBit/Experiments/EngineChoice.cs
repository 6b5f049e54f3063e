using System.Text.Json.Serialization;
using LastBit.Data;
using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Engines.OpenCl;
using LastBit.Engines.Reference;

namespace LastBit.Experiments;

/// <summary>The engines that a training can be asked for.</summary>
public enum EngineChoice
{
    /// <summary>The processor's vectors, by the arithmetic contract.</summary>
    Cpu,

    /// <summary>Every layer by its definition in binary64, slowly; its bits are its own.</summary>
    Reference,

    /// <summary>A GPU or another device of OpenCL, with the bits of the CPU.</summary>
    [JsonStringEnumMemberName("opencl")]
    OpenCl,
}

/// <summary>Makes the engines of an <see cref="EngineChoice"/>.</summary>
internal static class EngineChoices
{
    /// <summary>The factory of a choice: a further engine is a further line.</summary>
    /// <param name="choice">Which engine.</param>
    /// <param name="device">Which device of OpenCL, for the engine that computes on one.</param>
    /// <param name="threads">How many threads it may use.</param>
    public static IEngineFactory Create(EngineChoice choice, int device, int threads) => choice switch
    {
        EngineChoice.Cpu => new CpuEngineFactory(threads),
        EngineChoice.Reference => new ReferenceEngineFactory(),
        EngineChoice.OpenCl => new OpenClEngineFactory(device, DataCache.RootIfAny, threads),
        _ => throw new ArgumentOutOfRangeException(nameof(choice)),
    };
}
