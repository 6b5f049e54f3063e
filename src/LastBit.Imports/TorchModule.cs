namespace LastBit.Imports;

/// <summary>
/// lastbit_torch.py, which is python/lastbit/torch.py: repeats of a PyTorch training that differ in rounding alone, and logs of them that
/// `noise` reads.
/// </summary>
public static class TorchModule
{
    /// <summary>The name of the file.</summary>
    public const string FileName = "lastbit_torch.py";

    /// <summary>The file, byte by byte.</summary>
    public static byte[] Content()
    {
        using Stream stream = typeof(TorchModule).Assembly.GetManifestResourceStream(FileName)!;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
