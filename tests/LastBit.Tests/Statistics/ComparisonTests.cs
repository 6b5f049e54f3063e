using CsCheck;
using LastBit.Statistics;

namespace LastBit.Tests.Statistics;

/// <summary>
/// Comparison, NoiseAnalysis and Power: verdicts on cases with a known answer, laws, and by simulation the level of the whole rule.
/// </summary>
public class ComparisonTests
{
    private static readonly Measure Accuracy = new("accuracy", MeasureUnit.Percent, LowerIsBetter: false);

    [Fact]
    public void One_run_is_never_better_or_worse()
    {
        Comparison pair = Compare([8], [5, 5, 8, 7, 8]);
        Assert.Equal(ComparisonVerdict.TooFewRuns, pair.Verdict);
        Assert.True(pair.RunsNeeded > 5);
        Assert.Contains("Too few runs", pair.Sentence, StringComparison.Ordinal);
        Assert.Equal(ComparisonVerdict.TooFewRuns, Compare([8], [90]).Verdict);
        Assert.Null(Compare([8], [90]).Test);
        Assert.Equal(ComparisonVerdict.TooFewRuns, Compare([8, 8.1], [90, 90.1]).Verdict);
        Assert.Equal(ComparisonVerdict.TooFewRuns, Compare([8], [8]).Verdict);
    }

    [Fact]
    public void A_against_a_copy_of_A_is_no_difference() => Gen.Double[85, 95].Array[2, 8].Sample(values =>
    {
        Comparison pair = Compare(values, [.. values]);
        Assert.Equal((ComparisonVerdict.NoDifferenceSeen, 0.0), (pair.Verdict, pair.Difference));
        Assert.Equal(ComparisonVerdict.NoDifferenceSeen,
            Compare(values, values, new ComparisonSettings(Accuracy, Difference: 1e-6)).Verdict);
        string[] seeds = [.. values.Select((_, i) => $"{i}")];
        Assert.Equal(ComparisonVerdict.NoDifferenceSeen, Pair(Group("A", values, seeds), Group("B", values, seeds)).Verdict);
    }, iter: 20);

    [Fact]
    public void A_large_difference_is_real_and_a_small_one_needs_more_runs()
    {
        Comparison real = Compare([91.0, 91.2, 90.9, 91.1, 91.3], [92.5, 92.4, 92.8, 92.6, 92.2]);
        Assert.Equal((ComparisonVerdict.Real, null), (real.Verdict, real.RunsNeeded));
        Assert.StartsWith("B is better: accuracy of B is 1.40 percentage points above", real.Sentence, StringComparison.Ordinal);
        Assert.True(real.BBetter.Value == 1 && real.BBetter.Low is > 0.5 and < 1);
        Assert.StartsWith("A is better", Pair(Group("A", [91.0, 91.2, 90.9], null), Group("B", [92.5, 92.4, 92.8], null),
            new ComparisonSettings(Accuracy with { LowerIsBetter = true })).Sentence, StringComparison.Ordinal);

        Comparison few = Compare([91.0, 91.4, 90.8, 91.1, 91.5], [91.5, 91.2, 91.9, 91.3, 91.7]);
        Assert.Equal(ComparisonVerdict.TooFewRuns, few.Verdict);
        Assert.InRange(few.RunsNeeded!.Value, 6, 4 * 5);
        Assert.Contains($"{few.RunsNeeded - 5} more of A", few.Sentence, StringComparison.Ordinal);

        Comparison none = Compare([91.0, 91.4, 90.8, 91.1, 91.5], [91.1, 91.3, 90.9, 91.2, 91.4]);
        Assert.Equal(ComparisonVerdict.NoDifferenceSeen, none.Verdict);
        Assert.Contains("a smaller one may be there", none.Sentence, StringComparison.Ordinal);
        // Told what matters, the interval decides: a difference of 0.1 is not excluded by it, one of 1 is.
        double[] a = [91.0, 91.4, 90.8, 91.1, 91.5], b = [91.1, 91.3, 90.9, 91.2, 91.4];
        Assert.Equal(ComparisonVerdict.TooFewRuns, Compare(a, b, new ComparisonSettings(Accuracy, Difference: 0.1)).Verdict);
        Assert.Equal(ComparisonVerdict.NoDifferenceSeen, Compare(a, b, new ComparisonSettings(Accuracy, Difference: 1)).Verdict);
    }

