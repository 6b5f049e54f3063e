using System.Numerics;

namespace LastBit.Arithmetic;

/// <summary>
/// The average relative L1 difference of two arrays: 2 mean(|a-b| / (|a|+|b|)), where 0/0 counts as 0.
/// Between 0 and 2; section 2c of the specification, Figures 2 and 4.
/// </summary>
public static class RelativeDifference
{
    /// <summary>
    /// The difference of two arrays, computed in binary64. An infinity differs from anything but itself by 2; a NaN makes the whole NaN.
    /// </summary>
    /// <typeparam name="T">Binary32 or binary64.</typeparam>
    /// <param name="a">An array, at least one number.</param>
    /// <param name="b">Another of the same length.</param>
    /// <exception cref="ArgumentException">The lengths differ or are 0.</exception>
    public static double L1<T>(ReadOnlySpan<T> a, ReadOnlySpan<T> b)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (a.Length != b.Length || a.IsEmpty)
            throw new ArgumentException($"Arrays of {a.Length} and {b.Length} numbers cannot be compared.");
        double[] terms = new double[a.Length];
        for (int i = 0; i < terms.Length; i++)
            terms[i] = Term(double.CreateChecked(a[i]), double.CreateChecked(b[i]));
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
}
