namespace LastBit.Statistics;

/// <summary>The probability that a run of B has a larger value than a run of A, ties counted half, with its 95% interval.</summary>
public static class Superiority
{
    /// <summary>
    /// From two samples: the share of pairs (a, b) with b above a. The interval is Newcombe's (2006, method 5) with Student's t, which
    /// keeps its coverage where samples are small and where every b is above every a.
    /// </summary>
    /// <param name="a">The values of A, at least one.</param>
    /// <param name="b">The values of B, at least one.</param>
    /// <param name="independentA">How many of A's values are independent; fewer than there are where runs share a seed.</param>
    /// <param name="independentB">The same of B.</param>
    /// <returns>The estimate; its degrees of freedom are independentA + independentB - 2.</returns>
    /// <exception cref="ArgumentException">A side is empty.</exception>
    public static Estimate TwoSamples(ReadOnlySpan<double> a, ReadOnlySpan<double> b, int? independentA = null, int? independentB = null)
    {
        if (a.IsEmpty || b.IsEmpty)
            throw new ArgumentException("needs a value on each side");
        double wins = 0;
        foreach (double x in a)
        {
            foreach (double y in b)
                wins += y > x ? 1 : y == x ? 0.5 : 0;
        }
        double share = wins / ((double)a.Length * b.Length);
        double m = independentA ?? a.Length, n = independentB ?? b.Length, average = (m + n) / 2 - 1;
        // Student's t for the normal quantile: with three runs a side the latter would exclude 1/2 where all of B beat all of A,
        // which happens by chance one time in ten.
        double z = Distributions.StudentTQuantile(1 - SampleStatistics.Tail, Math.Max(1, m + n - 2));
        return new Estimate(share, End(0), End(1), (int)(m + n) - 2);

        // Between the share and 0 (or 1) the score |share - theta| grows and its standard error shrinks to 0: one crossing.
        double End(double limit)
        {
            double inside = share, outside = limit;
            for (int i = 0; i < 200 && inside != outside; i++)
            {
                double theta = inside + (outside - inside) / 2;
                if (theta == inside || theta == outside)
                    break;
                double variance = theta * (1 - theta) * (1 + average * ((1 - theta) / (2 - theta) + theta / (1 + theta))) / (m * n);
                if ((share - theta) * (share - theta) <= z * z * variance)
                    inside = theta;
                else
                    outside = theta;
            }
            return inside;
        }
    }

    /// <summary>From pairs: the share with B above A, with the exact interval of Clopper and Pearson.</summary>
    /// <param name="differences">The differences B - A, at least one.</param>
    /// <returns>The estimate.</returns>
    /// <exception cref="ArgumentException">There is no pair.</exception>
    public static Estimate Paired(ReadOnlySpan<double> differences)
    {
        if (differences.IsEmpty)
            throw new ArgumentException("needs a pair", nameof(differences));
        double wins = 0;
        foreach (double difference in differences)
            wins += difference > 0 ? 1 : difference == 0 ? 0.5 : 0;
        (double low, double high) = Distributions.ClopperPearson(wins, differences.Length);
        return new Estimate(wins / differences.Length, low, high, differences.Length - 1);
    }
}
