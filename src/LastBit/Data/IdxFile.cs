using System.Buffers.Binary;
using System.IO.Compression;
using LastBit.Files;

namespace LastBit.Data;

/// <summary>
/// The files of MNIST and its relatives: two zero bytes, the type of the values (8: bytes), the number of dimensions, each extent as a
/// big-endian 32-bit number, then the values; as they are or packed by gzip.
/// </summary>
internal static class IdxFile
{
    /// <summary>The largest file that is read, unpacked.</summary>
    public const int MaximumBytes = 1 << 30;

    /// <summary>Reads a file of bytes.</summary>
    /// <param name="path">The file; if its first two bytes are those of gzip, it is unpacked.</param>
    /// <param name="rank">How many dimensions it must have: 3 for images, 1 for labels.</param>
    /// <returns>The extents and the values.</returns>
    /// <exception cref="InputException">The file is not there, is truncated or too long, or is not such a file.</exception>
    public static (int[] Extents, byte[] Values) Read(string path, int rank)
    {
        const string Wanted = "name a file of MNIST's format (IDX, also .gz)";
        byte[] file = InputFile.ReadAllBytes(path, MaximumBytes, Wanted);
        return Decode(file, path, rank);
    }

    /// <summary>Reads a file held in memory.</summary>
    public static (int[] Extents, byte[] Values) Decode(byte[] file, string path, int rank)
    {
        if (file.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]))
        {
            try
            {
                using var stream = new GZipStream(new MemoryStream(file), CompressionMode.Decompress);
                file = Decompression.Unpack(stream, MaximumBytes)
                    ?? throw new InputException($"{path}: unpacks to more than {MaximumBytes} bytes; at most that many can be read");
            }
            catch (InvalidDataException error)
            {
                throw new InputException($"{path}: {error.Message}; get the file again", error);
            }
        }
        int start = 4 + 4 * rank;
        if (file.Length < start || file[0] != 0 || file[1] != 0)
            throw new InputException(
                $"{path}: is not a file of MNIST's format (IDX); it would begin with two zero bytes and have {start} bytes before the "
                    + "values");
        if (file[2] != 8 || file[3] != rank)
        {
            throw new InputException(
                $"{path}: holds values of type 0x{file[2]:X2} in {file[3]} dimensions; bytes (0x08) in {rank} are needed, "
                + (rank == 3 ? "images x rows x columns" : "one label per image"));
        }
        int[] extents = new int[rank];
        long expected = 1;
        for (int i = 0; i < rank; i++)
        {
            uint extent = BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(4 + 4 * i));
            if (extent == 0 || extent > MaximumBytes || (expected *= extent) > MaximumBytes)
                throw new InputException(
                    $"{path}: says that it has {extent} {(i == 0 ? "entries" : i == 1 ? "rows" : "columns")}; at least 1, and at most "
                        + $"{MaximumBytes} bytes in all, can be read");
            extents[i] = (int)extent;
        }
        if (file.Length - start != expected)
        {
            throw new InputException($"{path}: holds {file.Length - start} values where {string.Join(" x ", extents)} are announced; "
                + (file.Length - start < expected ? "it is truncated" : "it is too long"));
        }
        return (extents, file[start..]);
    }
}
