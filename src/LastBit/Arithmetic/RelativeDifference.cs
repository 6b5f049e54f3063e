namespace LastBit.Arithmetic;

/// <summary>
/// The average relative L1 difference of two arrays: 2 mean(|a-b| / (|a|+|b|)), where 0/0 counts as 0.
/// Between 0 and 2; section 2c of the specification, Figures 2 and 4.
/// </summary>
public static class RelativeDifference
{
    /// <summary>The difference of two arrays. An infinity differs from anything but itself by 2; a NaN makes the whole NaN.</summary>
    /// <param name="a">An array, at least one number.</param>
    /// <param name="b">Another of the same length.</param>
    /// <exception cref="ArgumentException">The lengths differ or are 0.</exception>
    public static double L1(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        Check(a.Length, b.Length);
        double[] terms = new double[a.Length];
        for (int i = 0; i < terms.Length; i++)
            terms[i] = Term(a[i], b[i]);
        return 2 * (FixedOrderSum.Of(terms) / terms.Length);
    }

    /// <summary>
    /// The difference of two arrays, computed in binary64. An infinity differs from anything but itself by 2; a NaN makes the whole NaN.
    /// </summary>
    /// <param name="a">An array, at least one number.</param>
    /// <param name="b">Another of the same length.</param>
    /// <exception cref="ArgumentException">The lengths differ or are 0.</exception>
    public static double L1(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Check(a.Length, b.Length);
        double[] terms = new double[a.Length];
        for (int i = 0; i < terms.Length; i++)
            terms[i] = Term(a[i], b[i]);
        return 2 * (FixedOrderSum.Of(terms) / terms.Length);
    }

    private static double Term(double a, double b)
    {
        // A run that has blown up: equal infinities do not differ, anything else beside an infinity differs as much as can be.
        if (double.IsInfinity(a) || double.IsInfinity(b))
            return a == b ? 0 : double.IsNaN(a) || double.IsNaN(b) ? double.NaN : 1;
        double sum = Math.Abs(a) + Math.Abs(b);
        // Halves where the sum would overflow; near the other end of the range halving would lose digits.
        return double.IsPositiveInfinity(sum) ? Term(a / 2, b / 2) : sum == 0 ? 0 : Math.Abs(a - b) / sum;
    }

    private static void Check(int a, int b)
    {
        if (a != b || a == 0)
            throw new ArgumentException($"Arrays of {a} and {b} numbers cannot be compared.");
    }
}
