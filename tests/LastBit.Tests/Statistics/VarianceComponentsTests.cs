using System.Text.Json;
using CsCheck;
using LastBit.Statistics;

namespace LastBit.Tests.Statistics;

/// <summary>
/// SampleStatistics, VarianceComponents, GroupEffectTest, RowMeansTest: reference values, laws, and by simulation whether an interval holds
/// what it says.
/// </summary>
public class VarianceComponentsTests
{
    private static readonly Gen<double[]> Column = Gen.Double[88, 93].Array[2, 7];
    private static readonly Gen<double[][]> Columns = Column.Array[2, 6];

    [Theory]
    [InlineData(310)]
    [InlineData(-310)]
    [InlineData(1000)]
    public void A_power_of_two_in_the_values_is_one_in_every_estimate(int exponent)
    {
        double[][] groups = [[0.81, 0.83], [0.8, 0.84], [0.7, 0.95], [0.82, 0.86]];
        VarianceComponents plain = VarianceComponents.Analyze(groups);
        VarianceComponents scaled =
            VarianceComponents.Analyze([.. groups.Select(group => group.Select(value => Math.ScaleB(value, exponent)).ToArray())]);
        foreach ((Estimate? one, Estimate? other) in new[] { (plain.Rounding, scaled.Rounding), (plain.Seeds, scaled.Seeds),
            (plain.SeedsAlone, scaled.SeedsAlone) })
        {
            Assert.Equal(Math.ScaleB(one!.Value, exponent), other!.Value, Math.ScaleB(1e-12, exponent));
            Assert.Equal(Math.ScaleB(one.Low, exponent), other.Low, Math.ScaleB(1e-12, exponent));
            Assert.Equal(Math.ScaleB(one.High, exponent), other.High, Math.ScaleB(1e-12, exponent));
        }
    }

    [Fact]
    public void A_table_of_six_k_and_four_seeds_gives_what_SciPy_computes()
    {
        JsonElement expected = StatisticsReference.Table;
        double[][] rows = expected.GetProperty("rows").Deserialize<double[][]>()!;
        double[][] columns = [.. Enumerable.Range(0, rows[0].Length).Select(seed => rows.Select(row => row[seed]).ToArray())];

        AssertClose(Numbers("stdOverSeeds"), [.. rows.Select(row => SampleStatistics.PopulationStd(row))]);
        AssertClose(Numbers("stdOverK"), [.. columns.Select(column => SampleStatistics.PopulationStd(column))]);
        VarianceComponents actual = VarianceComponents.Analyze(columns);
        AssertClose(Numbers("rounding"), [actual.Rounding!.Value, actual.Rounding.Low, actual.Rounding.High]);
        AssertClose(Numbers("ratio"), [actual.Ratio!.Value, actual.Ratio.Low, actual.Ratio.High]);
        AssertClose([Number("seeds"), Number("leastDifference")], [actual.Seeds!.Value, actual.LeastDifference!.Value]);
        GroupEffectTest test = GroupEffectTest.Of(columns)!;
        AssertClose([Number("f"), Number("p")], [test.F, test.P]);
        // Both shares are random: of 10,000 assignments here and of 20,000 there.
        Assert.InRange(test.PermutationP - Number("permutationP"), -0.008, 0.008);
        RowMeansTest effect = RowMeansTest.Of(columns)!;
        AssertClose([Number("rowF"), Number("rowP")], [effect.F, effect.P]);

        double Number(string name) => expected.GetProperty(name).GetDouble();
        double[] Numbers(string name) => expected.GetProperty(name).Deserialize<double[]>()!;
    }

    [Fact]
    public void A_shift_of_all_accuracies_changes_no_spread() => Gen.Select(Columns, Gen.Double[-50, 5]).Sample((columns, shift) =>
        AssertSame(columns, [.. columns.Select(column => column.Select(value => value + shift).ToArray())], 1));

    [Fact]
    public void A_factor_scales_the_spreads_and_leaves_ratio_and_tests() =>
        Gen.Select(Columns, Gen.Double[0.01, 100]).Sample((columns, factor) =>
        AssertSame(columns, [.. columns.Select(column => column.Select(value => value * factor).ToArray())], factor));

    [Fact]
    public void The_order_of_seeds_and_of_k_changes_nothing() => Columns.Sample(columns =>
        AssertSame(columns, [.. columns.Reverse().Select(column => column.Reverse().ToArray())], 1));

    [Fact]
    public void Identical_runs_have_no_spread_and_no_NaN() =>
        Gen.Select(Gen.Double[0, 100], Gen.Int[1, 7], Gen.Int[1, 7]).Sample((accuracy, seeds, ks) =>
    {
        double[][] columns = [.. Enumerable.Range(0, seeds).Select(_ => Enumerable.Repeat(accuracy, ks).ToArray())];
        VarianceComponents components = VarianceComponents.Analyze(columns);
        // Equal values do not say that nothing varies: there is no estimate, and no interval from 0 to 0.
        Assert.Equal(new VarianceComponents(null, null, null, 0, null, null), components);
        if (seeds > 1 && ks > 1)
        {
            Assert.Null(GroupEffectTest.Of(columns));
            Assert.Null(RowMeansTest.Of(columns));
        }
    });

