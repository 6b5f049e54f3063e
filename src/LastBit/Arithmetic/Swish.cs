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
    public static double ExpOfNegative(double x) => ExpOfNegative(new DoubleLanes1(x)).Value;

    /// <summary>1 / (1 + exp(-x)) of one x.</summary>
    public static double Sigmoid(double x)
    {
        (DoubleLanes1 sigmoid, _) = Sigmoids(new DoubleLanes1(x));
        return sigmoid.Value;
    }

    /// <summary>log(1 + exp(x)), never overflowing.</summary>
    public static double Softplus(double x) => Math.Max(x, 0) + Logarithm.Log1P(ExpOfNegative(-Math.Abs(x)));

    /// <summary>exp(x) for x that are at most 0; NaN of NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T ExpOfNegative<T>(T x)
        where T : unmanaged, ILanes<T, double>
    {
        x = T.Max(T.Broadcast(Lowest), x);
        T shifted = T.FusedMultiplyAdd(x, T.Broadcast(Log2OfE), T.Broadcast(Shift));
        T n = T.Subtract(shifted, T.Broadcast(Shift));
        T r = T.FusedMultiplyAdd(n, T.Broadcast(-Log2Low), T.FusedMultiplyAdd(n, T.Broadcast(-Log2High), x));

        // The Taylor polynomial: |r| <= 0.347, so the terms left out are below 2^-57.
        T sum = T.Broadcast(1 / 6227020800.0);
        sum = T.FusedMultiplyAdd(sum, r, T.Broadcast(1 / 479001600.0));
        sum = T.FusedMultiplyAdd(sum, r, T.Broadcast(1 / 39916800.0));
        sum = T.FusedMultiplyAdd(sum, r, T.Broadcast(1 / 3628800.0));
        sum = T.FusedMultiplyAdd(sum, r, T.Broadcast(1 / 362880.0));
        sum = T.FusedMultiplyAdd(sum, r, T.Broadcast(1 / 40320.0));
        sum = T.FusedMultiplyAdd(sum, r, T.Broadcast(1 / 5040.0));
        sum = T.FusedMultiplyAdd(sum, r, T.Broadcast(1 / 720.0));
        sum = T.FusedMultiplyAdd(sum, r, T.Broadcast(1 / 120.0));
        sum = T.FusedMultiplyAdd(sum, r, T.Broadcast(1 / 24.0));
        sum = T.FusedMultiplyAdd(sum, r, T.Broadcast(1 / 6.0));
        sum = T.FusedMultiplyAdd(sum, r, T.Broadcast(1 / 2.0));
        sum = T.FusedMultiplyAdd(sum, r, T.Broadcast(1));
        sum = T.FusedMultiplyAdd(sum, r, T.Broadcast(1));

        // 2^n as 2^(n+64) 2^-64, n >= -1077: only the last product can round, into the subnormal numbers.
        return T.Multiply(T.Multiply(sum, T.PowerOfTwoFromShifted(T.Add(shifted, T.Broadcast(64)))), T.Broadcast(5.421010862427522e-20));
    }

    /// <summary>sigmoid(x) and sigmoid(-x) = 1 - sigmoid(x), both to their last digits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (T Sigmoid, T Complement) Sigmoids<T>(T x)
        where T : unmanaged, ILanes<T, double>
    {
        T exp = ExpOfNegative(T.NegativeMagnitude(x));
        T greater = T.Divide(T.Broadcast(1), T.Add(T.Broadcast(1), exp)), smaller = T.Multiply(exp, greater);
        return (T.WhereNotNegative(x, greater, smaller), T.WhereNotNegative(x, smaller, greater));
    }
}
