using LastBit.Arithmetic;

namespace LastBit.LinearAlgebra;

/// <summary>Eigenvalues of a symmetric tridiagonal matrix by bisection, and their vectors by inverse iteration.</summary>
/// <param name="diagonal">n numbers, at least 1.</param>
/// <param name="offDiagonal">n - 1 numbers.</param>
internal sealed class TridiagonalMatrix(double[] diagonal, double[] offDiagonal)
{
    /// <summary>The least and the greatest eigenvalue.</summary>
    public (double Min, double Max) Extremes()
    {
        (double low, double high) = Gershgorin();
        return (Bisect(low, high, 1), Bisect(low, high, diagonal.Length));
    }

    /// <summary>The unit eigenvector: three steps of inverse iteration, with the rows exchanged where the pivot asks for it.</summary>
    public double[] UnitVector(double eigenvalue)
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
                double below = offDiagonal[i], belowDiagonal = diagonal[i + 1] - eigenvalue, belowNext =
                    i + 1 < n - 1 ? offDiagonal[i + 1] : 0;
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
            Linear.Scale(x, 1 / greatest);
            Linear.Scale(x, 1 / Math.Sqrt(FixedOrderSum.OfProducts(x, x)));
        }
        return x;
    }

    // An interval that holds every eigenvalue.
    private (double Low, double High) Gershgorin()
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
    private double Bisect(double low, double high, int index)
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
}
