namespace LastBit.LinearAlgebra;

/// <summary>
/// One search for the largest eigenvalues. A chain grows until the values sought have settled; where memory is full it begins again from a
/// residual, with the best vectors kept. Then chains from random vectors in the complement of what was found look for a larger one, which a
/// single chain can miss where eigenvalues are equal or close; what they find is taken in, until one finds nothing.
/// </summary>
internal sealed class LargestSearch(SymmetricOperator apply, int size, int count, double tolerance, int mostProducts)
{
    // Vectors beyond those sought that are kept over a restart, a search's first random vector, and how much of one is in a chain that
    // begins elsewhere.
    private const int Spare = 8, FirstSeed = 1;
    private const double RandomPart = 0.01;

    private readonly SymmetricOperator _apply = apply;
    private uint _seed = FirstSeed;
    private double _least = double.PositiveInfinity, _greatest = double.NegativeInfinity;
    private int _products;

    private enum Ending
    {
        /// <summary>All residuals are small enough.</summary>
        Settled,

        /// <summary>A chain in the complement shows an eigenvalue above those kept.</summary>
        Above,

        /// <summary>A chain in the complement is long enough and shows none.</summary>
        Below,

        /// <summary>
        /// The chain ends: it has no room or no products left, it is invariant, or what is left of the residuals is not along it.
        /// </summary>
        Cut,

        /// <summary>The basis is the whole space.</summary>
        Whole,

        /// <summary>A chain in the complement shows none, and is not long enough for want of products.</summary>
        Short,
    }

    /// <summary>Vectors of a basis before it starts again.</summary>
    public required int Room { get; init; }

    /// <summary>As for <see cref="Lanczos"/>.</summary>
    public double? Verify { get; init; }

    /// <summary>As for <see cref="Lanczos"/>.</summary>
    public double Rounding { get; init; }

    /// <summary>As for <see cref="Lanczos"/>.</summary>
    public bool IsDear { get; init; }

    /// <summary>Stops between two steps.</summary>
    public CancellationToken Cancellation { get; init; }

    private double Scale => Math.Max(Math.Abs(_least), Math.Abs(_greatest));

    // What is verified is found more closely: a vector that is far off lets some of its eigenvalue appear in its complement.
    private double Target => Verify is null ? tolerance : Math.Min(tolerance / 4, 0.01);

    /// <summary>The product after which it is seen again whether a chain suffices.</summary>
    public static int NextCheck(int check) => Math.Max(check + 2, check * 9 / 8);

    /// <summary>Makes the search.</summary>
    /// <param name="start">As for <see cref="Lanczos"/>; may be empty.</param>
    public LargestEigenvalues Run(IReadOnlyList<double[]> start)
    {
        RitzVectors kept = RitzVectors.None;
        if (start.Count > 1)
        {
            kept = RitzVectors.Of(Multiply, start.Take(Math.Min(size, mostProducts)));
            See(kept.Values);
            if (kept.Count == size || _products >= mostProducts)
                return Result(kept, kept.Count == size);
        }
        double[] first = kept.Count > 0 ? WithRandom(kept.Residual(Worst(kept))) : start.Count > 0 ? WithRandom(start[0]) : Fresh();
        bool isCheck = false;
        while (true)
        {
            var basis = new KrylovBasis(Multiply, kept, first);
            Ending ending = isCheck ? Check(basis, kept) : Ending.Above;
            if (ending is Ending.Below or Ending.Short)
            {
                // What the chain saw improves what was found, if only a little.
                RitzPairs better = basis.Top(count);
                return Result(Suffice(better) ? basis.Vectors(better) : kept, false, ending == Ending.Below ? Verify : null);
            }
            if (ending == Ending.Above)
                ending = Search(basis, kept);
            RitzPairs pairs = basis.Top(count);
            isCheck = Suffice(pairs);
            bool isEnd = ending == Ending.Whole || _products >= mostProducts || (isCheck && Verify is null);
            kept = basis.Vectors(isCheck || isEnd ? pairs : basis.Top(Math.Max(count, Math.Min(count + Spare, Room / 2))));
            if (isEnd)
                return Result(kept, ending == Ending.Whole);
            first = isCheck || basis.IsInvariant(Scale) ? Fresh() : kept.Residual(Worst(kept));
        }
    }

