namespace LastBit.Files;

/// <summary>Writes files that appear whole or not at all: the content goes into a file beside, which is then renamed.</summary>
public static class AtomicFile
{
    /// <summary>Writes <paramref name="path"/> through <paramref name="write"/>; an older file is replaced only when all of the new one is on disk.</summary>
    /// <param name="path">The file to write; its folder is created.</param>
    /// <param name="write">Writes the content into the stream that it is given.</param>
    /// <exception cref="InputException">The folder cannot be written, or the disk is full; the older file, if any, is untouched.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        string full = Path.GetFullPath(path);
        string temporary = $"{full}.{Environment.ProcessId}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException(
                $"{path}: cannot be written ({error.Message.ReplaceLineEndings(" ")}); name a folder that is writable and has room", error);
        }
        finally
        {
            // After a successful move there is nothing to delete; after a failure nothing half-written may stay.
            if (File.Exists(temporary))
                File.Delete(temporary);
        }
    }

    /// <summary>Writes bytes.</summary>
    /// <param name="path">The file to write; its folder is created.</param>
    /// <param name="content">All of its bytes.</param>
    /// <exception cref="InputException">The folder cannot be written, or the disk is full.</exception>
    public static void WriteAllBytes(string path, ReadOnlySpan<byte> content)
    {
        byte[] copy = content.ToArray();
        Write(path, stream => stream.Write(copy));
    }

    /// <summary>Writes text in UTF-8 without a byte-order mark.</summary>
    /// <param name="path">The file to write; its folder is created.</param>
    /// <param name="content">All of its text.</param>
    /// <exception cref="InputException">The folder cannot be written, or the disk is full.</exception>
    public static void WriteAllText(string path, string content) => WriteAllBytes(path, System.Text.Encoding.UTF8.GetBytes(content));
}
