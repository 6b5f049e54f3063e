namespace LastBit.Tests.LinearAlgebra;

/// <summary>All eigenvalues of a dense symmetric matrix by Jacobi's rotations: slow, and as sure as can be.</summary>
public static class Jacobi
{
    /// <summary>The eigenvalues, in descending order.</summary>
    /// <param name="matrix">Symmetric, one row an array; it is left as it is.</param>
    public static double[] Eigenvalues(double[][] matrix)
    {
        double[][] a = [.. matrix.Select(row => row.ToArray())];
        int n = a.Length;
        double total = a.Sum(row => row.Sum(x => x * x));
        while (Enumerable.Range(0, n).Sum(i => Enumerable.Range(0, i).Sum(j => a[i][j] * a[i][j])) > 1e-30 * total)
        {
            for (int p = 0; p < n; p++)
            {
                for (int q = p + 1; q < n; q++)
                    Rotate(a, p, q);
            }
        }
        return [.. Enumerable.Range(0, n).Select(i => a[i][i]).OrderDescending()];
    }

    private static void Rotate(double[][] a, int p, int q)
    {
        if (a[p][q] == 0)
            return;
        double half = (a[q][q] - a[p][p]) / (2 * a[p][q]), t = (half >= 0 ? 1 : -1) / (Math.Abs(half) + Math.Sqrt((half * half) + 1));
        double c = 1 / Math.Sqrt((t * t) + 1), s = t * c;
        for (int i = 0; i < a.Length; i++)
            (a[p][i], a[q][i]) = ((c * a[p][i]) - (s * a[q][i]), (s * a[p][i]) + (c * a[q][i]));
        for (int i = 0; i < a.Length; i++)
            (a[i][p], a[i][q]) = ((c * a[i][p]) - (s * a[i][q]), (s * a[i][p]) + (c * a[i][q]));
    }
}
