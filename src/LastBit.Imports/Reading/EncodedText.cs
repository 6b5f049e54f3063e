using System.Text;

namespace LastBit.Imports.Reading;

/// <summary>Opens text of any encoding: UTF-8 with or without a byte-order mark, UTF-16 with one, and otherwise Latin-1, which is
/// said. A table in Parquet is read as the text of a CSV.</summary>
internal static class EncodedText
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Reads a file as text, from the beginning again in Latin-1 when some byte is not UTF-8.</summary>
    /// <param name="file">The file.</param>
    /// <param name="context">Gets the note.</param>
    /// <param name="read">Reads all of it; what it has done before it meets a bad byte must not matter.</param>
    public static void Read(string file, ReadingContext context, Action<TextReader> read)
    {
        if (ParquetText.IsOne(file))
        {
            using var table = new ParquetText(file);
            read(table);
            return;
        }
        if (!context.IsUtf8.TryGetValue(file, out bool isUtf8))
            context.IsUtf8.Add(file, isUtf8 = IsUtf8(file));
        if (isUtf8)
        {
            using var reader = new StreamReader(file, Strict, detectEncodingFromByteOrderMarks: true, 1 << 16);
            read(reader);
            return;
        }
        context.Note($"{file} is not UTF-8; it was read as Latin-1, in which letters may be wrong but numbers are not.");
        using var latin = new StreamReader(file, Encoding.Latin1, detectEncodingFromByteOrderMarks: true, 1 << 16);
        read(latin);
    }

    /// <summary>The first lines of a text, for recognition and the names of columns.</summary>
    public static List<string> FirstLines(string file, int count)
    {
        try
        {
            using TextReader reader = ParquetText.IsOne(file) ? new ParquetText(file) : Reader(file, Strict);
            return FirstLines(reader, count);
        }
        catch (DecoderFallbackException)
        {
            using TextReader reader = Reader(file, Encoding.Latin1);
            return FirstLines(reader, count);
        }

        static TextReader Reader(string file, Encoding encoding) => new StreamReader(file, encoding, true, 1 << 12);
    }

    private static List<string> FirstLines(TextReader reader, int count)
    {
        List<string> lines = [];
        var line = new StringBuilder();
        int read = 0;
        // A binary file may have no line end at all: what is looked at is bounded.
        while (lines.Count < count && read++ < 1 << 20 && reader.Read() is >= 0 and int next)
        {
            if (next == '\n')
            {
                lines.Add(line.ToString().TrimEnd('\r'));
                line.Clear();
            }
            else
                line.Append((char)next);
        }
        if (line.Length > 0 && lines.Count < count)
            lines.Add(line.ToString().TrimEnd('\r'));
        return lines;
    }

    /// <summary>Whether a file that holds something ends with a line break, or with the end of a table that is whole.</summary>
    public static bool EndsInLineBreak(string file)
    {
        if (ParquetText.IsOne(file))
            return true;
        using FileStream stream = File.OpenRead(file);
        Span<byte> end = stackalloc byte[2];
        stream.Seek(-Math.Min(2, stream.Length), SeekOrigin.End);
        end = end[..stream.ReadAtLeast(end, 2, throwOnEndOfStream: false)];
        // The second byte from the end is that of UTF-16.
        return end.ContainsAny((byte)'\n', (byte)'\r');
    }

    private static bool IsUtf8(string file)
    {
        using FileStream stream = File.OpenRead(file);
        byte[] buffer = new byte[1 << 16];
        int kept = 0;
        bool first = true;
        while (stream.Read(buffer, kept, buffer.Length - kept) is > 0 and int read)
        {
            Span<byte> bytes = buffer.AsSpan(0, kept + read);
            if (first && bytes.Length >= 2 && bytes[..2] is [0xFF, 0xFE] or [0xFE, 0xFF])
                return true;
            first = false;
            // A letter may be cut by the end of the buffer: at most three bytes of it are looked at again.
            int cut = 0;
            while (cut < 3 && cut < bytes.Length && (bytes[^(cut + 1)] & 0xC0) == 0x80)
                cut++;
            if (cut < bytes.Length && bytes[^(cut + 1)] >= 0xC0)
                cut++;
            else
                cut = 0;
            if (!System.Text.Unicode.Utf8.IsValid(bytes[..^cut]))
                return false;
            bytes[^cut..].CopyTo(buffer);
            kept = cut;
        }
        return System.Text.Unicode.Utf8.IsValid(buffer.AsSpan(0, kept));
    }
}
