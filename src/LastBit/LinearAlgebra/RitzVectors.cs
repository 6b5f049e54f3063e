using LastBit.Arithmetic;

namespace LastBit.LinearAlgebra;

/// <summary>Approximate eigenvectors that a search keeps, and what the operator made of each.</summary>
/// <param name="Vectors">Unit vectors, orthogonal to each other.</param>
/// <param name="Images">A v of each.</param>
/// <param name="Values">v.Av of each, in descending order; the products of different ones, v.Aw, are 0.</param>
internal sealed record RitzVectors(double[][] Vectors, double[][] Images, double[] Values)
{
    /// <summary>None.</summary>
    public static RitzVectors None { get; } = new([], [], []);

    /// <summary>How many.</summary>
    public int Count => Values.Length;

    /// <summary>The best that a product for each direction gives.</summary>
    /// <param name="apply">The operator.</param>
    /// <param name="directions">Vectors of any length; one that lies in those before it is left out.</param>
    public static RitzVectors Of(SymmetricOperator apply, IEnumerable<double[]> directions)
    {
        var basis = new List<double[]>();
        foreach (double[] direction in directions)
        {
            double[] vector = [.. direction];
            double norm = Linear.Norm(vector);
            Linear.TakeOut(vector, basis);
            if (!(Linear.Norm(vector) > 1e-8 * norm))
                continue;
            Linear.Scale(vector, 1 / Linear.Norm(vector));
            Linear.TakeOut(vector, basis);
            basis.Add(vector);
        }
        if (basis.Count == 0)
            return None;
        double[][] images = [.. basis.Select(vector =>
        {
            double[] image = new double[vector.Length];
            apply(vector, image);
            return image;
        })];
        double[][] matrix = [.. basis.Select(_ => new double[basis.Count])];
        for (int i = 0; i < basis.Count; i++)
        {
            for (int j = 0; j <= i; j++)
                matrix[i][j] = matrix[j][i] = FixedOrderSum.OfProducts(basis[i], images[j]);
        }
        (double[] values, double[][] coordinates) = SymmetricMatrix.Eigen(matrix);
        return new RitzVectors([.. coordinates.Select(one => Linear.Combine(basis, one))],
            [.. coordinates.Select(one => Linear.Combine(images, one))], values);
    }

    /// <summary>A v - value v of one of them.</summary>
    public double[] Residual(int index)
    {
        double[] residual = [.. Images[index]];
        Linear.AddMultiple(residual, -Values[index], Vectors[index]);
        return residual;
    }
}

/// <summary>The largest eigenvalues of an operator as a basis shows them.</summary>
/// <param name="Values">In descending order.</param>
/// <param name="Coordinates">The unit vector of each, in the basis.</param>
/// <param name="Tails">The part of each residual that the next vector of the chain takes up.</param>
/// <param name="Rests">The part of each that it does not; of the vectors that were kept.</param>
/// <param name="Least">The least of all eigenvalues that the basis shows.</param>
internal sealed record RitzPairs(double[] Values, double[][] Coordinates, double[] Tails, double[] Rests, double Least);
