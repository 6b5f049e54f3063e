using LastBit.Random;

namespace LastBit.Statistics;

/// <summary>
/// Whether some treatments make larger differences than others, without a distribution: under the hypothesis each block's differences could
/// as well have come in any other order. The statistic is the sum over treatments of the squared sums of their squares, which is largest
/// where one has all.
/// </summary>
/// <param name="P">The share of the orders whose statistic is at least the observed one.</param>
/// <param name="Orders">How many orders were compared, the observed one among them.</param>
public sealed record UnequalSpreadsTest(double P, int Orders)
{
    /// <summary>How many orders are drawn.</summary>
    public const int Drawn = 10_000;

    /// <summary>Sums of the same terms in another order must not count as different.</summary>
    private const double Tolerance = 1e-9;

    /// <summary>Applies the test.</summary>
    /// <param name="differences">[blocks][treatments], at least two treatments in each.</param>
    /// <exception cref="ArgumentException">Blocks have different numbers of treatments, or fewer than two.</exception>
    public static UnequalSpreadsTest Of(double[][] differences)
    {
        ArgumentNullException.ThrowIfNull(differences);
        int treatments = differences.Length == 0 ? 0 : differences[0].Length;
        if (treatments < 2 || differences.Any(block => block.Length != treatments))
            throw new ArgumentException("needs at least two treatments in every block", nameof(differences));
        int[] order = new int[treatments];
        double[] sums = new double[treatments];
        double observed = 0;
        int atLeast = 0;
        for (uint draw = 0; draw < Drawn; draw++)
        {
            Array.Clear(sums);
            for (int block = 0; block < differences.Length; block++)
            {
                if (draw == 0)
                    order = [.. Enumerable.Range(0, treatments)];
                else
                    Philox.FillPermutation((ulong)block, RandomPurpose.Resample, draw, order);
                for (int i = 0; i < treatments; i++)
                    sums[i] += differences[block][order[i]] * differences[block][order[i]];
            }
            double statistic = sums.Sum(sum => sum * sum);
            if (draw == 0)
                observed = statistic * (1 - Tolerance);
            if (statistic >= observed)
                atLeast++;
        }
        return new UnequalSpreadsTest((double)atLeast / Drawn, Drawn);
    }
}
