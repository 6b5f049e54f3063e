using LastBit.Files;

namespace LastBit.Runs;

/// <summary>What a killed process was writing when it died (<see cref="AtomicFile"/>): a process that resumes the run removes it.</summary>
internal static class UnfinishedFiles
{
    /// <summary>Removes what was to become one file. Only who holds the lease on it may ask for it.</summary>
    public static void DeleteOf(string file)
    {
        string folder = Path.GetDirectoryName(file)!;
        if (Directory.Exists(folder))
            Delete(Directory.GetFiles(folder, Path.GetFileName(file) + ".*.tmp").Where(AtomicFile.IsUnfinished));
    }

    /// <summary>Removes all below a folder that no other process works in.</summary>
    public static void DeleteIn(string folder) => Delete(Below(folder));

    /// <summary>
    /// Removes what lies below a folder that other processes may work in, and whose writer is gone: it ran on this machine and has ended,
    /// or it has written nothing for as long as the holder of a lease may be silent. Figures and what all cells have in common are under no
    /// lease.
    /// </summary>
    public static void DeleteAbandoned(string folder)
    {
        List<string> files = Below(folder);
        if (files.Count == 0)
            return;
        DateTime silent = Lease.Now(Path.Combine(folder, ".lock")) - Lease.Patience;
        Delete(files.Where(file =>
            (AtomicFile.WriterOf(file) is { } process && !Lease.IsRunning(process)) || File.GetLastWriteTimeUtc(file) < silent));
    }

    private static List<string> Below(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*.tmp", SearchOption.AllDirectories).Where(AtomicFile.IsUnfinished)];

    private static void Delete(IEnumerable<string> files)
    {
        foreach (string file in files)
            File.Delete(file);
    }
}
