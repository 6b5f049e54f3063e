namespace LastBit.Runs;

/// <summary>What becomes of a cell at the moment.</summary>
public enum CellState
{
    /// <summary>It is computed; nothing more will be done.</summary>
    Done,

    /// <summary>A process is at work on it.</summary>
    Running,

    /// <summary>It was asked for, and no process is at work on it.</summary>
    Waiting,

    /// <summary>The process that worked on it said that it failed; it will be tried again when the run is resumed.</summary>
    Failed,
}

/// <summary>One run of an experiment that is made of many, as its folder shows it.</summary>
/// <param name="Name">The cell's name, unique in its folder: "seed1/k3", "n32".</param>
/// <param name="State">What becomes of it.</param>
/// <param name="Progress">The share that is computed, 0 to 1.</param>
/// <param name="SecondsLeft">How long its process will need; null where none is at work or that is not known yet.</param>
/// <param name="Owner">Machine and process number of who is at work on it; null otherwise.</param>
/// <param name="Why">Why it failed or waits, or how it diverged; null otherwise, as for one that nobody has begun.</param>
public sealed record CellStatus(string Name, CellState State, double Progress, double? SecondsLeft, string? Owner, string? Why);

/// <summary>What the documents of a cell say of it.</summary>
/// <param name="IsDone">Whether it is computed.</param>
/// <param name="Progress">The share that is computed.</param>
/// <param name="Note">How it diverged; null otherwise.</param>
internal readonly record struct CellReading(bool IsDone, double Progress, string? Note)
{
    /// <summary>What is said of a cell that diverged; null for one that did not.</summary>
    public static string? Diverged(int? iteration) => iteration is { } at ? NumberText.NotFinite(at) : null;
}
