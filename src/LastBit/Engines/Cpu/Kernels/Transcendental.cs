using System.Runtime.CompilerServices;
using LastBit.Arithmetic;

namespace LastBit.Engines.Cpu.Kernels;

/// <summary>
/// exp, the logistic function and log in binary32, from additions, multiplications, divisions and FMAs alone, so that their bits are the
/// same on every machine. Worst errors over all binary32 arguments are measured by the tests and stated in docs/arithmetic.md.
/// </summary>
internal static class Transcendental
{
    // exp(x) = 2^n exp(r), n = round(x / ln 2), |r| <= ln(2)/2. ln 2 in two parts; adding 1.5 * 2^23 rounds to a whole number.
    private const float Log2E = 1.44269504f;
    private const float Ln2High = 0.693145752f;
    private const float Ln2Low = 1.42860677e-6f;
    private const float Shift = 12582912f;

    /// <summary>exp(x): +0 below -104, +infinity above 89; subnormal results are kept. A NaN gives a NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Exp<T>(T x)
        where T : unmanaged, ILanes<T, float> => ExpBelow90(T.Min(T.Broadcast(90f), x));

    /// <summary>exp(x) for x of at most 90; subnormal results are kept.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static T ExpBelow90<T>(T x)
        where T : unmanaged, ILanes<T, float>
    {
        T bounded = T.Max(T.Broadcast(-105f), x);
        T shift = T.Broadcast(Shift);
        T n = T.Subtract(T.FusedMultiplyAdd(bounded, T.Broadcast(Log2E), shift), shift);
        T r = T.FusedMultiplyAdd(n, T.Broadcast(-Ln2High), bounded);
        r = T.FusedMultiplyAdd(n, T.Broadcast(-Ln2Low), r);

        T p = Remainder(r);
        T series = T.Add(T.FusedMultiplyAdd(T.Multiply(p, r), r, r), T.Broadcast(1f));

        // 2^n in two factors: n runs from -152 to 130, further than one exponent reaches, and the last product rounds subnormals once.
        T half = T.FusedMultiplyAdd(n, T.Broadcast(0.5f), shift);
        T rest = T.Add(T.Subtract(n, T.Subtract(half, shift)), shift);
        return T.Multiply(T.Multiply(series, T.PowerOfTwoFromShifted(half)), T.PowerOfTwoFromShifted(rest));
    }

    /// <summary>The logistic function 1 / (1 + exp(-x)), by exp(-|x|) so that both tails keep their relative accuracy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sigmoid<T>(T x)
        where T : unmanaged, ILanes<T, float>
    {
        T one = T.Broadcast(1f);
        T e = ExpBelow90(T.NegativeMagnitude(x));
        T denominator = T.Add(one, e);
        // x > 0: 1 / (1 + e); otherwise e / (1 + e). As e is at most 1, the larger of e and (1 where x > 0) is the numerator.
        T numerator = T.Max(e, T.WherePositive(x, one));
        return T.Divide(numerator, denominator);
    }

    /// <summary>exp(x) - 1 for x of at most 0, accurate near 0. A NaN gives a NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ExpMinusOne<T>(T x)
        where T : unmanaged, ILanes<T, float>
    {
        // Below -87 the result is -1 to the last bit, and one power of two is enough.
        T bounded = T.Max(T.Broadcast(-87f), x);
        T shift = T.Broadcast(Shift);
        T shifted = T.FusedMultiplyAdd(bounded, T.Broadcast(Log2E), shift);
        T n = T.Subtract(shifted, shift);
        T r = T.FusedMultiplyAdd(n, T.Broadcast(-Ln2High), bounded);
        r = T.FusedMultiplyAdd(n, T.Broadcast(-Ln2Low), r);
        T p = Remainder(r);

        // 2^n (exp(r) - 1) + (2^n - 1): the second part is exact, and 0 near 0.
        T series = T.FusedMultiplyAdd(T.Multiply(p, r), r, r);
        T power = T.PowerOfTwoFromShifted(shifted);
        return T.FusedMultiplyAdd(power, series, T.Subtract(power, T.Broadcast(1f)));
    }

