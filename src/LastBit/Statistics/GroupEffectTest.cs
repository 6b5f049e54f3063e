using LastBit.Random;

namespace LastBit.Statistics;

/// <summary>
/// Tests of the hypothesis that the group (the seed) of a run does not matter: that the spread over seeds is nothing but the
/// spread over rounding. F is the mean square between groups over the mean square within.
/// </summary>
/// <param name="F">The statistic; infinite where runs of one group are all equal and groups are not.</param>
/// <param name="BetweenDegrees">Groups less one.</param>
/// <param name="WithinDegrees">Runs less groups.</param>
/// <param name="P">P(F at least this large) if the seed does not matter and rounding makes normal differences.</param>
/// <param name="PermutationP">
/// The same without the normal distribution: the share of random assignments of the runs to groups whose F is at least as large.
/// </param>
public sealed record GroupEffectTest(double F, int BetweenDegrees, int WithinDegrees, double P, double PermutationP)
{
    /// <summary>How many random assignments <see cref="PermutationP"/> compares with, the observed one among them.</summary>
    public const int Permutations = 10_000;

    /// <summary>Below this p the two spreads are called different.</summary>
    public const double Level = 0.05;

    /// <summary>Tests the groups.</summary>
    /// <param name="groups">At least two groups, one of them with at least two values.</param>
    /// <param name="permutations">How many assignments to compare with, the observed one among them.</param>
    /// <returns>The test; null where all values are equal, so that there is no spread to test.</returns>
    /// <exception cref="ArgumentException">There are too few groups or values.</exception>
    public static GroupEffectTest? Of(IReadOnlyList<double[]> groups, int permutations = Permutations)
    {
        ArgumentNullException.ThrowIfNull(groups);
        double[] pool = [.. groups.SelectMany(group => group)];
        int between = groups.Count - 1, within = pool.Length - groups.Count;
        if (between < 1 || within < 1)
            throw new ArgumentException("needs two groups and a group with two values", nameof(groups));

        double mean = SampleStatistics.Mean(pool);
        for (int i = 0; i < pool.Length; i++)
            pool[i] -= mean;
        int[] sizes = [.. groups.Select(group => group.Length)];
        double total = 0;
        foreach (double value in pool)
            total += value * value;
        double observed = BetweenSquares(pool, sizes);
        double inside = 0;
        foreach (double[] group in groups)
            inside += SampleStatistics.SquaredDeviations(group);
        if (observed == 0 && inside == 0)
            return null;
        double f = observed / between / (inside / within);

        // F grows with the squares between groups, the total being fixed; so these alone are compared. Rounding of the sums
        // must not tell apart assignments that are equal, hence the margin.
        double limit = observed - 1e-9 * total;
        // Sorted, so that the order in which runs and seeds are listed cannot change the answer.
        Array.Sort(pool);
        Array.Sort(sizes);
        var order = new int[pool.Length];
        var assigned = new double[pool.Length];
        int asLarge = 1;
        for (uint permutation = 1; permutation < permutations; permutation++)
        {
            Philox.FillPermutation(0, RandomPurpose.Resample, permutation, order);
            for (int i = 0; i < order.Length; i++)
                assigned[i] = pool[order[i]];
            if (BetweenSquares(assigned, sizes) >= limit)
                asLarge++;
        }
        return new GroupEffectTest(f, between, within, Distributions.FUpper(f, between, within), (double)asLarge / permutations);
    }

    /// <summary>The sum of squares between consecutive groups of a pool whose mean is zero.</summary>
    private static double BetweenSquares(ReadOnlySpan<double> pool, ReadOnlySpan<int> sizes)
    {
        double squares = 0;
        int start = 0;
        foreach (int size in sizes)
        {
            double sum = 0;
            foreach (double value in pool.Slice(start, size))
                sum += value;
            squares += sum * sum / size;
            start += size;
        }
        return squares;
    }
}
