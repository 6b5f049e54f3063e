using System.Buffers.Binary;
using System.Numerics;

namespace LastBit.Imports.Formats;

/// <summary>
/// TFRecord: a length of eight bytes, its masked CRC-32C, the data, their masked CRC-32C, all little-endian. The mask makes of a checksum c
/// into ((c >> 15) | (c &lt;&lt; 17)) + 0xa282ead8, so that a file of checksums has no checksum of zero.
/// </summary>
internal static class TfRecord
{
    /// <summary>An event of a training is a few kilobytes; images and graphs are some megabytes.</summary>
    private const long LargestRecord = 1L << 30;

    /// <summary>The CRC-32C of some bytes, masked.</summary>
    public static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        while (data.Length >= 8)
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[8..];
        }
        foreach (byte value in data)
            crc = BitOperations.Crc32C(crc, value);
        crc = ~crc;
        return BitOperations.RotateRight(crc, 15) + 0xa282ead8;
    }

    /// <summary>Whether the first bytes of a file, at least 12, begin a record.</summary>
    public static bool IsHead(ReadOnlySpan<byte> head) => head.Length >= 12
        && MaskedCrc(head[..8]) == BinaryPrimitives.ReadUInt32LittleEndian(head[8..])
        && BinaryPrimitives.ReadUInt64LittleEndian(head) <= LargestRecord;

    /// <summary>Goes through the records of a stream.</summary>
    /// <param name="stream">The file.</param>
    /// <param name="action">Gets each record; the memory is used again for the next.</param>
    /// <returns>What ends the file before its time, in words, and how many bytes from its beginning; null where it is whole.</returns>
    public static (string Why, long At)? Read(Stream stream, Action<ReadOnlyMemory<byte>> action)
    {
        byte[] buffer = new byte[1 << 16];
        long at = 0;
        Span<byte> head = stackalloc byte[12];
        while (true)
        {
            int got = stream.ReadAtLeast(head, 12, throwOnEndOfStream: false);
            if (got == 0)
                return null;
            if (got < 12)
                return ("it ends in half a record, as a file that is still being written", at);
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(head);
            if (MaskedCrc(head[..8]) != BinaryPrimitives.ReadUInt32LittleEndian(head[8..]) || length > (ulong)LargestRecord)
                return ("the checksum of a record's length is wrong, and where the next one begins cannot be known", at);
            int whole = (int)length + 4;
            if (buffer.Length < whole)
            {
                // Memory grows with what the file really holds, not with what a length claims.
                if (stream.CanSeek && stream.Length - stream.Position < whole)
                    return ("it ends in half a record, as a file that is still being written", at);
                buffer = new byte[whole];
            }
            if (stream.ReadAtLeast(buffer.AsSpan(0, whole), whole, throwOnEndOfStream: false) < whole)
                return ("it ends in half a record, as a file that is still being written", at);
            if (MaskedCrc(buffer.AsSpan(0, whole - 4)) != BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(whole - 4)))
                return ("the checksum of a record is wrong", at);
            action(buffer.AsMemory(0, whole - 4));
            at += 12 + whole;
        }
    }
}
