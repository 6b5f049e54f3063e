namespace LastBit.Arithmetic;

/// <summary>
/// A row of numbers that are worked on side by side, as many as the processor's vectors hold. A kernel is written once over this interface;
/// the JIT compiles it for each width. Each operation is IEEE 754's, lane by lane, and lanes never meet (no horizontal operation exists
/// here), so that the width cannot change a bit of any result.
/// </summary>
/// <remarks>
/// Four structs for binary32 and four for binary64, and not four generic ones: asking for the number in every multiply-add exceeds what the
/// JIT is ready to inline in a large kernel, which then takes more than twice as long (docs/performance.md).
/// </remarks>
/// <typeparam name="TSelf">The implementing type.</typeparam>
/// <typeparam name="TNumber">Binary32 or binary64.</typeparam>
internal unsafe interface ILanes<TSelf, TNumber>
    where TSelf : unmanaged, ILanes<TSelf, TNumber>
    where TNumber : unmanaged
{
    /// <summary>How many numbers there are in a row.</summary>
    static abstract int Count { get; }

    static abstract TSelf Load(TNumber* source);

    static abstract void Store(TSelf value, TNumber* target);

    /// <summary>
    /// Stores what is not read again soon: past the caches, where the vector is a whole cache line and target is aligned to it.
    /// </summary>
    static virtual void StoreAway(TSelf value, TNumber* target) => TSelf.Store(value, target);

    /// <summary>One number in every lane.</summary>
    static abstract TSelf Broadcast(TNumber value);

    static abstract TSelf Add(TSelf left, TSelf right);

    static abstract TSelf Subtract(TSelf left, TSelf right);

    static abstract TSelf Multiply(TSelf left, TSelf right);

    static abstract TSelf Divide(TSelf left, TSelf right);

    /// <summary>The square root, rounded once.</summary>
    static abstract TSelf SquareRoot(TSelf value);

    static abstract TSelf Negate(TSelf value);

    /// <summary>left * right + addend, rounded once.</summary>
    static abstract TSelf FusedMultiplyAdd(TSelf left, TSelf right, TSelf addend);

    /// <summary>
    /// sum = left * right + sum, rounded once. By reference, so that the JIT keeps the sum in the register where it is and moves nothing.
    /// </summary>
    static abstract void AddProduct(ref TSelf sum, TSelf left, TSelf right);

    /// <summary>value where condition &gt; 0, else +0. A NaN condition gives +0.</summary>
    static abstract TSelf WherePositive(TSelf condition, TSelf value);

    /// <summary>yes where condition is at least 0 (-0 is), no elsewhere and for NaN.</summary>
    static abstract TSelf WhereNotNegative(TSelf condition, TSelf yes, TSelf no);

    /// <summary>-|value|.</summary>
    static abstract TSelf NegativeMagnitude(TSelf value);

    /// <summary>left where left &lt; right, else right (so a NaN on the left gives right): what one instruction of x86 does.</summary>
    static abstract TSelf Min(TSelf left, TSelf right);

    /// <summary>left where left &gt; right, else right (so a NaN on the left gives right).</summary>
    static abstract TSelf Max(TSelf left, TSelf right);

    /// <summary>
    /// 2^n for a whole n of a normal power, held in the low bits of (n + 1.5 * 2^23) in binary32 or (n + 1.5 * 2^52) in binary64: the
    /// second half of exp's range reduction.
    /// </summary>
    static abstract TSelf PowerOfTwoFromShifted(TSelf shifted);
}

/// <summary>The exponent's bias of binary32, and how many bits its fraction has.</summary>
internal static class SingleBits
{
    /// <summary>What is added to an exponent to store it.</summary>
    public const int Bias = 127;

    /// <summary>The bits of the fraction.</summary>
    public const int Fraction = 23;
}

/// <summary>The exponent's bias of binary64, and how many bits its fraction has.</summary>
internal static class DoubleBits
{
    /// <summary>What is added to an exponent to store it.</summary>
    public const long Bias = 1023;

    /// <summary>The bits of the fraction.</summary>
    public const int Fraction = 52;
}
