using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LastBit.Arithmetic;
using LastBit.Random;

namespace LastBit.LinearAlgebra;

/// <summary>y = A x for a symmetric A that is known only by its action.</summary>
/// <param name="x">As many numbers as A has rows.</param>
/// <param name="y">Receives A x; as long as <paramref name="x"/>.</param>
public delegate void SymmetricOperator(ReadOnlySpan<double> x, Span<double> y);

/// <summary>The largest eigenvalues of a symmetric operator.</summary>
/// <param name="Values">In descending order.</param>
/// <param name="Residuals">|A v - value v| for the unit vector v of each: an eigenvalue of A lies within this distance of the value.</param>
/// <param name="Vectors">The unit vectors, one a value.</param>
/// <param name="Products">How many times the operator was applied.</param>
/// <param name="Scale">The magnitude of the eigenvalue that is largest in magnitude, as far as the search has seen it.</param>
public sealed record LargestEigenvalues(double[] Values, double[] Residuals, double[][] Vectors, int Products, double Scale);

/// <summary>Eigenvalues of a symmetric operator by the Lanczos iteration with full reorthogonalisation, in binary64 and in one order of operations.</summary>
public static class Lanczos
{
    /// <summary>An extreme eigenvalue is taken as found when the residual of its vector is below this fraction of the greatest.</summary>
    public const double Tolerance = 1e-12;

    // Extremes keeps a basis of at most 256 MB, Largest one of at most 1 GB before it starts again from what it has found.
    private const int LargestBasis = 1 << 25, LargestRestartedBasis = 1 << 27;

