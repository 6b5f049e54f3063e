namespace LastBit.Imports;

/// <summary>
/// The companion of PyTorch. lastbit_torch.py is python/lastbit/torch.py: repeats of a training that differ in rounding alone, and logs of
/// them that `noise` reads. lastbit_trace.py is python/lastbit/trace.py, which records a training to the last bit.
/// </summary>
public static class TorchModule
{
    /// <summary>The name of the file with `perturb`, `digest` and `Log`.</summary>
    public const string FileName = "lastbit_torch.py";

    /// <summary>The name of the file with `Trace`, which the other does not need.</summary>
    public const string TraceFileName = "lastbit_trace.py";

    /// <summary>A file, byte by byte.</summary>
    /// <param name="name"><see cref="FileName"/> or <see cref="TraceFileName"/>.</param>
    public static byte[] Content(string name = FileName)
    {
        using Stream stream = typeof(TorchModule).Assembly.GetManifestResourceStream(name)
            ?? throw new ArgumentException($"{name} is no file of the companion.", nameof(name));
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