    [Fact]
    public void Runs_of_a_seed_count_once()
    {
        // Six roundings of two seeds are two independent runs, however close together they lie.
        double[] a = [90.0, 90.1, 90.2, 91.0, 91.1, 91.2], b = [92.0, 92.1, 92.2, 93.0, 93.1, 93.2];
        string[] seedsA = ["1", "1", "1", "2", "2", "2"], seedsB = ["3", "3", "3", "4", "4", "4"];
        Comparison pair = Pair(Group("A", a, seedsA), Group("B", b, seedsB));
        Assert.Equal((2, 2, ComparisonVerdict.TooFewRuns, false), (pair.IndependentA, pair.IndependentB, pair.Verdict, pair.Paired));
        Assert.Contains("2 seeds each)", pair.Sentence, StringComparison.Ordinal);
        // Of one and the same seed they are what there is, and a note says so.
        Comparison oneSeed = Pair(Group("A", a[..3], seedsA[..3]), Group("B", [92.0, 92.1, 92.2], seedsA[..3]));
        Assert.Equal((3, ComparisonVerdict.Real), (oneSeed.IndependentA, oneSeed.Verdict));
        Assert.Contains(oneSeed.Notes, note => note.Contains("holds for this seed", StringComparison.Ordinal));
        // Of two different seeds they say nothing.
        Assert.Equal(1, Pair(Group("A", a[..3], seedsA[..3]), Group("B", b[..3], seedsB[..3])).IndependentA);
    }

    [Fact]
    public void Runs_are_paired_by_folds_and_by_seeds_where_that_is_asked_for()
    {
        string[] seeds = ["1", "2", "3", "4", "5", "6"];
        double[] a = [90, 91, 92, 93, 94, 95], b = [90.5, 91.6, 92.4, 93.5, 94.6, 95.5];
        Comparison unpaired = Pair(Group("A", a, seeds), Group("B", b, seeds));
        Assert.Equal((null, ComparisonVerdict.NoDifferenceSeen), (unpaired.PairedBy, unpaired.Verdict));
        // The seeds move together here, and whoever could have paired is told so.
        Assert.Contains(unpaired.Notes, note => note.Contains("Pairing by seed does that; decide on it before the runs are made",
            StringComparison.Ordinal));
        Assert.DoesNotContain(Pair(Group("A", a, seeds), Group("B", b, seeds), new ComparisonSettings(Accuracy, Pairing.No)).Notes, note =>
            note.Contains("--paired", StringComparison.Ordinal));
        Assert.DoesNotContain(Pair(Group("A", a, seeds), Group("B", [.. b.Reverse()], seeds)).Notes, note =>
            note.Contains("--paired", StringComparison.Ordinal));

        Comparison asked = Pair(Group("A", a, seeds), Group("B", b, seeds), new ComparisonSettings(Accuracy, Pairing.Yes));
        Assert.Equal(("seed", ComparisonVerdict.Real), (asked.PairedBy, asked.Verdict));
        Assert.Equal(Correlation.Of(a, b), asked.Correlation);
        Assert.Contains(asked.Notes, note => note.Contains("the two sides correlate by", StringComparison.Ordinal));
        Comparison partly = Pair(Group("A", a, seeds), Group("B", b, ["2", "3", "4", "5", "6", "7"]),
            new ComparisonSettings(Accuracy, Pairing.Yes));
        Assert.Equal((true, 5), (partly.Paired, partly.IndependentA));
        Assert.Contains("2 runs without a partner of the same seed are left out", partly.Notes[0], StringComparison.Ordinal);
        Assert.Throws<InputException>(() => Pair(Group("A", a, null), Group("B", b, seeds), new ComparisonSettings(Accuracy, Pairing.Yes)));

        // Both sides of a fold share its data, and the seed of all runs is the same: that is no rounding alone.
        Comparison folds = Pair(Folds("A", a), Folds("B", b));
        Assert.Equal(("fold", 6, ComparisonVerdict.Real), (folds.PairedBy, folds.IndependentA, folds.Verdict));
        Assert.Equal(0.5166666666666667, folds.Differences.Average(), 1e-12);
        Assert.Null(Pair(Folds("A", a), Folds("B", b), new ComparisonSettings(Accuracy, Pairing.No)).PairedBy);
        Assert.Null(Pair(Folds("A", a), Group("B", b, seeds)).PairedBy);
        Assert.Contains(NoiseAnalysis.Of(Folds("A", a).Runs, Accuracy).Notes, note =>
            note.Contains("folds of the data", StringComparison.Ordinal));

        Assert.Equal("folds, seeds and rounding", NoiseAnalysis.Of(Folds("A", a).Runs, Accuracy).SpreadOver);
        MeasuredRun[] unknown = [.. Folds("A", a).Runs.Select(run => run with { Seed = null })];
        Assert.Contains("in nothing but fold and chance, 95%", NoiseAnalysis.Of(unknown, Accuracy).Sentence, StringComparison.Ordinal);

        static ComparedGroup Folds(string name, double[] values) =>
            new(name, [.. values.Select((value, i) => new MeasuredRun($"{name}{i}", "42", null, value) { Fold = $"{i}" })]);
    }

