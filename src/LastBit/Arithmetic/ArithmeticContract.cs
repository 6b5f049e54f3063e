namespace LastBit.Arithmetic;

/// <summary>The rules by which the bits of a result depend on inputs, settings and seed alone (docs/arithmetic.md).</summary>
public static class ArithmeticContract
{
    /// <summary>
    /// Rises whenever the order of a rounding in the training changes. A run cannot be resumed from a checkpoint of another version, for
    /// its bits would be those of neither.
    /// </summary>
    public const int Version = 1;
}
