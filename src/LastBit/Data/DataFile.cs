using System.IO.Compression;
using System.Security.Cryptography;
using LastBit.Files;

namespace LastBit.Data;

/// <summary>What was found of one file of a data set.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Problem">Null if it is what it should be; else what is wrong with it ("is missing").</param>
public sealed record FileState(string Name, string? Problem);

/// <summary>One file of a data set with what it must contain.</summary>
/// <param name="Name">Its name in the folder.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Hash">Its SHA-256 (64 hexadecimal digits) or MD5 (32); null where only the archive that it comes from has one.</param>
internal sealed record DataFile(string Name, int Bytes, string? Hash)
{
    /// <summary>Reads it, as it is or packed by gzip under its name with .gz, and checks every byte.</summary>
    /// <param name="folder">The folder that should hold it.</param>
    /// <exception cref="InputException">It is not there, cannot be read, or is not what it should be.</exception>
    public byte[] Read(string folder) =>
        Read(folder, out string? problem)
        ?? throw new InputException(
            $"{Path.Combine(folder, Name)}: {problem}; run `lastbit data fetch`, or name a folder with a good copy");

    /// <summary>Reads it and checks every byte; null and the problem if it is not what it should be.</summary>
    public byte[]? Read(string folder, out string? problem)
    {
        try
        {
            string path = Path.Combine(folder, Name), packed = path + ".gz";
            bool isPacked = !File.Exists(path) && File.Exists(packed);
            if (!FolderWalk.IsOrdinary(isPacked ? packed : path))
            {
                problem = "is not an ordinary file";
                return null;
            }
            if (isPacked)
            {
                using var unpacking = new GZipStream(File.OpenRead(packed), CompressionMode.Decompress);
                byte[]? unpacked = Decompression.Unpack(unpacking, Bytes);
                problem = unpacked is null ? $"unpacks to more than {Bytes} bytes" : Difference(unpacked);
                return problem is null ? unpacked : null;
            }
            using FileStream stream = File.OpenRead(path);
            byte[] content = new byte[stream.Length == Bytes ? Bytes : 0];
            stream.ReadExactly(content);
            problem = content.Length == 0 ? $"is {stream.Length} bytes long instead of {Bytes}" : Difference(content);
            return problem is null ? content : null;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            problem = "is missing";
        }
        catch (InvalidDataException error)
        {
            problem = $"is there as .gz, and {error.Message}";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            problem = $"cannot be read ({InputFile.Reason(error)})";
        }
        return null;
    }

    /// <summary>What is wrong with a content, or null.</summary>
    public string? Difference(ReadOnlySpan<byte> content)
    {
        if (content.Length != Bytes)
            return $"is {content.Length} bytes long instead of {Bytes}";
        (string kind, string found) = Hash?.Length == 32 ? ("MD5", Md5(content)) : ("SHA-256", Sha256(content));
        return Hash is null || found == Hash ? null : $"has been altered (its {kind} begins with {found[..8]} instead of {Hash[..8]})";
    }

    public static string Sha256(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

#pragma warning disable CA5351 // What the authors of old data sets publish; where there is a SHA-256 of ours, that is taken.
    public static string Md5(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(MD5.HashData(content));
#pragma warning restore CA5351
}
