using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LastBit.Arithmetic;

/// <summary>
/// Sums whose order of additions depends on the number of terms alone: every eighth term in turn, then the eight sums in a tree. The eight
/// are the lanes of one vector, which the runtime splits where the processor's are narrower.
/// </summary>
internal static class FixedOrderSum
{
    private const int Lanes = 8;

    /// <summary>The sum of the terms.</summary>
    public static double Of(ReadOnlySpan<double> terms)
    {
        ReadOnlySpan<Vector512<double>> rows = MemoryMarshal.Cast<double, Vector512<double>>(terms);
        var sums = Vector512<double>.Zero;
        foreach (Vector512<double> row in rows)
            sums += row;
        for (int i = rows.Length * Lanes; i < terms.Length; i++)
            sums = sums.WithElement(i % Lanes, sums[i % Lanes] + terms[i]);
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
        for (int i = rowsA.Length * Lanes; i < a.Length; i++)
            sums = sums.WithElement(i % Lanes, Math.FusedMultiplyAdd(a[i], b[i], sums[i % Lanes]));
        return Tree(sums);
    }

    /// <summary>Adds scale x[i] to sums[i], each by one fused multiply-add: no order matters.</summary>
    /// <param name="scale">The factor.</param>
    /// <param name="x">Numbers.</param>
    /// <param name="sums">As many sums.</param>
    public static void AddScaled(float scale, ReadOnlySpan<float> x, Span<float> sums)
    {
        ReadOnlySpan<Vector512<float>> rows = MemoryMarshal.Cast<float, Vector512<float>>(x);
        Span<Vector512<float>> rowsOfSums = MemoryMarshal.Cast<float, Vector512<float>>(sums[..x.Length]);
        var factor = Vector512.Create(scale);
        for (int row = 0; row < rows.Length; row++)
            rowsOfSums[row] = Vector512.FusedMultiplyAdd(factor, rows[row], rowsOfSums[row]);
        for (int i = rows.Length * Vector512<float>.Count; i < x.Length; i++)
            sums[i] = MathF.FusedMultiplyAdd(scale, x[i], sums[i]);
    }

    private static double Tree(Vector512<double> sums) =>
        sums[0] + sums[1] + (sums[2] + sums[3]) + (sums[4] + sums[5] + (sums[6] + sums[7]));
}
