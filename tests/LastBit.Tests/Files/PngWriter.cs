using System.Buffers.Binary;
using System.IO.Compression;

namespace LastBit.Tests.Files;

/// <summary>Writes PNG files for tests, right ones and wrong ones; not interlaced.</summary>
internal static class PngWriter
{
    public static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    /// <summary>Encodes rows of bytes; row i uses filter filters[i % filters.Length].</summary>
    public static byte[] Encode(int width, int height, int colourType, int bitDepth, ReadOnlySpan<byte> rows, params int[] filters)
    {
        int channels = colourType switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        int rowBytes = (width * channels * bitDepth + 7) / 8, step = Math.Max(1, channels * bitDepth / 8);
        var filtered = new MemoryStream();
        for (int y = 0; y < height; y++)
        {
            int filter = filters[y % filters.Length];
            filtered.WriteByte((byte)filter);
            for (int i = 0; i < rowBytes; i++)
            {
                int left = i >= step ? rows[y * rowBytes + i - step] : 0;
                int up = y > 0 ? rows[(y - 1) * rowBytes + i] : 0;
                int corner = i >= step && y > 0 ? rows[(y - 1) * rowBytes + i - step] : 0;
                int paeth = new[] { left, up, corner }.MinBy(value => Math.Abs(left + up - corner - value));
                int predicted = filter switch { 1 => left, 2 => up, 3 => (left + up) / 2, 4 => paeth, _ => 0 };
                filtered.WriteByte((byte)(rows[y * rowBytes + i] - predicted));
            }
        }
        byte[] header = Chunk("IHDR", HeaderData(width, height, bitDepth, colourType));
        return [.. Signature, .. header, .. Chunk("IDAT", Compress(filtered.ToArray())), .. Chunk("IEND", [])];
    }

    public static byte[] HeaderData(int width, int height, int bitDepth, int colourType, int interlaced = 0)
    {
        byte[] data = [0, 0, 0, 0, 0, 0, 0, 0, (byte)bitDepth, (byte)colourType, 0, 0, (byte)interlaced];
        BinaryPrimitives.WriteInt32BigEndian(data, width);
        BinaryPrimitives.WriteInt32BigEndian(data.AsSpan(4), height);
        return data;
    }

    public static byte[] Compress(byte[] data)
    {
        var compressed = new MemoryStream();
        using (var deflater = new ZLibStream(compressed, CompressionLevel.Fastest))
            deflater.Write(data);
        return compressed.ToArray();
    }

    public static byte[] Chunk(string type, byte[] data)
    {
        byte[] chunk = [0, 0, 0, 0, .. System.Text.Encoding.ASCII.GetBytes(type), .. data, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(chunk, data.Length);
        uint crc = uint.MaxValue;
        foreach (byte value in chunk.AsSpan(4, chunk.Length - 8))
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB88320);
        }
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(chunk.Length - 4), ~crc);
        return chunk;
    }
}
