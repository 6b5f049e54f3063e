namespace LastBit.Files;

/// <summary>An array that a file held: its shape and its values in C order (the last index runs fastest).</summary>
public sealed class NumericArray
{
    private readonly string _source;
    private readonly Array _values;

    internal NumericArray(string source, int[] shape, Array values)
    {
        _source = source;
        Shape = shape;
        _values = values;
    }

    /// <summary>Extents, outermost first; empty for a single number.</summary>
    public int[] Shape { get; }

    /// <summary>How many values there are.</summary>
    public int Length => _values.Length;

    /// <summary>What a value is: double, float, Half, a whole number of 8 to 64 bits with or without sign, or bool.</summary>
    public Type ElementType => _values.GetType().GetElementType()!;

    /// <summary>The values, without conversion.</summary>
    /// <typeparam name="T">What the file must hold.</typeparam>
    /// <exception cref="InputException">The file holds another type.</exception>
    public T[] Get<T>()
        where T : unmanaged =>
        // The runtime takes an array of bytes for one of signed bytes; we do not.
        ElementType == typeof(T) ? (T[])_values
            : throw new InputException($"{_source}: holds values of type {NameOf(ElementType)} where {NameOf(typeof(T))} is expected; "
                + $"save it as array.astype(numpy.{NameOf(typeof(T))})");

    /// <summary>The values, without conversion, of an array of a known shape.</summary>
    /// <typeparam name="T">What the file must hold.</typeparam>
    /// <param name="shape">The shape that it must have.</param>
    /// <exception cref="InputException">The file holds another type or shape.</exception>
    public T[] Get<T>(params ReadOnlySpan<int> shape)
        where T : unmanaged
    {
        if (!shape.SequenceEqual(Shape))
        {
            throw new InputException($"{_source}: has shape ({ForeignText.Cut(string.Join(", ", Shape))}); "
                + $"({string.Join(", ", shape.ToArray())}) was expected");
        }
        return Get<T>();
    }

    /// <summary>
    /// The values of any type as binary64: exact but for whole numbers beyond 2^53, which are rounded to nearest even; false and true are 0
    /// and 1.
    /// </summary>
    public double[] ToDoubles() => _values switch
    {
        double[] values => values,
        float[] values => Array.ConvertAll(values, value => (double)value),
        Half[] values => Array.ConvertAll(values, value => (double)value),
        bool[] values => Array.ConvertAll(values, value => value ? 1.0 : 0.0),
        _ when ElementType == typeof(long) => Array.ConvertAll((long[])_values, value => (double)value),
        _ when ElementType == typeof(int) => Array.ConvertAll((int[])_values, value => (double)value),
        _ when ElementType == typeof(short) => Array.ConvertAll((short[])_values, value => (double)value),
        _ when ElementType == typeof(sbyte) => Array.ConvertAll((sbyte[])_values, value => (double)value),
        _ when ElementType == typeof(ulong) => Array.ConvertAll((ulong[])_values, value => (double)value),
        _ when ElementType == typeof(uint) => Array.ConvertAll((uint[])_values, value => (double)value),
        _ when ElementType == typeof(ushort) => Array.ConvertAll((ushort[])_values, value => (double)value),
        _ => Array.ConvertAll((byte[])_values, value => (double)value),
    };

    // NumPy's words, which users of these files know, not .NET's.
    private static string NameOf(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Double => "float64",
        TypeCode.Single => "float32",
        TypeCode.Int64 => "int64",
        TypeCode.Int32 => "int32",
        TypeCode.Int16 => "int16",
        TypeCode.SByte => "int8",
        TypeCode.UInt64 => "uint64",
        TypeCode.UInt32 => "uint32",
        TypeCode.UInt16 => "uint16",
        TypeCode.Byte => "uint8",
        TypeCode.Boolean => "bool",
        _ => type == typeof(Half) ? "float16" : type.Name,
    };
}
