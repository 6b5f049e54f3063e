using System.Globalization;
using System.IO.Compression;
using System.Text;
using LastBit.Files;

namespace LastBit.Data;

/// <summary>
/// Reads known members out of a .tar.gz that a stranger may have made: ustar, GNU and pax, as npm and the authors of data sets write them. Nothing is
/// ever written under a name from the archive, and memory is given only to what is wanted and no larger than it can be.
/// </summary>
internal static class TarArchive
{
    private const int Block = 512, MaximumMembers = 1000, MaximumExtension = 1 << 16;

    /// <summary>Reads the wanted members into memory; other plain files and folders are passed over.</summary>
    /// <param name="path">The .tar.gz file.</param>
    /// <param name="wanted">Names of the wanted members with the most bytes that each may have.</param>
    /// <param name="maximumBytes">How long the archive may be when decompressed.</param>
    /// <returns>The contents by name, all that were wanted.</returns>
    /// <exception cref="SourceException">
    /// The archive is damaged, too large or incomplete, names one member twice, or holds a link, a device or a name that leads out of its folder.
    /// </exception>
    public static Dictionary<string, byte[]> Read(string path, IReadOnlyDictionary<string, long> wanted, long maximumBytes)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return Read(file, wanted, maximumBytes);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SourceException($"the archive cannot be read ({InputFile.Reason(error)})", error);
        }
    }

    /// <summary>Reads an archive from a stream of its compressed bytes.</summary>
    public static Dictionary<string, byte[]> Read(Stream compressed, IReadOnlyDictionary<string, long> wanted, long maximumBytes)
    {
        var found = new Dictionary<string, byte[]>();
        using var unpacked = new GZipStream(compressed, CompressionMode.Decompress, leaveOpen: true);
        var tar = new Unpacked(unpacked, maximumBytes);
        byte[] header = new byte[Block];
        string? longName = null;
        long? longSize = null;
        for (int members = 0; tar.TryRead(header); members++)
        {
            if (!header.AsSpan().ContainsAnyExcept((byte)0))
                break; // The end: two empty blocks, of which some writers leave out the second.
            CheckSum(header);
            if (members == MaximumMembers)
                throw new SourceException($"the archive has more than {MaximumMembers} members");
            char type = (char)header[156];
            long size = longSize ?? Number(header.AsSpan(124, 12));
            if (type is 'x' or 'g' or 'L' or 'K')
            {
                if (size > MaximumExtension)
                    throw new SourceException($"the archive is damaged (an extended header of {size} bytes)");
                byte[] extension = tar.Take(size, size);
                if (type == 'L')
                    longName = Text(extension);
                else if (type == 'x')
                    (longName, longSize) = Pax(extension, longName);
                continue;
            }
            string name = CheckedName(longName ?? NameOf(header));
            (longName, longSize) = (null, null);
            if (type is not ('0' or '\0' or '7' or '5'))
                throw new SourceException($"the archive holds {ForeignText.Cut(name)}, which is neither a file nor a folder ({KindOf(type)})");
            bool folder = type == '5' || (type == '\0' && name.EndsWith('/'));
            if (folder || !wanted.TryGetValue(name, out long most))
            {
                tar.Skip(size);
                tar.Skip(Unpacked.Padding(size));
                continue;
            }
            if (size > most)
                throw new SourceException($"the archive holds a {name} of {size} bytes; it can have {most}");
            if (!found.TryAdd(name, tar.Take(size, most)))
                throw new SourceException($"the archive holds {name} twice");
        }
        if (wanted.Keys.FirstOrDefault(name => !found.ContainsKey(name)) is string missing)
            throw new SourceException($"the archive does not hold {missing}");
        return found;
    }

    private static SourceException Damaged(string how, Exception? error = null) => new($"the archive is damaged ({how})", error);

    // Octal digits, or a binary number whose first bit is set (base 256), which may be negative.
    private static long Number(ReadOnlySpan<byte> field)
    {
        if ((field[0] & 0x80) != 0)
        {
            if ((field[0] & 0x40) != 0)
                throw Damaged("a member of negative length");
            UInt128 value = (uint)(field[0] & 0x3f);
            foreach (byte digit in field[1..])
                value = value << 8 | digit;
            return value <= long.MaxValue ? (long)value : throw Damaged("a member of impossible length");
        }
        string text = Text(field).Trim(' ');
        long number = 0;
        foreach (char digit in text)
            number = digit is >= '0' and <= '7' ? number * 8 + (digit - '0') : throw Damaged($"'{ForeignText.Cut(text)}' is not an octal number");
        return number;
    }

    // The sum of all bytes with the sum itself as blanks.
    private static void CheckSum(ReadOnlySpan<byte> header)
    {
        long sum = 0;
        for (int i = 0; i < Block; i++)
            sum += i is >= 148 and < 156 ? ' ' : header[i];
        if (Number(header.Slice(148, 8)) != sum)
            throw Damaged("the check sum of a header is wrong");
    }

    private static string NameOf(ReadOnlySpan<byte> header)
    {
        string name = Text(header[..100]), prefix = header.Slice(257, 6).SequenceEqual("ustar\0"u8) ? Text(header.Slice(345, 155)) : "";
        return prefix.Length > 0 ? $"{prefix}/{name}" : name;
    }

    // Records "LENGTH KEY=VALUE\n"; only the name and the size concern us.
    private static (string? Name, long? Size) Pax(ReadOnlySpan<byte> data, string? name)
    {
        long? size = null;
        while (data.Length > 0 && data[0] != 0)
        {
            int blank = data.IndexOf((byte)' ');
            if (blank is < 1 or > 6 || !int.TryParse(data[..blank], NumberStyles.None, CultureInfo.InvariantCulture, out int length)
                || length <= blank + 1 || length > data.Length || data[length - 1] != '\n')
            {
                throw Damaged("an extended header whose records do not end where they should");
            }
            ReadOnlySpan<byte> record = data[(blank + 1)..(length - 1)];
            int equals = record.IndexOf((byte)'=');
            if (equals < 1)
                throw Damaged("an extended header without names");
            string value = Encoding.UTF8.GetString(record[(equals + 1)..]);
            if (record[..equals].SequenceEqual("path"u8))
                name = value;
            else if (record[..equals].SequenceEqual("size"u8))
            {
                size = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number
                    : throw Damaged($"'{ForeignText.Cut(value)}' is not the length of a member");
            }
            data = data[length..];
        }
        return (name, size);
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }

    private static string KindOf(char type) => type switch
    {
        '1' => "HardLink",
        '2' => "SymbolicLink",
        '3' => "CharacterDevice",
        '4' => "BlockDevice",
        '6' => "Fifo",
        _ => $"type {ForeignText.Cut(type.ToString())}",
    };

    private static string CheckedName(string name)
    {
        string plain = name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name;
        bool leavesTheFolder = plain.StartsWith('/') || plain.Contains('\\') || plain.Contains(':') || plain.Contains('\0')
            || plain.Split('/').Contains("..");
        return leavesTheFolder ? throw new SourceException($"the archive holds the name {ForeignText.Cut(name)}, which leads out of its folder") : plain;
    }

    // The unpacked bytes, with a bound: an archive of a few kilobytes can unpack to terabytes.
    private sealed class Unpacked(Stream stream, long limit)
    {
        private long _read;

        public bool TryRead(byte[] block)
        {
            int count = Fill(block);
            return count == block.Length || (count == 0 ? false : throw Damaged("it ends early"));
        }

        public byte[] Take(long size, long most)
        {
            byte[] content = new byte[Math.Min(size, most)];
            if (Fill(content) < content.Length)
                throw Damaged("it ends early");
            Skip(Padding(size));
            return content;
        }

        public void Skip(long size)
        {
            Span<byte> nothing = stackalloc byte[4096];
            for (long left = size; left > 0;)
            {
                int count = Fill(nothing[..(int)Math.Min(left, nothing.Length)]);
                if (count == 0)
                    throw Damaged("it ends early");
                left -= count;
            }
        }

        public static long Padding(long size) => (Block - size % Block) % Block;

        private int Fill(Span<byte> buffer)
        {
            try
            {
                int count = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
                _read += count;
                return _read <= limit ? count : throw new SourceException($"the archive unpacks to more than {limit} bytes");
            }
            catch (Exception error) when (error is InvalidDataException or IOException)
            {
                throw Damaged("its compressed data", error);
            }
        }
    }
}
