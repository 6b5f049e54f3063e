using System.Buffers.Binary;
using System.IO.Compression;

namespace LastBit.Files;

/// <summary>
/// A decoded PNG image (ISO/IEC 15948): every colour type and bit depth, plain or interlaced. The check sum of every chunk is
/// verified. Transparency, gamma and colour profiles are not applied: samples are as stored.
/// </summary>
public sealed class PngImage
{
    /// <summary>The largest image that is read: this many bytes of samples.</summary>
    public const int MaximumBytes = 1 << 28;

    private static readonly uint[] s_crcTable = MakeCrcTable();

    // Adam7: where each pass starts and how far apart its pixels are, (x, y, step x, step y).
    private static readonly (int X, int Y, int StepX, int StepY)[] s_passes =
        [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)];

    private PngImage(int width, int height, int channels, int bitDepth)
    {
        Width = width;
        Height = height;
        Channels = channels;
        BitDepth = bitDepth;
        Samples = new byte[(long)width * height * channels * (bitDepth / 8)];
    }

    /// <summary>Pixels in a row.</summary>
    public int Width { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>1 grey, 2 grey and alpha, 3 RGB (also from a palette), 4 RGB and alpha.</summary>
    public int Channels { get; }

    /// <summary>8 or 16; grey of 1, 2 or 4 bits is scaled to the full range of 8.</summary>
    public int BitDepth { get; }

    /// <summary>[Height][Width][Channels] samples, of one byte or, if <see cref="BitDepth"/> is 16, of two with the higher first.</summary>
    public byte[] Samples { get; }

    /// <summary>
    /// Whether a pixel is not opaque: by its alpha, that of its colour in the palette, or the transparent colour of the image (tRNS).
    /// </summary>
    public bool IsTransparent { get; private set; }

    /// <summary>
    /// What is odd about the file without harm to the image, as what follows its name in a sentence; null where nothing is.
    /// </summary>
    public string? Warning { get; private set; }

    /// <summary>One sample on the scale from 0 to 1.</summary>
    /// <param name="x">Column, from the left.</param>
    /// <param name="y">Row, from the top.</param>
    /// <param name="channel">Channel.</param>
    /// <returns>The sample divided by 255 or 65535.</returns>
    public double Sample(int x, int y, int channel)
    {
        int i = (y * Width + x) * Channels + channel;
        return BitDepth == 8 ? Samples[i] / 255.0 : BinaryPrimitives.ReadUInt16BigEndian(Samples.AsSpan(2 * i)) / 65535.0;
    }

    /// <summary>Reads a file.</summary>
    /// <param name="path">A PNG file.</param>
    /// <returns>The image.</returns>
    /// <exception cref="InputException">There is no such file, it is not a PNG image, is damaged, or is too large.</exception>
    public static PngImage Read(string path)
    {
        const string Wanted = "name a PNG file";
        return Decode(InputFile.ReadAllBytes(path, MaximumBytes, Wanted), path);
    }

    /// <summary>Decodes a file held in memory.</summary>
    /// <param name="file">All of its bytes.</param>
    /// <param name="name">What to call it in an error.</param>
    /// <returns>The image.</returns>
    /// <exception cref="InputException">It is not a PNG image, is damaged, or is too large.</exception>
    public static PngImage Decode(ReadOnlySpan<byte> file, string name)
    {
        if (!file.StartsWith(Signature))
            throw new InputException($"{name}: is not a PNG image; convert it to PNG");
        Header? header = null;
        byte[]? palette = null, transparency = null;
        var compressed = new MemoryStream();
        bool ended = false;
        int spare = 0;
        for (int position = Signature.Length; !ended;)
        {
            (ReadOnlySpan<byte> type, ReadOnlySpan<byte> data) = ReadChunk(file, ref position, name);
            if (header is null)
                header = type.SequenceEqual("IHDR"u8) ? Header.Parse(data, name) : throw Damaged(name, "its first chunk is not a header");
            else if (type.SequenceEqual("PLTE"u8))
                palette = data.Length is > 0 and <= 768 && data.Length % 3 == 0
                    ? data.ToArray() : throw Damaged(name, "its palette has a wrong length");
            else if (type.SequenceEqual("IDAT"u8))
                compressed.Write(data);
            else if (type.SequenceEqual("tRNS"u8))
                transparency = Transparency(data, header, name);
            else if (type.SequenceEqual("IEND"u8))
                (ended, spare) = (true, file.Length - position);
            else if ((type[0] & 0x20) == 0) // An upper-case first letter: not to be ignored.
            {
                string kind = ForeignText.Cut($"{(char)type[0]}{(char)type[1]}{(char)type[2]}{(char)type[3]}");
                throw Damaged(name, $"it has a chunk of an unknown kind that must be understood ({kind})");
            }
        }
        if (header!.ColourType == 3 && palette is null)
            throw Damaged(name, "it has no palette");

        byte[] filtered = Inflate(compressed, header, name, out int sparePixels);
        var image = new PngImage(header.Width, header.Height, header.ColourType == 3 ? 3 : header.FileChannels,
            Math.Max(8, header.BitDepth))
        {
            Warning = spare + sparePixels == 0 ? null : $"has {NumberText.Count(spare + sparePixels, "byte")} more than its image needs",
        };
        int offset = 0;
        foreach ((int x, int y, int stepX, int stepY) in header.Passes)
        {
            int width = Header.Count(header.Width, x, stepX), height = width == 0 ? 0 : Header.Count(header.Height, y, stepY);
            int rowBytes = header.RowBytes(width);
            Span<byte> previous = new byte[rowBytes];
            for (int row = 0; row < height; row++)
            {
                Span<byte> line = filtered.AsSpan(offset + 1, rowBytes);
                Unfilter(filtered[offset], line, previous, Math.Max(1, header.FileChannels * header.BitDepth / 8), name);
                image.PutRow(line, header, palette, header.ColourType == 3 ? transparency : null, y + row * stepY, x, stepX, width, name);
                previous = line;
                offset += 1 + rowBytes;
            }
        }
        image.IsTransparent |= image.HasTransparentSamples(header.ColourType == 3 ? null : transparency);
        return image;
    }

    // The alphas of a palette, or the transparent colour as samples of the image have it.
    private static byte[] Transparency(ReadOnlySpan<byte> data, Header header, string name)
    {
        if (header.ColourType == 3 ? data.Length > 256 : data.Length != 2 * header.FileChannels || header.ColourType > 3)
            throw Damaged(name, "its transparent colour has a wrong length");
        if (header.ColourType == 3 || header.BitDepth == 16)
            return data.ToArray();
        int scale = header.BitDepth < 8 ? 255 / ((1 << header.BitDepth) - 1) : 1;
        byte[] colour = new byte[header.FileChannels];
        for (int i = 0; i < colour.Length; i++)
            colour[i] = (byte)(data[2 * i + 1] * scale);
        return colour;
    }

    private bool HasTransparentSamples(ReadOnlySpan<byte> colour)
    {
        int sample = BitDepth / 8, pixel = Channels * sample, alpha = Channels is 2 or 4 ? sample : 0;
        if (alpha == 0 && colour.IsEmpty)
            return false;
        for (ReadOnlySpan<byte> rest = Samples; rest.Length > 0; rest = rest[pixel..])
        {
            if (alpha > 0 ? rest[(pixel - alpha)..pixel].ContainsAnyExcept((byte)255) : rest[..pixel].SequenceEqual(colour))
                return true;
        }
        return false;
    }

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    private static InputException Damaged(string name, string how) => new($"{name}: is damaged: {how}; get the file again");

    private static ReadOnlySpan<byte> Take(ReadOnlySpan<byte> file, ref int position, uint count, string name)
    {
        if (count > (uint)(file.Length - position))
            throw Damaged(name, $"it ends after {file.Length} bytes, in the middle");
        ReadOnlySpan<byte> taken = file.Slice(position, (int)count);
        position += (int)count;
        return taken;
    }

    // Returns the type (four letters) and the data of the chunk at the position.
    private static ChunkSpans ReadChunk(ReadOnlySpan<byte> file, ref int position, string name)
    {
        uint length = BinaryPrimitives.ReadUInt32BigEndian(Take(file, ref position, 4, name));
        int start = position;
        ReadOnlySpan<byte> type = Take(file, ref position, 4, name), data = Take(file, ref position, length, name);
        uint stored = BinaryPrimitives.ReadUInt32BigEndian(Take(file, ref position, 4, name));
        if (stored != Crc32(file[start..(position - 4)]))
            throw Damaged(name, $"the check sum of the chunk at byte {start - 4} is wrong");
        return new ChunkSpans { Type = type, Data = data };
    }

    private ref struct ChunkSpans
    {
        public ReadOnlySpan<byte> Type, Data;

        public readonly void Deconstruct(out ReadOnlySpan<byte> type, out ReadOnlySpan<byte> data)
        {
            type = Type;
            data = Data;
        }
    }

    private static byte[] Inflate(MemoryStream compressed, Header header, string name, out int spare)
    {
        long expected = header.FilteredBytes;
        // Deflate cannot shrink by more than 1032:1, so a short file that claims to be a huge image is known before memory is given to it.
        if (expected / Decompression.LargestRatio > compressed.Length)
            throw Damaged(name, $"{compressed.Length} compressed bytes cannot hold {header.Width} x {header.Height} pixels");
        byte[] filtered = new byte[expected];
        compressed.Position = 0;
        try
        {
            using var inflater = new ZLibStream(compressed, CompressionMode.Decompress);
            int count = inflater.ReadAtLeast(filtered, filtered.Length, throwOnEndOfStream: false);
            if (count < filtered.Length)
                throw Damaged(name, $"its pixels end after {count} of {expected} bytes");
            // Reading to the end also checks the check sum of the whole. Some writers leave a few bytes more; a row more is another image.
            spare = inflater.ReadAtLeast(new byte[header.RowBytes(header.Width) + 1], header.RowBytes(header.Width) + 1,
                throwOnEndOfStream: false);
            if (spare > header.RowBytes(header.Width))
                throw Damaged(name, $"it has more pixels than {header.Width} x {header.Height}");
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            throw new InputException(Damaged(name, "its pixels cannot be decompressed").Message, error);
        }
        return filtered;
    }

    // Section 9 of the standard. The left neighbour is `step` bytes back, the upper one in the previous row; outside the image all are 0.
    private static void Unfilter(byte filter, Span<byte> line, ReadOnlySpan<byte> previous, int step, string name)
    {
        switch (filter)
        {
            case 0:
                break;
            case 1:
                for (int i = step; i < line.Length; i++)
                    line[i] += line[i - step];
                break;
            case 2:
                for (int i = 0; i < line.Length; i++)
                    line[i] += previous[i];
                break;
            case 3:
                for (int i = 0; i < line.Length; i++)
                    line[i] += (byte)(((i >= step ? line[i - step] : 0) + previous[i]) / 2);
                break;
            case 4:
                for (int i = 0; i < Math.Min(step, line.Length); i++)
                    line[i] += previous[i]; // With nothing on the left, Paeth predicts the upper neighbour.
                for (int i = step; i < line.Length; i++)
                    line[i] += Paeth(line[i - step], previous[i], previous[i - step]);
                break;
            default:
                throw Damaged(name, $"it uses filter {filter}, which does not exist");
        }
    }

    private static byte Paeth(int left, int up, int corner)
    {
        int toLeft = Math.Abs(up - corner), toUp = Math.Abs(left - corner), toCorner = Math.Abs(left + up - 2 * corner);
        return (byte)(toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner);
    }

    // Writes one row of one pass: pixel i of the row goes to column x + i * stepX.
    private void PutRow(ReadOnlySpan<byte> line, Header header, byte[]? palette, ReadOnlySpan<byte> alphas, int y, int x, int stepX,
        int width, string name)
    {
        int pixelBytes = Channels * BitDepth / 8;
        Span<byte> target = Samples.AsSpan(y * Width * pixelBytes, Width * pixelBytes);
        if (header.ColourType != 3 && header.BitDepth >= 8 && stepX == 1 && x == 0)
        {
            line.CopyTo(target);
            return;
        }
        for (int i = 0; i < width; i++)
        {
            Span<byte> pixel = target.Slice((x + i * stepX) * pixelBytes, pixelBytes);
            if (header.BitDepth >= 8 && header.ColourType != 3)
            {
                line.Slice(i * pixelBytes, pixelBytes).CopyTo(pixel);
                continue;
            }
            int bit = i * header.BitDepth, mask = (1 << header.BitDepth) - 1;
            int value = (line[bit / 8] >> (8 - header.BitDepth - bit % 8)) & mask;
            IsTransparent |= value < alphas.Length && alphas[value] != 255;
            if (header.ColourType != 3)
                pixel[0] = (byte)(value * 255 / mask);
            else if (3 * value < palette!.Length)
                palette.AsSpan(3 * value, 3).CopyTo(pixel);
            else
                throw Damaged(name, $"a pixel has colour {value} of a palette of {palette.Length / 3}");
        }
    }

    internal static uint Crc32(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in data)
            crc = s_crcTable[(byte)crc ^ value] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[] MakeCrcTable()
    {
        uint[] table = new uint[256];
        for (uint i = 0; i < 256; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
            table[i] = crc;
        }
        return table;
    }

    private sealed record Header(int Width, int Height, int BitDepth, int ColourType, bool Interlaced)
    {
        public int FileChannels => ColourType switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };

        public IReadOnlyList<(int X, int Y, int StepX, int StepY)> Passes => Interlaced ? s_passes : [(0, 0, 1, 1)];

        public long FilteredBytes => Passes.Sum(pass =>
        {
            int width = Count(Width, pass.X, pass.StepX);
            return width == 0 ? 0L : (1L + RowBytes(width)) * Count(Height, pass.Y, pass.StepY);
        });

        public int RowBytes(int width) => (int)(((long)width * FileChannels * BitDepth + 7) / 8);

        // How many of 0 .. size-1 are start, start + step, ...
        public static int Count(int size, int start, int step) => size <= start ? 0 : (size - start + step - 1) / step;

        public static Header Parse(ReadOnlySpan<byte> data, string name)
        {
            if (data.Length != 13)
                throw Damaged(name, "its header has a wrong length");
            uint width = BinaryPrimitives.ReadUInt32BigEndian(data), height = BinaryPrimitives.ReadUInt32BigEndian(data[4..]);
            int depth = data[8], colour = data[9];
            if (width == 0 || height == 0)
                throw Damaged(name, $"its size is {width} x {height}");
            bool known = colour switch
            {
                0 => depth is 1 or 2 or 4 or 8 or 16,
                3 => depth is 1 or 2 or 4 or 8,
                2 or 4 or 6 => depth is 8 or 16,
                _ => false,
            };
            if (!known || data[10] != 0 || data[11] != 0 || data[12] > 1)
                throw Damaged(name, $"its header names a format that does not exist (colour type {colour}, {depth} bits)");
            var header = new Header((int)Math.Min(width, int.MaxValue), (int)Math.Min(height, int.MaxValue), depth, colour, data[12] == 1);
            // Eight bytes is the largest pixel; the product of two numbers below 2^31 and 8 may pass 2^63, so the pixels are counted first.
            if ((ulong)width * height > MaximumBytes
                || (long)width * height * (colour == 3 ? 3 : header.FileChannels) * Math.Max(1, depth / 8) > MaximumBytes)
                throw new InputException(
                    $"{name}: is {width} x {height} pixels large; at most {MaximumBytes} bytes of samples can be read");
            return header;
        }
    }
}
