namespace LastBit.LinearAlgebra;

/// <summary>The largest eigenvalues of a symmetric operator.</summary>
/// <param name="Values">In descending order.</param>
/// <param name="Residuals">|A v - value v| for the unit vector v of each: an eigenvalue of A lies within this distance of the
/// value.</param>
/// <param name="Vectors">The unit vectors, one a value; they are orthogonal.</param>
/// <param name="Products">How many times the operator was applied.</param>
/// <param name="Limits">What each residual may be: the tolerance times the value, or what rounding leaves of the products where that is
/// more.</param>
/// <param name="Verified">What is known of all other eigenvalues; null where they were not looked for.</param>
public sealed record LargestEigenvalues(
    double[] Values, double[] Residuals, double[][] Vectors, int Products, double[] Limits, EigenvalueVerification? Verified)
{
    /// <summary>
    /// Whether every residual is as small as was asked: each value is near an eigenvalue. That no other is larger is said by
    /// <see cref="Verified"/>.
    /// </summary>
    public bool Converged => IsConverged(Residuals);

    /// <summary>The same for residuals that were computed otherwise.</summary>
    /// <param name="residuals">One a value.</param>
    internal bool IsConverged(double[] residuals) => residuals.Zip(Limits).All(one => one.First <= one.Second);
}

/// <summary>
/// What was seen in the complement of the vectors found, from a random vector there: no eigenvalue beside those found is larger than the
/// least of them by more than <paramref name="Tolerance"/> x <paramref name="Width"/>, but for a chance of at most
/// <paramref name="Chance"/> (docs/edge.md).
/// </summary>
/// <param name="Tolerance">A fraction of the width of the spectrum; 0 where the basis became the whole space.</param>
/// <param name="Chance">The chance, over random vectors, that it is not so; 0 where the basis became the whole space.</param>
/// <param name="Width">The greatest eigenvalue less the least, as far as the search has seen them.</param>
public sealed record EigenvalueVerification(double Tolerance, double Chance, double Width);
