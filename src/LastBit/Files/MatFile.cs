using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace LastBit.Files;

/// <summary>
/// MATLAB 5 .mat files: named arrays of real numbers, little-endian; binary64 and binary32 are written, whole numbers are read as well.
/// </summary>
public static class MatFile
{
    // Data types (mi...) and array classes (mx...) of the format.
    private const int MiInt8 = 1, MiUInt8 = 2, MiInt16 = 3, MiUInt16 = 4, MiInt32 = 5, MiUInt32 = 6, MiSingle = 7, MiDouble = 9;
    private const int MiInt64 = 12, MiUInt64 = 13;
    private const int MiMatrix = 14, MiCompressed = 15;
    private const int MxDouble = 6, MxSingle = 7, MxInt8 = 8, MxUInt8 = 9, MxInt16 = 10, MxUInt16 = 11, MxInt32 = 12, MxUInt32 = 13,
        MxInt64 = 14, MxUInt64 = 15;
    private const int MxOpaque = 17;

    /// <summary>Writes one array of binary64 values; the file appears whole or not at all.</summary>
    /// <param name="path">The file; its folder is created.</param>
    /// <param name="name">The variable's name.</param>
    /// <param name="values">The values in C order (the file holds them in MATLAB's own order).</param>
    /// <param name="shape">Extents, outermost first, at least two; their product is the number of values.</param>
    /// <exception cref="ArgumentException">The shape does not fit the values.</exception>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, string name, ReadOnlySpan<double> values, params ReadOnlySpan<int> shape) =>
        AtomicFile.WriteAllBytes(path, Encode(name, values, shape, MxDouble, MiDouble));

    /// <summary>Writes one array of binary32 values; the file appears whole or not at all.</summary>
    /// <param name="path">The file; its folder is created.</param>
    /// <param name="name">The variable's name.</param>
    /// <param name="values">The values in C order (the file holds them in MATLAB's own order).</param>
    /// <param name="shape">Extents, outermost first, at least two; their product is the number of values.</param>
    /// <exception cref="ArgumentException">The shape does not fit the values.</exception>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, string name, ReadOnlySpan<float> values, params ReadOnlySpan<int> shape) =>
        AtomicFile.WriteAllBytes(path, Encode(name, values, shape, MxSingle, MiSingle));

    /// <summary>The most bytes that the compressed variables of a file may unpack to: 3 KB can hold gigabytes of zeros.</summary>
    public const int MaximumUnpackedBytes = 1 << 28;

    /// <summary>The most values in one file; each takes up to 8 bytes of memory, however few it takes in the file.</summary>
    public const int MaximumValues = 1 << 27;

    private const int MaximumRank = 64, MaximumVariables = 1 << 16;

    /// <summary>
    /// Reads every real numeric array of a file; variables of other kinds (text, structures, complex numbers) are passed over.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <returns>The arrays by name, in C order, with the type that their class in the file says.</returns>
    /// <exception cref="InputException">The file is not there, is damaged, unpacks to too much, is no MATLAB 5 file, or holds no such
    /// array.</exception>
    public static IReadOnlyDictionary<string, NumericArray> Read(string path)
    {
        const string Wanted = "name a .mat file";
        return Decode(InputFile.ReadAllBytes(path, Array.MaxLength, Wanted), path);
    }

    /// <summary>Reads a file held in memory; <paramref name="path"/> names it in errors.</summary>
    internal static IReadOnlyDictionary<string, NumericArray> Decode(ReadOnlySpan<byte> file, string path, long most = MaximumUnpackedBytes)
    {
        if (file.StartsWith("MATLAB 7.3"u8))
            throw new InputException($"{path}: is a MATLAB 7.3 file (HDF5); save it with -v7, or with scipy.io.savemat");
        if (file.Length < 128 || file[126] != 'I' || file[127] != 'M' || file[125] != 1)
            throw new InputException($"{path}: is not a little-endian MATLAB 5 file (save with -v6 or -v7, or scipy.io.savemat)");

        var contents = new Contents(most);
        try
        {
            ReadElements(path, file[128..], contents, nested: false);
        }
        catch (Exception error) when (error is ArgumentOutOfRangeException or InvalidDataException or OverflowException)
        {
            throw new InputException($"{path}: ends within an array or is damaged; it is truncated", error);
        }
        return contents.Arrays.Count > 0 || contents.FirstUnreadable is null ? contents.Arrays
            : throw new InputException($"{path}: {contents.FirstUnreadable}; only real numeric arrays can be read");
    }