    [Fact]
    public void Five_pairs_cannot_show_it_by_permutations_and_six_can()
    {
        double[] a = [90, 91, 92, 93, 94, 95], b = [90.5, 91.6, 92.4, 93.5, 94.6, 95.5];
        string[] seeds = ["1", "2", "3", "4", "5", "6"];
        var paired = new ComparisonSettings(Accuracy, Pairing.Yes);
        Comparison five = Pair(Group("A", a[..5], seeds[..5]), Group("B", b[..5], seeds[..5]), paired);
        Assert.Equal(0.0625, five.Permutation.LeastP);
        Assert.Contains(five.Notes, note => note.StartsWith("With 5 pairs the permutation test cannot go below p = 0.0625",
            StringComparison.Ordinal)
            && note.EndsWith("from 6 pairs on it can fall below 0.05.", StringComparison.Ordinal));
        Assert.DoesNotContain(Pair(Group("A", a, seeds), Group("B", b, seeds), paired).Notes, note =>
            note.Contains("cannot go below", StringComparison.Ordinal));
    }

    [Fact]
    public void Below_four_runs_a_side_the_runs_that_would_decide_are_a_range()
    {
        Comparison two = Compare([91.0, 91.4], [91.9, 91.5]);
        Assert.Equal(2, two.RunsNeededInterval.Count);
        // Twice one degree of freedom: the spread is known to within a factor of six.
        Assert.Matches(@"Between 3 and [0-9,]+ runs of each side would decide: so few runs say little of their spread\.$", two.Sentence);
        Comparison five = Compare([91.0, 91.4, 90.8, 91.1, 91.5], [91.5, 91.2, 91.9, 91.3, 91.7]);
        Assert.Contains($"{five.RunsNeeded} of each side would decide ({five.RunsNeededInterval[0]} to {five.RunsNeededInterval[1]} by "
            + "the interval of the spread)", five.Sentence, StringComparison.Ordinal);
        Assert.True(five.RunsNeededInterval[0] < five.RunsNeeded && five.RunsNeeded < five.RunsNeededInterval[1]);
    }

    [Fact]
    public void The_difference_that_matters_takes_as_many_runs_in_compare_as_in_noise()
    {
        double[] values = [91.0, 91.4, 90.8, 91.1, 91.5], moved = [.. values.Select(value => value + 0.1)];
        foreach (double difference in new[] { 0.15, 0.2, 0.3 })
        {
            Comparison pair = Compare(values, moved, new ComparisonSettings(Accuracy, Difference: difference));
            Assert.Equal(NoiseAnalysis.Of(Group("A", values, null).Runs, Accuracy, difference).RunsNeeded, pair.RunsNeeded);
            Assert.InRange(pair.RunsNeeded!.Value, pair.RunsNeededInterval[0]!.Value, pair.RunsNeededInterval[1]!.Value);
        }
    }