    [Fact]
    public void Where_the_runs_of_each_seed_are_equal_rounding_is_hidden_and_there_is_no_ratio()
    {
        double[][] columns = [[90, 90], [91, 91], [92, 92]];
        VarianceComponents components = VarianceComponents.Analyze(columns);
        Assert.Equal((null, null, null, null), (components.Rounding, components.SeedsAlone, components.Ratio, components.LeastDifference));
        Assert.Equal(1, components.Seeds!.Value, 1e-12);
        GroupEffectTest test = GroupEffectTest.Of(columns)!;
        Assert.Equal((double.PositiveInfinity, 0), (test.F, test.P));
        // Of the 15 ways to pair six runs one is as extreme as this.
        Assert.InRange(test.PermutationP, 1 / 15.0 - 0.01, 1 / 15.0 + 0.01);
    }

    [Fact]
    public void Where_the_means_of_all_seeds_are_equal_there_is_no_ratio()
    {
        VarianceComponents components = VarianceComponents.Analyze([[90, 91], [91, 90]]);
        Assert.Null(components.Ratio);
        Assert.Equal(0, components.SeedsAlone!.Value);
        Assert.Equal(Math.Sqrt(0.5), components.Rounding!.Value, 1e-12);
    }

    [Fact]
    public void What_the_data_cannot_tell_is_null()
    {
        VarianceComponents oneSeed = VarianceComponents.Analyze([[90, 91, 92]]);
        Assert.Equal((1, null, null), (oneSeed.Rounding!.Value, oneSeed.Seeds, oneSeed.Ratio));
        VarianceComponents oneK = VarianceComponents.Analyze([[90], [91], [92]]);
        Assert.Equal((null, 1.0, null, null), (oneK.Rounding, oneK.Seeds!.Value, oneK.Ratio, oneK.LeastDifference));
        Assert.Throws<ArgumentException>(() => GroupEffectTest.Of([[90], [91]]));
        Assert.Throws<ArgumentException>(() => GroupEffectTest.Of([[90, 91]]));
        Assert.Throws<ArgumentException>(() => RowMeansTest.Of([[90, 91], [92]]));
        Assert.Throws<ArgumentException>(() => VarianceComponents.Analyze([]));
    }

    [Fact]
    public void Estimates_lie_within_their_intervals() => Columns.Sample(columns =>
    {
        VarianceComponents components = VarianceComponents.Analyze(columns);
        foreach (Estimate estimate in new[] { components.Rounding!, components.Seeds!, components.Ratio! })
        {
            Assert.InRange(estimate.Value, estimate.Low, estimate.High);
            Assert.True(estimate.Low >= 0 && double.IsFinite(estimate.High));
        }
    });

    /// <summary>
    /// Seeds, k, standard deviation of the seed's own effect (that of rounding is 1), and how many runs the last seed lacks.
    /// </summary>
    [Theory]
    [InlineData(3, 6, 0.0, 0)]
    [InlineData(3, 6, 1.0, 0)]
    [InlineData(3, 6, 4.0, 0)]
    [InlineData(6, 6, 0.0, 0)]
    [InlineData(6, 6, 0.5, 0)]
    [InlineData(6, 6, 2.0, 0)]
    [InlineData(4, 6, 0.7, 4)]
    public void Intervals_hold_the_truth_as_often_as_they_say(int seeds, int ks, double seedStd, int missing)
    {
        const int tables = 3000;
        double total = Math.Sqrt(1 + seedStd * seedStd);
        int rounding = 0, overSeeds = 0, alone = 0, fresh = 0, ratio = 0, oneColumn = 0, oneRow = 0, difference = 0;
        Parallel.For(0, tables, table =>
        {
            var normals = new Normals((uint)table);
            double[][] columns = Simulate(normals, seeds, ks, seedStd, missing);
            VarianceComponents components = VarianceComponents.Analyze(columns);
            Count(ref rounding, Holds(components.Rounding!, 1));
            Count(ref overSeeds, Holds(components.Seeds!, total));
            Count(ref alone, Holds(components.SeedsAlone!, seedStd));
            // Two further runs with seeds of their own.
            double apart = total * (normals.Next() - normals.Next());
            Count(ref fresh, Math.Abs(apart) < VarianceComponents.LeastDifferenceOf(components.Seeds!.Value, components.SeedsDegrees));
            Count(ref ratio, Holds(components.Ratio!, 1 / total));
            Count(ref oneColumn, Holds(SampleStatistics.StdFromSquares(SampleStatistics.SquaredDeviations(columns[0]), ks - 1), 1));
            double[] row = [.. columns.Select(column => column[0])];
            Count(ref oneRow, Holds(SampleStatistics.StdFromSquares(SampleStatistics.SquaredDeviations(row), seeds - 1), total));
            // Two further runs of one seed.
            Count(ref difference, Math.Abs(normals.Next() - normals.Next()) < components.LeastDifference);
        });

        // The standard error of a share of 0.95 among 3000 is 0.004; the interval over seeds may be wide (it is for a sum), the rest is
        // exact.
        string shares = $"rounding {rounding}, seeds {overSeeds}, seeds alone {alone}, fresh {fresh}, ratio {ratio}, column {oneColumn}, "
            + $"row {oneRow}, difference {difference} of {tables}";
        foreach (int exact in new[] { rounding, ratio, oneColumn, oneRow, difference })
            Assert.True(exact is > (int)(0.938 * tables) and < (int)(0.962 * tables), shares);
        // The interval of the seeds' own part is Williams and Tukey's: at least 95%, up to 97.5% where there is no such part.
        foreach (int wide in new[] { overSeeds, alone })
            Assert.True(wide is > (int)(0.938 * tables) and < (int)(0.99 * tables), shares);
        // Satterthwaite's degrees of freedom are themselves estimated.
        Assert.True(fresh is > (int)(0.925 * tables) and < (int)(0.975 * tables), shares);
    }

