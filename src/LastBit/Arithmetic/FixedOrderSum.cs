using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LastBit.Arithmetic;

/// <summary>
/// Sums whose order of additions depends on the number of terms alone: every eighth term in turn, then the eight sums in a tree. The eight are
/// the lanes of one vector, which the runtime splits where the processor's are narrower.
/// </summary>
internal static class FixedOrderSum
{
    private const int Pieces = 8;

    /// <summary>The sum of the terms.</summary>
    public static double Of(ReadOnlySpan<double> terms)
    {
        ReadOnlySpan<Vector512<double>> rows = MemoryMarshal.Cast<double, Vector512<double>>(terms);
        var sums = Vector512<double>.Zero;
        foreach (Vector512<double> row in rows)
            sums += row;
        for (int i = rows.Length * Pieces; i < terms.Length; i++)
            sums = sums.WithElement(i % Pieces, sums[i % Pieces] + terms[i]);
        return Tree(sums);
    }

    /// <summary>The sum of a[i] b[i].</summary>
    /// <param name="a">Factors.</param>
    /// <param name="b">As many factors.</param>
    public static double OfProducts(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        ReadOnlySpan<Vector512<double>> rowsA = MemoryMarshal.Cast<double, Vector512<double>>(a);
        ReadOnlySpan<Vector512<double>> rowsB = MemoryMarshal.Cast<double, Vector512<double>>(b[..a.Length]);
        var sums = Vector512<double>.Zero;
        for (int row = 0; row < rowsA.Length; row++)
            sums = Vector512.FusedMultiplyAdd(rowsA[row], rowsB[row], sums);
        for (int i = rowsA.Length * Pieces; i < a.Length; i++)
            sums = sums.WithElement(i % Pieces, Math.FusedMultiplyAdd(a[i], b[i], sums[i % Pieces]));
        return Tree(sums);
    }

    private static double Tree(Vector512<double> sums) => sums[0] + sums[1] + (sums[2] + sums[3]) + (sums[4] + sums[5] + (sums[6] + sums[7]));
}