    [Fact]
    public void The_range_of_the_runs_that_would_decide_holds_their_number()
    {
        double[] values = [91.0, 91.4, 90.8, 91.1, 91.5];
        foreach (double moved in new[] { 0.02, 0.1, 0.2, 0.3 })
        {
            for (double difference = 0.22; difference < 0.9; difference += 0.04)
            {
                Comparison pair = Compare(values, [.. values.Select(value => value + moved)],
                    new ComparisonSettings(Accuracy, Difference: difference));
                if (pair.RunsNeeded is { } needed)
                    Assert.InRange(needed, pair.RunsNeededInterval[0]!.Value, pair.RunsNeededInterval[1] ?? int.MaxValue);
            }
        }
    }

    [Fact]
    public void Not_worse_is_the_one_sided_interval_beside_the_margin()
    {
        double[] a = [91.0, 91.4, 90.8, 91.1, 91.5], b = [91.5, 91.2, 91.9, 91.3, 91.7];
        NotWorse Asked(double[] first, double[] second, double margin, bool lower = false) =>
            Pair(Group("A", first, null), Group("B", second, null), new ComparisonSettings(Accuracy with { LowerIsBetter = lower },
                NotWorse: margin)).NotWorse!;
        // SciPy: difference -+ standard error * t.ppf(0.95, Welch's degrees).
        Assert.Equal(0.022194714992950726, Asked(a, b, 0.1).Bound!.Value, 1e-9);
        Assert.Equal(0.6978052850070766, Asked(a, b, 0.1, lower: true).Bound!.Value, 1e-9);
        Assert.Equal(NotWorseVerdict.NotWorse, Asked(a, b, 0.1).Verdict);
        Assert.Equal(NotWorseVerdict.TooFewRuns, Asked(a, b, 0.1, lower: true).Verdict);
        Assert.Equal(NotWorseVerdict.NotWorse, Asked(a, b, 0.7, lower: true).Verdict);
        Assert.Equal(NotWorseVerdict.Worse, Asked(a, b, 0.02, lower: true).Verdict);
        Assert.Equal(NotWorseVerdict.TooFewRuns, Asked(a[..2], b[..2], 0.1).Verdict);
        Assert.Contains("B is not worse than A by more than 0.10 percentage points: with a confidence of 95% it is better.",
            Asked(a, b, 0.1).Sentence, StringComparison.Ordinal);
        double std = Math.Sqrt((SampleStatistics.SquaredDeviations(a) + SampleStatistics.SquaredDeviations(b)) / 8);
        Assert.Equal(Power.RunsNeeded(0.1 / std, level: 0.1), Asked(a, b, 0.1, lower: true).RunsNeeded);
        // Of three it is asked of the first beside each other one.
        IReadOnlyList<Comparison> pairs = Comparison.OfAll(
            [Group("A", a, null), Group("B", b, null), Group("C", a, null)], new ComparisonSettings(Accuracy, NotWorse: 1));
        Assert.Equal([true, true, false], pairs.Select(pair => pair.NotWorse is not null));
    }

    [Fact]
    public void Of_more_than_two_it_is_said_who_beats_whom()
    {
        double[] low = [90.0, 90.2, 89.9, 90.1, 90.3], high = [92.5, 92.4, 92.8, 92.6, 92.2];
        Assert.Equal("C beats A, B and D; A, B and D are not told apart.",
            Said(["C"], ("A", low), ("B", [.. low.Select(value => value + 0.01)]), ("C", high), ("D", [.. low.Reverse()])));
        Assert.Equal("No difference is shown: A, B and C are not told apart.", Said(["A", "B", "C"], ("A", low), ("B", [.. low.Reverse()]),
            ("C", [90.1, 90.0, 90.2, 89.8, 90.1])));
        Assert.Equal("C beats A and B; B beats A.", Said(["C"], ("A", low), ("B", [.. low.Select(value => value + 1)]), ("C", high)));

        static string Said(string[] best, params (string Name, double[] Values)[] groups)
        {
            var ranking = Ranking.Of([.. groups.Select(one => one.Name)],
                Comparison.OfAll([.. groups.Select(one => Group(one.Name, one.Values, null))], new ComparisonSettings(Accuracy)));
            Assert.Equal(best, ranking.Best);
            return ranking.Sentence;
        }
    }

