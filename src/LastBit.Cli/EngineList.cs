using LastBit.Data;
using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Engines.OpenCl;
using LastBit.Engines.Reference;
using LastBit.Experiments;

namespace LastBit.Cli;

/// <summary>The one list of engines: a further engine is a further line.</summary>
internal static class EngineList
{
    /// <summary>Makes the engines of a choice: an <see cref="EngineSource"/>.</summary>
    internal static IEngineFactory Create(EngineChoice choice, int device, int threads) => choice switch
    {
        EngineChoice.Cpu => new CpuEngineFactory(threads),
        EngineChoice.Reference => new ReferenceEngineFactory(),
        EngineChoice.OpenCl => new OpenClEngineFactory(device, DataCache.RootIfAny, threads),
        _ => throw new ArgumentOutOfRangeException(nameof(choice)),
    };
}
