using LastBit.Random;

namespace LastBit.Statistics;

/// <summary>
/// Whether two means differ, without a distribution: the share of the ways to assign the values to A and B (or the signs to
/// paired differences) whose means are at least as far apart as those observed.
/// </summary>
/// <param name="P">That share.</param>
/// <param name="LeastP">The smallest p that these values could have given: with three runs a side no p is below 0.1.</param>
/// <param name="Assignments">How many assignments were compared.</param>
/// <param name="Exact">Whether these are all; otherwise they are random, the observed one among them.</param>
public sealed record PermutationTest(double P, double LeastP, int Assignments, bool Exact)
{
    /// <summary>Up to so many assignments all are enumerated.</summary>
    public const int MostEnumerated = 200_000;

    /// <summary>So many are drawn where there are more.</summary>
    public const int Drawn = 20_000;

    /// <summary>Rounding of the sums must not tell apart assignments that are equal.</summary>
    private const double Tolerance = 1e-9;

    /// <summary>Compares two samples.</summary>
    /// <param name="a">The values of A, at least one.</param>
    /// <param name="b">The values of B, at least one.</param>
    /// <param name="drawn">How many assignments to draw where there are too many to enumerate.</param>
    /// <param name="seed">The seed of what is drawn.</param>
    /// <returns>The test; p = 1 where all values are equal.</returns>
    /// <exception cref="ArgumentException">A side is empty.</exception>
    public static PermutationTest TwoSamples(ReadOnlySpan<double> a, ReadOnlySpan<double> b, int drawn = Drawn, ulong seed = 0)
    {
        double[] pool = [.. a, .. b];
        double mean = SampleStatistics.Mean(pool), scale = 0, observed = 0;
        for (int i = 0; i < pool.Length; i++)
        {
            pool[i] -= mean;
            scale += Math.Abs(pool[i]);
            observed += i < a.Length ? pool[i] : 0;
        }
        observed = Math.Abs(observed);
        // The sum of one side decides: the other's is its opposite. So the smaller side is assigned.
        int size = Math.Min(a.Length, b.Length);
        // Sorted, so that the order of the runs cannot change the answer.
        Array.Sort(pool);
        var count = new Counter(observed, scale);
        if (Combinations(pool.Length, size) <= MostEnumerated)
        {
            Enumerate(pool, size, 0, 0, ref count);
            return count.Result(exact: true);
        }
        var order = new int[pool.Length];
        count.Add(observed);
        for (uint assignment = 1; assignment < drawn; assignment++)
        {
            Philox.FillPermutation(8 * seed, RandomPurpose.Resample, assignment, order);
            double sum = 0;
            for (int i = 0; i < size; i++)
                sum += pool[order[i]];
            count.Add(sum);
        }
        return count.Result(exact: false);
    }

    /// <summary>Compares paired values: under the hypothesis each difference is as likely with the other sign.</summary>
    /// <param name="differences">The differences B - A, at least one.</param>
    /// <param name="drawn">How many assignments to draw where there are too many to enumerate.</param>
    /// <param name="seed">The seed of what is drawn.</param>
    /// <returns>The test; p = 1 where all differences are 0.</returns>
    /// <exception cref="ArgumentException">There is no difference.</exception>
    public static PermutationTest Paired(ReadOnlySpan<double> differences, int drawn = Drawn, ulong seed = 0)
    {
        if (differences.IsEmpty)
            throw new ArgumentException("needs a pair", nameof(differences));
        double[] sizes = differences.ToArray();
        double observed = 0, scale = 0;
        for (int i = 0; i < sizes.Length; i++)
        {
            observed += sizes[i];
            sizes[i] = Math.Abs(sizes[i]);
            scale += sizes[i];
        }
        Array.Sort(sizes);
        var count = new Counter(Math.Abs(observed), scale);
        if (sizes.Length < 31 && 1 << sizes.Length <= MostEnumerated)
        {
            for (uint signs = 0; signs < 1u << sizes.Length; signs++)
                count.Add(Sum(sizes, signs));
            return count.Result(exact: true);
        }
        count.Add(observed);
        for (uint assignment = 1; assignment < drawn; assignment++)
        {
            double sum = 0;
            for (int start = 0; start < sizes.Length; start += 32)
            {
                uint signs = Philox.Draw(8 * seed + 1, RandomPurpose.Resample, assignment, (ulong)start / 32).X;
                sum += Sum(sizes.AsSpan(start, Math.Min(32, sizes.Length - start)), signs);
            }
            count.Add(sum);
        }
        return count.Result(exact: false);
    }

    /// <summary>One-sided, for one sample: the share of all signs of the values whose sum is at least as large as theirs.</summary>
    /// <param name="values">The values, from one to 20.</param>
    /// <exception cref="ArgumentException">There is none, or more than 20.</exception>
    public static double Signs(ReadOnlySpan<double> values)
    {
        if (values.IsEmpty || values.Length > 20)
            throw new ArgumentException("needs one to twenty values", nameof(values));
        double observed = 0, scale = 0;
        double[] sizes = values.ToArray();
        for (int i = 0; i < sizes.Length; i++)
        {
            observed += sizes[i];
            scale += sizes[i] = Math.Abs(sizes[i]);
        }
        Array.Sort(sizes);
        int asLarge = 0;
        for (uint signs = 0; signs < 1u << sizes.Length; signs++)
            asLarge += Sum(sizes, signs) >= observed - Tolerance * scale ? 1 : 0;
        return asLarge / (double)(1u << sizes.Length);
    }

    private static double Sum(ReadOnlySpan<double> sizes, uint signs)
    {
        double sum = 0;
        for (int i = 0; i < sizes.Length; i++)
            sum += (signs >> i & 1) == 0 ? sizes[i] : -sizes[i];
        return sum;
    }

    private static void Enumerate(double[] pool, int left, int from, double sum, ref Counter count)
    {
        if (left == 0)
        {
            count.Add(sum);
            return;
        }
        for (int i = from; i <= pool.Length - left; i++)
            Enumerate(pool, left - 1, i + 1, sum + pool[i], ref count);
    }

    private static double Combinations(int n, int k)
    {
        double count = 1;
        for (int i = 1; i <= k; i++)
            count = count * (n - k + i) / i;
        return count;
    }

    private struct Counter(double observed, double scale)
    {
        private readonly double _margin = Tolerance * scale;
        private int _all, _asLarge, _largest;
        private double _greatest = double.NegativeInfinity;

        public void Add(double sum)
        {
            sum = Math.Abs(sum);
            _all++;
            if (sum >= observed - _margin)
                _asLarge++;
            if (sum > _greatest + _margin)
                (_greatest, _largest) = (sum, 1);
            else if (sum >= _greatest - _margin)
                _largest++;
        }

        public readonly PermutationTest Result(bool exact) =>
            new((double)_asLarge / _all, exact ? (double)_largest / _all : 1.0 / _all, _all, exact);
    }
}
