using System.Buffers.Binary;
using LastBit.Files;

namespace LastBit.Data;

/// <summary>An image as a decoder returns it.</summary>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Channels">1 grey, 3 red, green and blue.</param>
/// <param name="Samples">[Height][Width][Channels] bytes, as stored: no colour profile is applied.</param>
/// <param name="Orientation">How the image is to be turned or mirrored, 1 to 8 as in EXIF; 1 leaves it as it is.</param>
public sealed record DecodedImage(int Width, int Height, int Channels, byte[] Samples, int Orientation = 1)
{
    /// <summary>The image as EXIF's orientation wants it seen.</summary>
    internal DecodedImage Upright()
    {
        if (Orientation is < 2 or > 8)
            return this;
        (int width, int height) = Orientation >= 5 ? (Height, Width) : (Width, Height);
        byte[] samples = new byte[Samples.Length];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                (int column, int row) = Orientation switch
                {
                    2 => (Width - 1 - x, y),
                    3 => (Width - 1 - x, Height - 1 - y),
                    4 => (x, Height - 1 - y),
                    5 => (y, x),
                    6 => (y, Height - 1 - x),
                    7 => (Width - 1 - y, Height - 1 - x),
                    _ => (Width - 1 - y, x),
                };
                Samples.AsSpan(((row * Width) + column) * Channels, Channels).CopyTo(samples.AsSpan(((y * width) + x) * Channels));
            }
        }
        return new DecodedImage(width, height, Channels, samples);
    }
}

/// <summary>
/// What decodes JPEG images. Decoders differ in last bits, so it has a name, and what came out of it is kept (<see cref="PixelCache"/>).
/// </summary>
/// <param name="Name">Name and version.</param>
/// <param name="Decode">
/// From all bytes of a file to its image: grey images in one channel, others in three. It throws an <see cref="InvalidDataException"/> that
/// says what is wrong with a damaged file.
/// </param>
public sealed record JpegDecoder(string Name, Func<byte[], DecodedImage> Decode)
{
    /// <summary>
    /// The decoder of this process, made when the first JPEG image is met; null, as at first, where such images cannot be read.
    /// </summary>
    public static Lazy<JpegDecoder>? Current { get; set; }

    /// <summary>Whether a file begins as JPEG images do.</summary>
    internal static bool IsJpeg(ReadOnlySpan<byte> file) => file.StartsWith((ReadOnlySpan<byte>)[0xff, 0xd8, 0xff]);

    /// <summary>
    /// Decodes a file; its header is looked at first, so that no decoder is given what it would silently convert or what fills the memory.
    /// </summary>
    /// <param name="file">All of its bytes.</param>
    /// <param name="path">What to call it in an error.</param>
    /// <exception cref="InputException">It is damaged, too large, or of a kind that is not read.</exception>
    internal DecodedImage Read(byte[] file, string path)
    {
        (int width, int height, int components, int bits) = Header(file, path);
        if (components == 4)
            throw new InputException($"{path}: is a JPEG image of four colours (CMYK); convert it to RGB");
        if (components is not (1 or 3) || bits != 8)
            throw new InputException(
                $"{path}: is a JPEG image of {NumberText.Count(components, "component")} of {bits} bits; grey or RGB of 8 bits can be "
                    + "read");
        if ((long)width * height * components > PngImage.MaximumBytes)
            throw new InputException(
                $"{path}: is {width} x {height} pixels large; at most {PngImage.MaximumBytes} bytes of samples can be read");
        DecodedImage image;
        try
        {
            image = Decode(file);
        }
        catch (InvalidDataException error)
        {
            throw new InputException($"{path}: is damaged: {error.Message.TrimEnd('.')}; get the file again", error);
        }
        return (image.Width, image.Height, image.Channels) == (width, height, components)
            && image.Samples.Length == width * height * components
            ? image.Upright()
            : throw new InvalidOperationException(
                $"{Name} gave {image.Width} x {image.Height} x {image.Channels} for {width} x {height} x {components}.");
    }

    // The frame header: a marker C0 to CF, less those of Huffman tables (C4), arithmetic coding (CC) and the reserved C8.
    private static (int Width, int Height, int Components, int Bits) Header(ReadOnlySpan<byte> file, string path)
    {
        for (int at = 2; at + 3 < file.Length;)
        {
            if (file[at] != 0xff)
                break;
            byte marker = file[at + 1];
            if (marker == 0xff)
            {
                at++; // Fill bytes.
                continue;
            }
            if (marker is 0x01 or (>= 0xd0 and <= 0xd7))
            {
                at += 2;
                continue;
            }
            int length = BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
            if (marker is >= 0xc0 and <= 0xcf and not (0xc4 or 0xc8 or 0xcc) && at + 9 < file.Length)
            {
                int height = BinaryPrimitives.ReadUInt16BigEndian(file[(at + 5)..]), width =
                    BinaryPrimitives.ReadUInt16BigEndian(file[(at + 7)..]);
                if (width == 0 || height == 0)
                    break;
                return (width, height, file[at + 9], file[at + 4]);
            }
            if (marker is 0xd9 or 0xda || length < 2)
                break;
            at += 2 + length;
        }
        throw new InputException($"{path}: is damaged: it has no JPEG header; get the file again");
    }
}
