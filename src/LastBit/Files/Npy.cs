using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace LastBit.Files;

/// <summary>NumPy's .npy files: one array of numbers or booleans of any rank. What is written is little-endian and in C order.</summary>
public static class Npy
{
    /// <summary>
    /// The longest header that is read; NumPy's own have 128 bytes, and it refuses more than 10,000 characters by itself.
    /// </summary>
    public const int MaximumHeaderBytes = 1 << 16;

    // As in NumPy 2.
    private const int MaximumRank = 64;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Writes binary64 values (format version 1.0); the file appears whole or not at all.</summary>
    /// <param name="path">The file; its folder is created.</param>
    /// <param name="values">The values in C order.</param>
    /// <param name="shape">Extents, outermost first; their product is the number of values.</param>
    /// <exception cref="ArgumentException">The shape does not fit the values.</exception>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, double[] values, params int[] shape) =>
        AtomicFile.Write(path, stream => Write(stream, values, shape));

    /// <summary>Writes binary32 values (format version 1.0); the file appears whole or not at all.</summary>
    /// <param name="path">The file; its folder is created.</param>
    /// <param name="values">The values in C order.</param>
    /// <param name="shape">Extents, outermost first; their product is the number of values.</param>
    /// <exception cref="ArgumentException">The shape does not fit the values.</exception>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, float[] values, params int[] shape) =>
        AtomicFile.Write(path, stream => Write(stream, values, shape));

