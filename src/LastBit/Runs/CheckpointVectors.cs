using LastBit.Files;

namespace LastBit.Runs;

/// <summary>
/// Vectors that belong to a checkpoint and lie in a file of their own beside it, named by the iteration. That of the checkpoint on disk
/// stays until the next one is there.
/// </summary>
/// <param name="store">The cells.</param>
/// <param name="cell">The cell.</param>
/// <param name="name">What the file is called before its iteration.</param>
internal sealed class CheckpointVectors(CellStore store, string cell, string name)
{
    private string? _onDisk, _digest;

    /// <summary>The vectors; none while there are none.</summary>
    public double[][] Value { get; set; } = [];

    /// <summary>Reads those of a checkpoint.</summary>
    /// <param name="iteration">Its iteration.</param>
    /// <param name="count">How many numbers each has.</param>
    /// <param name="digest">What <see cref="Write"/> returned; null where that is not known.</param>
    /// <exception cref="InputException">They are not there, not of this length, or not what was written.</exception>
    public void Read(int iteration, int count, string? digest)
    {
        _onDisk = FileOf(iteration);
        _digest = CellFiles.DigestOf(_onDisk);
        if (digest is not null && digest != _digest)
            throw new InputException($"{_onDisk}: is damaged or was altered (its SHA-256 is not the one in the checkpoint); "
                + "delete the checkpoint beside it to compute the run again");
        NumericArray file = Npy.Read(_onDisk);
        // A single vector is an array of one dimension: older runs wrote the sum of several so.
        Value = file.Shape.Length == 2 ? [.. file.Get<double>(file.Shape[0], count).Chunk(count)] : [file.Get<double>(count)];
    }

    /// <summary>Writes them before their checkpoint is written.</summary>
    /// <param name="iteration">The iteration that <see cref="Value"/> are of.</param>
    /// <returns>SHA-256 of the file; null where there are no vectors.</returns>
    public string? Write(int iteration)
    {
        string file = FileOf(iteration);
        if (Value.Length == 0 || file == _onDisk)
            return _digest;
        Npy.Write(file, [.. Value.SelectMany(vector => vector)], Value.Length == 1 ? [Value[0].Length] : [Value.Length, Value[0].Length]);
        foreach (string other in All().Where(other => other != file && other != _onDisk))
            File.Delete(other);
        _onDisk = file;
        return _digest = CellFiles.DigestOf(file);
    }

    /// <summary>Removes them, at the end, and what a killed process was writing of them.</summary>
    /// <param name="kept">The iteration of those that stay; null for none.</param>
    public void Delete(int? kept = null)
    {
        foreach (string file in All("*").Where(file => kept is null || file != FileOf(kept.Value)))
            File.Delete(file);
    }

    private string[] All(string behind = "") => Directory.GetFiles(store.FileOf(cell, ""), $"{name}-*.npy{behind}");

    private string FileOf(int iteration) => store.FileOf(cell, FormattableString.Invariant($"/{name}-{iteration}.npy"));
}