    // Grows a chain until what is sought has settled.
    private Ending Search(KrylovBasis basis, RitzVectors kept)
    {
        double[] before = kept.Values;
        int check = Math.Max(count + 1, basis.Count + 1);
        while (true)
        {
            basis.Extend();
            bool isWhole = basis.Count == size, isFull = basis.Count >= Room || _products >= mostProducts;
            if (!isWhole && !isFull && basis.Count < check && !basis.IsInvariant(Scale))
                continue;
            check = IsDear ? basis.Count + 1 + (basis.Count / 32) : NextCheck(check);
            RitzPairs pairs = basis.Top(count);
            See([pairs.Values[0], pairs.Least]);
            bool hasSettled = Math.Min(before.Length, pairs.Values.Length) >= count
                && Enumerable.Range(0, count).All(i => Math.Abs(pairs.Values[i] - before[i]) <= Limit(pairs.Values[i]));
            if (isWhole)
                return Ending.Whole;
            if (hasSettled && Suffice(pairs))
                return Ending.Settled;
            if (isFull || basis.IsInvariant(Scale) || IsStuck(pairs))
                return Ending.Cut;
            before = pairs.Values;
        }
    }

    // Grows a chain from a random vector until it is long enough to say that nothing is above what is kept, or something is.
    private Ending Check(KrylovBasis basis, RitzVectors kept)
    {
        double least = kept.Values[^1];
        int enough = Lanczos.ProductsToVerify(size - kept.Count, Verify!.Value);
        while (true)
        {
            basis.Extend();
            if (basis.Count == size)
                return Ending.Whole;
            (double lowest, _, double value, double residual) = basis.Extremes();
            See([lowest, value]);
            bool isSpent = _products >= mostProducts;
            if (value > least + (Rounding * Scale))
                return basis.IsInvariant(Scale) || isSpent ? Ending.Cut : Ending.Above;
            bool isLong = basis.Length >= enough, isClear = value + residual <= least + Limit(least) || basis.Count >= Room;
            if (basis.IsInvariant(Scale) || (isLong && isClear))
                return Ending.Below;
            if (isSpent)
                return Ending.Short;
        }
    }

    private void Multiply(ReadOnlySpan<double> x, Span<double> y)
    {
        Cancellation.ThrowIfCancellationRequested();
        _apply(x, y);
        _products++;
    }

    private double[] Fresh() => Linear.Random(size, _seed++);

    // A start without any part in an eigenvector would never find it: something of a random vector is always in it.
    private double[] WithRandom(double[] start)
    {
        double[] vector = Fresh();
        Linear.Scale(vector, RandomPart / Linear.Norm(vector));
        double norm = Linear.Norm(start);
        if (norm > 0)
            Linear.AddMultiple(vector, 1 / norm, start);
        return vector;
    }

    private void See(double[] values)
    {
        foreach (double value in values)
            (_least, _greatest) = (Math.Min(_least, value), Math.Max(_greatest, value));
    }

    private double Limit(double value) => Math.Max(Target * Math.Abs(value), Rounding * Scale);

    private bool Suffice(RitzPairs pairs) =>
        pairs.Values.Length >= count && Enumerable.Range(0, count).All(i => pairs.Tails[i] + pairs.Rests[i] <= Limit(pairs.Values[i]));

    // Whether more of the chain would not help: what is too large of a residual lies elsewhere.
    private bool IsStuck(RitzPairs pairs) => !Suffice(pairs)
        && Enumerable.Range(0, pairs.Values.Length)
            .All(i => pairs.Tails[i] + pairs.Rests[i] <= Limit(pairs.Values[i]) || pairs.Tails[i] < pairs.Rests[i]);

    // The pair whose residual is farthest from its limit.
    private int Worst(RitzVectors kept) =>
        Enumerable.Range(0, Math.Min(count, kept.Count))
            .MaxBy(i => Linear.Norm(kept.Residual(i)) / Math.Max(Limit(kept.Values[i]), double.Epsilon));

    private LargestEigenvalues Result(RitzVectors found, bool isWhole, double? verified = null)
    {
        int most = Math.Min(count, found.Count);
        double[] values = found.Values[..most];
        double[] limits = [.. values.Select(value => Math.Max(tolerance * Math.Abs(value), Rounding * Scale))];
        double[] residuals = [.. Enumerable.Range(0, most).Select(i => Linear.Norm(found.Residual(i)))];
        EigenvalueVerification? verification = isWhole ? new EigenvalueVerification(0, 0, _greatest - _least)
            : verified is { } within ? new EigenvalueVerification(within, Lanczos.Chance, _greatest - _least) : null;
        return new LargestEigenvalues(values, residuals, found.Vectors[..most], _products, limits, verification);
    }
}
