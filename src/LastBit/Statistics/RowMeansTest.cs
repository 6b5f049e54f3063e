namespace LastBit.Statistics;

/// <summary>
/// Whether the rows of a complete table (the k of Table 1) differ in their means: the F test of the two-way layout without
/// replication. It checks the assumption behind <see cref="VarianceComponents"/> that k only changes rounding.
/// </summary>
/// <param name="F">Mean square of the rows over the residual mean square.</param>
/// <param name="RowDegrees">Rows less one.</param>
/// <param name="ResidualDegrees">(Rows less one) times (columns less one).</param>
/// <param name="P">P(F at least this large) if no row differs in its mean.</param>
public sealed record RowMeansTest(double F, int RowDegrees, int ResidualDegrees, double P)
{
    /// <summary>Tests the rows.</summary>
    /// <param name="columns">The columns, at least two, all of the same length, at least two.</param>
    /// <returns>The test; null where the residuals are all zero, so that nothing can be compared.</returns>
    /// <exception cref="ArgumentException">The table is too small or not rectangular.</exception>
    public static RowMeansTest? Of(IReadOnlyList<double[]> columns)
    {
        ArgumentNullException.ThrowIfNull(columns);
        if (columns.Count < 2 || columns[0].Length < 2 || columns.Any(column => column.Length != columns[0].Length))
            throw new ArgumentException("needs a complete table of at least two rows and two columns", nameof(columns));

        int rows = columns[0].Length;
        double[] centred = new double[rows];
        double squares = 0;
        foreach (double[] column in columns)
        {
            double mean = SampleStatistics.Mean(column);
            for (int row = 0; row < rows; row++)
                centred[row] += (column[row] - mean) / columns.Count;
        }
        foreach (double[] column in columns)
        {
            double mean = SampleStatistics.Mean(column);
            for (int row = 0; row < rows; row++)
            {
                double residual = column[row] - mean - centred[row];
                squares += residual * residual;
            }
        }
        int rowDegrees = rows - 1, residualDegrees = (rows - 1) * (columns.Count - 1);
        double rowSquares = columns.Count * SampleStatistics.SquaredDeviations(centred);
        // Residuals of a table without any are not exact zeros but the rounding of its means.
        if (squares <= 1e-20 * rowSquares || squares == 0)
            return null;
        double f = rowSquares / rowDegrees / (squares / residualDegrees);
        return new RowMeansTest(f, rowDegrees, residualDegrees, Distributions.FUpper(f, rowDegrees, residualDegrees));
    }
}
