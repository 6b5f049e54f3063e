namespace LastBit.Arithmetic;

/// <summary>Natural logarithms of single binary64 values, within 0.5001 ulp: the same bits on every machine, but not fast.</summary>
public static class Logarithm
{
    // log(m) = 2 atanh(s), s = (m-1)/(m+1), |s| <= 0.1716 for m in [sqrt(1/2), sqrt(2)]: s^2 < 2^-5, so 22 terms leave less than 2^-111.
    private static readonly DoubleDouble[] OddReciprocals = [.. Enumerable.Range(0, 22).Select(n => (DoubleDouble)1 / (2 * n + 1))];

    /// <summary>log(x); NaN below 0, minus infinity at 0.</summary>
    /// <param name="x">Any value.</param>
    public static double Log(double x)
    {
        if (!(x > 0))
            return x == 0 ? double.NegativeInfinity : double.NaN;
        if (double.IsPositiveInfinity(x))
            return x;
        // Subnormal arguments are scaled up, exactly.
        return x < 2.2250738585072014e-308 ? Log(x * 18446744073709551616.0, -64) : Log(x, 0);
    }

    /// <summary>log(1 + x), accurate for small x; NaN below -1, minus infinity at -1.</summary>
    /// <param name="x">Any value.</param>
    public static double Log1P(double x)
    {
        if (!(x > -1))
            return x == -1 ? double.NegativeInfinity : double.NaN;
        // Below 2^-54 the quadratic term is less than half an ulp of x, and at 0 the sign is kept.
        if (Math.Abs(x) < 5.551115123125783e-17 || double.IsPositiveInfinity(x))
            return x;
        return Log(DoubleDouble.Sum(1, x), 0);
    }

    private static double Log(DoubleDouble x, int exponent)
    {
        int shift = Math.ILogB(x.High);
        if (x.High * Scale(-shift) > 1.4142135623730951)
            shift++;
        DoubleDouble m = new(x.High * Scale(-shift), x.Low * Scale(-shift));
        DoubleDouble s = (m - 1) / (m + 1), square = s * s, sum = OddReciprocals[^1];
        for (int n = OddReciprocals.Length - 2; n >= 0; n--)
            sum = sum * square + OddReciprocals[n];
        DoubleDouble logM = s * sum;
        return (DoubleDouble.Ln2 * (double)(shift + exponent) + new DoubleDouble(2 * logM.High, 2 * logM.Low)).High;
    }

    // 2^exponent for |exponent| <= 1022 but for the top: 2^-1024 comes as a subnormal, which is exact too.
    private static double Scale(int exponent) => exponent >= -1022
        ? BitConverter.Int64BitsToDouble((long)(exponent + 1023) << 52)
        : BitConverter.Int64BitsToDouble(1L << (exponent + 1074));
}