    /// <summary>Finds the least and the greatest eigenvalue.</summary>
    /// <param name="apply">The operator.</param>
    /// <param name="size">Its order.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <returns>
    /// Both eigenvalues, and a bound of how far an eigenvalue of the operator is from them: the greater residual, plus 1e-13 of the greatest
    /// eigenvalue for rounding. Above <see cref="Tolerance"/> x Max only where the order is so great that not every vector of a whole basis fits into memory.
    /// </returns>
    /// <exception cref="OperationCanceledException">The search was stopped.</exception>
    public static (double Min, double Max, double Error) Extremes(SymmetricOperator apply, int size, CancellationToken cancellation)
    {
        var krylov = new KrylovBasis(apply, RandomStart(size));
        int steps = Math.Min(size, Math.Max(64, LargestBasis / size)), check = 2;
        (double Min, double Max) before = (double.NaN, double.NaN);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            double norm = krylov.Extend();
            bool last = krylov.Count == steps;
            if (last || krylov.Count == check || norm == 0)
            {
                (double min, double minResidual, double max, double maxResidual) = Extremes(krylov.Diagonal, krylov.OffDiagonal, norm);
                double scale = Math.Max(Math.Abs(min), Math.Abs(max)), residual = krylov.Count == size ? 0 : Math.Max(minResidual, maxResidual);
                bool settled = Math.Abs(min - before.Min) <= Tolerance * scale && Math.Abs(max - before.Max) <= Tolerance * scale;
                if (last || norm <= 1e-14 * scale || (residual <= Tolerance * scale && settled))
                    return (min, max, residual + 1e-13 * scale);
                before = (min, max);
                check = NextCheck(check);
            }
            krylov.Continue(norm);
        }
    }

    /// <summary>
    /// Finds the (algebraically) largest eigenvalues. Where a whole basis does not fit into memory, the iteration starts again from the sum of the
    /// vectors found so far.
    /// </summary>
    /// <param name="apply">The operator.</param>
    /// <param name="size">Its order.</param>
    /// <param name="count">How many; at least 1. At most <paramref name="size"/> are found.</param>
    /// <param name="tolerance">A value is taken as found when its residual is at most this fraction of the eigenvalue that is largest in magnitude.</param>
    /// <param name="mostProducts">The search ends after this many products, whatever the residuals are then.</param>
    /// <param name="start">A first vector that is rich in the eigenvectors sought (those of a similar operator, say); null for a random one.</param>
    /// <param name="isDear">Whether a product costs far more than the small eigenproblem: then it is seen after every product whether they suffice, not after every second.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1.</exception>
    /// <exception cref="OperationCanceledException">The search was stopped.</exception>
    public static LargestEigenvalues Largest(
        SymmetricOperator apply, int size, int count, double tolerance, int mostProducts, double[]? start = null, bool isDear = false, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(apply);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(mostProducts, 1);
        return Largest(apply, size, count, tolerance, mostProducts, Math.Max(count + 30, LargestRestartedBasis / size), start, isDear, cancellation);
    }

    /// <summary>The same with the number of vectors that are kept before the search starts again.</summary>
    internal static LargestEigenvalues Largest(
        SymmetricOperator apply, int size, int count, double tolerance, int mostProducts, int room, double[]? start = null, bool isDear = false, CancellationToken cancellation = default)
    {
        count = Math.Min(count, size);
        // A start without any part in an eigenvector would never find it: something of a random vector is always in it.
        double[] vector = RandomStart(size);
        if (start is not null)
        {
            Scale(vector, 0.01 / Math.Sqrt(FixedOrderSum.OfProducts(vector, vector)));
            AddMultiple(vector, 1 / Math.Sqrt(FixedOrderSum.OfProducts(start, start)), start);
        }

        room = Math.Min(size, room);
        int products = 0;
        while (true)
        {
            var krylov = new KrylovBasis(apply, vector);
            double[] before = [];
            int check = count + 1;
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                double norm = krylov.Extend();
                products++;
                bool full = krylov.Count == room || products == mostProducts;
                if (full || krylov.Count >= check || norm == 0)
                {
                    check = isDear ? check + 1 : NextCheck(check);
                    var (values, coordinates, scale) = Top(krylov.Diagonal, krylov.OffDiagonal, count);
                    // A whole basis spans everything: nothing is left over but rounding.
                    double[] residuals = [.. coordinates.Select(one => krylov.Count == size ? 0 : norm * Math.Abs(one[^1]))];
                    bool settled = before.Length == values.Length && values.Zip(before).All(pair => Math.Abs(pair.First - pair.Second) <= tolerance * scale);
                    bool exhausted = krylov.Count == size || products == mostProducts || norm <= 1e-14 * scale;
                    if (exhausted || (settled && values.Length == count && residuals.All(residual => residual <= tolerance * scale)))
                        return new LargestEigenvalues(values, residuals, [.. coordinates.Select(krylov.Combine)], products, scale);
                    if (full)
                    {
                        vector = new double[size];
                        foreach (double[] one in coordinates)
                            AddMultiple(vector, 1, krylov.Combine(one));
                        break;
                    }
                    before = values;
                }
                krylov.Continue(norm);
            }
        }
    }

    private static int NextCheck(int check) => Math.Max(check + 2, check * 9 / 8);

    // A random start meets every eigenvector; always the same, so that the result has the same bits.
    private static double[] RandomStart(int size)
    {
        var generator = new Mt19937(1);
        double[] vector = new double[size];
        for (int i = 0; i < size; i++)
            vector[i] = generator.NextNormal();
        return vector;
    }

    // The largest eigenvalues of the tridiagonal matrix with their unit vectors, and the magnitude of its largest eigenvalue.
    private static (double[] Values, double[][] Coordinates, double Scale) Top(double[] diagonal, double[] offDiagonal, int count)
    {
        int n = diagonal.Length;
        (double low, double high) = Gershgorin(diagonal, offDiagonal);
        count = Math.Min(count, n);
        double[] values = new double[count];
        for (int i = 0; i < count; i++)
            values[i] = Bisect(diagonal, offDiagonal, low, i == 0 ? high : values[i - 1] + Math.Abs(values[i - 1]) * 1e-15 + double.Epsilon, n - i);
        double scale = Math.Max(Math.Abs(values[0]), Math.Abs(Bisect(diagonal, offDiagonal, low, high, 1)));
        return (values, [.. values.Select(value => UnitVector(diagonal, offDiagonal, value))], scale);
    }

    // Extreme eigenvalues of the tridiagonal matrix, and the residuals of the vectors that they stand for: norm times the last component.
    private static (double Min, double MinResidual, double Max, double MaxResidual) Extremes(double[] diagonal, double[] offDiagonal, double norm)
    {
        (double low, double high) = Gershgorin(diagonal, offDiagonal);
        double min = Bisect(diagonal, offDiagonal, low, high, 1), max = Bisect(diagonal, offDiagonal, low, high, diagonal.Length);
        return (min, norm * Math.Abs(UnitVector(diagonal, offDiagonal, min)[^1]), max, norm * Math.Abs(UnitVector(diagonal, offDiagonal, max)[^1]));
    }

    // An interval that holds every eigenvalue.
    private static (double Low, double High) Gershgorin(double[] diagonal, double[] offDiagonal)
    {
        int n = diagonal.Length;
        double low = double.PositiveInfinity, high = double.NegativeInfinity;
        for (int i = 0; i < n; i++)
        {
            double radius = (i > 0 ? Math.Abs(offDiagonal[i - 1]) : 0) + (i < n - 1 ? Math.Abs(offDiagonal[i]) : 0);
            low = Math.Min(low, diagonal[i] - radius);
            high = Math.Max(high, diagonal[i] + radius);
        }
        return (low, high);
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

    // The unit eigenvector: three steps of inverse iteration, with the rows exchanged where the pivot asks for it.
    private static double[] UnitVector(double[] diagonal, double[] offDiagonal, double eigenvalue)
    {
        int n = diagonal.Length;
        if (n == 1)
            return [1];
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
        return x;
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

    /// <summary>An orthonormal basis that grows by a product a step, and the tridiagonal matrix of the operator in it.</summary>
    private sealed class KrylovBasis(SymmetricOperator apply, double[] start)
    {
        private readonly List<double[]> _basis = [];
        private readonly List<double> _diagonal = [], _offDiagonal = [];
        private double[] _vector = Unit(start), _next = [];

        public int Count => _basis.Count;

        public double[] Diagonal => [.. _diagonal];

        public double[] OffDiagonal => [.. _offDiagonal];

        /// <summary>Takes the next vector in, and returns the norm of what the operator makes of it beyond the basis.</summary>
        public double Extend()
        {
            _basis.Add(_vector);
            _next = new double[_vector.Length];
            apply(_vector, _next);
            _diagonal.Add(FixedOrderSum.OfProducts(_vector, _next));
            // Twice is enough: what the first pass leaves is rounding, and the second removes it.
            for (int pass = 0; pass < 2; pass++)
            {
                foreach (double[] other in _basis)
                    AddMultiple(_next, -FixedOrderSum.OfProducts(other, _next), other);
            }
            return Math.Sqrt(FixedOrderSum.OfProducts(_next, _next));
        }

        /// <summary>Makes what was beyond the basis the next vector.</summary>
        /// <param name="norm">Its norm, as <see cref="Extend"/> returned it; above 0.</param>
        public void Continue(double norm)
        {
            _offDiagonal.Add(norm);
            Scale(_next, 1 / norm);
            _vector = _next;
        }

        /// <summary>The vector with these coordinates in the basis.</summary>
        public double[] Combine(double[] coordinates)
        {
            double[] sum = new double[_vector.Length];
            for (int i = 0; i < coordinates.Length; i++)
                AddMultiple(sum, coordinates[i], _basis[i]);
            return sum;
        }

        private static double[] Unit(double[] vector)
        {
            double[] unit = [.. vector];
            Scale(unit, 1 / Math.Sqrt(FixedOrderSum.OfProducts(unit, unit)));
            return unit;
        }
    }
}
