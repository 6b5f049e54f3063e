using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace LastBit.Files;

/// <summary>MATLAB 5 .mat files of one named array of real numbers, little-endian; they are written and not read.</summary>
public static class MatFile
{
    // Data types (mi...) and array classes (mx...) of the format.
    private const int MiInt8 = 1, MiInt32 = 5, MiUInt32 = 6, MiSingle = 7, MiDouble = 9, MiMatrix = 14;
    private const int MxDouble = 6, MxSingle = 7;

    /// <summary>Writes an array; the file appears whole or not at all.</summary>
    /// <typeparam name="T">Binary64 or binary32.</typeparam>
    /// <param name="path">The file; its folder is created.</param>
    /// <param name="name">The variable's name.</param>
    /// <param name="values">The values in C order (the file holds them in MATLAB's own order).</param>
    /// <param name="shape">Extents, outermost first, at least two; their product is the number of values.</param>
    /// <exception cref="ArgumentException">The shape does not fit the values, or they are of another type.</exception>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write<T>(string path, string name, ReadOnlySpan<T> values, params ReadOnlySpan<int> shape)
        where T : unmanaged => AtomicFile.WriteAllBytes(path, Encode(name, values, shape));

    /// <summary>The bytes of such a file.</summary>
    internal static byte[] Encode<T>(string name, ReadOnlySpan<T> values, ReadOnlySpan<int> shape)
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
        (int arrayClass, int storage) = typeof(T) == typeof(double) ? (MxDouble, MiDouble) : typeof(T) == typeof(float)
            ? (MxSingle, MiSingle) : throw new ArgumentException($"Values of type {typeof(T).Name} are not written.", nameof(values));

        using var matrix = new MemoryStream();
        WriteElement(matrix, MiUInt32, MemoryMarshal.AsBytes(LittleEndian.Values<int>([arrayClass, 0])));
        WriteElement(matrix, MiInt32, MemoryMarshal.AsBytes(LittleEndian.Values(shape)));
        WriteElement(matrix, MiInt8, Encoding.ASCII.GetBytes(name));
        WriteElement(matrix, storage, MemoryMarshal.AsBytes(LittleEndian.Values<T>(FortranOrder.FromC(values, shape))));

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
