using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LastBit.Arithmetic;

/// <summary>16 numbers at once.</summary>
internal unsafe struct SingleLanes512(Vector512<float> value) : ILanes<SingleLanes512, float>
{
    // A field that can be written, for AddProduct.
    private Vector512<float> _value = value;

    public static int Count => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes512 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(SingleLanes512 value, float* target) => value._value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes512 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes512 Add(SingleLanes512 left, SingleLanes512 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes512 Subtract(SingleLanes512 left, SingleLanes512 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes512 Multiply(SingleLanes512 left, SingleLanes512 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes512 Divide(SingleLanes512 left, SingleLanes512 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes512 SquareRoot(SingleLanes512 value) => new(Vector512.Sqrt(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes512 Negate(SingleLanes512 value) => new(-value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes512 FusedMultiplyAdd(SingleLanes512 left, SingleLanes512 right, SingleLanes512 addend)
        => new(Vector512.FusedMultiplyAdd(left._value, right._value, addend._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref SingleLanes512 sum, SingleLanes512 left, SingleLanes512 right)
        => sum._value = Vector512.FusedMultiplyAdd(left._value, right._value, sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes512 WherePositive(SingleLanes512 condition, SingleLanes512 value)
        => new(Vector512.GreaterThan(condition._value, Vector512<float>.Zero) & value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes512 WhereNotNegative(SingleLanes512 condition, SingleLanes512 yes, SingleLanes512 no)
        => new(Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(condition._value, Vector512<float>.Zero), yes._value, no._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes512 NegativeMagnitude(SingleLanes512 value) => new(value._value | Vector512.Create(-0f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes512 Min(SingleLanes512 left, SingleLanes512 right)
        => new(Avx512F.IsSupported ? Avx512F.Min(left._value, right._value)
            : Vector512.ConditionalSelect(Vector512.LessThan(left._value, right._value), left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes512 Max(SingleLanes512 left, SingleLanes512 right)
        => new(Avx512F.IsSupported ? Avx512F.Max(left._value, right._value)
            : Vector512.ConditionalSelect(Vector512.GreaterThan(left._value, right._value), left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes512 PowerOfTwoFromShifted(SingleLanes512 shifted)
        => new(Vector512.ShiftLeft(shifted._value.AsInt32() + Vector512.Create(127), 23).AsSingle());
}

/// <summary>8 numbers at once.</summary>
internal unsafe struct SingleLanes256(Vector256<float> value) : ILanes<SingleLanes256, float>
{
    // A field that can be written, for AddProduct.
    private Vector256<float> _value = value;

    public static int Count => 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes256 Load(float* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(SingleLanes256 value, float* target) => value._value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes256 Broadcast(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes256 Add(SingleLanes256 left, SingleLanes256 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes256 Subtract(SingleLanes256 left, SingleLanes256 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes256 Multiply(SingleLanes256 left, SingleLanes256 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes256 Divide(SingleLanes256 left, SingleLanes256 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes256 SquareRoot(SingleLanes256 value) => new(Vector256.Sqrt(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes256 Negate(SingleLanes256 value) => new(-value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes256 FusedMultiplyAdd(SingleLanes256 left, SingleLanes256 right, SingleLanes256 addend)
        => new(Vector256.FusedMultiplyAdd(left._value, right._value, addend._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref SingleLanes256 sum, SingleLanes256 left, SingleLanes256 right)
        => sum._value = Vector256.FusedMultiplyAdd(left._value, right._value, sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes256 WherePositive(SingleLanes256 condition, SingleLanes256 value)
        => new(Vector256.GreaterThan(condition._value, Vector256<float>.Zero) & value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes256 WhereNotNegative(SingleLanes256 condition, SingleLanes256 yes, SingleLanes256 no)
        => new(Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(condition._value, Vector256<float>.Zero), yes._value, no._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes256 NegativeMagnitude(SingleLanes256 value) => new(value._value | Vector256.Create(-0f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes256 Min(SingleLanes256 left, SingleLanes256 right)
        => new(Avx.IsSupported ? Avx.Min(left._value, right._value)
            : Vector256.ConditionalSelect(Vector256.LessThan(left._value, right._value), left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes256 Max(SingleLanes256 left, SingleLanes256 right)
        => new(Avx.IsSupported ? Avx.Max(left._value, right._value)
            : Vector256.ConditionalSelect(Vector256.GreaterThan(left._value, right._value), left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes256 PowerOfTwoFromShifted(SingleLanes256 shifted)
        => new(Vector256.ShiftLeft(shifted._value.AsInt32() + Vector256.Create(127), 23).AsSingle());
}

/// <summary>4 numbers at once.</summary>
internal unsafe struct SingleLanes128(Vector128<float> value) : ILanes<SingleLanes128, float>
{
    // A field that can be written, for AddProduct.
    private Vector128<float> _value = value;

    public static int Count => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes128 Load(float* source) => new(Vector128.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(SingleLanes128 value, float* target) => value._value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes128 Broadcast(float value) => new(Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes128 Add(SingleLanes128 left, SingleLanes128 right) => new(left._value + right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes128 Subtract(SingleLanes128 left, SingleLanes128 right) => new(left._value - right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes128 Multiply(SingleLanes128 left, SingleLanes128 right) => new(left._value * right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes128 Divide(SingleLanes128 left, SingleLanes128 right) => new(left._value / right._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes128 SquareRoot(SingleLanes128 value) => new(Vector128.Sqrt(value._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes128 Negate(SingleLanes128 value) => new(-value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes128 FusedMultiplyAdd(SingleLanes128 left, SingleLanes128 right, SingleLanes128 addend)
        => new(Vector128.FusedMultiplyAdd(left._value, right._value, addend._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddProduct(ref SingleLanes128 sum, SingleLanes128 left, SingleLanes128 right)
        => sum._value = Vector128.FusedMultiplyAdd(left._value, right._value, sum._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes128 WherePositive(SingleLanes128 condition, SingleLanes128 value)
        => new(Vector128.GreaterThan(condition._value, Vector128<float>.Zero) & value._value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes128 WhereNotNegative(SingleLanes128 condition, SingleLanes128 yes, SingleLanes128 no)
        => new(Vector128.ConditionalSelect(Vector128.GreaterThanOrEqual(condition._value, Vector128<float>.Zero), yes._value, no._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes128 NegativeMagnitude(SingleLanes128 value) => new(value._value | Vector128.Create(-0f));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes128 Min(SingleLanes128 left, SingleLanes128 right)
        => new(Sse.IsSupported ? Sse.Min(left._value, right._value)
            : Vector128.ConditionalSelect(Vector128.LessThan(left._value, right._value), left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes128 Max(SingleLanes128 left, SingleLanes128 right)
        => new(Sse.IsSupported ? Sse.Max(left._value, right._value)
            : Vector128.ConditionalSelect(Vector128.GreaterThan(left._value, right._value), left._value, right._value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes128 PowerOfTwoFromShifted(SingleLanes128 shifted)
        => new(Vector128.ShiftLeft(shifted._value.AsInt32() + Vector128.Create(127), 23).AsSingle());
}

/// <summary>One number at a time, for machines without vectors and for checking that vectors change nothing.</summary>
internal readonly unsafe struct SingleLanes1(float value) : ILanes<SingleLanes1, float>
{
    /// <summary>The number.</summary>
    public float Value { get; } = value;

    public static int Count => 1;

    public static SingleLanes1 Load(float* source) => new(*source);

    public static void Store(SingleLanes1 value, float* target) => *target = value.Value;

    public static SingleLanes1 Broadcast(float value) => new(value);

    public static SingleLanes1 Add(SingleLanes1 left, SingleLanes1 right) => new(left.Value + right.Value);

    public static SingleLanes1 Subtract(SingleLanes1 left, SingleLanes1 right) => new(left.Value - right.Value);

    public static SingleLanes1 Multiply(SingleLanes1 left, SingleLanes1 right) => new(left.Value * right.Value);

    public static SingleLanes1 Divide(SingleLanes1 left, SingleLanes1 right) => new(left.Value / right.Value);

    public static SingleLanes1 SquareRoot(SingleLanes1 value) => new(MathF.Sqrt(value.Value));

    public static SingleLanes1 Negate(SingleLanes1 value) => new(-value.Value);

    public static SingleLanes1 FusedMultiplyAdd(SingleLanes1 left, SingleLanes1 right, SingleLanes1 addend) =>
        new(MathF.FusedMultiplyAdd(left.Value, right.Value, addend.Value));

    public static void AddProduct(ref SingleLanes1 sum, SingleLanes1 left, SingleLanes1 right) =>
        sum = new(MathF.FusedMultiplyAdd(left.Value, right.Value, sum.Value));

    public static SingleLanes1 WherePositive(SingleLanes1 condition, SingleLanes1 value) => condition.Value > 0 ? value : new(0);

    public static SingleLanes1 WhereNotNegative(SingleLanes1 condition, SingleLanes1 yes, SingleLanes1 no) =>
        condition.Value >= 0 ? yes : no;

    public static SingleLanes1 NegativeMagnitude(SingleLanes1 value) => new(-MathF.Abs(value.Value));

    public static SingleLanes1 Min(SingleLanes1 left, SingleLanes1 right) => left.Value < right.Value ? left : right;

    public static SingleLanes1 Max(SingleLanes1 left, SingleLanes1 right) => left.Value > right.Value ? left : right;

    public static SingleLanes1 PowerOfTwoFromShifted(SingleLanes1 shifted) =>
        new(BitConverter.Int32BitsToSingle((BitConverter.SingleToInt32Bits(shifted.Value) + 127) << 23));
}
