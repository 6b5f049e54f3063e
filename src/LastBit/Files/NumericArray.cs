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

    /// <summary>What a value is: double, float, int, long, byte or bool.</summary>
    public Type ElementType => _values.GetType().GetElementType()!;

    /// <summary>The values, without conversion.</summary>
    /// <typeparam name="T">What the file must hold.</typeparam>
    /// <exception cref="InputException">The file holds another type.</exception>
    public T[] Get<T>()
        where T : unmanaged =>
        _values as T[] ?? throw new InputException($"{_source}: holds values of type {ElementType.Name}; {typeof(T).Name} was expected");

    /// <summary>The values, without conversion, of an array of a known shape.</summary>
    /// <typeparam name="T">What the file must hold.</typeparam>
    /// <param name="shape">The shape that it must have.</param>
    /// <exception cref="InputException">The file holds another type or shape.</exception>
    public T[] Get<T>(params ReadOnlySpan<int> shape)
        where T : unmanaged
    {
        if (!shape.SequenceEqual(Shape))
            throw new InputException($"{_source}: has shape ({string.Join(", ", Shape)}); ({string.Join(", ", shape.ToArray())}) was expected");
        return Get<T>();
    }
}
