using System.Text.Json.Nodes;
using LastBit.Traces;

namespace LastBit.Experiments;

/// <summary>What every experiment needs beside its settings.</summary>
/// <param name="Folder">Where the result files go; it is created.</param>
/// <param name="Threads">How many threads may work at once, at least 1; the results do not depend on it.</param>
/// <param name="Observer">Who watches.</param>
/// <param name="Cancellation">Stops the experiment between two iterations; the files of finished runs stay.</param>
public sealed record ExperimentContext(string Folder, int Threads, IRunObserver Observer, CancellationToken Cancellation)
{
    /// <summary>Adds a member to the folder's run.json; null where nobody keeps one.</summary>
    public Action<string, JsonNode?>? Record { get; init; }

    /// <summary>Where engines come from; null where nothing is trained.</summary>
    public EngineSource? Engines { get; init; }

    /// <summary>What a training records of its steps; null where nothing was asked for. No bit of a result depends on it.</summary>
    public TraceSettings? Trace { get; init; }
}
