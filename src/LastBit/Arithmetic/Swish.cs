using System.Runtime.CompilerServices;

namespace LastBit.Arithmetic;

/// <summary>
/// exp of what is not positive, the sigmoid, and Swish r(z) = z sigmoid(beta z) with its derivative, in binary64. Within 1 ulp (exp, up to
/// the smallest normal number) and 3 ulp (sigmoid); never NaN or infinite for finite arguments.
/// </summary>
internal static unsafe class Swish
{
    // 1.5 * 2^52: adding it leaves the nearest integer in the lowest bits.
    private const double Shift = 6755399441055744;
    private const double Log2OfE = 1.4426950408889634;

    // log 2 in two parts, the first with 21 zero bits at its end, so that its product with n is exact.
    private const double Log2High = 0.6931471803691238, Log2Low = 1.9082149292705877e-10;

    // Below, exp is less than half the smallest subnormal number.
    private const double Lowest = -746;

    /// <summary>exp(x) of one x that is at most 0.</summary>
    public static double ExpOfNegative(double x) => ExpOfNegative<double, Lanes64>(x);

    /// <summary>1 / (1 + exp(-x)) of one x.</summary>
    public static double Sigmoid(double x)
    {
        (double sigmoid, _) = Sigmoids<double, Lanes64>(x);
        return sigmoid;
    }

    /// <summary>log(1 + exp(x)), never overflowing.</summary>
    public static double Softplus(double x) => Math.Max(x, 0) + Logarithm.Log1P(ExpOfNegative(-Math.Abs(x)));

    /// <summary>exp(x) for x that are at most 0; NaN of NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V ExpOfNegative<V, L>(V x)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        x = L.Max(x, L.All(Lowest));
        V shifted = L.MultiplyAdd(x, L.All(Log2OfE), L.All(Shift));
        V n = L.Subtract(shifted, L.All(Shift));
        V r = L.MultiplyAdd(n, L.All(-Log2Low), L.MultiplyAdd(n, L.All(-Log2High), x));

        // The Taylor polynomial: |r| <= 0.347, so the terms left out are below 2^-57.
        V sum = L.All(1 / 6227020800.0);
        sum = L.MultiplyAdd(sum, r, L.All(1 / 479001600.0));
        sum = L.MultiplyAdd(sum, r, L.All(1 / 39916800.0));
        sum = L.MultiplyAdd(sum, r, L.All(1 / 3628800.0));
        sum = L.MultiplyAdd(sum, r, L.All(1 / 362880.0));
        sum = L.MultiplyAdd(sum, r, L.All(1 / 40320.0));
        sum = L.MultiplyAdd(sum, r, L.All(1 / 5040.0));
        sum = L.MultiplyAdd(sum, r, L.All(1 / 720.0));
        sum = L.MultiplyAdd(sum, r, L.All(1 / 120.0));
        sum = L.MultiplyAdd(sum, r, L.All(1 / 24.0));
        sum = L.MultiplyAdd(sum, r, L.All(1 / 6.0));
        sum = L.MultiplyAdd(sum, r, L.All(1 / 2.0));
        sum = L.MultiplyAdd(sum, r, L.All(1));
        sum = L.MultiplyAdd(sum, r, L.All(1));

        // 2^n as 2^(n+64) 2^-64, n >= -1077: only the last product can round, into the subnormal numbers.
        return L.Multiply(L.Multiply(sum, L.PowerOfTwo(L.Add(shifted, L.All(64)))), L.All(5.421010862427522e-20));
    }

    /// <summary>sigmoid(x) and sigmoid(-x) = 1 - sigmoid(x), both to their last digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (V Sigmoid, V Complement) Sigmoids<V, L>(V x)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        V exp = ExpOfNegative<V, L>(L.Negate(L.Abs(x)));
        V greater = L.Divide(L.All(1), L.Add(L.All(1), exp)), smaller = L.Multiply(exp, greater);
        return (L.WhereNotNegative(x, greater, smaller), L.WhereNotNegative(x, smaller, greater));
    }
}