    [Fact]
    public void The_winner_is_the_subject_and_the_direction_is_said()
    {
        double[] low = [0.90, 0.92, 0.89, 0.91, 0.93], high = [1.05, 1.04, 1.08, 1.06, 1.02];
        var loss = new Measure("val_loss", MeasureUnit.Plain, LowerIsBetter: true);
        Comparison worse = Pair(Group("A", low, null), Group("B", high, null), new ComparisonSettings(loss));
        Assert.Equal("A", worse.Better);
        Assert.Matches(
            @"^A is better: val_loss of A is 0\.140 below that of B \(95% interval 0\.1[01][0-9] to 0\.1[67][0-9], p .*, 5 runs each\); lower is better\.$", worse.Sentence);
        Assert.Equal("A", Pair(Group("A", high, null), Group("B", low, null),
            new ComparisonSettings(loss with { LowerIsBetter = false })).Better);
        Assert.Null(Pair(Group("A", low, null), Group("B", [.. low.Reverse()], null), new ComparisonSettings(loss)).Better);
    }

    [Fact]
    public void An_outlying_run_and_skewed_runs_are_named()
    {
        double[] a = [91.0, 91.4, 90.8, 91.1, 91.5, 91.2], b = [91.9, 91.6, 92.0, 91.8, 91.7, 85.0];
        Comparison outlying = Compare(a, b);
        Assert.Contains(outlying.Notes, note => note.StartsWith("An outlying run: B5 of B, 85.0", StringComparison.Ordinal)
            && note.Contains($"without it {Measure.P(DifferenceTest.Welch(b.AsSpan()[..5], a)!.P)}", StringComparison.Ordinal));
        double[] skewed = [1, 1.1, 1.25, 1.3, 1.4, 1.5, 1.7, 2.25];
        Assert.Contains(Compare(skewed, [1, 2, 3, 4, 5, 6, 7, 8]).Notes, note => note.StartsWith("A: the runs are skewed (skewness 1.05",
            StringComparison.Ordinal));
        Assert.Contains(NoiseAnalysis.Of(Group("A", skewed, null).Runs, Accuracy).Notes, note =>
            note.Contains("73% to 88%", StringComparison.Ordinal));
        Assert.DoesNotContain(Compare(a, [.. a.Reverse()]).Notes, note => note.Contains("skew", StringComparison.Ordinal)
            || note.Contains("median", StringComparison.Ordinal));
    }

    [Fact]
    public void The_size_of_values_does_not_change_the_verdict()
    {
        double[] a = [1.0, 1.2, 0.9, 1.1, 1.3], b = [2.5, 2.4, 2.8, 2.6, 2.2];
        Comparison plain = Compare(a, b);
        var measure = new Measure("size", MeasureUnit.Plain, LowerIsBetter: false);
        foreach (double factor in new[] { Math.ScaleB(1, -550), Math.ScaleB(1, -700), 1e-16, 1e60, 1e150, Math.ScaleB(1, 600) })
        {
            double[] x = [.. a.Select(value => factor * value)], y = [.. b.Select(value => factor * value)];
            Comparison scaled = Compare(x, y, new ComparisonSettings(measure));
            Assert.Equal((plain.Verdict, plain.RunsNeeded), (scaled.Verdict, scaled.RunsNeeded));
            Assert.Equal(plain.P!.Value, scaled.P!.Value, 1e-9);
            Assert.Matches("size of B is 1\\.40×10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+ above|size of B is [0-9.]+×10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+ above", scaled.Sentence);
            NoiseAnalysis noise = NoiseAnalysis.Of(Group("A", x, null).Runs, measure);
            Assert.Equal(NoiseAnalysis.Of(Group("A", a, null).Runs, measure).Spread!.Value, noise.Spread!.Value / factor, 1e-9);
        }
    }

