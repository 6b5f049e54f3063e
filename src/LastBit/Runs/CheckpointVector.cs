using LastBit.Files;

namespace LastBit.Runs;

/// <summary>
/// A vector that belongs to a checkpoint and lies in a file of its own beside it, named by the iteration. That of the checkpoint on disk stays until the next
/// one is there.
/// </summary>
/// <param name="store">The cells.</param>
/// <param name="cell">The cell.</param>
/// <param name="name">What the file is called before its iteration.</param>
internal sealed class CheckpointVector(CellStore store, string cell, string name)
{
    private string? _onDisk;

    /// <summary>The vector; null while there is none.</summary>
    public double[]? Value { get; set; }

    /// <summary>Reads that of a checkpoint.</summary>
    /// <param name="iteration">Its iteration.</param>
    /// <param name="count">How many numbers it has.</param>
    /// <exception cref="InputException">It is not there, or not of this length.</exception>
    public void Read(int iteration, int count)
    {
        _onDisk = FileOf(iteration);
        Value = Npy.Read(_onDisk).Get<double>(count);
    }

    /// <summary>Writes it before its checkpoint is written.</summary>
    /// <param name="iteration">The iteration that <see cref="Value"/> is of.</param>
    public void Write(int iteration)
    {
        string file = FileOf(iteration);
        if (Value is null || file == _onDisk)
            return;
        Npy.Write(file, Value, Value.Length);
        foreach (string other in All().Where(other => other != file && other != _onDisk))
            File.Delete(other);
        _onDisk = file;
    }

    /// <summary>Removes it, at the end, and what a killed process was writing of it.</summary>
    public void Delete()
    {
        foreach (string file in All("*"))
            File.Delete(file);
    }

    private string[] All(string behind = "") => Directory.GetFiles(store.FileOf(cell, ""), $"{name}-*.npy{behind}");

    private string FileOf(int iteration) => store.FileOf(cell, FormattableString.Invariant($"/{name}-{iteration}.npy"));
}
