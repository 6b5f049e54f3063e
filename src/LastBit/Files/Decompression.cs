namespace LastBit.Files;

/// <summary>Reads streams whose length is not known or not to be trusted: a few kilobytes can unpack to gigabytes.</summary>
internal static class Decompression
{
    /// <summary>
    /// Deflate cannot shrink by more than this, so a short file that claims to hold much is known before memory is given to it.
    /// </summary>
    public const int LargestRatio = 1032;

    /// <summary>Reads to the end; memory grows with what has come and not with what was promised.</summary>
    /// <param name="stream">What to read.</param>
    /// <param name="first">How much memory to begin with; a byte more than there is saves copying.</param>
    /// <param name="most">How many bytes may come.</param>
    /// <returns>Everything, or null if there is more than <paramref name="most"/>.</returns>
    public static byte[]? ReadAll(Stream stream, long first, long most)
    {
        int length = 0;
        return ReadAll(stream, first, most, ref length);
    }

    private static byte[]? ReadAll(Stream stream, long first, long most, ref int length)
    {
        byte[] buffer = new byte[Math.Clamp(first, 256, Math.Max(256, Math.Min(most + 1, Array.MaxLength)))];
        while (true)
        {
            int count = stream.Read(buffer, length, buffer.Length - length);
            if (count == 0)
                return buffer.Length == length ? buffer : buffer[..length];
            length += count;
            if (length > most)
                return null;
            if (length == buffer.Length)
                Array.Resize(ref buffer, (int)Math.Min(Array.MaxLength, Math.Min(most + 1, 2L * length)));
        }
    }

    /// <summary>Unpacks to the end.</summary>
    /// <param name="stream">A decompressing stream.</param>
    /// <param name="most">How many bytes may come.</param>
    /// <returns>Everything, or null if there is more than <paramref name="most"/>.</returns>
    /// <exception cref="InvalidDataException">The packed data is damaged or ends early.</exception>
    public static byte[]? Unpack(Stream stream, long most)
    {
        int length = 0;
        try
        {
            return ReadAll(stream, 1 << 16, most, ref length);
        }
        catch (Exception error) when (error is IOException or InvalidDataException) // The library throws both.
        {
            throw new InvalidDataException($"its compressed data is damaged or ends early, after {length} bytes of what it holds", error);
        }
    }
}
