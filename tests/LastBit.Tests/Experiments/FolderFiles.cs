namespace LastBit.Tests.Experiments;

/// <summary>Compares result folders and stops runs.</summary>
internal static class FolderFiles
{
    /// <summary>
    /// Every file of a folder with its content; run.json, which holds timings, is left out, and so are leases, which say who worked and
    /// when.
    /// </summary>
    public static SortedDictionary<string, string> Read(string folder)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal);
        IEnumerable<string> kept = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != "run.json" || file.Contains("cells", StringComparison.Ordinal))
            .Where(file => !Path.GetFileName(file).StartsWith('.'));
        foreach (string file in kept)
            files.Add(Path.GetRelativePath(folder, file),
                Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(file))));
        return files;
    }
}

/// <summary>
/// An observer that stops the run after some steps: by cancelling it, or by killing it, which an exception out of nowhere is as good as.
/// </summary>
internal sealed class StoppingObserver(int steps, bool kill, CancellationTokenSource? source = null) : IRunObserver
{
    private int _steps;

    public List<string> Tasks { get; } = [];

    public List<string> Messages { get; } = [];

    /// <summary>What was said at the end of each task.</summary>
    public List<string> Notes { get; } = [];

    public void Begin(string task, long total, string unit) => Tasks.Add(task);

    public void Advance(string task, long completed, string? note = null)
    {
        if (++_steps != steps)
            return;
        if (kill)
            throw new KilledException();
        source?.Cancel();
    }

    public void End(string task, string? note = null) => Notes.Add(note ?? "");

    public void Point(string chart, string series, double x, double y) { }

    public void Message(string text) => Messages.Add(text);
}

internal sealed class KilledException : Exception;
