using System.IO.Compression;

namespace LastBit.Files;

/// <summary>NumPy's .npz files: a ZIP archive of .npy files.</summary>
public static class Npz
{
    /// <summary>Reads every array.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The arrays by name, without the ending .npy ("w0/conv1.weight").</returns>
    /// <exception cref="InputException">The file is not there, is truncated, or holds something else than arrays.</exception>
    public static IReadOnlyDictionary<string, NumericArray> Read(string path)
    {
        try
        {
            using ZipArchive archive = ZipFile.OpenRead(path);
            var arrays = new Dictionary<string, NumericArray>();
            foreach (ZipArchiveEntry entry in archive.Entries)
            {
                if (!entry.FullName.EndsWith(".npy", StringComparison.Ordinal))
                    throw new InputException($"{path}: holds {entry.FullName}; a .npz file holds .npy files only");
                using Stream stream = entry.Open();
                using var content = new MemoryStream();
                stream.CopyTo(content);
                string source = $"{path}: {entry.FullName}";
                arrays[entry.FullName[..^4]] = Npy.Read(source, content.GetBuffer().AsSpan(0, (int)content.Length));
            }
            return arrays;
        }
        catch (Exception error) when (error is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be read ({error.Message.ReplaceLineEndings(" ")}); name a whole .npz file", error);
        }
    }
}
