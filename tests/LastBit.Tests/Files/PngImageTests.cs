using CsCheck;
using LastBit.Files;

namespace LastBit.Tests.Files;

public class PngImageTests
{
    private static readonly (int ColourType, int BitDepth)[] s_formats = [(0, 8), (2, 8), (4, 8), (6, 8), (0, 16), (2, 16), (6, 16)];
    private static readonly byte[] s_header = PngWriter.Chunk("IHDR", PngWriter.HeaderData(2, 2, 8, 0));
    private static readonly byte[] s_pixels = PngWriter.Chunk("IDAT", PngWriter.Compress([0, 1, 2, 0, 3, 4]));
    private static readonly byte[] s_end = PngWriter.Chunk("IEND", []);

    [Theory]
    [InlineData("grey1-interlaced", 1, 8)]
    [InlineData("grey2", 1, 8)]
    [InlineData("grey8", 1, 8)]
    [InlineData("grey16-interlaced", 1, 16)]
    [InlineData("greyalpha8", 2, 8)]
    [InlineData("palette4", 3, 8)]
    [InlineData("palette8-interlaced", 3, 8)]
    [InlineData("rgb8", 3, 8)]
    [InlineData("rgb8-interlaced", 3, 8)]
    [InlineData("rgb16", 3, 16)]
    [InlineData("rgba8-interlaced", 4, 8)]
    public void Images_decode_to_the_samples_that_ImageMagick_finds_in_them(string name, int channels, int bitDepth)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "Reference", "png");
        PngImage image = PngImage.Read(Path.Combine(folder, name + ".png"));
        Assert.Equal((13, 11, channels, bitDepth), (image.Width, image.Height, image.Channels, image.BitDepth));
        Assert.Equal(File.ReadAllBytes(Path.Combine(folder, name + ".samples")), image.Samples);
    }

    [Fact]
    public void Every_filter_is_undone() =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 9], Gen.Int[0, s_formats.Length - 1].Select(i => s_formats[i]), Gen.Int[0, 4].Array[1, 5])
            .SelectMany((width, height, format, filters) =>
                Gen.Byte.Array[width * height * 8].Select(bytes => (width, height, format, filters, bytes)))
            .Sample((width, height, format, filters, bytes) =>
            {
                int channels = format.ColourType switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
                byte[] samples = bytes[..(width * height * channels * format.BitDepth / 8)];
                PngImage image =
                    PngImage.Decode(PngWriter.Encode(width, height, format.ColourType, format.BitDepth, samples, filters), "test");
                return (image.Width, image.Height, image.Channels, image.BitDepth) == (width, height, channels, format.BitDepth)
                    && image.Samples.SequenceEqual(samples);
            });

    [Fact]
    public void Samples_lie_between_0_and_1()
    {
        PngImage eight = PngImage.Decode(PngWriter.Encode(2, 2, 2, 8, [0, 1, 2, 3, 4, 5, 6, 7, 8, 253, 254, 255], 0), "test");
        Assert.Equal(3 / 255.0, eight.Sample(1, 0, 0));
        Assert.Equal(1.0, eight.Sample(1, 1, 2));
        PngImage sixteen = PngImage.Decode(PngWriter.Encode(1, 2, 4, 16, [0, 0, 1, 2, 0xff, 0xff, 0xff, 0xfe], 0), "test");
        Assert.Equal(0x102 / 65535.0, sixteen.Sample(0, 0, 1));
        Assert.Equal(1.0, sixteen.Sample(0, 1, 0));
    }

    [Fact]
    public void Pixels_may_be_spread_over_several_chunks_with_others_between()
    {
        byte[] zlib = PngWriter.Compress([0, 1, 2, 0, 3, 4]);
        PngImage image =
            Decode(s_header, PngWriter.Chunk("tEXt", [65]), PngWriter.Chunk("IDAT", zlib[..3]), PngWriter.Chunk("IDAT", zlib[3..]), s_end);
        Assert.Equal([1, 2, 3, 4], image.Samples);
    }

    [Fact]
    public void An_image_that_is_cut_short_anywhere_is_refused()
    {
        byte[] whole = [.. PngWriter.Signature, .. s_header, .. s_pixels, .. s_end];
        Assert.Equal([1, 2, 3, 4], PngImage.Decode(whole, "test").Samples);
        for (int length = 0; length < whole.Length; length++)
        {
            InputException refused = Assert.Throws<InputException>(() => PngImage.Decode(whole.AsSpan(0, length), "cut.png"));
            Assert.StartsWith("cut.png: ", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_image_with_any_one_bit_altered_is_refused()
    {
        byte[] whole = [.. PngWriter.Signature, .. s_header, .. s_pixels, .. s_end];
        for (int bit = 0; bit < 8 * whole.Length; bit++)
        {
            whole[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<InputException>(() => PngImage.Decode(whole, "test"));
            whole[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void What_is_wrong_is_said()
    {
        Assert.Contains("not a PNG", Refusal(() => PngImage.Decode("GIF89a....."u8, "test")), StringComparison.Ordinal);
        Assert.Contains("first chunk", Refusal(() => Decode(s_pixels, s_end)), StringComparison.Ordinal);
        Assert.Contains("check sum of the chunk at byte 8", Refusal(() => Decode([.. s_header[..^1], 0], s_end)), StringComparison.Ordinal);
        Assert.Contains("after 3 of 6", Refusal(() => Decode(s_header, Pixels([0, 1, 2]), s_end)), StringComparison.Ordinal);
        Assert.Contains("more pixels", Refusal(() => Decode(s_header, Pixels(new byte[9]), s_end)), StringComparison.Ordinal);
        Assert.Contains("decompressed", Refusal(() => Decode(s_header, PngWriter.Chunk("IDAT", [1, 2, 3, 4]), s_end)),
            StringComparison.Ordinal);
        Assert.Contains("filter 5", Refusal(() => Decode(s_header, Pixels([5, 1, 2, 0, 3, 4]), s_end)), StringComparison.Ordinal);
        Assert.Contains("WHAT", Refusal(() => Decode(s_header, PngWriter.Chunk("WHAT", []), s_pixels, s_end)), StringComparison.Ordinal);
        byte[] paletteHeader = PngWriter.Chunk("IHDR", PngWriter.HeaderData(2, 2, 8, 3));
        Assert.Contains("no palette", Refusal(() => Decode(paletteHeader, s_pixels, s_end)), StringComparison.Ordinal);
        Assert.Contains("palette has a wrong length", Refusal(() => Decode(paletteHeader, Palette([1]), s_pixels, s_end)),
            StringComparison.Ordinal);
        Assert.Contains("colour 4 of a palette of 4", Refusal(() => Decode(paletteHeader, Palette(new byte[12]), s_pixels, s_end)),
            StringComparison.Ordinal);

        static byte[] Pixels(byte[] filtered) => PngWriter.Chunk("IDAT", PngWriter.Compress(filtered));
        static byte[] Palette(byte[] colours) => PngWriter.Chunk("PLTE", colours);
    }

    [Fact]
    public void A_few_bytes_more_than_the_image_needs_are_a_warning()
    {
        Assert.Null(Decode(s_header, s_pixels, s_end).Warning);
        Assert.Equal("has 1 byte more than its image needs", Decode(s_header, s_pixels, s_end, [0]).Warning);
        PngImage within = Decode(s_header, PngWriter.Chunk("IDAT", PngWriter.Compress([0, 1, 2, 0, 3, 4, 9, 9])), s_end, [0]);
        Assert.Equal("has 3 bytes more than its image needs", within.Warning);
        Assert.Equal([1, 2, 3, 4], within.Samples);
    }

    [Theory]
    [InlineData(0, 8, new byte[] { 0, 3 }, true)] // The sample of the last pixel.
    [InlineData(0, 8, new byte[] { 0, 9 }, false)] // A grey that no pixel has.
    [InlineData(0, 4, new byte[] { 0, 1 }, true)]
    [InlineData(0, 4, new byte[] { 0, 4 }, false)]
    [InlineData(0, 16, new byte[] { 2, 3 }, true)]
    [InlineData(0, 16, new byte[] { 3, 2 }, false)]
    [InlineData(2, 8, new byte[] { 0, 6, 0, 7, 0, 8 }, true)]
    [InlineData(2, 8, new byte[] { 0, 6, 0, 7, 0, 9 }, false)]
    [InlineData(3, 8, new byte[] { 255, 255, 255, 0 }, true)]
    [InlineData(3, 8, new byte[] { 255, 255, 255, 255, 0 }, false)] // A colour that no pixel has.
    [InlineData(3, 8, new byte[] { 255 }, false)]
    public void Transparency_by_colour_is_seen_where_a_pixel_has_it(int colourType, int bitDepth, byte[] transparency, bool transparent)
    {
        int rowBytes = bitDepth * (colourType == 2 ? 3 : 1) * 2 / 8;
        byte[] rows = [.. Enumerable.Range(0, 2)
            .SelectMany(y => Enumerable.Range(0, rowBytes).Select(i => (byte)(bitDepth == 4 ? 0x01 : y * rowBytes + i)).Prepend((byte)0))];
        if (bitDepth == 16)
            rows = [0, 0, 0, 0, 1, 0, 1, 0, 2, 3];
        byte[][] chunks =
        [
            PngWriter.Chunk("IHDR", PngWriter.HeaderData(2, 2, bitDepth, colourType)), PngWriter.Chunk("PLTE", new byte[15]),
            PngWriter.Chunk("tRNS", transparency), PngWriter.Chunk("IDAT", PngWriter.Compress(rows)), s_end,
        ];
        Assert.Equal(transparent, Decode(chunks).IsTransparent);
        Assert.False(Decode([.. chunks.Where(chunk => chunk != chunks[2])]).IsTransparent);
    }

    [Theory]
    [InlineData(4, 8, false)]
    [InlineData(6, 8, false)]
    [InlineData(4, 16, false)]
    [InlineData(4, 8, true)]
    [InlineData(6, 8, true)]
    [InlineData(6, 16, true)]
    public void Transparency_by_alpha_is_seen_where_a_pixel_is_not_opaque(int colourType, int bitDepth, bool transparent)
    {
        int channels = colourType == 4 ? 2 : 4, bytes = bitDepth / 8;
        byte[] samples = [.. Enumerable.Range(0, 4 * channels * bytes).Select(i => (byte)(i / bytes % channels == channels - 1 ? 255 : 7))];
        if (transparent)
            samples[^1] = 254;
        Assert.Equal(transparent, PngImage.Decode(PngWriter.Encode(2, 2, colourType, bitDepth, samples, 0), "test").IsTransparent);
    }

    [Fact]
    public void Transparency_of_a_wrong_length_is_refused()
    {
        Assert.Contains("transparent colour has a wrong length",
            Refusal(() => Decode(s_header, PngWriter.Chunk("tRNS", [1]), s_pixels, s_end)), StringComparison.Ordinal);
        byte[] alpha = PngWriter.Chunk("IHDR", PngWriter.HeaderData(2, 2, 8, 4));
        Assert.Contains("transparent colour has a wrong length",
            Refusal(() => Decode(alpha, PngWriter.Chunk("tRNS", [0, 1]), s_pixels, s_end)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 5, 8, 0, "0 x 5")]
    [InlineData(2, 2, 3, 0, "3 bits")]
    [InlineData(2, 2, 16, 3, "colour type 3")]
    [InlineData(2, 2, 8, 5, "colour type 5")]
    [InlineData(int.MaxValue, int.MaxValue, 16, 6, "at most")]
    [InlineData(-1, -1, 16, 6, "at most")]
    [InlineData(16384, 16384, 8, 2, "at most")]
    [InlineData(16384, 16384, 8, 0, "cannot hold")] // Within the limit, but 268 million pixels are not in a dozen bytes.
    public void Headers_that_lie_are_refused_before_memory_is_given_to_them(int width, int height, int bitDepth, int colourType,
        string reason)
    {
        byte[] header = PngWriter.Chunk("IHDR", PngWriter.HeaderData(width, height, bitDepth, colourType));
        Assert.Contains(reason, Refusal(() => Decode(header, s_pixels, s_end)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_missing_is_named() =>
        Assert.StartsWith("no/such.png: ", Refusal(() => PngImage.Read("no/such.png")), StringComparison.Ordinal);

    private static PngImage Decode(params byte[][] chunks) =>
        PngImage.Decode([.. PngWriter.Signature, .. chunks.SelectMany(chunk => chunk)], "test");

    private static string Refusal(Func<PngImage> decode) => Assert.Throws<InputException>(decode).Message;
}
