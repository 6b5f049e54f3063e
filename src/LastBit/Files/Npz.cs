using System.IO.Compression;

namespace LastBit.Files;

/// <summary>NumPy's .npz files: a ZIP archive of .npy files.</summary>
public static class Npz
{
    /// <summary>The most bytes that all arrays together may unpack to: 1.6 MB can hold gigabytes of zeros.</summary>
    public const int MaximumBytes = 1 << 30;

    /// <summary>The most arrays.</summary>
    public const int MaximumArrays = 1 << 16;

    /// <summary>Writes arrays of binary32 values, as numpy.savez does; the file appears whole or not at all.</summary>
    /// <param name="path">The file; its folder is created.</param>
    /// <param name="arrays">The arrays in their order: name, values in C order, shape.</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, IEnumerable<(string Name, float[] Values, int[] Shape)> arrays)
    {
        ArgumentNullException.ThrowIfNull(arrays);
        AtomicFile.Write(path, stream =>
        {
            using var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
            foreach ((string name, float[] values, int[] shape) in arrays)
            {
                ZipArchiveEntry entry = archive.CreateEntry(name + ".npy", CompressionLevel.NoCompression);
                // Equal arrays make equal files.
                entry.LastWriteTime = new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using Stream content = entry.Open();
                Npy.Write(content, values, shape);
            }
        });
    }

    /// <summary>Reads every array.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The arrays by name, without the ending .npy ("w0/conv1.weight").</returns>
    /// <exception cref="InputException">The file is not there, is truncated, unpacks to too much, or holds something else than
    /// arrays.</exception>
    public static IReadOnlyDictionary<string, NumericArray> Read(string path)
    {
        const string Wanted = "name a whole .npz file";
        return Decode(InputFile.ReadAllBytes(path, MaximumBytes, Wanted), path);
    }

    /// <summary>Reads a file held in memory; <paramref name="path"/> names it in errors.</summary>
    internal static IReadOnlyDictionary<string, NumericArray> Decode(byte[] file, string path, long most = MaximumBytes)
    {
        try
        {
            using var archive = new ZipArchive(new MemoryStream(file), ZipArchiveMode.Read);
            var arrays = new Dictionary<string, NumericArray>();
            if (archive.Entries.Count > MaximumArrays)
                throw new InputException($"{path}: holds {archive.Entries.Count} arrays; at most {MaximumArrays} can be read");
            long left = most;
            foreach (ZipArchiveEntry entry in archive.Entries)
            {
                string name = ForeignText.Cut(entry.FullName);
                if (!entry.FullName.EndsWith(".npy", StringComparison.Ordinal))
                    throw new InputException($"{path}: holds {name}; a .npz file holds .npy files only");
                using Stream stream = entry.Open();
                byte[]? content = entry.Length <= left ? Decompression.Unpack(stream, left) : null;
                if (content is null)
                    throw new InputException($"{path}: unpacks to more than {most} bytes with {name}; at most that many can be read");
                left -= content.Length;
                arrays[entry.FullName[..^4]] = Npy.Read($"{path}: {name}", content);
            }
            return arrays;
        }
        // The library lets through whatever an offset or a date that makes no sense leads to.
        catch (Exception error) when (error is IOException or InvalidDataException or NotSupportedException or ArgumentException
            or OverflowException)
        {
            throw new InputException(
                $"{path}: is damaged or no .npz file ({ForeignText.Cut(error.Message.TrimEnd('.'), 120)}); name a whole .npz file", error);
        }
    }
}
