using LastBit.Arithmetic;

namespace LastBit.LinearAlgebra;

/// <summary>
/// All eigenvalues of a small dense symmetric matrix with orthogonal vectors, however close or equal they are: Householder's reduction and
/// the implicit QR iteration.
/// </summary>
internal static class SymmetricMatrix
{
    /// <summary>Solves the eigenproblem.</summary>
    /// <param name="matrix">n x n and symmetric, at least 1 x 1, one row an array; it is overwritten.</param>
    /// <returns>The eigenvalues in descending order, and a unit vector for each.</returns>
    public static (double[] Values, double[][] Vectors) Eigen(double[][] matrix)
    {
        int n = matrix.Length;
        double[] diagonal = new double[n], offDiagonal = new double[n];
        // Row i holds what will be the i-th eigenvector.
        double[][] vectors = [.. Enumerable.Range(0, n).Select(i => Enumerable.Range(0, n).Select(j => i == j ? 1.0 : 0).ToArray())];
        Reduce(matrix, vectors);
        for (int i = 0; i < n; i++)
            (diagonal[i], offDiagonal[i]) = (matrix[i][i], i + 1 < n ? matrix[i][i + 1] : 0);

        int end = n - 1;
        while (end > 0)
        {
            int start = end;
            while (start > 0 && Math.Abs(offDiagonal[start - 1]) > 1e-16 * (Math.Abs(diagonal[start - 1]) + Math.Abs(diagonal[start])))
                start--;
            if (start == end)
                end--;
            else
                Step(diagonal, offDiagonal, vectors, start, end);
        }
        int[] order = [.. Enumerable.Range(0, n).OrderByDescending(i => diagonal[i])];
        return ([.. order.Select(i => diagonal[i])], [.. order.Select(i => vectors[i])]);
    }

    // Reflections make the matrix tridiagonal: A - v w' - w v' with w = 2 A v - 2 (v'A v) v, column by column.
    private static void Reduce(double[][] matrix, double[][] vectors)
    {
        int n = matrix.Length;
        for (int column = 0; column < n - 2; column++)
        {
            double[] v = new double[n];
            matrix[column].AsSpan(column + 1).CopyTo(v.AsSpan(column + 1));
            double norm = Linear.Norm(v);
            if (norm == 0)
                continue;
            v[column + 1] += v[column + 1] >= 0 ? norm : -norm;
            Linear.Scale(v, 1 / Linear.Norm(v));
            double[] w = [.. matrix.Select(row => 2 * FixedOrderSum.OfProducts(row, v))];
            Linear.AddMultiple(w, -FixedOrderSum.OfProducts(w, v), v);
            for (int i = column; i < n; i++)
            {
                Linear.AddMultiple(matrix[i], -v[i], w);
                Linear.AddMultiple(matrix[i], -w[i], v);
            }
            // Z H, whose columns are the rows of vectors.
            double[] along = new double[n];
            for (int i = column + 1; i < n; i++)
                Linear.AddMultiple(along, 2 * v[i], vectors[i]);
            for (int i = column + 1; i < n; i++)
                Linear.AddMultiple(vectors[i], -v[i], along);
        }
    }

    // One implicit QR step with Wilkinson's shift on an unreduced block (Golub and Van Loan, algorithm 8.3.2).
    private static void Step(double[] diagonal, double[] offDiagonal, double[][] vectors, int start, int end)
    {
        double half = (diagonal[end - 1] - diagonal[end]) / 2, last = offDiagonal[end - 1], root = Math.Sqrt(half * half + last * last);
        double x = diagonal[start] - (diagonal[end] - last * last / (half >= 0 ? half + root : half - root)), z = offDiagonal[start];
        for (int k = start; k < end; k++)
        {
            double r = Math.Sqrt(x * x + z * z), c = r == 0 ? 1 : x / r, s = r == 0 ? 0 : z / r;
            if (k > start)
                offDiagonal[k - 1] = r;
            double a = diagonal[k], b = offDiagonal[k], d = diagonal[k + 1], twice = 2 * c * s * b;
            diagonal[k] = c * c * a + twice + s * s * d;
            diagonal[k + 1] = s * s * a - twice + c * c * d;
            offDiagonal[k] = (c * c - s * s) * b + c * s * (d - a);
            if (k + 1 < end)
            {
                x = offDiagonal[k];
                z = s * offDiagonal[k + 1];
                offDiagonal[k + 1] *= c;
            }
            double[] one = vectors[k], other = vectors[k + 1];
            for (int i = 0; i < one.Length; i++)
                (one[i], other[i]) = (c * one[i] + s * other[i], c * other[i] - s * one[i]);
        }
    }
}
