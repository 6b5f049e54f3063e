using LastBit.Cli;
using LastBit.Experiments;

namespace LastBit.Tests.Experiments;

/// <summary>The context of an experiment that trains, with the engines of the command line.</summary>
internal static class TrainingContext
{
    public static ExperimentContext In(
        string folder, int threads = 2, IRunObserver? observer = null, CancellationToken cancellation = default) =>
        new(folder, threads, observer ?? SilentObserver.Instance, cancellation) { Engines = EngineList.Create };
}
