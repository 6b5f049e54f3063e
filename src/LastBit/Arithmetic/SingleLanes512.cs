using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LastBit.Arithmetic;

/// <summary>
/// Vectors of 512 bits in binary32. The vectors of 256 and 128 bits and those in binary64 are made from this file when it is compiled, by
/// writing other names into it (Lanes.targets), so that they cannot differ in anything else.
/// </summary>
internal unsafe struct SingleLanes512(Vector512<float> value) : ILanes<SingleLanes512, float>
{
    // A field that can be written, for AddProduct.
    private Vector512<float> _value = value;

    public static int Count => Vector512<float>.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SingleLanes512 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(SingleLanes512 value, float* target) => value._value.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreAway(SingleLanes512 value, float* target)
    {
        if (sizeof(SingleLanes512) == 64 && ((nint)target & 63) == 0)
            value._value.StoreAlignedNonTemporal(target);
        else
            value._value.Store(target);
    }

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
    public static SingleLanes512 NegativeMagnitude(SingleLanes512 value) => new(value._value | Vector512.Create((float)-0.0));

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
        => new(Vector512.ShiftLeft(shifted._value.AsInt32() + Vector512.Create(SingleBits.Bias), SingleBits.Fraction).AsSingle());
}
