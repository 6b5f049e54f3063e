using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LastBit.Arithmetic;

/// <summary>8 numbers at once.</summary>
internal unsafe struct DoubleLanes512(Vector512<double> value) : ILanes<DoubleLanes512, double>
{
    // A field that can be written, for AddProduct.
    private Vector512<double> _value = value;

    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 Load(double* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(DoubleLanes512 value, double* target) => value._value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 Broadcast(double value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 Add(DoubleLanes512 left, DoubleLanes512 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 Subtract(DoubleLanes512 left, DoubleLanes512 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 Multiply(DoubleLanes512 left, DoubleLanes512 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 Divide(DoubleLanes512 left, DoubleLanes512 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 SquareRoot(DoubleLanes512 value) => new(Vector512.Sqrt(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 Negate(DoubleLanes512 value) => new(-value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 FusedMultiplyAdd(DoubleLanes512 left, DoubleLanes512 right, DoubleLanes512 addend)
        => new(Vector512.FusedMultiplyAdd(left._value, right._value, addend._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref DoubleLanes512 sum, DoubleLanes512 left, DoubleLanes512 right)
        => sum._value = Vector512.FusedMultiplyAdd(left._value, right._value, sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 WherePositive(DoubleLanes512 condition, DoubleLanes512 value)
        => new(Vector512.GreaterThan(condition._value, Vector512<double>.Zero) & value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 WhereNotNegative(DoubleLanes512 condition, DoubleLanes512 yes, DoubleLanes512 no)
        => new(Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(condition._value, Vector512<double>.Zero), yes._value, no._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 NegativeMagnitude(DoubleLanes512 value) => new(value._value | Vector512.Create(-0.0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 Min(DoubleLanes512 left, DoubleLanes512 right)
        => new(Avx512F.IsSupported ? Avx512F.Min(left._value, right._value)
            : Vector512.ConditionalSelect(Vector512.LessThan(left._value, right._value), left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 Max(DoubleLanes512 left, DoubleLanes512 right)
        => new(Avx512F.IsSupported ? Avx512F.Max(left._value, right._value)
            : Vector512.ConditionalSelect(Vector512.GreaterThan(left._value, right._value), left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes512 PowerOfTwoFromShifted(DoubleLanes512 shifted)
        => new(Vector512.ShiftLeft(shifted._value.AsInt64() + Vector512.Create(1023L), 52).AsDouble());
}

/// <summary>4 numbers at once.</summary>
internal unsafe struct DoubleLanes256(Vector256<double> value) : ILanes<DoubleLanes256, double>
{
    // A field that can be written, for AddProduct.
    private Vector256<double> _value = value;

    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 Load(double* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(DoubleLanes256 value, double* target) => value._value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 Broadcast(double value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 Add(DoubleLanes256 left, DoubleLanes256 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 Subtract(DoubleLanes256 left, DoubleLanes256 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 Multiply(DoubleLanes256 left, DoubleLanes256 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 Divide(DoubleLanes256 left, DoubleLanes256 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 SquareRoot(DoubleLanes256 value) => new(Vector256.Sqrt(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 Negate(DoubleLanes256 value) => new(-value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 FusedMultiplyAdd(DoubleLanes256 left, DoubleLanes256 right, DoubleLanes256 addend)
        => new(Vector256.FusedMultiplyAdd(left._value, right._value, addend._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref DoubleLanes256 sum, DoubleLanes256 left, DoubleLanes256 right)
        => sum._value = Vector256.FusedMultiplyAdd(left._value, right._value, sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 WherePositive(DoubleLanes256 condition, DoubleLanes256 value)
        => new(Vector256.GreaterThan(condition._value, Vector256<double>.Zero) & value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 WhereNotNegative(DoubleLanes256 condition, DoubleLanes256 yes, DoubleLanes256 no)
        => new(Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(condition._value, Vector256<double>.Zero), yes._value, no._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 NegativeMagnitude(DoubleLanes256 value) => new(value._value | Vector256.Create(-0.0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 Min(DoubleLanes256 left, DoubleLanes256 right)
        => new(Avx.IsSupported ? Avx.Min(left._value, right._value)
            : Vector256.ConditionalSelect(Vector256.LessThan(left._value, right._value), left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 Max(DoubleLanes256 left, DoubleLanes256 right)
        => new(Avx.IsSupported ? Avx.Max(left._value, right._value)
            : Vector256.ConditionalSelect(Vector256.GreaterThan(left._value, right._value), left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes256 PowerOfTwoFromShifted(DoubleLanes256 shifted)
        => new(Vector256.ShiftLeft(shifted._value.AsInt64() + Vector256.Create(1023L), 52).AsDouble());
}

/// <summary>2 numbers at once.</summary>
internal unsafe struct DoubleLanes128(Vector128<double> value) : ILanes<DoubleLanes128, double>
{
    // A field that can be written, for AddProduct.
    private Vector128<double> _value = value;

    public static int Count => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Load(double* source) => new(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(DoubleLanes128 value, double* target) => value._value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Broadcast(double value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Add(DoubleLanes128 left, DoubleLanes128 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Subtract(DoubleLanes128 left, DoubleLanes128 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Multiply(DoubleLanes128 left, DoubleLanes128 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Divide(DoubleLanes128 left, DoubleLanes128 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 SquareRoot(DoubleLanes128 value) => new(Vector128.Sqrt(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Negate(DoubleLanes128 value) => new(-value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 FusedMultiplyAdd(DoubleLanes128 left, DoubleLanes128 right, DoubleLanes128 addend)
        => new(Vector128.FusedMultiplyAdd(left._value, right._value, addend._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref DoubleLanes128 sum, DoubleLanes128 left, DoubleLanes128 right)
        => sum._value = Vector128.FusedMultiplyAdd(left._value, right._value, sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 WherePositive(DoubleLanes128 condition, DoubleLanes128 value)
        => new(Vector128.GreaterThan(condition._value, Vector128<double>.Zero) & value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 WhereNotNegative(DoubleLanes128 condition, DoubleLanes128 yes, DoubleLanes128 no)
        => new(Vector128.ConditionalSelect(Vector128.GreaterThanOrEqual(condition._value, Vector128<double>.Zero), yes._value, no._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 NegativeMagnitude(DoubleLanes128 value) => new(value._value | Vector128.Create(-0.0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Min(DoubleLanes128 left, DoubleLanes128 right)
        => new(Sse2.IsSupported ? Sse2.Min(left._value, right._value)
            : Vector128.ConditionalSelect(Vector128.LessThan(left._value, right._value), left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 Max(DoubleLanes128 left, DoubleLanes128 right)
        => new(Sse2.IsSupported ? Sse2.Max(left._value, right._value)
            : Vector128.ConditionalSelect(Vector128.GreaterThan(left._value, right._value), left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DoubleLanes128 PowerOfTwoFromShifted(DoubleLanes128 shifted)
        => new(Vector128.ShiftLeft(shifted._value.AsInt64() + Vector128.Create(1023L), 52).AsDouble());
}

/// <summary>One number at a time, for machines without vectors and for checking that vectors change nothing.</summary>
internal readonly unsafe struct DoubleLanes1(double value) : ILanes<DoubleLanes1, double>
{
    /// <summary>The number.</summary>
    public double Value { get; } = value;

    public static int Count => 1;

    public static DoubleLanes1 Load(double* source) => new(*source);

    public static void Store(DoubleLanes1 value, double* target) => *target = value.Value;

    public static DoubleLanes1 Broadcast(double value) => new(value);

    public static DoubleLanes1 Add(DoubleLanes1 left, DoubleLanes1 right) => new(left.Value + right.Value);

    public static DoubleLanes1 Subtract(DoubleLanes1 left, DoubleLanes1 right) => new(left.Value - right.Value);

    public static DoubleLanes1 Multiply(DoubleLanes1 left, DoubleLanes1 right) => new(left.Value * right.Value);

    public static DoubleLanes1 Divide(DoubleLanes1 left, DoubleLanes1 right) => new(left.Value / right.Value);

    public static DoubleLanes1 SquareRoot(DoubleLanes1 value) => new(Math.Sqrt(value.Value));

    public static DoubleLanes1 Negate(DoubleLanes1 value) => new(-value.Value);

    public static DoubleLanes1 FusedMultiplyAdd(DoubleLanes1 left, DoubleLanes1 right, DoubleLanes1 addend) =>
        new(Math.FusedMultiplyAdd(left.Value, right.Value, addend.Value));

    public static void AddProduct(ref DoubleLanes1 sum, DoubleLanes1 left, DoubleLanes1 right) =>
        sum = new(Math.FusedMultiplyAdd(left.Value, right.Value, sum.Value));

    public static DoubleLanes1 WherePositive(DoubleLanes1 condition, DoubleLanes1 value) => condition.Value > 0 ? value : new(0);

    public static DoubleLanes1 WhereNotNegative(DoubleLanes1 condition, DoubleLanes1 yes, DoubleLanes1 no) =>
        condition.Value >= 0 ? yes : no;

    public static DoubleLanes1 NegativeMagnitude(DoubleLanes1 value) => new(-Math.Abs(value.Value));

    public static DoubleLanes1 Min(DoubleLanes1 left, DoubleLanes1 right) => left.Value < right.Value ? left : right;

    public static DoubleLanes1 Max(DoubleLanes1 left, DoubleLanes1 right) => left.Value > right.Value ? left : right;

    public static DoubleLanes1 PowerOfTwoFromShifted(DoubleLanes1 shifted) =>
        new(BitConverter.Int64BitsToDouble((BitConverter.DoubleToInt64Bits(shifted.Value) + 1023L) << 52));
}