    private sealed class Contents(long most)
    {
        public long Most { get; } = most;

        public long BytesLeft { get; set; } = most;

        public Dictionary<string, NumericArray> Arrays { get; } = [];

        public string? FirstUnreadable { get; set; }

        public int Variables { get; set; }

        public long ValuesLeft { get; set; } = MaximumValues;
    }

    private static void ReadElements(string path, ReadOnlySpan<byte> data, Contents contents, bool nested)
    {
        while (data.Length > 0)
        {
            (int type, Range content, int next) = Tag(data, padded: false);
            if (type == MiCompressed)
            {
                if (nested)
                    throw new InvalidDataException("a compressed element holds another");
                using var zipped = new ZLibStream(new MemoryStream(data[content].ToArray()), CompressionMode.Decompress);
                byte[] plain = Decompression.Unpack(zipped, contents.BytesLeft)
                    ?? throw new InputException($"{path}: unpacks to more than {contents.Most} bytes; at most that many can be read");
                contents.BytesLeft -= plain.Length;
                ReadElements(path, plain, contents, nested: true);
            }
            else if (type == MiMatrix)
            {
                if (++contents.Variables > MaximumVariables)
                    throw new InputException($"{path}: holds more than {MaximumVariables} variables; at most that many can be read");
                contents.FirstUnreadable =
                    ReadMatrix(path, data[content], contents) is string why ? contents.FirstUnreadable ?? why : contents.FirstUnreadable;
            }
            data = data[Math.Min(next, data.Length)..];
        }
    }

    // Returns why a variable cannot be read, or null.
    private static string? ReadMatrix(string path, ReadOnlySpan<byte> data, Contents contents)
    {
        if (data.Length == 0)
            return null; // What MATLAB writes for a variable that is not there.
        (_, Range flagsContent, int next) = Tag(data);
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(data[flagsContent]);
        data = data[next..];
        int arrayClass = (int)(flags & 0xff);
        if (arrayClass == MxOpaque)
            return "holds an object, whose class only MATLAB knows";
        (_, Range shapeContent, next) = Tag(data);
        ReadOnlySpan<int> shape = Cast<int>(data[shapeContent]);
        data = data[next..];
        (_, Range nameContent, next) = Tag(data);
        string name = Encoding.UTF8.GetString(data[nameContent]), shown = ForeignText.Cut(name);
        data = data[next..];

        if (arrayClass is < MxDouble or > MxUInt64 || (flags & 0x800) != 0)
            return $"variable {shown} is {((flags & 0x800) != 0 ? "complex" : KindOf(arrayClass))}";
        if (shape.Length > MaximumRank)
            throw new InputException($"{path}: variable {shown} has {shape.Length} dimensions; at most {MaximumRank} can be read");
        (int type, Range valuesContent, _) = Tag(data);
        long length = shape.Contains(0) ? 0 : 1;
        foreach (int extent in shape)
        {
            length = extent < 0 ? throw new InvalidDataException("a negative extent") : length * extent;
            if (length > contents.ValuesLeft)
                throw new InputException(
                    $"{path}: holds more than {MaximumValues} values with variable {shown}; at most that many can be read");
        }
        contents.ValuesLeft -= length;
        ReadOnlySpan<byte> stored = data[valuesContent];
        int size = SizeOf(type);
        if (size == 0)
            return $"variable {shown} holds numbers of the unknown storage type {type}";
        if (stored.Length != length * size)
            throw new InputException($"{path}: variable {shown} holds {stored.Length / size} values where its shape asks for {length}");

        int[] extents = shape.ToArray();
        Array values = arrayClass switch
        {
            MxDouble => Numbers<double>(type, stored, extents),
            MxSingle => Numbers<float>(type, stored, extents),
            MxInt8 => Numbers<sbyte>(type, stored, extents),
            MxUInt8 => Numbers<byte>(type, stored, extents),
            MxInt16 => Numbers<short>(type, stored, extents),
            MxUInt16 => Numbers<ushort>(type, stored, extents),
            MxInt32 => Numbers<int>(type, stored, extents),
            MxUInt32 => Numbers<uint>(type, stored, extents),
            MxInt64 => Numbers<long>(type, stored, extents),
            _ => Numbers<ulong>(type, stored, extents),
        };
        contents.Arrays[name] = new NumericArray($"{path}: {shown}", extents, values);
        return null;
    }

    private static string KindOf(int arrayClass) => arrayClass switch
    {
        1 => "a cell array",
        2 => "a structure",
        3 => "an object",
        4 => "text",
        5 => "sparse",
        _ => $"of the unknown class {arrayClass}",
    };

