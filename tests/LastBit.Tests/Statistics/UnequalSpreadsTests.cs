using CsCheck;
using LastBit.Experiments.Accuracy;
using LastBit.Statistics;
using LastBit.Training;

namespace LastBit.Tests.Statistics;

public class UnequalSpreadsTests
{
    private static readonly Gen<double[][]> Differences = Gen.Double[-3, 3].Array[4].Array[6];

    [Fact]
    public void Treatments_of_equal_size_are_not_told_apart_and_one_that_is_larger_is()
    {
        Assert.Equal(1, UnequalSpreadsTest.Of([[1, -1, 1], [-1, 1, 1]]).P);
        double[][] uneven = [.. Enumerable.Range(0, 8).Select(i => new[] { 0.1 + (0.01 * i), 3 + i, -0.1 })];
        Assert.InRange(UnequalSpreadsTest.Of(uneven).P, 0.0001, 0.002);
        Assert.Throws<ArgumentException>(() => UnequalSpreadsTest.Of([[1]]));
        Assert.Throws<ArgumentException>(() => UnequalSpreadsTest.Of([[1, 2], [1]]));
    }

    [Fact]
    public void Signs_and_units_do_not_matter() => Differences.Sample(differences =>
    {
        double p = UnequalSpreadsTest.Of(differences).P;
        Assert.Equal(p, UnequalSpreadsTest.Of([.. differences.Select(block => block.Select(one => -8 * one).ToArray())]).P);
    }, iter: 10);

    [Fact]
    public void Under_the_hypothesis_p_is_uniform()
    {
        // 200 tables of independent values of one distribution.
        double[] ps = [.. Enumerable.Range(0, 200).Select(table => UnequalSpreadsTest.Of([.. Enumerable.Range(0, 5).Select(seed =>
        {
            double[] row = new double[4];
            for (int i = 0; i < row.Length; i++)
                row[i] = LastBit.Random.Philox.NormalPair(77, LastBit.Random.RandomPurpose.None, (uint)table,
                    (ulong)((seed * 4) + i)).First;
            return row;
        })]).P).Order()];
        Assert.True(Enumerable.Range(0, ps.Length).Max(i => Math.Abs(ps[i] - ((i + 0.5) / ps.Length))) < 0.115,
            "Kolmogorov's distance is above its 1% point.");
    }

    [Fact]
    public void Spreads_come_from_the_differences_to_the_plain_run()
    {
        Perturbation ulp = Perturbation.Parse("ulp");
        var final = new SortedDictionary<int, SortedDictionary<Perturbation, double>>
        {
            [1] = new() { [1] = 90, [3] = 91, [ulp] = 92 },
            [2] = new() { [1] = 91, [3] = 90, [ulp] = 89 },
            [3] = new() { [3] = 50, [ulp] = 50 },
        };
        RoundingSpreads spreads = RoundingSpreads.Of(final)!;
        Assert.Equal([3, ulp], spreads.Spread.Keys);
        Assert.Equal((Math.Sqrt(0.5), 2), (spreads.Spread[3].Value, spreads.Spread[3].DegreesOfFreedom));
        Assert.Equal(Math.Sqrt(2), spreads.Spread[ulp].Value, 1e-12);
        Assert.NotNull(spreads.Test);
        Assert.StartsWith(
            "The spread of a run by the rounding that was changed, from its differences to k = 1, with 95% interval: k = 3: 0.71 (",
            spreads.Sentence, StringComparison.Ordinal);
        foreach (SortedDictionary<Perturbation, double> runs in final.Values)
            runs.Remove(ulp);
        Assert.Null(RoundingSpreads.Of(final));
    }
}
