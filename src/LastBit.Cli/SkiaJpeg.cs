using System.Reflection;
using System.Runtime.InteropServices;
using LastBit.Data;
using SkiaSharp;

namespace LastBit.Cli;

/// <summary>
/// The decoder of JPEG images that the command line gives to the instrument, which has no package: Skia's, with libjpeg-turbo inside.
/// </summary>
internal static class SkiaJpeg
{
    internal static Lazy<JpegDecoder> Decoder { get; } = new(() => new JpegDecoder($"SkiaSharp {Version}", Decode));

    private static string? Version =>
        typeof(SKCodec).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0];

    private static DecodedImage Decode(byte[] file)
    {
        using var data = SKData.CreateCopy(file);
        using SKCodec codec = SKCodec.Create(data) ?? throw new InvalidDataException("its header cannot be read");
        bool grey = codec.Info.ColorType == SKColorType.Gray8;
        // No colour space: samples come as they are stored, as those of PNG images do.
        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, grey ? SKColorType.Gray8 : SKColorType.Rgba8888, SKAlphaType.Opaque,
            null);
        byte[] pixels = new byte[info.BytesSize];
        var pinned = GCHandle.Alloc(pixels, GCHandleType.Pinned);
        try
        {
            SKCodecResult result = codec.GetPixels(info, pinned.AddrOfPinnedObject());
            if (result != SKCodecResult.Success)
                throw new InvalidDataException(result == SKCodecResult.IncompleteInput
                    ? "it ends early" : $"its pixels cannot be decoded ({result})");
        }
        finally
        {
            pinned.Free();
        }
        return new DecodedImage(info.Width, info.Height, grey ? 1 : 3, grey ? pixels : WithoutAlpha(pixels), (int)codec.EncodedOrigin);
    }

    private static byte[] WithoutAlpha(byte[] pixels)
    {
        byte[] samples = new byte[pixels.Length / 4 * 3];
        for (int i = 0; i < pixels.Length / 4; i++)
            pixels.AsSpan(4 * i, 3).CopyTo(samples.AsSpan(3 * i));
        return samples;
    }
}