    /// <summary>tanh(x), odd to the last bit and accurate near 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Tanh<T>(T x)
        where T : unmanaged, ILanes<T, float>
    {
        T minusTwo = T.NegativeMagnitude(x);
        T e = ExpMinusOne(T.Add(minusTwo, minusTwo));
        T negative = T.Divide(e, T.Add(T.Broadcast(2f), e));
        return T.WhereNotNegative(x, T.Negate(negative), negative);
    }

    /// <summary>log(1 + exp(x)), never overflowing; the small values left of 0 keep their relative accuracy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Softplus<T>(T x)
        where T : unmanaged, ILanes<T, float>
    {
        // log(1 + e) = 2 atanh(s) with s = e / (2 + e), at most 1/3; (atanh(s) / s - 1) / s^2 is a polynomial of s^2.
        T e = ExpBelow90(T.NegativeMagnitude(x));
        T s = T.Divide(e, T.Add(T.Broadcast(2f), e));
        T z = T.Multiply(s, s);
        T p = T.Broadcast(0.12144758552312851f);
        p = T.FusedMultiplyAdd(p, z, T.Broadcast(0.1071537658572197f));
        p = T.FusedMultiplyAdd(p, z, T.Broadcast(0.14308297634124756f));
        p = T.FusedMultiplyAdd(p, z, T.Broadcast(0.19999444484710693f));
        p = T.FusedMultiplyAdd(p, z, T.Broadcast(0.3333333730697632f));
        T half = T.FusedMultiplyAdd(T.Multiply(p, z), s, s);
        return T.Add(T.Max(T.Broadcast(0f), x), T.Add(half, half));
    }

    /// <summary>(exp(r) - 1 - r) / r^2 on |r| of at most 0.3466, minimax in relative error of exp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Remainder<T>(T r)
        where T : unmanaged, ILanes<T, float>
    {
        T p = T.Broadcast(1.9790244e-4f);
        p = T.FusedMultiplyAdd(p, r, T.Broadcast(1.3944758e-3f));
        p = T.FusedMultiplyAdd(p, r, T.Broadcast(8.333498e-3f));
        p = T.FusedMultiplyAdd(p, r, T.Broadcast(4.1666295e-2f));
        p = T.FusedMultiplyAdd(p, r, T.Broadcast(0.16666666f));
        return T.FusedMultiplyAdd(p, r, T.Broadcast(0.5f));
    }

    /// <summary>The natural logarithm of a positive normal number; used for losses only, one number at a time.</summary>
    /// <param name="x">The argument; 0 gives -infinity, a negative number or NaN gives NaN, +infinity gives +infinity.</param>
    public static float Log(float x)
    {
        if (!(x > 0) || float.IsPositiveInfinity(x))
            return x == 0 ? float.NegativeInfinity : x > 0 ? x : float.NaN;
        int exponent = 0;
        if (x < 1.17549435e-38f)
        {
            x *= 8388608f;
            exponent = -23;
        }
        // x = 2^exponent m with sqrt(1/2) <= m < sqrt(2); log m = 2 atanh(s), s = (m - 1) / (m + 1).
        int bits = BitConverter.SingleToInt32Bits(x);
        int shifted = bits - 0x3F3504F3;
        exponent += shifted >> 23;
        float m = BitConverter.Int32BitsToSingle(bits - ((shifted >> 23) << 23));
        float f = m - 1f;
        float s = f / (2f + f);
        float z = s * s;
        float p = 0.23579112f;
        p = MathF.FusedMultiplyAdd(p, z, 0.28537494f);
        p = MathF.FusedMultiplyAdd(p, z, 0.4000033f);
        p = MathF.FusedMultiplyAdd(p, z, 0.6666666f);
        // log m = f - s (f - z p): the small correction is subtracted from the exact f.
        float correction = s * MathF.FusedMultiplyAdd(-z, p, f);
        float n = exponent;
        return MathF.FusedMultiplyAdd(n, Ln2High, f - MathF.FusedMultiplyAdd(n, -Ln2Low, correction));
    }
}
