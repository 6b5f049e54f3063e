namespace LastBit.Fuzzing;

/// <summary>A folder for one input whose reader wants files.</summary>
internal static class Scratch
{
    // In memory where the system has a place for that: what is written is flushed to disk, which takes most of the time elsewhere.
    private static readonly string s_root = Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath();

    /// <summary>Writes an input into a new folder, has it read, and removes the folder.</summary>
    /// <param name="name">The file's path in the folder.</param>
    /// <param name="input">Its bytes.</param>
    /// <param name="read">Gets the folder and the file's path.</param>
    public static void Read(string name, byte[] input, Action<string, string> read)
    {
        string folder = Path.Combine(s_root, $"lastbit-fuzz-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        try
        {
            read(folder, Write(folder, name, input));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Writes one more file.</summary>
    public static string Write(string folder, string name, byte[] content)
    {
        string file = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, content);
        return file;
    }
}
