using System.Formats.Tar;
using System.IO.Compression;
using LastBit.Files;

namespace LastBit.Data;

/// <summary>
/// Reads known members out of a .tar.gz that a stranger may have made. Nothing is ever written under a name from the archive, and memory is
/// given only to what is wanted and no larger than it can be.
/// </summary>
internal static class TarArchive
{
    private const int MaximumMembers = 1000;

    /// <summary>Reads the wanted members into memory; other plain files and folders are passed over.</summary>
    /// <param name="path">The .tar.gz file.</param>
    /// <param name="wanted">Names of the wanted members with the most bytes that each may have.</param>
    /// <param name="maximumBytes">How long the archive may be when decompressed.</param>
    /// <returns>The contents by name, all that were wanted.</returns>
    /// <exception cref="SourceException">
    /// The archive is damaged, too large or incomplete, names one member twice, or holds a link, a device or a name that leads out of its
    /// folder.
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
        try
        {
            using var unpacked = new GZipStream(compressed, CompressionMode.Decompress, leaveOpen: true);
            using var guarded = new Guarded(unpacked, maximumBytes);
            using var tar = new TarReader(guarded);
            for (int members = 0; Next() is { } entry; members++)
            {
                if (members == MaximumMembers)
                    throw new SourceException($"the archive has more than {MaximumMembers} members");
                if (entry is PaxGlobalExtendedAttributesTarEntry)
                    continue;
                string name = CheckedName(entry.Name);
                if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile
                    or TarEntryType.Directory))
                    throw new SourceException(
                        $"the archive holds {ForeignText.Cut(name)}, which is neither a file nor a folder ({entry.EntryType})");
                if (entry.EntryType == TarEntryType.Directory || !wanted.TryGetValue(name, out long most))
                {
                    entry.DataStream?.CopyTo(Stream.Null);
                    continue;
                }
                if (entry.Length > most)
                    throw new SourceException($"the archive holds a {name} of {entry.Length} bytes; it can have {most}");
                byte[] content = new byte[entry.Length];
                entry.DataStream?.ReadExactly(content);
                if (!found.TryAdd(name, content))
                    throw new SourceException($"the archive holds {name} twice");
            }

            TarEntry? Next()
            {
                guarded.InHeaders = true;
                TarEntry? entry = tar.GetNextEntry();
                guarded.InHeaders = false;
                return entry;
            }
        }
        catch (Exception error) when (error is InvalidDataException or IOException or FormatException or ArgumentException
            or OverflowException or NotSupportedException or InvalidOperationException)
        {
            throw new SourceException($"the archive is damaged ({ForeignText.Cut(error.Message.TrimEnd('.'), 100)})", error);
        }
        return wanted.Keys.FirstOrDefault(name => !found.ContainsKey(name)) is string missing
            ? throw new SourceException($"the archive does not hold {missing}") : found;
    }

    private static string CheckedName(string name)
    {
        string plain = name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name;
        bool leavesTheFolder = plain.StartsWith('/') || plain.Contains('\\') || plain.Contains(':') || plain.Contains('\0')
            || plain.Split('/').Contains("..");
        return leavesTheFolder
            ? throw new SourceException($"the archive holds the name {ForeignText.Cut(name)}, which leads out of its folder") : plain;
    }

    /// <summary>
    /// The unpacked bytes, with what <see cref="TarReader"/> does not look at: an archive of a few kilobytes can unpack to terabytes, a
    /// header has a check sum, and an extended header may announce two gigabytes, for which there would be memory at once.
    /// </summary>
    private sealed class Guarded(Stream stream, long limit) : Stream
    {
        private const int Block = 512, MaximumExtension = 1 << 16;

        private long _read;
        private int _extension; // Bytes left of an extended header's records.

        /// <summary>
        /// Whether the reader looks for the next member: what it reads in whole blocks is then headers, and the records of extended ones.
        /// </summary>
        public bool InHeaders { get; set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            int count = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            _read += count;
            if (_read > limit)
                throw new SourceException($"the archive unpacks to more than {limit} bytes");
            if (_extension > 0)
                _extension -= count;
            else if (InHeaders && count == Block && buffer.ContainsAnyExcept((byte)0))
                CheckHeader(buffer);
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private void CheckHeader(ReadOnlySpan<byte> header)
        {
            // The sum of all bytes with the sum itself as blanks.
            int sum = 8 * ' ';
            for (int i = 0; i < Block; i++)
                sum += i is >= 148 and < 156 ? 0 : header[i];
            if (Octal(header.Slice(148, 8)) != sum)
                throw new InvalidDataException("the check sum of a header is wrong");
            if ((char)header[156] is 'x' or 'g' or 'L' or 'K')
            {
                long size = Octal(header.Slice(124, 12));
                _extension = size is >= 0 and <= MaximumExtension ? (int)((size + Block - 1) / Block * Block)
                    : throw new InvalidDataException("an extended header is too long");
            }
        }

        // -1 for what is no such number.
        private static long Octal(ReadOnlySpan<byte> field)
        {
            long number = 0;
            foreach (byte digit in field.Trim(" \0"u8))
                number = number >= 0 && digit is >= (byte)'0' and <= (byte)'7' ? number * 8 + (digit - '0') : -1;
            return number;
        }
    }
}
