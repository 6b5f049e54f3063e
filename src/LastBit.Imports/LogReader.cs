namespace LastBit.Imports;

/// <summary>Reads the logs of somebody's trainings, whatever wrote them; the formats and their peculiarities are in docs/noise.md.</summary>
public static class LogReader
{
    /// <summary>Reads the runs that some paths hold.</summary>
    /// <param name="paths">Files, folders (searched for logs at any depth) or patterns with * and ?; at least one.</param>
    /// <param name="options">What is said by hand.</param>
    /// <exception cref="InputException">Nothing can be read, or what it means is not clear; the message lists the candidates.</exception>
    public static ImportResult Read(IReadOnlyList<string> paths, ImportOptions options)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(options);
        throw new InputException($"{string.Join(", ", paths)}: no log was recognised");
    }
}
