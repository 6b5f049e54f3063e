using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LastBit.Arithmetic;
using LastBit.Random;

namespace LastBit.LinearAlgebra;

/// <summary>What the searches do with vectors, in one order of operations.</summary>
internal static class Linear
{
    // One search after the other begins with the same random vectors, whose logarithms are slow.
    private static readonly ConcurrentDictionary<(int Size, uint Seed), double[]> s_random = new();
    private const int MostKept = 8, LargestKept = 1 << 20;

    /// <summary>A vector of normal numbers: its direction is uniform on the sphere, and it meets every eigenvector.</summary>
    /// <param name="size">How many numbers.</param>
    /// <param name="seed">The same numbers for the same seed.</param>
    /// <returns>A vector of the caller's own.</returns>
    public static double[] Random(int size, uint seed)
    {
        if (s_random.TryGetValue((size, seed), out double[]? kept))
            return [.. kept];
        var generator = new Mt19937(seed);
        double[] vector = new double[size];
        for (int i = 0; i < size; i++)
            vector[i] = generator.NextNormal();
        if (size <= LargestKept)
        {
            if (s_random.Count >= MostKept)
                s_random.Clear();
            s_random[(size, seed)] = [.. vector];
        }
        return vector;
    }

    /// <summary>The Euclidean norm.</summary>
    public static double Norm(ReadOnlySpan<double> x) => Math.Sqrt(FixedOrderSum.OfProducts(x, x));

    /// <summary>x = factor x.</summary>
    public static void Scale(Span<double> x, double factor)
    {
        for (int i = 0; i < x.Length; i++)
            x[i] *= factor;
    }

    /// <summary>y = y + factor x.</summary>
    public static void AddMultiple(Span<double> y, double factor, ReadOnlySpan<double> x)
    {
        var f = Vector512.Create(factor);
        Span<Vector512<double>> rows = MemoryMarshal.Cast<double, Vector512<double>>(y);
        ReadOnlySpan<Vector512<double>> others = MemoryMarshal.Cast<double, Vector512<double>>(x);
        for (int i = 0; i < rows.Length; i++)
            rows[i] = Vector512.FusedMultiplyAdd(f, others[i], rows[i]);
        for (int i = rows.Length * 8; i < y.Length; i++)
            y[i] = Math.FusedMultiplyAdd(factor, x[i], y[i]);
    }

    /// <summary>
    /// Takes out of x what lies along unit vectors that are orthogonal to each other, twice: what the first time leaves is rounding.
    /// </summary>
    /// <param name="x">The vector.</param>
    /// <param name="others">The unit vectors.</param>
    public static void TakeOut(Span<double> x, IReadOnlyList<double[]> others)
    {
        if (others.Count == 0)
            return;
        // What is taken out of one is the product with the next in the same pass: half of the memory is read.
        double along = FixedOrderSum.OfProducts(others[0], x);
        int steps = 2 * others.Count;
        for (int i = 1; i < steps; i++)
            along = FixedOrderSum.AddMultiple(x, -along, others[(i - 1) % others.Count], others[i % others.Count]);
        AddMultiple(x, -along, others[^1]);
    }

    /// <summary>The sum of vectors times factors.</summary>
    /// <param name="vectors">At least one.</param>
    /// <param name="factors">One a vector.</param>
    public static double[] Combine(IReadOnlyList<double[]> vectors, ReadOnlySpan<double> factors)
    {
        double[] sum = new double[vectors[0].Length];
        for (int i = 0; i < factors.Length; i++)
            AddMultiple(sum, factors[i], vectors[i]);
        return sum;
    }
}
