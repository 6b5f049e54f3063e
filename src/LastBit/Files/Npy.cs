using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace LastBit.Files;

/// <summary>NumPy's .npy files: one array, little-endian, C order, any rank.</summary>
public static partial class Npy
{
    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Writes binary64 values (format version 1.0); the file appears whole or not at all.</summary>
    /// <param name="path">The file; its folder is created.</param>
    /// <param name="values">The values in C order.</param>
    /// <param name="shape">Extents, outermost first; their product is the number of values.</param>
    /// <exception cref="ArgumentException">The shape does not fit the values.</exception>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, double[] values, params int[] shape) => AtomicFile.Write(path, stream => Write(stream, values, shape));

    /// <summary>Writes binary32 values (format version 1.0); the file appears whole or not at all.</summary>
    /// <param name="path">The file; its folder is created.</param>
    /// <param name="values">The values in C order.</param>
    /// <param name="shape">Extents, outermost first; their product is the number of values.</param>
    /// <exception cref="ArgumentException">The shape does not fit the values.</exception>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, float[] values, params int[] shape) => AtomicFile.Write(path, stream => Write(stream, values, shape));

    /// <summary>Reads a file of format version 1.0, 2.0 or 3.0 that holds binary64, binary32, 64- or 32-bit integers, bytes or booleans.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">The file is not there, is truncated, or is not such an array.</exception>
    public static NumericArray Read(string path)
    {
        try
        {
            return Read(path, File.ReadAllBytes(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be read ({error.Message.ReplaceLineEndings(" ")}); name a .npy file", error);
        }
    }

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

        string header = Encoding.UTF8.GetString(file.Slice(start, (int)headerLength));
        Match descr = Descr().Match(header), order = FortranOrder().Match(header), shapeText = Shape().Match(header);
        if (!descr.Success || !order.Success || !shapeText.Success)
            throw new InputException($"{source}: its header \"{header.Trim()}\" is not that of one plain array");
        if (order.Groups[1].Value == "True")
            throw new InputException($"{source}: is in Fortran order; C order is needed (numpy.ascontiguousarray)");

        string[] extents = shapeText.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        int[] shape = new int[extents.Length];
        long length = 1;
        for (int i = 0; i < shape.Length; i++)
        {
            if (!int.TryParse(extents[i], NumberStyles.None, CultureInfo.InvariantCulture, out shape[i]))
                throw new InputException($"{source}: extent {extents[i]} of its shape is not between 0 and {int.MaxValue}");
            length *= shape[i];
            if (length > Array.MaxLength)
                throw new InputException($"{source}: its shape ({string.Join(", ", shape)}) is too large; {Array.MaxLength} values fit");
        }

        ReadOnlySpan<byte> data = file[(start + (int)headerLength)..];
        Array values = descr.Groups[1].Value switch
        {
            "<f8" => Values<double>(source, data, (int)length),
            "<f4" => Values<float>(source, data, (int)length),
            "<i8" => Values<long>(source, data, (int)length),
            "<i4" => Values<int>(source, data, (int)length),
            "|u1" => Values<byte>(source, data, (int)length),
            "|b1" => Values<bool>(source, data, (int)length),
            string other => throw new InputException($"{source}: holds values of type '{other}'; '<f8', '<f4', '<i8', '<i4', '|u1' and '|b1' can be read"),
        };
        return new NumericArray(source, shape, values);
    }

    private static void Write<T>(Stream stream, T[] values, int[] shape)
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
        string header = $"{{'descr': '{(typeof(T) == typeof(double) ? "<f8" : "<f4")}', 'fortran_order': False, 'shape': ({tuple}), }}";
        int padded = (10 + header.Length + 1 + 63) / 64 * 64;
        header = header.PadRight(padded - 10 - 1) + "\n";
        stream.Write(Magic);
        stream.Write([1, 0, (byte)header.Length, (byte)(header.Length >> 8)]);
        stream.Write(Encoding.ASCII.GetBytes(header));
        stream.Write(MemoryMarshal.AsBytes(LittleEndian.Values(values)));
    }

    private static T[] Values<T>(string source, ReadOnlySpan<byte> data, int length)
        where T : unmanaged
    {
        ReadOnlySpan<T> values = MemoryMarshal.Cast<byte, T>(data);
        long expected = (long)length * System.Runtime.CompilerServices.Unsafe.SizeOf<T>();
        if (data.Length != expected)
        {
            throw new InputException($"{source}: holds {data.Length} bytes of values where its shape asks for {expected}; "
                + (data.Length < expected ? "it is truncated" : "it is more than one array"));
        }
        return LittleEndian.Values(values).ToArray();
    }

    [GeneratedRegex(@"'descr'\s*:\s*'([^']*)'")]
    private static partial Regex Descr();

    [GeneratedRegex(@"'fortran_order'\s*:\s*(True|False)")]
    private static partial Regex FortranOrder();

    [GeneratedRegex(@"'shape'\s*:\s*\(([^)]*)\)")]
    private static partial Regex Shape();
}
