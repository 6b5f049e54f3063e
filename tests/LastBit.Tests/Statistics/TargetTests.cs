using LastBit.Statistics;

namespace LastBit.Tests.Statistics;

/// <summary>TargetTest, Correlation and Skewness beside SciPy 1.10.1, and what is said where runs cannot decide.</summary>
public class TargetTests
{
    /// <summary>The last validation losses of two records of the NanoGPT speedrun.</summary>
    private static readonly double[] After = [3.2773, 3.2782, 3.2786, 3.2803, 3.2801, 3.2815, 3.2777, 3.2762, 3.2781, 3.2785, 3.2794,
        3.2762];

    private static readonly double[] Before = [3.2754, 3.2806, 3.2801, 3.2796, 3.2781, 3.2787, 3.2784, 3.2779, 3.278, 3.2819];

    private static readonly Measure Loss = new("val_loss", MeasureUnit.Plain, LowerIsBetter: true);

    [Fact]
    public void The_speedruns_rule_comes_out_as_SciPy_has_it()
    {
        // stats.ttest_1samp(x, 3.28, alternative="less"); the share of itertools.product([1, -1], repeat=n) whose signed sum of |3.28 - x|
        // is as large.
        TargetTest after = TargetTest.Of(After, 3.28, Loss, 0.99), before = TargetTest.Of(Before, 3.28, Loss, 0.99);
        Assert.Equal(TargetVerdict.Met, after.Verdict);
        Assert.Equal(0.004163201429961054, after.P!.Value, 1e-10);
        Assert.Equal(0.005615234375, after.PermutationP);
        Assert.StartsWith("Met at 1%: the mean of 12 runs, 3.27851, is below 3.28 (one-sided t test p = 0.0042, signs p = 0.0056).",
            after.Sentence, StringComparison.Ordinal);
        Assert.Equal(TargetVerdict.TooFewRuns, before.Verdict);
        Assert.Equal(0.03842838742924527, before.P!.Value, 1e-10);
        Assert.Equal(0.04296875, before.PermutationP);
        // The least n with nct.sf(t.ppf(0.99, n - 1), n - 1, effect * sqrt(n)) of at least 0.8.
        Assert.Equal(28, before.RunsNeeded);
        Assert.Contains("28 runs, 18 more, show it four times in five", before.Sentence, StringComparison.Ordinal);
        Assert.Equal(TargetVerdict.Met, TargetTest.Of(Before, 3.28, Loss, 0.95).Verdict);
    }

    [Fact]
    public void The_other_side_is_missed_and_the_direction_decides_which_it_is()
    {
        TargetTest missed = TargetTest.Of(After, 3.28, Loss with { LowerIsBetter = false }, 0.99);
        Assert.Equal((TargetVerdict.Missed, null), (missed.Verdict, missed.RunsNeeded));
        Assert.Equal(1 - 0.004163201429961054, missed.P!.Value, 1e-10);
        TargetTest wrong = TargetTest.Of(Before, 3.28, Loss with { LowerIsBetter = false }, 0.99);
        Assert.Equal((TargetVerdict.TooFewRuns, null), (wrong.Verdict, wrong.RunsNeeded));
        Assert.Contains("more runs show it only if their mean moves", wrong.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_nothing_varies_the_signs_decide_and_one_run_never_does()
    {
        Assert.Equal(TargetVerdict.Met, TargetTest.Of([3, 3, 3, 3, 3, 3, 3], 3.28, Loss, 0.99).Verdict);
        Assert.Equal(TargetVerdict.TooFewRuns, TargetTest.Of([3, 3, 3, 3, 3, 3], 3.28, Loss, 0.99).Verdict);
        Assert.Equal(TargetVerdict.Missed, TargetTest.Of([4, 4, 4, 4, 4, 4, 4], 3.28, Loss, 0.99).Verdict);
        Assert.Equal(TargetVerdict.TooFewRuns, TargetTest.Of([3.28, 3.28, 3.28, 3.28, 3.28, 3.28, 3.28, 3.28], 3.28, Loss, 0.99).Verdict);
        TargetTest one = TargetTest.Of([3], 3.28, Loss, 0.99);
        Assert.Equal((TargetVerdict.TooFewRuns, null, null), (one.Verdict, one.P, one.PermutationP));
        Assert.Null(TargetTest.Of([.. After, .. Before], 3.28, Loss, 0.99).PermutationP);
        Assert.Throws<ArgumentException>(() => TargetTest.Of(After, 3.28, Loss, 1));
    }

    [Fact]
    public void At_the_target_itself_it_is_met_as_seldom_as_it_says()
    {
        int met = 0, missed = 0;
        for (uint table = 0; table < 1000; table++)
        {
            TargetVerdict verdict = TargetTest.Of(new Normals(table + 100_000).Next(6), 0, Loss, 0.95).Verdict;
            met += verdict == TargetVerdict.Met ? 1 : 0;
            missed += verdict == TargetVerdict.Missed ? 1 : 0;
        }
        Assert.InRange(met, 30, 70);
        Assert.InRange(missed, 30, 70);
    }

    [Fact]
    public void Correlation_and_skewness_agree_with_SciPy()
    {
        // stats.pearsonr(a, b) and its confidence_interval(); stats.skew(x).
        Estimate correlation = Correlation.Of([91.0, 91.4, 90.8, 91.1, 91.5], [91.5, 91.2, 91.9, 91.3, 91.7])!;
        Assert.Equal(-0.41212878113068196, correlation.Value, 1e-10);
        Assert.Equal(-0.9492433229002712, correlation.Low, 1e-9);
        Assert.Equal(0.7387540878595615, correlation.High, 1e-9);
        Assert.Equal((-1.0, 1.0), Correlation.Of([1, 2, 3], [1, 3, 2]) is { } three ? (three.Low, three.High) : default);
        Assert.Null(Correlation.Of([1, 2], [1, 2]));
        Assert.Null(Correlation.Of([1, 2, 3], [1, 1, 1]));
        Assert.Equal(-1.7067958584741454, SampleStatistics.Skewness([91.0, 91.2, 90.9, 91.1, 91.3, 90.2, 91.05, 91.15])!.Value, 1e-10);
        Assert.Null(SampleStatistics.Skewness([1, 2]));
        Assert.Null(SampleStatistics.Skewness([1, 1, 1]));
    }
}
