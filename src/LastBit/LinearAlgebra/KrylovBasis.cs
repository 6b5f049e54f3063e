using LastBit.Arithmetic;

namespace LastBit.LinearAlgebra;

/// <summary>
/// Vectors that are kept, and in their complement a chain that grows by a product a step: an orthonormal basis, reorthogonalised in full.
/// In the complement the operator's matrix is tridiagonal; each vector of the chain is coupled to those kept by what their residuals have
/// along it.
/// </summary>
internal sealed class KrylovBasis
{
    private readonly SymmetricOperator _apply;
    private readonly RitzVectors _kept;
    private readonly double[,] _residualProducts;
    private readonly List<double[]> _chain = [], _couplings = [];
    private readonly List<double> _diagonal = [], _offDiagonal = [];
    private double[] _vector, _next = [];
    private double _scale;

    /// <summary>Begins a chain.</summary>
    /// <param name="apply">The operator.</param>
    /// <param name="kept">What is kept.</param>
    /// <param name="start">The chain's first vector; it needs a part outside of what is kept.</param>
    public KrylovBasis(SymmetricOperator apply, RitzVectors kept, double[] start)
    {
        (_apply, _kept, _vector) = (apply, kept, [.. start]);
        if (kept.Count > 0)
            Linear.TakeOut(_vector, kept.Vectors);
        Linear.Scale(_vector, 1 / Linear.Norm(_vector));
        _residualProducts = new double[kept.Count, kept.Count];
        double[][] residuals = [.. Enumerable.Range(0, kept.Count).Select(kept.Residual)];
        for (int i = 0; i < kept.Count; i++)
        {
            for (int j = 0; j <= i; j++)
                _residualProducts[i, j] = _residualProducts[j, i] = FixedOrderSum.OfProducts(residuals[i], residuals[j]);
        }
    }

    /// <summary>How many vectors the chain has.</summary>
    public int Length => _chain.Count;

    /// <summary>How many vectors the basis has.</summary>
    public int Count => _kept.Count + Length;

    /// <summary>
    /// The norm of what the operator makes of the last vector beyond the basis; 0 of a whole basis, which has nothing beyond.
    /// </summary>
    public double Norm { get; private set; }

    /// <summary>Whether what lies beyond the basis is rounding alone: the operator makes nothing new of it.</summary>
    /// <param name="scale">The eigenvalue that is largest in magnitude, as far as it is known; 0 where nothing is.</param>
    public bool IsInvariant(double scale) => Norm <= 1e-14 * Math.Max(scale, _scale);

    /// <summary>Adds to the chain: its first vector, and then what lay beyond the basis.</summary>
    public void Extend()
    {
        if (Length > 0)
        {
            _offDiagonal.Add(Norm);
            Linear.Scale(_next, 1 / Norm);
            _vector = _next;
        }
        _chain.Add(_vector);
        _next = new double[_vector.Length];
        _apply(_vector, _next);
        _scale = Math.Max(_scale, Linear.Norm(_next));
        _diagonal.Add(FixedOrderSum.OfProducts(_vector, _next));
        _couplings.Add([.. _kept.Vectors.Select(one => FixedOrderSum.OfProducts(one, _next))]);
        Linear.TakeOut(_next, [.. _kept.Vectors, .. _chain]);
        Norm = Count == _vector.Length ? 0 : Linear.Norm(_next);
    }

    /// <summary>
    /// The least and the greatest eigenvalue that the chain alone shows, in the complement of what is kept, with their residuals there.
    /// </summary>
    public (double Min, double MinResidual, double Max, double MaxResidual) Extremes()
    {
        var matrix = new TridiagonalMatrix([.. _diagonal], [.. _offDiagonal]);
        (double min, double max) = matrix.Extremes();
        return (min, Norm * Math.Abs(matrix.UnitVector(min)[^1]), max, Norm * Math.Abs(matrix.UnitVector(max)[^1]));
    }

