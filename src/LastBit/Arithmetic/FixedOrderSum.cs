using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LastBit.Arithmetic;

/// <summary>
/// Sums whose order of additions depends on the number of terms alone: every eighth term in turn, then the eight sums in a tree. The eight
/// are the lanes of one vector, which the runtime splits where the processor's are narrower. Beside them what else goes over long vectors,
/// where no order matters.
/// </summary>
internal static class FixedOrderSum
{
    private const int Lanes = 8;

    /// <summary>The sum of the terms.</summary>
    public static double Of(ReadOnlySpan<double> terms) => Tree(Add(Vector512<double>.Zero, terms));

    /// <summary>The eight sums with more terms added; all but the last terms of a sum come in multiples of eight.</summary>
    public static Vector512<double> Add(Vector512<double> sums, ReadOnlySpan<double> terms)
    {
        ReadOnlySpan<Vector512<double>> rows = MemoryMarshal.Cast<double, Vector512<double>>(terms);
        foreach (Vector512<double> row in rows)
            sums += row;
        for (int i = rows.Length * Lanes; i < terms.Length; i++)
            sums = sums.WithElement(i % Lanes, sums[i % Lanes] + terms[i]);
        return sums;
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

    /// <summary>y = y + factor x, and the sum of y[i] z[i] in the same pass.</summary>
    /// <param name="y">Numbers.</param>
    /// <param name="factor">The factor.</param>
    /// <param name="x">As many numbers.</param>
    /// <param name="z">As many factors.</param>
    public static double AddMultiple(Span<double> y, double factor, ReadOnlySpan<double> x, ReadOnlySpan<double> z)
    {
        Span<Vector512<double>> rowsY = MemoryMarshal.Cast<double, Vector512<double>>(y);
        ReadOnlySpan<Vector512<double>> rowsX = MemoryMarshal.Cast<double, Vector512<double>>(x[..y.Length]);
        ReadOnlySpan<Vector512<double>> rowsZ = MemoryMarshal.Cast<double, Vector512<double>>(z[..y.Length]);
        var (f, sums) = (Vector512.Create(factor), Vector512<double>.Zero);
        for (int row = 0; row < rowsY.Length; row++)
        {
            rowsY[row] = Vector512.FusedMultiplyAdd(f, rowsX[row], rowsY[row]);
            sums = Vector512.FusedMultiplyAdd(rowsY[row], rowsZ[row], sums);
        }
        for (int i = rowsY.Length * Lanes; i < y.Length; i++)
        {
            y[i] = Math.FusedMultiplyAdd(factor, x[i], y[i]);
            sums = sums.WithElement(i % Lanes, Math.FusedMultiplyAdd(y[i], z[i], sums[i % Lanes]));
        }
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

    /// <summary>Adds scale x[i] to sums[i], each by one fused multiply-add in binary64: no order matters.</summary>
    /// <param name="scale">The factor.</param>
    /// <param name="x">Numbers.</param>
    /// <param name="sums">As many sums.</param>
    public static void AddScaled(double scale, ReadOnlySpan<float> x, Span<double> sums)
    {
        ReadOnlySpan<Vector256<float>> rows = MemoryMarshal.Cast<float, Vector256<float>>(x);
        Span<Vector512<double>> rowsOfSums = MemoryMarshal.Cast<double, Vector512<double>>(sums[..x.Length]);
        var factor = Vector512.Create(scale);
        for (int row = 0; row < rows.Length; row++)
            rowsOfSums[row] = Vector512.FusedMultiplyAdd(factor, Wide(rows[row]), rowsOfSums[row]);
        for (int i = rows.Length * Lanes; i < x.Length; i++)
            sums[i] = Math.FusedMultiplyAdd(scale, x[i], sums[i]);
    }

    /// <summary>The largest magnitude; NaN where a number is NaN, 0 of none.</summary>
    public static double Largest(ReadOnlySpan<double> x)
    {
        ReadOnlySpan<Vector512<double>> rows = MemoryMarshal.Cast<double, Vector512<double>>(x);
        var all = Vector512<double>.Zero;
        foreach (Vector512<double> row in rows)
            all = Vector512.Max(all, Vector512.Abs(row));
        double largest = 0;
        for (int lane = 0; lane < Lanes; lane++)
            largest = Math.Max(largest, all[lane]);
        for (int i = rows.Length * Lanes; i < x.Length; i++)
            largest = Math.Max(largest, Math.Abs(x[i]));
        return largest;
    }

    /// <summary>2^exponent times numbers, rounded to binary32 once.</summary>
    public static void Narrow(ReadOnlySpan<double> x, int exponent, Span<float> narrow)
    {
        ReadOnlySpan<Vector512<double>> rows = MemoryMarshal.Cast<double, Vector512<double>>(x);
        Span<Vector256<float>> narrowRows = MemoryMarshal.Cast<float, Vector256<float>>(narrow[..x.Length]);
        // A power of two that binary64 has: products with it are exact, or far below binary32.
        int done = Math.Abs(exponent) > 1000 ? 0 : rows.Length;
        var factor = Vector512.Create(Math.ScaleB(1, exponent));
        for (int row = 0; row < done; row++)
        {
            Vector512<double> scaled = rows[row] * factor;
            narrowRows[row] = Vector256.Narrow(scaled.GetLower(), scaled.GetUpper());
        }
        for (int i = done * Lanes; i < x.Length; i++)
            narrow[i] = (float)Math.ScaleB(x[i], exponent);
    }

    /// <summary>Numbers in binary64.</summary>
    public static void Widen(ReadOnlySpan<float> x, Span<double> wide)
    {
        ReadOnlySpan<Vector256<float>> rows = MemoryMarshal.Cast<float, Vector256<float>>(x);
        Span<Vector512<double>> wideRows = MemoryMarshal.Cast<double, Vector512<double>>(wide[..x.Length]);
        for (int row = 0; row < rows.Length; row++)
            wideRows[row] = Wide(rows[row]);
        for (int i = rows.Length * Lanes; i < x.Length; i++)
            wide[i] = x[i];
    }

    private static Vector512<double> Wide(Vector256<float> row)
    {
        (Vector256<double> low, Vector256<double> high) = Vector256.Widen(row);
        return Vector512.Create(low, high);
    }

    /// <summary>The eight sums in a tree.</summary>
    public static double Tree(Vector512<double> sums) =>
        sums[0] + sums[1] + (sums[2] + sums[3]) + (sums[4] + sums[5] + (sums[6] + sums[7]));
}
