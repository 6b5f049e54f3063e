using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LastBit.Files;

namespace LastBit.Data;

/// <summary>
/// Decoded pixels in the data cache, under the digest of the files that they came from: images/DIGEST.pixels, a line of JSON and the bytes
/// [N][channels][height][width]. Decoders of JPEG differ in last bits, so that a folder is decoded once and every run on it sees the same
/// pixels.
/// </summary>
internal static class PixelCache
{
    private const int MostHeader = 1000;

    /// <summary>SHA-256 of pixels: of the training images, then of the test images.</summary>
    public static string DigestOf(byte[] train, byte[] test)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(train);
        hash.AppendData(test);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The pixels that were kept; null where there are none or what is there is not what was written.</summary>
    /// <param name="cache">The data cache.</param>
    /// <param name="files">The digest of the files.</param>
    /// <param name="train">How many training images.</param>
    /// <param name="test">How many test images.</param>
    public static (PixelHeader Header, byte[] Train, byte[] Test)? Read(Func<string> cache, string files, int train, int test)
    {
        try
        {
            using FileStream stream = File.OpenRead(PathOf(cache, files));
            byte[] line = new byte[MostHeader];
            int length = stream.ReadAtLeast(line, line.Length, throwOnEndOfStream: false), end = line.AsSpan(0, length).IndexOf((byte)'\n');
            if (end < 0 || JsonSerializer.Deserialize<PixelHeader>(line.AsSpan(0, end), JsonSerializerOptions.Web) is not { } header)
                return null;
            long image = (long)header.Channels * header.Height * header.Width, bytes = image * (train + test);
            if (header.Channels is not (1 or 3) || header.Height < 1 || header.Width < 1 || bytes != stream.Length - end - 1
                || bytes > Array.MaxLength)
                return null;
            byte[] trainPixels = new byte[image * train], testPixels = new byte[image * test];
            stream.Position = end + 1;
            stream.ReadExactly(trainPixels);
            stream.ReadExactly(testPixels);
            return DigestOf(trainPixels, testPixels) == header.Pixels ? (header, trainPixels, testPixels) : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException or InputException
            or OverflowException)
        {
            return null;
        }
    }

    /// <summary>Keeps pixels.</summary>
    /// <param name="cache">The data cache.</param>
    /// <param name="files">The digest of the files.</param>
    /// <param name="header">What the pixels are.</param>
    /// <param name="train">Those of the training images.</param>
    /// <param name="test">Those of the test images.</param>
    /// <returns>Why they could not be kept, as the end of a sentence; null where they were.</returns>
    public static string? Write(Func<string> cache, string files, PixelHeader header, byte[] train, byte[] test)
    {
        try
        {
            AtomicFile.Write(PathOf(cache, files), stream =>
            {
                stream.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(header, JsonSerializerOptions.Web) + "\n"));
                stream.Write(train);
                stream.Write(test);
            });
            return null;
        }
        catch (InputException error)
        {
            return error.Message;
        }
    }

    private static string PathOf(Func<string> cache, string files) => Path.Combine(cache(), "images", files + ".pixels");
}

/// <summary>What the pixels of <see cref="PixelCache"/> are.</summary>
/// <param name="Decoder">What decoded them.</param>
/// <param name="Channels">Planes of an image.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Pixels">SHA-256 of the bytes.</param>
internal sealed record PixelHeader(string Decoder, int Channels, int Height, int Width, string Pixels);
