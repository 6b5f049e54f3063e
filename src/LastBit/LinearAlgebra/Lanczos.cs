using LastBit.Arithmetic;

namespace LastBit.LinearAlgebra;

/// <summary>y = A x for a symmetric A that is known only by its action.</summary>
/// <param name="x">As many numbers as A has rows.</param>
/// <param name="y">Receives A x; as long as <paramref name="x"/>.</param>
public delegate void SymmetricOperator(ReadOnlySpan<double> x, Span<double> y);

/// <summary>
/// Eigenvalues of a symmetric operator by the Lanczos iteration with full reorthogonalisation, in binary64 and in one order of operations.
/// </summary>
public static class Lanczos
{
    /// <summary>An extreme eigenvalue is taken as found when the residual of its vector is below this fraction of the greatest.</summary>
    public const double Tolerance = 1e-12;

    /// <summary>The chance at most that an eigenvalue is larger than a verification says.</summary>
    public const double Chance = 1e-6;

    // Extremes keeps a basis of at most 256 MB, Largest one of at most 1 GB before it starts again from what it has found.
    private const int LargestBasis = 1 << 25, LargestRestartedBasis = 1 << 27;

    /// <summary>Finds the least and the greatest eigenvalue.</summary>
    /// <param name="apply">The operator.</param>
    /// <param name="size">Its order.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <returns>
    /// Both eigenvalues, and a bound of how far an eigenvalue of the operator is from them: the greater residual, plus 1e-13 of the
    /// greatest eigenvalue for rounding. Above <see cref="Tolerance"/> x Max only where the order is so great that not every vector of a
    /// whole basis fits into memory.
    /// </returns>
    /// <exception cref="OperationCanceledException">The search was stopped.</exception>
    public static (double Min, double Max, double Error) Extremes(SymmetricOperator apply, int size, CancellationToken cancellation)
    {
        var krylov = new KrylovBasis(apply, RitzVectors.None, Linear.Random(size, 1));
        int steps = Math.Min(size, Math.Max(64, LargestBasis / size)), check = 2;
        (double Min, double Max) before = (double.NaN, double.NaN);
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            krylov.Extend();
            bool last = krylov.Length == steps;
            if (last || krylov.Length == check || krylov.Norm == 0)
            {
                (double min, double minResidual, double max, double maxResidual) = krylov.Extremes();
                double scale = Math.Max(Math.Abs(min), Math.Abs(max)), residual = Math.Max(minResidual, maxResidual);
                bool settled = Math.Abs(min - before.Min) <= Tolerance * scale && Math.Abs(max - before.Max) <= Tolerance * scale;
                if (last || krylov.Norm <= 1e-14 * scale || (residual <= Tolerance * scale && settled))
                    return (min, max, residual + 1e-13 * scale);
                before = (min, max);
                check = LargestSearch.NextCheck(check);
            }
        }
    }

    /// <summary>
    /// Finds the (algebraically) largest eigenvalues. Where a whole basis does not fit into memory, the iteration starts again from the
    /// vectors found so far.
    /// </summary>
    /// <param name="apply">The operator.</param>
    /// <param name="size">Its order.</param>
    /// <param name="count">How many; at least 1. At most <paramref name="size"/> are found.</param>
    /// <param name="tolerance">A value is taken as found when its residual is at most this fraction of it.</param>
    /// <param name="mostProducts">The search ends after this many products, whatever the residuals are then.</param>
    /// <param name="start">
    /// Vectors that are rich in the eigenvectors sought (those of a similar operator, say); null for a random one. One is where the
    /// iteration begins; of more the best that they give is kept from the start.
    /// </param>
    /// <param name="verify">
    /// How far an eigenvalue that is not among those found may lie above the least of them, as a fraction of the width of the spectrum,
    /// above 0 and below 1: random vectors in the complement of those found are iterated until that is so but for a chance of
    /// <see cref="Chance"/>, which takes <see cref="ProductsToVerify"/> products or more, and what they find is taken in. Null to look at
    /// nothing else.
    /// </param>
    /// <param name="rounding">What is left of a residual by the rounding of products, as a fraction of the eigenvalue that is largest in
    /// magnitude; no residual need be smaller.</param>
    /// <param name="isDear">Whether a product costs far more than the small eigenproblem: then it is seen after every product whether they
    /// suffice, not after every second.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1, or <paramref name="verify"/> is not between 0 and 1.</exception>
    /// <exception cref="OperationCanceledException">The search was stopped.</exception>
    public static LargestEigenvalues Largest(
        SymmetricOperator apply, int size, int count, double tolerance, int mostProducts, IReadOnlyList<double[]>? start = null,
        double? verify = null,
        double rounding = 1e-13, bool isDear = false, CancellationToken cancellation = default) =>
        Largest(apply, size, count, tolerance, mostProducts, Math.Max(count + 30, LargestRestartedBasis / size), start, verify, rounding,
            isDear, cancellation);

    /// <summary>The same with the number of vectors that are kept before the search starts again.</summary>
    internal static LargestEigenvalues Largest(
        SymmetricOperator apply, int size, int count, double tolerance, int mostProducts, int room, IReadOnlyList<double[]>? start = null,
        double? verify = null,
        double rounding = 1e-13, bool isDear = false, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(apply);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(mostProducts, 1);
        if (verify is not (null or (> 0 and < 1)))
            throw new ArgumentOutOfRangeException(nameof(verify), verify,
                "Give a fraction of the width of the spectrum, above 0 and below 1.");
        return new LargestSearch(apply, size, Math.Min(count, size), tolerance, mostProducts)
        {
            Room = room,
            Verify = verify,
            Rounding = rounding,
            IsDear = isDear,
            Cancellation = cancellation,
        }.Run(start ?? []);
    }

    /// <summary>
    /// How many products with a random start leave a chance of at most <see cref="Chance"/> that the largest eigenvalue is larger than what
    /// the iteration shows by more than a fraction of the spectrum's width: the least k with 1.648 sqrt(n) exp(-sqrt(tolerance) (2k - 1))
    /// at most that (Kuczynski and Wozniakowski 1992, theorem 4.2).
    /// </summary>
    /// <param name="size">n, the order of the operator.</param>
    /// <param name="tolerance">The fraction.</param>
    public static int ProductsToVerify(int size, double tolerance) =>
        Math.Min(size, (int)Math.Ceiling(((Logarithm.Log(1.648 * Math.Sqrt(size) / Chance) / Math.Sqrt(tolerance)) + 1) / 2));
}
