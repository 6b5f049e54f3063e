using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LastBit.Arithmetic;

/// <summary>
/// The average relative L1 difference of two arrays: 2 mean(|a-b| / (|a|+|b|)), where 0/0 counts as 0.
/// Between 0 and 2; section 2c of the specification, Figures 2 and 4.
/// </summary>
public static class RelativeDifference
{
    // Numbers taken at once; a multiple of the lanes of a sum.
    private const int Block = 512;

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
        Span<double> wideA = stackalloc double[Block], wideB = stackalloc double[Block];
        var sums = Vector512<double>.Zero;
        for (int from = 0; from < a.Length; from += Block)
        {
            int count = Math.Min(Block, a.Length - from);
            Widen(a.Slice(from, count), wideA);
            Widen(b.Slice(from, count), wideB);
            sums = Add(sums, wideA[..count], wideB[..count]);
        }
        return 2 * (FixedOrderSum.Tree(sums) / a.Length);
    }

    private static void Widen<T>(ReadOnlySpan<T> x, Span<double> wide)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        if (typeof(T) == typeof(float))
            FixedOrderSum.Widen(MemoryMarshal.Cast<T, float>(x), wide);
        else
            MemoryMarshal.Cast<T, double>(x).CopyTo(wide);
    }

    // Writes the terms over a.
    private static Vector512<double> Add(Vector512<double> sums, Span<double> a, ReadOnlySpan<double> b)
    {
        Span<Vector512<double>> rowsA = MemoryMarshal.Cast<double, Vector512<double>>(a);
        ReadOnlySpan<Vector512<double>> rowsB = MemoryMarshal.Cast<double, Vector512<double>>(b);
        var infinity = Vector512.Create(double.PositiveInfinity);
        for (int row = 0; row < rowsA.Length; row++)
        {
            Vector512<double> sum = Vector512.Abs(rowsA[row]) + Vector512.Abs(rowsB[row]);
            int first = row * Vector512<double>.Count;
            if (Vector512.LessThanAll(sum, infinity))
                rowsA[row] =
                    Vector512.AndNot(Vector512.Abs(rowsA[row] - rowsB[row]) / sum, Vector512.Equals(sum, Vector512<double>.Zero));
            else
                Terms(a[first..(first + Vector512<double>.Count)], b[first..]);
        }
        int rest = rowsA.Length * Vector512<double>.Count;
        Terms(a[rest..], b[rest..]);
        return FixedOrderSum.Add(sums, a);
    }

    private static void Terms(Span<double> a, ReadOnlySpan<double> b)
    {
        for (int i = 0; i < a.Length; i++)
            a[i] = Term(a[i], b[i]);
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
