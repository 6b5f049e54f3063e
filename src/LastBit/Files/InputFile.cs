namespace LastBit.Files;

/// <summary>
/// Reads files that a user named, with a bound on the memory that they may take: a link may lead to a device that never ends.
/// </summary>
public static class InputFile
{
    /// <summary>Reads a whole file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">How many bytes it may have, at most <see cref="Array.MaxLength"/>.</param>
    /// <param name="wanted">What would be right, as the end of the sentence: "name a .npy file".</param>
    /// <exception cref="InputException">There is no such file, it cannot be read, or it is larger than that.</exception>
    public static byte[] ReadAllBytes(string path, long most, string wanted)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(most);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(most, Array.MaxLength);
        try
        {
            if (Directory.Exists(path))
                throw new InputException($"{path}: is a folder; {wanted}");
            // A user who names a device means it, as a shell does that passes on what another program writes; a pipe among files may be
            // waited for for ever.
            if (!FolderWalk.IsOrdinary(path) && !Path.GetFullPath(path).StartsWith("/dev/", StringComparison.Ordinal))
                throw new InputException($"{path}: is not an ordinary file; {wanted}");
            using FileStream stream = File.OpenRead(path);
            // The length of a device or a pipe says nothing; what comes out of it does.
            byte[]? content = Decompression.ReadAll(stream, (stream.CanSeek ? stream.Length : 0) + 1, most);
            return content ?? throw new InputException($"{path}: is longer than {most} bytes; {wanted} of at most that size");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new InputException($"{path}: cannot be read ({Reason(error)}); {wanted}", error);
        }
    }

    /// <summary>
    /// Why the system could not do something, in one line without the full stop and without the path, which the message begins with anyway.
    /// </summary>
    /// <param name="error">What it threw.</param>
    public static string Reason(Exception error) => error switch
    {
        FileNotFoundException or DirectoryNotFoundException => "there is no such file",
        UnauthorizedAccessException => "access is denied",
        PathTooLongException => "its name is too long",
        _ => ForeignText.Cut(error.Message.TrimEnd('.'), 200),
    };
}