    /// <summary>
    /// Writes bytes (format version 1.0); the file appears whole or not at all, and one that has them already is left alone.
    /// </summary>
    /// <param name="path">The file; its folder is created.</param>
    /// <param name="values">The values in C order.</param>
    /// <param name="shape">Extents, outermost first; their product is the number of values.</param>
    /// <exception cref="ArgumentException">The shape does not fit the values.</exception>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, byte[] values, params int[] shape)
    {
        using var stream = new MemoryStream();
        Write(stream, values, shape);
        AtomicFile.WriteAllBytes(path, stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }

    /// <summary>
    /// Reads a file of format version 1.0, 2.0 or 3.0 with values of any of NumPy's real types (float16 to float64, int8 to int64, uint8 to
    /// uint64, bool) in either byte order and in C or Fortran order.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <returns>The array, in C order.</returns>
    /// <exception cref="InputException">The file is not there, is truncated, or is not such an array.</exception>
    public static NumericArray Read(string path) => Read(path, InputFile.ReadAllBytes(path, Array.MaxLength, "name a .npy file"));

    /// <summary>Reads the bytes of a .npy file; <paramref name="source"/> names them in errors.</summary>
    internal static NumericArray Read(string source, ReadOnlySpan<byte> file)
    {
        if (file.Length < 10 || !file.StartsWith(Magic))
            throw new InputException($"{source}: is not a .npy file; it would begin with the byte 0x93 and \"NUMPY\"");
        int major = file[6];
        if (major is < 1 or > 3)
            throw new InputException($"{source}: is a .npy file of version {major}; versions 1 to 3 can be read");
        int start = major == 1 ? 10 : 12;
        long headerLength = major == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(file[8..])
            : file.Length < 12 ? uint.MaxValue
            : BinaryPrimitives.ReadUInt32LittleEndian(file[8..]);
        if (file.Length - start < headerLength)
            throw new InputException($"{source}: ends within its header; it is truncated");
        if (headerLength > MaximumHeaderBytes)
            throw new InputException($"{source}: its header has {headerLength} bytes; at most {MaximumHeaderBytes} can be read");

        Encoding encoding = major == 3 ? Encoding.UTF8 : Encoding.Latin1;
        string header = encoding.GetString(file.Slice(start, (int)headerLength));
        NpyHeader read = NpyHeader.Parse(source, header);
        if (read.Shape.Length > MaximumRank)
            throw new InputException($"{source}: its shape has {read.Shape.Length} dimensions; at most {MaximumRank} can be read");
        long length = read.Shape.Contains(0) ? 0 : 1;
        foreach (int extent in read.Shape)
        {
            length *= extent;
            if (length > Array.MaxLength)
                throw new InputException(
                    $"{source}: its shape ({ForeignText.Cut(string.Join(", ", read.Shape))}) is too large; {Array.MaxLength} values fit");
        }

        Array values = Values(source, read, file[(start + (int)headerLength)..], (int)length);
        return new NumericArray(source, read.Shape, values);
    }

    internal static void Write<T>(Stream stream, T[] values, int[] shape)
        where T : unmanaged
    {
        long length = 1;
        foreach (int extent in shape)
            length *= extent >= 0 ? extent : throw new ArgumentException("An extent is negative.", nameof(shape));
        if (length != values.Length)
            throw new ArgumentException($"Shape ({string.Join(", ", shape)}) does not fit {values.Length} values.", nameof(shape));

        // The header is padded with blanks so that the values begin at a multiple of 64 bytes, and ends with a line feed.
        string tuple = string.Concat(shape.Select(extent => string.Create(CultureInfo.InvariantCulture, $"{extent}, ")));
        tuple = shape.Length == 1 ? tuple.TrimEnd() : tuple.TrimEnd(' ', ',');
        string header = $"{{'descr': '{(typeof(T) == typeof(double) ? "<f8" : typeof(T) == typeof(float) ? "<f4" : "|u1")}', "
            + $"'fortran_order': False, 'shape': ({tuple}), }}";
        int padded = (10 + header.Length + 1 + 63) / 64 * 64;
        header = header.PadRight(padded - 10 - 1) + "\n";
        stream.Write(Magic);
        stream.Write([1, 0, (byte)header.Length, (byte)(header.Length >> 8)]);
        stream.Write(Encoding.ASCII.GetBytes(header));
        stream.Write(MemoryMarshal.AsBytes(LittleEndian.Values(values)));
    }

    private static Array Values(string source, NpyHeader header, ReadOnlySpan<byte> data, int length) => header.Type switch
    {
        "f8" => Values<double>(source, header, data, length),
        "f4" => Values<float>(source, header, data, length),
        "f2" => Values<Half>(source, header, data, length),
        "i8" => Values<long>(source, header, data, length),
        "i4" => Values<int>(source, header, data, length),
        "i2" => Values<short>(source, header, data, length),
        "i1" => Values<sbyte>(source, header, data, length),
        "u8" => Values<ulong>(source, header, data, length),
        "u4" => Values<uint>(source, header, data, length),
        "u2" => Values<ushort>(source, header, data, length),
        "u1" => Values<byte>(source, header, data, length),
        // Any byte but 0 is true, as NumPy has it; a bool of .NET with another byte than 1 would not equal itself.
        _ => Array.ConvertAll(Values<byte>(source, header, data, length), value => value != 0),
    };

    private static T[] Values<T>(string source, NpyHeader header, ReadOnlySpan<byte> data, int length)
        where T : unmanaged
    {
        int size = Unsafe.SizeOf<T>();
        long expected = (long)length * size;
        if (data.Length != expected)
        {
            throw new InputException($"{source}: holds {data.Length} bytes of values where its shape asks for {expected}; "
                + (data.Length < expected ? "it is truncated" : "it is more than one array"));
        }
        var values = new T[length];
        Span<byte> bytes = MemoryMarshal.AsBytes(values.AsSpan());
        data.CopyTo(bytes);
        if (size > 1 && header.BigEndian == BitConverter.IsLittleEndian)
        {
            if (size == 8)
                Reverse<ulong>(bytes);
            else if (size == 4)
                Reverse<uint>(bytes);
            else
                Reverse<ushort>(bytes);
        }
        return header.FortranOrder ? FortranOrder.ToC(values, header.Shape) : values;
    }

    private static void Reverse<T>(Span<byte> bytes)
        where T : unmanaged, IBinaryInteger<T>
    {
        foreach (ref T value in MemoryMarshal.Cast<byte, T>(bytes))
        {
            Span<byte> one = MemoryMarshal.AsBytes(new Span<T>(ref value));
            one.Reverse();
        }
    }
}
