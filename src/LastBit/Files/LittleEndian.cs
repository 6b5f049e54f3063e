using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LastBit.Files;

/// <summary>Numbers in files are little-endian whatever the processor is.</summary>
internal static class LittleEndian
{
    /// <summary>
    /// Values as they stand in a file, or values read from one as they stand in memory; the same span where the processor is little-endian.
    /// </summary>
    public static ReadOnlySpan<T> Values<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        if (BitConverter.IsLittleEndian || Unsafe.SizeOf<T>() == 1)
            return values;
        T[] swapped = new T[values.Length];
        if (Unsafe.SizeOf<T>() == 8)
            BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<T, ulong>(values), MemoryMarshal.Cast<T, ulong>(swapped.AsSpan()));
        else if (Unsafe.SizeOf<T>() == 4)
            BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<T, uint>(values), MemoryMarshal.Cast<T, uint>(swapped.AsSpan()));
        else
            BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<T, ushort>(values), MemoryMarshal.Cast<T, ushort>(swapped.AsSpan()));
        return swapped;
    }
}