    private static int SizeOf(int type) => type switch
    {
        MiInt8 or MiUInt8 => 1,
        MiInt16 or MiUInt16 => 2,
        MiInt32 or MiUInt32 or MiSingle => 4,
        MiDouble or MiInt64 or MiUInt64 => 8,
        _ => 0,
    };

    // MATLAB stores whole numbers in the smallest type that holds them, whatever the array's class; a number that the class cannot hold
    // saturates.
    private static T[] Numbers<T>(int type, ReadOnlySpan<byte> data, int[] shape)
        where T : unmanaged, INumber<T>
    {
        return FortranOrder.ToC(type switch
        {
            MiDouble => From<double>(data),
            MiSingle => From<float>(data),
            MiInt8 => From<sbyte>(data),
            MiUInt8 => From<byte>(data),
            MiInt16 => From<short>(data),
            MiUInt16 => From<ushort>(data),
            MiInt32 => From<int>(data),
            MiUInt32 => From<uint>(data),
            MiInt64 => From<long>(data),
            _ => From<ulong>(data),
        }, shape);

        static T[] From<TStored>(ReadOnlySpan<byte> data)
            where TStored : unmanaged, INumber<TStored>
        {
            ReadOnlySpan<TStored> stored = Cast<TStored>(data);
            var values = new T[stored.Length];
            for (int i = 0; i < values.Length; i++)
                values[i] = T.CreateSaturating(stored[i]);
            return values;
        }
    }

    private static ReadOnlySpan<T> Cast<T>(ReadOnlySpan<byte> data)
        where T : unmanaged =>
        LittleEndian.Values(MemoryMarshal.Cast<byte, T>(data));

    // A tag is a type and a byte count, 4 bytes each; up to 4 bytes of content may stand in the tag itself, the count in the upper half of
    // the type.
    private static (int Type, Range Content, int Next) Tag(ReadOnlySpan<byte> data, bool padded = true)
    {
        uint first = BinaryPrimitives.ReadUInt32LittleEndian(data);
        if (first >> 16 != 0)
        {
            int small = (int)(first >> 16);
            return small <= 4 ? ((int)(first & 0xffff), 4..(4 + small), 8) : throw new InvalidDataException();
        }
        int count = checked((int)BinaryPrimitives.ReadUInt32LittleEndian(data[4..]));
        int end = checked(8 + count);
        return ((int)first, 8..end, padded ? (end + 7) / 8 * 8 : end);
    }

    private static byte[] Encode<T>(string name, ReadOnlySpan<T> values, ReadOnlySpan<int> shape, int arrayClass, int storage)
        where T : unmanaged
    {
        int length = 1;
        foreach (int extent in shape)
            length = checked(length * extent);
        if (shape.Length < 2 || length != values.Length)
        {
            throw new ArgumentException(
                $"Shape ({string.Join(", ", shape.ToArray())}) does not fit {values.Length} values in at least two dimensions.",
                nameof(shape));
        }

        T[] ordered = FortranOrder.FromC(values, shape);

        using var matrix = new MemoryStream();
        WriteElement(matrix, MiUInt32, MemoryMarshal.AsBytes(LittleEndian.Values<int>([arrayClass, 0])));
        WriteElement(matrix, MiInt32, MemoryMarshal.AsBytes(LittleEndian.Values(shape)));
        WriteElement(matrix, MiInt8, Encoding.ASCII.GetBytes(name));
        WriteElement(matrix, storage, MemoryMarshal.AsBytes(LittleEndian.Values<T>(ordered)));

        using var file = new MemoryStream();
        // 116 bytes of text, 8 of nothing, the version 0x0100 and the byte order.
        file.Write(Encoding.ASCII.GetBytes("MATLAB 5.0 MAT-file, written by LastBit".PadRight(116)));
        file.Write([0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x01, (byte)'I', (byte)'M']);
        WriteElement(file, MiMatrix, matrix.GetBuffer().AsSpan(0, (int)matrix.Length));
        return file.ToArray();
    }

    private static void WriteElement(MemoryStream stream, int type, ReadOnlySpan<byte> content)
    {
        Span<byte> tag = stackalloc byte[8];
        BinaryPrimitives.WriteInt32LittleEndian(tag, type);
        BinaryPrimitives.WriteInt32LittleEndian(tag[4..], content.Length);
        stream.Write(tag);
        stream.Write(content);
        while (stream.Length % 8 != 0)
            stream.WriteByte(0);
    }
}