    /// <summary>Under the hypothesis a test at level 0.05 must reject one table in twenty; with a real effect, far more.</summary>
    [Theory]
    [InlineData(3, 6, false)]
    [InlineData(6, 6, true)]
    public void Tests_reject_as_often_as_they_say(int seeds, int ks, bool heavyTails)
    {
        const int tables = 2000;
        int f = 0, permutation = 0, rows = 0, seen = 0;
        Parallel.For(0, tables, table =>
        {
            var normals = new Normals((uint)table);
            double[][] columns = Simulate(normals, seeds, ks, 0, 0);
            if (heavyTails)
                columns = [.. columns.Select(column => column.Select(value => Math.Pow(value - 90, 3)).ToArray())];
            GroupEffectTest test = GroupEffectTest.Of(columns, 200)!;
            Count(ref f, test.P < GroupEffectTest.Level);
            Count(ref permutation, test.PermutationP < GroupEffectTest.Level);
            Count(ref rows, RowMeansTest.Of(columns)!.P < GroupEffectTest.Level);
            Count(ref seen, GroupEffectTest.Of(Simulate(normals, seeds, ks, 2, 0), 200)!.PermutationP < GroupEffectTest.Level);
        });
        Assert.InRange(permutation, (int)(0.035 * tables), (int)(0.065 * tables));
        if (!heavyTails)
        {
            Assert.InRange(f, (int)(0.035 * tables), (int)(0.065 * tables));
            Assert.InRange(rows, (int)(0.035 * tables), (int)(0.065 * tables));
        }
        Assert.InRange(seen, (int)(0.8 * tables), tables);
    }

    private static double[][] Simulate(Normals normals, int seeds, int ks, double seedStd, int missing)
    {
        var columns = new double[seeds][];
        for (int seed = 0; seed < seeds; seed++)
        {
            double effect = 90 + seedStd * normals.Next();
            columns[seed] = [.. Enumerable.Range(0, seed == seeds - 1 ? ks - missing : ks).Select(_ => effect + normals.Next())];
        }
        return columns;
    }

    private static bool Holds(Estimate estimate, double truth) => estimate.Low <= truth && truth <= estimate.High;

    private static void Count(ref int counter, bool what)
    {
        if (what)
            Interlocked.Increment(ref counter);
    }

    private static void AssertSame(double[][] before, double[][] after, double factor)
    {
        VarianceComponents a = VarianceComponents.Analyze(before), b = VarianceComponents.Analyze(after);
        AssertClose(Numbers(a.Rounding!, factor), Numbers(b.Rounding!, 1), 1e-8);
        AssertClose(Numbers(a.Seeds!, factor), Numbers(b.Seeds!, 1), 1e-8);
        AssertClose(Numbers(a.Ratio!, 1), Numbers(b.Ratio!, 1), 1e-8);
        AssertClose([a.LeastDifference!.Value * factor], [b.LeastDifference!.Value], 1e-8);
        GroupEffectTest s = GroupEffectTest.Of(before, 100)!, t = GroupEffectTest.Of(after, 100)!;
        AssertClose([s.F, s.P], [t.F, t.P], 1e-7);
        Assert.Equal(s.PermutationP, t.PermutationP, 0.011);

        static double[] Numbers(Estimate estimate, double factor) =>
            [estimate.Value * factor, estimate.Low * factor, estimate.High * factor];
    }

    private static void AssertClose(double[] expected, double[] actual, double tolerance = 1e-9)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(actual[i] - expected[i]) <= tolerance * Math.Abs(expected[i]),
                $"{actual[i]:R} instead of {expected[i]:R}");
    }
}
