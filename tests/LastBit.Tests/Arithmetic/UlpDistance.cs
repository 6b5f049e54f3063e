namespace LastBit.Tests.Arithmetic;

/// <summary>How many representable numbers two numbers are apart.</summary>
internal static class UlpDistance
{
    /// <summary>Steps from one binary64 number to the other; 0 from -0 to +0. From or to NaN it is the greatest number there is.</summary>
    /// <param name="a">A number.</param>
    /// <param name="b">Another.</param>
    public static ulong Between(double a, double b) =>
        double.IsNaN(a) || double.IsNaN(b)
            ? ulong.MaxValue
            : Distance(Ordered(BitConverter.DoubleToInt64Bits(a), long.MinValue),
                Ordered(BitConverter.DoubleToInt64Bits(b), long.MinValue));

    /// <summary>Steps from one binary32 number to the other; 0 from -0 to +0. From or to NaN it is the greatest number there is.</summary>
    /// <param name="a">A number.</param>
    /// <param name="b">Another.</param>
    public static ulong Between(float a, float b) =>
        float.IsNaN(a) || float.IsNaN(b)
            ? ulong.MaxValue
            : Distance(Ordered(BitConverter.SingleToInt32Bits(a), int.MinValue), Ordered(BitConverter.SingleToInt32Bits(b), int.MinValue));

    // The bits of negative numbers run backwards.
    private static long Ordered(long bits, long sign) => bits < 0 ? sign - bits : bits;

    private static ulong Distance(long a, long b) => a > b ? (ulong)a - (ulong)b : (ulong)b - (ulong)a;
}
