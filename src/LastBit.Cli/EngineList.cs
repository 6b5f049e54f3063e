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
    internal static IEngineFactory Create(NetworkTrainingSettings settings, int threads) => settings.Engine switch
    {
        EngineChoice.Cpu => new CpuEngineFactory(threads),
        EngineChoice.Reference => new ReferenceEngineFactory(),
        EngineChoice.OpenCl => new OpenClEngineFactory(settings.Device, DataCache.RootIfAny, threads, settings.CheckEvery),
        _ => throw new ArgumentOutOfRangeException(nameof(settings)),
    };

    /// <summary>
    /// Makes sure that this machine has the device that a run names, before a folder is made; a job array runs elsewhere.
    /// </summary>
    /// <param name="settings">The settings of any experiment.</param>
    /// <exception cref="InputException">It has none of that number.</exception>
    internal static void CheckDevice(object settings)
    {
        if (settings is NetworkTrainingSettings training && training.Engine.HasDevices())
            OpenClEngineFactory.CheckDevice(training.Device);
    }
}
