using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LastBit.Arithmetic;
using LastBit.Random;
using LastBit.Statistics;

namespace LastBit.Pde;

/// <summary>The least and the greatest eigenvalue of a symmetric operator that is known only by its action (Lanczos with full reorthogonalisation).</summary>
internal static class ExtremeEigenvalues
{
    /// <summary>An eigenvalue is taken as found when the residual of its vector is below this fraction of the greatest.</summary>
    public const double Tolerance = 1e-12;

    // The basis takes at most 256 MB.
    private const int LargestBasis = 1 << 25;

    /// <summary>y = A x.</summary>
    public delegate void Operator(ReadOnlySpan<double> x, Span<double> y);

    /// <summary>Finds both.</summary>
    /// <param name="apply">The operator.</param>
    /// <param name="size">Its order.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <returns>
    /// Both eigenvalues, and a bound of how far an eigenvalue of the operator is from them: the greater residual, plus 1e-13 of the greatest
    /// eigenvalue for rounding. Above <see cref="Tolerance"/> x Max only where the order is so great that not every vector of a whole basis fits into memory.
    /// </returns>
    public static (double Min, double Max, double Error) Find(Operator apply, int size, CancellationToken cancellation)
    {
        // A random start meets every eigenvector; always the same, so that the result has the same bits.
        var generator = new Mt19937(1);
        double[] vector = new double[size];
        for (int i = 0; i < size; i++)
            vector[i] = generator.NextNormal();
        Scale(vector, 1 / Math.Sqrt(FixedOrderSum.OfProducts(vector, vector)));

        var basis = new List<double[]>();
        List<double> diagonal = [], offDiagonal = [];
        int steps = Math.Min(size, Math.Max(64, LargestBasis / size)), check = 2;
        (double Min, double Max) before = (double.NaN, double.NaN);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            basis.Add(vector);
            double[] next = new double[size];
            apply(vector, next);
            diagonal.Add(FixedOrderSum.OfProducts(vector, next));
            // Twice is enough: what the first pass leaves is rounding, and the second removes it.
            for (int pass = 0; pass < 2; pass++)
            {
                foreach (double[] other in basis)
                    AddMultiple(next, -FixedOrderSum.OfProducts(other, next), other);
            }
            double norm = Math.Sqrt(FixedOrderSum.OfProducts(next, next));

            bool last = basis.Count == steps;
            if (last || basis.Count == check || norm == 0)
            {
                (double min, double minResidual, double max, double maxResidual) = Extremes([.. diagonal], [.. offDiagonal], norm);
                double scale = Math.Max(Math.Abs(min), Math.Abs(max)), residual = basis.Count == size ? 0 : Math.Max(minResidual, maxResidual);
                bool settled = Math.Abs(min - before.Min) <= Tolerance * scale && Math.Abs(max - before.Max) <= Tolerance * scale;
                if (last || norm <= 1e-14 * scale || (residual <= Tolerance * scale && settled))
                    return (min, max, residual + 1e-13 * scale);
                before = (min, max);
                check = Math.Max(check + 2, check * 9 / 8);
            }
            offDiagonal.Add(norm);
            Scale(next, 1 / norm);
            vector = next;
        }
    }

    // Extreme eigenvalues of the tridiagonal matrix, and the residuals of the vectors that they stand for: norm times the last component.
    private static (double Min, double MinResidual, double Max, double MaxResidual) Extremes(double[] diagonal, double[] offDiagonal, double norm)
    {
        int n = diagonal.Length;
        double low = double.PositiveInfinity, high = double.NegativeInfinity;
        for (int i = 0; i < n; i++)
        {
            double radius = (i > 0 ? Math.Abs(offDiagonal[i - 1]) : 0) + (i < n - 1 ? Math.Abs(offDiagonal[i]) : 0);
            low = Math.Min(low, diagonal[i] - radius);
            high = Math.Max(high, diagonal[i] + radius);
        }
        double min = Bisect(diagonal, offDiagonal, low, high, 1), max = Bisect(diagonal, offDiagonal, low, high, n);
        return (min, norm * LastComponent(diagonal, offDiagonal, min), max, norm * LastComponent(diagonal, offDiagonal, max));
    }

    // The index-th smallest eigenvalue, by counting how many lie below a value (Sturm).
    private static double Bisect(double[] diagonal, double[] offDiagonal, double low, double high, int index)
    {
        while (true)
        {
            double middle = low + (high - low) / 2;
            if (middle <= low || middle >= high)
                return middle;
            int below = 0;
            double pivot = 1;
            for (int i = 0; i < diagonal.Length; i++)
            {
                double square = i == 0 ? 0 : offDiagonal[i - 1] * offDiagonal[i - 1];
                pivot = diagonal[i] - middle - square / pivot;
                if (pivot == 0)
                    pivot = -double.Epsilon * 1e20;
                if (pivot < 0)
                    below++;
            }
            if (below >= index)
                high = middle;
            else
                low = middle;
        }
    }

    // |last component| of the unit eigenvector: two steps of inverse iteration, with the rows exchanged where the pivot asks for it.
    private static double LastComponent(double[] diagonal, double[] offDiagonal, double eigenvalue)
    {
        int n = diagonal.Length;
        if (n == 1)
            return 1;
        double[] x = new double[n];
        Array.Fill(x, 1);
        double tiny = Math.Max(Math.Abs(eigenvalue), diagonal.Max(Math.Abs)) * 1e-16;
        for (int iteration = 0; iteration < 3; iteration++)
        {
            // Elimination on rows (first, second, third) of an upper triangle with two off-diagonals.
            double[] first = new double[n], second = new double[n], third = new double[n];
            double a = diagonal[0] - eigenvalue, b = offDiagonal[0];
            for (int i = 0; i < n - 1; i++)
            {
                double below = offDiagonal[i], belowDiagonal = diagonal[i + 1] - eigenvalue, belowNext = i + 1 < n - 1 ? offDiagonal[i + 1] : 0;
                if (Math.Abs(below) > Math.Abs(a))
                {
                    (first[i], second[i], third[i]) = (below, belowDiagonal, belowNext);
                    double ratio = a / below;
                    (a, b) = (Math.FusedMultiplyAdd(-ratio, belowDiagonal, b), -ratio * belowNext);
                    (x[i], x[i + 1]) = (x[i + 1], Math.FusedMultiplyAdd(-ratio, x[i + 1], x[i]));
                }
                else
                {
                    a = a == 0 ? tiny : a;
                    (first[i], second[i]) = (a, b);
                    double ratio = below / a;
                    (a, b) = (Math.FusedMultiplyAdd(-ratio, b, belowDiagonal), belowNext);
                    x[i + 1] = Math.FusedMultiplyAdd(-ratio, x[i], x[i + 1]);
                }
            }
            first[n - 1] = Math.Abs(a) < tiny ? tiny : a;
            for (int i = n - 1; i >= 0; i--)
            {
                double rest = i + 1 < n ? Math.FusedMultiplyAdd(-second[i], x[i + 1], x[i]) : x[i];
                rest = i + 2 < n ? Math.FusedMultiplyAdd(-third[i], x[i + 2], rest) : rest;
                x[i] = rest / first[i];
            }
            double greatest = x.Max(Math.Abs);
            Scale(x, 1 / greatest);
            Scale(x, 1 / Math.Sqrt(FixedOrderSum.OfProducts(x, x)));
        }
        return Math.Abs(x[n - 1]);
    }

    private static void Scale(Span<double> x, double factor)
    {
        for (int i = 0; i < x.Length; i++)
            x[i] *= factor;
    }

    private static void AddMultiple(Span<double> y, double factor, ReadOnlySpan<double> x)
    {
        var f = Vector512.Create(factor);
        Span<Vector512<double>> rows = MemoryMarshal.Cast<double, Vector512<double>>(y);
        ReadOnlySpan<Vector512<double>> others =
            MemoryMarshal.Cast<double, Vector512<double>>(x);
        for (int i = 0; i < rows.Length; i++)
            rows[i] = Vector512.FusedMultiplyAdd(f, others[i], rows[i]);
        for (int i = rows.Length * 8; i < y.Length; i++)
            y[i] = Math.FusedMultiplyAdd(factor, x[i], y[i]);
    }
}
