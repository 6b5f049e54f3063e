using System.Formats.Tar;
using System.IO.Compression;

namespace LastBit.Data;

/// <summary>Reads known members out of a .tar.gz that a stranger may have made. Nothing is ever written under a name from the archive.</summary>
internal static class TarArchive
{
    private const int MaximumMembers = 1000;

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
        var found = new Dictionary<string, byte[]>();
        try
        {
            using FileStream file = File.OpenRead(path);
            using var tar = new TarReader(new BoundedStream(new GZipStream(file, CompressionMode.Decompress), maximumBytes));
            for (int members = 0; tar.GetNextEntry() is TarEntry entry; members++)
            {
                if (members == MaximumMembers)
                    throw new SourceException($"the archive has more than {MaximumMembers} members");
                if (entry.EntryType == TarEntryType.GlobalExtendedAttributes)
                    continue;
                string name = CheckedName(entry.Name);
                if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.Directory))
                    throw new SourceException($"the archive holds {name}, which is neither a file nor a folder ({entry.EntryType})");
                if (entry.EntryType == TarEntryType.Directory || !wanted.TryGetValue(name, out long most))
                    continue;
                if (entry.Length > most)
                    throw new SourceException($"the archive holds a {name} of {entry.Length} bytes; it can have {most}");
                byte[] content = new byte[entry.Length];
                entry.DataStream?.ReadExactly(content);
                if (!found.TryAdd(name, content))
                    throw new SourceException($"the archive holds {name} twice");
            }
        }
        catch (Exception error) when (error is InvalidDataException or IOException or FormatException or ArgumentException or NotSupportedException)
        {
            throw new SourceException($"the archive is damaged ({error.Message.ReplaceLineEndings(" ").TrimEnd('.')})", error);
        }
        if (wanted.Keys.FirstOrDefault(name => !found.ContainsKey(name)) is string missing)
            throw new SourceException($"the archive does not hold {missing}");
        return found;
    }

    private static string CheckedName(string name)
    {
        string plain = name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name;
        bool leavesTheFolder = plain.StartsWith('/') || plain.Contains('\\') || plain.Contains(':') || plain.Contains('\0') || plain.Split('/').Contains("..");
        return leavesTheFolder
            ? throw new SourceException($"the archive holds the name {new string([.. name.Select(c => char.IsControl(c) ? '?' : c)])}, "
                + "which leads out of its folder")
            : plain;
    }

    // Passes a stream through until it has given more than it may: an archive of a few kilobytes can unpack to terabytes.
    private sealed class BoundedStream(Stream inner, long limit) : Stream
    {
        private long _read;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int count = inner.Read(buffer);
            _read += count;
            return _read <= limit ? count : throw new SourceException($"the archive unpacks to more than {limit} bytes");
        }

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
