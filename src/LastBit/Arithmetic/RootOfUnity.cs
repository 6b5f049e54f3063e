namespace LastBit.Arithmetic;

/// <summary>Cosine and sine of fractions of a turn, within 0.5001 ulp: the same bits on every machine.</summary>
internal static class RootOfUnity
{
    // 1/n! for n = 0..28: (pi/4)^28/28! < 2^-107.
    private static readonly DoubleDouble[] ReciprocalFactorials = Factorials();

    /// <summary>cos and sin of 2 pi numerator/denominator.</summary>
    /// <param name="numerator">0 to denominator - 1.</param>
    /// <param name="denominator">At least 1; at most 2^27.</param>
    public static (double Cos, double Sin) Of(int numerator, int denominator)
    {
        // Whole quarters of a turn go by symmetry, so that the series sees at most pi/4 and the axes come out exact.
        long quarter = (8L * numerator + denominator) / (2L * denominator);
        long rest = 4L * numerator - quarter * denominator;
        (double cos, double sin) = Series(rest, 4L * denominator);
        return (quarter % 4) switch
        {
            0 => (cos, sin),
            1 => (-sin, cos),
            2 => (-cos, -sin),
            _ => (sin, -cos),
        };
    }

    private static (double Cos, double Sin) Series(long numerator, long denominator)
    {
        DoubleDouble x = DoubleDouble.Pi * 2.0 * (double)numerator / (double)denominator, square = -(x * x);
        DoubleDouble cos = ReciprocalFactorials[28], sin = ReciprocalFactorials[27];
        for (int n = 26; n >= 0; n -= 2)
            cos = cos * square + ReciprocalFactorials[n];
        for (int n = 25; n >= 1; n -= 2)
            sin = sin * square + ReciprocalFactorials[n];
        return (cos.High, (sin * x).High);
    }

    private static DoubleDouble[] Factorials()
    {
        var reciprocals = new DoubleDouble[29];
        reciprocals[0] = 1;
        for (int n = 1; n < reciprocals.Length; n++)
            reciprocals[n] = reciprocals[n - 1] / n;
        return reciprocals;
    }
}