    [Fact]
    public void Equal_values_on_both_sides_leave_it_to_the_permutations()
    {
        Comparison three = Compare([90, 90, 90], [91, 91, 91]);
        Assert.Equal((ComparisonVerdict.TooFewRuns, 4), (three.Verdict, three.RunsNeeded));
        Assert.Null(three.Test);
        Assert.Contains(three.Notes, note => note.Contains("resolution", StringComparison.Ordinal));
        Assert.Equal(ComparisonVerdict.Real, Compare([90, 90, 90, 90], [91, 91, 91, 91]).Verdict);
        Assert.Equal(ComparisonVerdict.NoDifferenceSeen, Compare([90, 90, 90], [90, 90, 90, 90]).Verdict);
    }

    [Fact]
    public void Three_trainings_are_three_pairs_with_Holms_correction()
    {
        IReadOnlyList<Comparison> pairs = Comparison.OfAll(
            [Group("A", [91.0, 91.2, 90.9, 91.1, 91.3], null), Group("B", [91.9, 91.4, 91.5, 91.6, 91.2], null),
                Group("C", [91.2, 91.3, 91.0, 91.1, 91.2], null)],
            new ComparisonSettings(Accuracy));
        Assert.Equal(["AB", "AC", "BC"], pairs.Select(pair => pair.A + pair.B));
        Assert.Equal(Holm.Adjust([.. pairs.Select(pair => pair.P!.Value)]), pairs.Select(pair => pair.PAdjusted!.Value));
    }

    [Fact]
    public void To_swap_shift_or_scale_does_not_change_the_verdict() =>
        Gen.Select(Gen.Double[89, 91].Array[1, 7], Gen.Double[89, 91.5].Array[1, 7], Gen.Double[-10, 10],
            Gen.Double[0.1, 10]).Sample((a, b, shift, factor) =>
        {
            Comparison there = Compare(a, b), back = Compare(b, a);
            Comparison moved = Compare([.. a.Select(value => factor * (value + shift))], [.. b.Select(value => factor * (value + shift))]);
            Assert.Equal((there.Verdict, there.RunsNeeded), (back.Verdict, back.RunsNeeded));
            Assert.Equal(there.Verdict, moved.Verdict);
            Assert.Equal(there.BBetter.Value, 1 - back.BBetter.Value, 1e-12);
        }, iter: 15);

    /// <summary>Under the hypothesis that there is no difference the whole rule may call it real one time in twenty at most.</summary>
    [Theory]
    [InlineData(3, false, 1)]
    [InlineData(5, false, 1)]
    [InlineData(5, true, 1)]
    [InlineData(8, false, 3)]
    public void The_verdict_keeps_its_level(int runs, bool paired, int repeats)
    {
        const int tables = 1000;
        int real = 0;
        Parallel.For(0, tables, table =>
        {
            var random = new Normals((uint)(table + 40_000));
            string[] seeds = [.. Enumerable.Range(0, runs * repeats).Select(i => $"{i / repeats}")], others = paired ? seeds
                : [.. seeds.Select(seed => "b" + seed)];
            if (Pair(Group("A", Runs(random), seeds), Group("B", Runs(random), others), new ComparisonSettings(Accuracy, paired
                ? Pairing.Yes : Pairing.Auto, Resamples: 99)).Verdict == ComparisonVerdict.Real)
                Interlocked.Increment(ref real);

            // The seed's effect is as large as rounding's: without seeds counted once the level would be lost.
            double[] Runs(Normals normals) => [.. Enumerable.Range(0, runs).SelectMany(_ =>
            {
                double effect = normals.Next();
                return normals.Next(repeats, effect);
            })];
        });
        Assert.InRange(real, 0, (int)(0.065 * tables));
    }

