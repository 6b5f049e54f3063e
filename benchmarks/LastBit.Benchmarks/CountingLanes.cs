using LastBit.Arithmetic;

namespace LastBit.Benchmarks;

/// <summary>
/// One number at a time, every operation counted: what a computation needs, taken from the code itself and not from a formula.
/// </summary>
internal readonly unsafe struct CountingLanes(double value) : ILanes<CountingLanes, double>
{
    private readonly double _value = value;

    /// <summary>Additions, multiplications and divisions so far; a fused multiply-add is two.</summary>
    public static long Operations { get; set; }

    /// <summary>Fused multiply-adds so far.</summary>
    public static long Fused { get; set; }

    public static int Count => 1;

    public static CountingLanes Load(double* source) => new(*source);

    public static void Store(CountingLanes value, double* target) => *target = value._value;

    public static CountingLanes Broadcast(double value) => new(value);

    public static CountingLanes Add(CountingLanes left, CountingLanes right) => Counted(left._value + right._value);

    public static CountingLanes Subtract(CountingLanes left, CountingLanes right) => Counted(left._value - right._value);

    public static CountingLanes Multiply(CountingLanes left, CountingLanes right) => Counted(left._value * right._value);

    public static CountingLanes Divide(CountingLanes left, CountingLanes right) => Counted(left._value / right._value);

    public static CountingLanes SquareRoot(CountingLanes value) => Counted(Math.Sqrt(value._value));

    // Signs, comparisons and bits are not arithmetic.
    public static CountingLanes Negate(CountingLanes value) => new(-value._value);

    public static CountingLanes FusedMultiplyAdd(CountingLanes left, CountingLanes right, CountingLanes addend)
    {
        Operations += 2;
        Fused++;
        return new(Math.FusedMultiplyAdd(left._value, right._value, addend._value));
    }

    public static void AddProduct(ref CountingLanes sum, CountingLanes left, CountingLanes right) =>
        sum = FusedMultiplyAdd(left, right, sum);

    public static CountingLanes WherePositive(CountingLanes condition, CountingLanes value) => condition._value > 0 ? value : new(0);

    public static CountingLanes WhereNotNegative(CountingLanes condition, CountingLanes yes, CountingLanes no) =>
        condition._value >= 0 ? yes : no;

    public static CountingLanes NegativeMagnitude(CountingLanes value) => new(-Math.Abs(value._value));

    public static CountingLanes Min(CountingLanes left, CountingLanes right) => left._value < right._value ? left : right;

    public static CountingLanes Max(CountingLanes left, CountingLanes right) => left._value > right._value ? left : right;

    public static CountingLanes PowerOfTwoFromShifted(CountingLanes shifted) =>
        new(DoubleLanes1.PowerOfTwoFromShifted(new DoubleLanes1(shifted._value)).Value);

    private static CountingLanes Counted(double result)
    {
        Operations++;
        return new(result);
    }
}