    /// <summary>The largest eigenvalues that the basis shows.</summary>
    /// <param name="count">How many; at most as many as it has vectors.</param>
    public RitzPairs Top(int count)
    {
        if (Count == Length && count == 1)
        {
            // Nothing that it must be orthogonal to.
            var chain = new TridiagonalMatrix([.. _diagonal], [.. _offDiagonal]);
            (double min, double max) = chain.Extremes();
            double[] vector = chain.UnitVector(max);
            return new RitzPairs([max], [vector], [Norm * Math.Abs(vector[^1])], [0], min);
        }
        (double[] all, double[][] coordinates) = SymmetricMatrix.Eigen(Matrix());
        coordinates = coordinates[..Math.Min(count, all.Length)];
        return new RitzPairs(all[..coordinates.Length], coordinates, [.. coordinates.Select(one => Norm * Math.Abs(one[^1]))],
            [.. coordinates.Select(RestOf)], all[^1]);
    }

    /// <summary>The vectors of pairs, to be kept by the next basis.</summary>
    /// <param name="pairs">What <see cref="Top"/> returned of this basis.</param>
    public RitzVectors Vectors(RitzPairs pairs)
    {
        double[][] basis = [.. _kept.Vectors, .. _chain], images = [.. _kept.Images];
        return new RitzVectors(
            [.. pairs.Coordinates.Select(one => Linear.Combine(basis, one))],
            [.. pairs.Coordinates.Select(one =>
            {
                double[] image = Linear.Combine(basis, ImageCoordinates(one));
                for (int i = 0; i < _kept.Count; i++)
                    Linear.AddMultiple(image, one[i], images[i]);
                Linear.AddMultiple(image, Norm == 0 ? 0 : one[^1], _next);
                return image;
            })],
            pairs.Values);
    }

    // The matrix of the operator in the basis: a diagonal, the couplings, and the tridiagonal matrix of the chain.
    private double[][] Matrix()
    {
        int kept = _kept.Count;
        double[][] matrix = [.. Enumerable.Range(0, Count).Select(_ => new double[Count])];
        for (int i = 0; i < kept; i++)
            matrix[i][i] = _kept.Values[i];
        for (int j = 0; j < Length; j++)
        {
            matrix[kept + j][kept + j] = _diagonal[j];
            if (j > 0)
                matrix[kept + j][kept + j - 1] = matrix[kept + j - 1][kept + j] = _offDiagonal[j - 1];
            for (int i = 0; i < kept; i++)
                matrix[i][kept + j] = matrix[kept + j][i] = _couplings[j][i];
        }
        return matrix;
    }

    // What the operator makes of the chain's part of a vector, inside the basis.
    private double[] ImageCoordinates(double[] vector)
    {
        int kept = _kept.Count;
        double[] image = new double[vector.Length];
        for (int j = 0; j < Length; j++)
        {
            double part = vector[kept + j];
            image[kept + j] = Math.FusedMultiplyAdd(_diagonal[j], part, image[kept + j]);
            if (j > 0)
                image[kept + j - 1] = Math.FusedMultiplyAdd(_offDiagonal[j - 1], part, image[kept + j - 1]);
            if (j + 1 < Length)
                image[kept + j + 1] = Math.FusedMultiplyAdd(_offDiagonal[j], part, image[kept + j + 1]);
            for (int i = 0; i < kept; i++)
                image[i] = Math.FusedMultiplyAdd(_couplings[j][i], part, image[i]);
        }
        return image;
    }

    // The norm of the sum of the kept residuals less what the chain has of them.
    private double RestOf(double[] vector)
    {
        if (Count == _vector.Length)
            return 0;
        double square = 0;
        for (int i = 0; i < _kept.Count; i++)
        {
            for (int j = 0; j < _kept.Count; j++)
                square = Math.FusedMultiplyAdd(vector[i] * vector[j], _residualProducts[i, j], square);
        }
        foreach (double[] coupling in _couplings)
        {
            double along = FixedOrderSum.OfProducts(coupling, vector.AsSpan(0, _kept.Count));
            square = Math.FusedMultiplyAdd(-along, along, square);
        }
        return Math.Sqrt(Math.Max(0, square));
    }
}