    [Fact]
    public void Power_agrees_with_SciPy_and_finds_what_it_needs()
    {
        foreach (double[] row in StatisticsReference.Rows("power"))
            Assert.Equal(row[3], Power.Of(row[0], (int)row[1], row[2] == 1), 1e-7);
        foreach (double[] row in StatisticsReference.Rows("noncentralF"))
            Assert.Equal(row[4], Distributions.NoncentralFUpper(row[0], row[1], row[2], row[3]), 1e-7);
        foreach (double[] row in StatisticsReference.Rows("normal"))
            Assert.InRange(Distributions.NormalLower(row[0]), row[1] * (1 - 1e-11), row[1] * (1 + 1e-11));
        Gen.Select(Gen.Double[0.05, 5], Gen.Bool).Sample((effect, paired) =>
        {
            int runs = Power.RunsNeeded(effect, paired)!.Value;
            Assert.True(Power.Of(effect, runs, paired) >= Power.Target - 1e-9);
            Assert.True(runs <= 2 || Power.Of(effect, runs - 1, paired) < Power.Target);
            Assert.True(Power.DetectableEffect(runs, paired) <= effect * (1 + 1e-9));
        }, iter: 20);
        // SciPy: the least n with nct.sf(t, d, nc) + nct.cdf(-t, d, nc) of at least 0.8, t = t.ppf(1 - level / 2, d).
        Assert.Equal((16, 27), (Power.RunsNeeded(0.9, paired: true, level: 0.02), Power.RunsNeeded(0.9, level: 0.02)));
        Assert.Equal((27, 51), (Power.RunsNeeded(0.5, paired: true, level: 0.1), Power.RunsNeeded(0.5, level: 0.1)));
        // SciPy: the least n with t.ppf(0.975, d) / sqrt(n) (or sqrt(n / 2)) below the room that the difference observed leaves.
        Assert.Equal((9, 14), (Power.RunsToExclude(1, 0.2, paired: true), Power.RunsToExclude(1, 0.2)));
        Assert.Equal((27, 50), (Power.RunsToExclude(0.5, -0.1, paired: true), Power.RunsToExclude(0.5, -0.1)));
        Assert.Null(Power.RunsToExclude(0.5, 0.5));
        // The number that every textbook has.
        Assert.Equal(17, Power.RunsNeeded(1));
        Assert.Null(Power.RunsNeeded(0));
        Assert.Null(Power.RunsNeeded(1e-9));
    }

    [Fact]
    public void Two_looks_together_keep_the_level()
    {
        const int tables = 4000;
        int stopped = 0, wrong = 0;
        Parallel.For(0, tables, table =>
        {
            var random = new Normals((uint)(table + 50_000));
            double[] a = random.Next(16), b = random.Next(16);
            bool early = DifferenceTest.Welch(a.AsSpan(0, 8), b.AsSpan(0, 8))!.P < NoiseAnalysis.LevelAtFirstLook;
            if (early)
                Interlocked.Increment(ref stopped);
            if (early || DifferenceTest.Welch(a, b)!.P < NoiseAnalysis.LevelAtLastLook)
                Interlocked.Increment(ref wrong);
        });
        Assert.InRange(wrong, 0.040 * tables, 0.060 * tables);
        Assert.InRange(stopped, 1, 0.011 * tables);
    }

    [Fact]
    public void Five_seeds_have_a_noise_floor()
    {
        NoiseAnalysis noise = NoiseAnalysis.Of([.. Group("A", [91.0, 91.2, 90.9, 91.1, 91.3], ["1", "2", "3", "4", "5"]).Runs], Accuracy,
            difference: 0.3);
        double std = Math.Sqrt(0.1 / 4);
        Assert.Equal(91.1, noise.Mean, 1e-12);
        Assert.Equal(std, noise.Spread!.Value, 1e-12);
        Assert.Equal(2.7764451051977987 * Math.Sqrt(2) * std, noise.NoiseFloor!.Value, 1e-9);
        Assert.Equal(91.1 - 2.7764451051977987 * std / Math.Sqrt(5), noise.MeanInterval![0], 1e-9);
        Assert.Equal(Power.RunsNeeded(0.3 / std), noise.RunsNeeded);
        Assert.Null(noise.RoundingFloor);
        Assert.Equal(2.8 * std, noise.Reproducibility!.Value, 1e-12);
        Assert.Equal(std * Power.DetectableEffect(5), noise.DetectableDifference!.Value, 1e-12);
        Assert.Equal("seeds", noise.Plan!.Repeat);
    }

