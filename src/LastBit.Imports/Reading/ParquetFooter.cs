using System.Buffers.Binary;

namespace LastBit.Imports.Reading;

/// <summary>
/// Walks through the footer of a Parquet file, which is one structure of Thrift's compact protocol, to see that it ends where it says:
/// the package that reads it does not see the end of what breaks off, and reads on for ever.
/// </summary>
internal ref struct ParquetFooter
{
    private const int MostBytes = 1 << 28, Deepest = 32;

    private readonly ReadOnlySpan<byte> _bytes;
    private int _at;

    private ParquetFooter(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Whether the footer of a file is whole.</summary>
    /// <param name="file">The file, from any position; it is left at its beginning.</param>
    public static bool IsWhole(Stream file)
    {
        Span<byte> tail = stackalloc byte[8];
        if (file.Length < 12)
            return false;
        file.Position = file.Length - 8;
        file.ReadExactly(tail);
        long length = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        if (!tail[4..].SequenceEqual("PAR1"u8) || length > Math.Min(MostBytes, file.Length - 12))
            return false;
        byte[] footer = new byte[length];
        file.Position = file.Length - 8 - length;
        file.ReadExactly(footer);
        file.Position = 0;
        return new ParquetFooter(footer).PassStructure(0);
    }

    private bool PassStructure(int depth)
    {
        while (depth < Deepest && _at < _bytes.Length)
        {
            byte head = _bytes[_at++];
            if (head == 0)
                return true;
            // The number of a field is a step from the one before, or a number of its own.
            if (head >> 4 == 0 && !PassNumber(out _))
                return false;
            if ((head & 15) > 2 && !PassValue(head & 15, depth + 1))
                return false;
        }
        return false;
    }

    private bool PassValue(int type, int depth)
    {
        switch (type)
        {
            case 1 or 2 or 3:
                return Pass(1);
            case 4 or 5 or 6:
                return PassNumber(out _);
            case 7:
                return Pass(8);
            case 8:
                return PassNumber(out ulong bytes) && Pass(bytes);
            case 9 or 10:
                if (_at == _bytes.Length)
                    return false;
                byte head = _bytes[_at++];
                ulong count = (ulong)head >> 4;
                return (count < 15 || PassNumber(out count)) && PassEach(count, head & 15, depth);
            case 12:
                return PassStructure(depth);
            default:
                return false;
        }
    }

    /// <summary>Every element takes a byte at least, so there are no more of them than bytes.</summary>
    private bool PassEach(ulong count, int type, int depth)
    {
        if (count > (ulong)(_bytes.Length - _at))
            return false;
        for (ulong i = 0; i < count; i++)
        {
            if (!PassValue(type, depth))
                return false;
        }
        return true;
    }

    private bool Pass(ulong bytes)
    {
        if (bytes > (ulong)(_bytes.Length - _at))
            return false;
        _at += (int)bytes;
        return true;
    }

    private bool PassNumber(out ulong number)
    {
        number = 0;
        for (int shift = 0; shift < 70 && _at < _bytes.Length; shift += 7)
        {
            byte next = _bytes[_at++];
            number |= (ulong)(next & 127) << shift;
            if (next < 128)
                return true;
        }
        return false;
    }
}
