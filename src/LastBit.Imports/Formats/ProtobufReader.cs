using System.Buffers.Binary;

namespace LastBit.Imports.Formats;

/// <summary>The fields of a message of Protocol Buffers, one after the other; the caller knows which number means what.</summary>
/// <param name="message">The message.</param>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private ReadOnlySpan<byte> _rest = message;

    /// <summary>The number of the field.</summary>
    public int Field { get; private set; }

    /// <summary>The value of a number: of a variable length, or the bits of one of four or eight bytes.</summary>
    public ulong Number { get; private set; }

    /// <summary>The content of a text, a message or a packed list; empty for a number.</summary>
    public ReadOnlySpan<byte> Bytes { get; private set; }

    /// <summary>Goes to the next field; false at the end.</summary>
    /// <exception cref="InvalidDataException">The message is damaged.</exception>
    public bool Next()
    {
        if (_rest.IsEmpty)
            return false;
        ulong key = Varint(ref _rest);
        Field = (int)(key >> 3);
        Bytes = [];
        Number = 0;
        switch (key & 7)
        {
            case 0: Number = Varint(ref _rest); break;
            case 1: Number = BinaryPrimitives.ReadUInt64LittleEndian(Take(8)); break;
            case 2: Bytes = Take(Varint(ref _rest)); break;
            case 5: Number = BinaryPrimitives.ReadUInt32LittleEndian(Take(4)); break;
            default: throw new InvalidDataException($"a field has the unknown type {key & 7}");
        }
        return true;
    }

    /// <summary>Adds the elements of a repeated number, packed or not.</summary>
    /// <param name="size">Bytes of each element; 0 for numbers of a variable length.</param>
    /// <param name="values">Gets their bits.</param>
    public readonly void Unpack(int size, List<ulong> values)
    {
        if (Bytes.IsEmpty)
            values.Add(Number);
        for (ReadOnlySpan<byte> packed = Bytes; !packed.IsEmpty;)
        {
            if (size == 0)
            {
                values.Add(Varint(ref packed));
                continue;
            }
            if (packed.Length < size)
                throw new InvalidDataException("a list ends in half a number");
            values.Add(size == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(packed) : BinaryPrimitives.ReadUInt64LittleEndian(packed));
            packed = packed[size..];
        }
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length)
            throw new InvalidDataException("a field is longer than its message");
        ReadOnlySpan<byte> taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }

    private static ulong Varint(ref ReadOnlySpan<byte> from)
    {
        ulong value = 0;
        for (int i = 0; i < from.Length && i < 10; i++)
        {
            value |= (ulong)(from[i] & 0x7F) << (7 * i);
            if (from[i] < 0x80)
            {
                from = from[(i + 1)..];
                return value;
            }
        }
        throw new InvalidDataException("a number has no end");
    }
}
