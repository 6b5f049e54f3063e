using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace LastBit.Files;

/// <summary>MATLAB 5 .mat files: named real arrays of binary64 or binary32, little-endian.</summary>
public static class MatFile
{
    // Data types (mi...) and array classes (mx...) of the format.
    private const int MiInt8 = 1, MiUInt8 = 2, MiInt16 = 3, MiUInt16 = 4, MiInt32 = 5, MiUInt32 = 6, MiSingle = 7, MiDouble = 9;
    private const int MiMatrix = 14, MiCompressed = 15;
    private const int MxDouble = 6, MxSingle = 7;

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

    /// <summary>Reads every array of a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The arrays by name, in C order: double or float as their class in the file says.</returns>
    /// <exception cref="InputException">The file is not there, is truncated, is no MATLAB 5 file, or holds something else than real numeric arrays.</exception>
    public static IReadOnlyDictionary<string, NumericArray> Read(string path)
    {
        byte[] file;
        try
        {
            file = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be read ({error.Message.ReplaceLineEndings(" ")}); name a .mat file", error);
        }
        if (file.Length < 128 || file[126] != 'I' || file[127] != 'M' || file[125] != 1)
            throw new InputException($"{path}: is not a little-endian MATLAB 5 file (save with -v6 or -v7, or scipy.io.savemat)");

        var arrays = new Dictionary<string, NumericArray>();
        try
        {
            ReadElements(path, file.AsSpan(128), arrays);
        }
        catch (Exception error) when (error is ArgumentOutOfRangeException or InvalidDataException or OverflowException)
        {
            throw new InputException($"{path}: ends within an array or is damaged; it is truncated", error);
        }
        return arrays;
    }

    private static void ReadElements(string path, ReadOnlySpan<byte> data, Dictionary<string, NumericArray> arrays)
    {
        while (data.Length > 0)
        {
            (int type, Range content, int next) = Tag(data, padded: false);
            if (type == MiCompressed)
            {
                using var zipped = new ZLibStream(new MemoryStream(data[content].ToArray()), CompressionMode.Decompress);
                using var plain = new MemoryStream();
                zipped.CopyTo(plain);
                ReadElements(path, plain.GetBuffer().AsSpan(0, (int)plain.Length), arrays);
            }
            else if (type == MiMatrix)
            {
                (string name, NumericArray array) = ReadMatrix(path, data[content]);
                arrays[name] = array;
            }
            data = data[Math.Min(next, data.Length)..];
        }
    }

    private static (string Name, NumericArray Array) ReadMatrix(string path, ReadOnlySpan<byte> data)
    {
        (_, Range flagsContent, int next) = Tag(data);
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(data[flagsContent]);
        data = data[next..];
        (_, Range shapeContent, next) = Tag(data);
        ReadOnlySpan<int> shape = Cast<int>(data[shapeContent]);
        data = data[next..];
        (_, Range nameContent, next) = Tag(data);
        string name = Encoding.ASCII.GetString(data[nameContent]);
        data = data[next..];

        int arrayClass = (int)(flags & 0xff);
        bool complex = (flags & 0x800) != 0;
        if (arrayClass is not (MxDouble or MxSingle) || complex)
            throw new InputException($"{path}: variable {name} is not a real array of double or single; only those can be read");
        (int type, Range valuesContent, _) = Tag(data);
        double[] values = Numbers(path, type, data[valuesContent]);
        int length = 1;
        foreach (int extent in shape)
            length = checked(length * extent);
        if (length != values.Length)
            throw new InputException($"{path}: variable {name} holds {values.Length} values where its shape asks for {length}");

        var ordered = new double[values.Length];
        ForEachElement(shape, (inC, inMatlab) => ordered[inC] = values[inMatlab]);
        Array result = arrayClass == MxDouble ? ordered : Array.ConvertAll(ordered, value => (float)value);
        return (name, new NumericArray($"{path}: {name}", shape.ToArray(), result));
    }

    // MATLAB stores whole numbers in the smallest type that holds them, whatever the array's class.
    private static double[] Numbers(string path, int type, ReadOnlySpan<byte> data) => type switch
    {
        MiDouble => Cast<double>(data).ToArray(),
        MiSingle => Array.ConvertAll(Cast<float>(data).ToArray(), value => (double)value),
        MiInt8 => Array.ConvertAll(Cast<sbyte>(data).ToArray(), value => (double)value),
        MiUInt8 => Array.ConvertAll(data.ToArray(), value => (double)value),
        MiInt16 => Array.ConvertAll(Cast<short>(data).ToArray(), value => (double)value),
        MiUInt16 => Array.ConvertAll(Cast<ushort>(data).ToArray(), value => (double)value),
        MiInt32 => Array.ConvertAll(Cast<int>(data).ToArray(), value => (double)value),
        MiUInt32 => Array.ConvertAll(Cast<uint>(data).ToArray(), value => (double)value),
        _ => throw new InputException($"{path}: holds numbers of the unknown storage type {type}"),
    };

    private static ReadOnlySpan<T> Cast<T>(ReadOnlySpan<byte> data)
        where T : unmanaged =>
        LittleEndian.Values(MemoryMarshal.Cast<byte, T>(data));

    // A tag is a type and a byte count, 4 bytes each; up to 4 bytes of content may stand in the tag itself, the count in the upper half of the type.
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
                $"Shape ({string.Join(", ", shape.ToArray())}) does not fit {values.Length} values in at least two dimensions.", nameof(shape));
        }

        T[] source = values.ToArray(), ordered = new T[values.Length];
        ForEachElement(shape, (inC, inMatlab) => ordered[inMatlab] = source[inC]);

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

    // The first index runs fastest in MATLAB, the last in C.
    private static void ForEachElement(ReadOnlySpan<int> shape, Action<int, int> visit)
    {
        int length = 1;
        foreach (int extent in shape)
            length *= extent;
        Span<int> index = stackalloc int[shape.Length];
        for (int inC = 0; inC < length; inC++)
        {
            int inMatlab = 0;
            for (int axis = shape.Length - 1; axis >= 0; axis--)
                inMatlab = inMatlab * shape[axis] + index[axis];
            visit(inC, inMatlab);
            for (int axis = shape.Length - 1; axis >= 0 && ++index[axis] == shape[axis]; axis--)
                index[axis] = 0;
        }
    }
}