    [Fact]
    public void Seeds_and_perturbations_split_the_spread()
    {
        double[] values = [91.02, 91.33, 91.03, 91.30, 91.27, 91.19, 90.88, 91.12, 90.93, 91.40, 91.27, 91.47];
        string[] seeds = ["1", "1", "1", "1", "2", "2", "2", "2", "3", "3", "3", "3"];
        NoiseAnalysis noise = NoiseAnalysis.Of([.. Group("A", values, seeds).Runs], Accuracy, 0.3, 10_000, 10);
        VarianceComponents components = VarianceComponents.Analyze([values[..4], values[4..8], values[8..]]);
        Assert.Equal(components.Rounding!.Value, noise.Split.Single(part => part.Source == "rounding").Std);
        Assert.Equal(components.LeastDifference, noise.RoundingFloor);
        Assert.Equal(2.8 * components.Rounding.Value, noise.Repeatability!.Value, 1e-12);
        Assert.Contains(noise.Split, part => part.Source.StartsWith("seeds, beyond", StringComparison.Ordinal));
        Assert.Equal(100 * Math.Sqrt(TestSetSampling.BinomialVariance(noise.Mean / 100, 10_000)),
            noise.Split.Single(part => part.Source == "sampling of the test set").Std, 1e-12);
        // As fractions everything is a hundredth, and the plan the same.
        NoiseAnalysis fractions = NoiseAnalysis.Of(
            [.. Group("A", [.. values.Select(value => value / 100)], seeds).Runs], Accuracy with { Unit = MeasureUnit.Fraction }, 0.003,
                10_000, 10);
        Assert.Equal(noise.NoiseFloor!.Value / 100, fractions.NoiseFloor!.Value, 1e-12);
        Assert.Equal(noise.RunsNeeded, fractions.RunsNeeded);
        Assert.Contains("percentage points)", fractions.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Equal_runs_and_single_runs_claim_nothing()
    {
        NoiseAnalysis equal = NoiseAnalysis.Of([.. Group("A", [90, 90, 90], ["1", "2", "3"]).Runs], Accuracy, 0.1, 10_000);
        Assert.Equal((null, null, null, null), (equal.Spread, equal.NoiseFloor, equal.MeanInterval, equal.RunsNeeded));
        Assert.Contains("hides it", equal.Sentence, StringComparison.Ordinal);
        NoiseAnalysis one = NoiseAnalysis.Of([new MeasuredRun("run", null, null, 90)], Accuracy);
        Assert.Contains("One run says nothing", one.Sentence, StringComparison.Ordinal);
        NoiseAnalysis hidden = NoiseAnalysis.Of([.. Group("A", [90, 90, 91, 91], ["1", "1", "2", "2"]).Runs], Accuracy);
        Assert.Null(hidden.RoundingFloor);
        Assert.Contains(hidden.Notes, note => note.Contains("hides", StringComparison.Ordinal));
    }

    [Fact]
    public void A_power_of_two_is_no_run_of_its_own()
    {
        (IReadOnlyList<MeasuredRun> counted, IReadOnlyList<(string Run, string Why)> others) = MeasuredRun.Distinct(
        [
            new("a", "1", "2", 90), new("b", "1", "1", 90), new("c", "1", "3", 91), new("d", "1", "6", 91), new("e", "2", "2", 92),
                new("f", null, "2", 92), new("g", "1", "ulp", 93),
        ]);
        Assert.Equal(["b", "c", "e", "f", "g"], counted.Select(run => run.Name));
        Assert.Equal(["a", "d"], others.Select(other => other.Run));
    }

    private static Comparison Compare(double[] a, double[] b, ComparisonSettings? settings = null) =>
        Pair(Group("A", a, null), Group("B", b, null), settings);

    private static Comparison Pair(ComparedGroup a, ComparedGroup b, ComparisonSettings? settings = null) =>
        Assert.Single(Comparison.OfAll([a, b], settings ?? new ComparisonSettings(Accuracy)));

    private static ComparedGroup Group(string name, double[] values, string[]? seeds) =>
        new(name, [.. values.Select((value, i) => new MeasuredRun($"{name}{i}", seeds?[i], null, value))]);
}
