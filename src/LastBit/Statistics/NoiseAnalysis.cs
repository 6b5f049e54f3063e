namespace LastBit.Statistics;

/// <summary>One source of the spread of runs.</summary>
/// <param name="Source">What varies: "rounding", "seeds", "sampling of the test set", ...</param>
/// <param name="Std">Its standard deviation, in the metric's unit.</param>
/// <param name="Interval">The 95% interval of it; null where there is none.</param>
/// <param name="How">How it was estimated, in a few words.</param>
public sealed record SpreadPart(string Source, double Std, double[]? Interval, string How);

/// <summary>How to find out whether another training differs by a given amount.</summary>
/// <param name="Difference">The difference that matters.</param>
/// <param name="RunsNeeded">Runs of each side, each with its own seed, for a power of 80%; null where it is above 100,000.</param>
/// <param name="RunsNeededInterval">The same for the two ends of the spread's interval; an end is null where it is above 100,000.</param>
/// <param name="Repeat">What to repeat: "seeds", or "rounding" where but one seed is asked about.</param>
/// <param name="LookAfter">After how many runs a side to look for the first time; null where there are too few for two looks.</param>
/// <param name="LevelAtLook">The p below which it is decided there (O'Brien and Fleming, two looks).</param>
/// <param name="LevelAtEnd">The p below which it is decided at the end.</param>
/// <param name="Advice">The same in sentences.</param>
public sealed record RunPlan(
    double Difference, int? RunsNeeded, int?[] RunsNeededInterval, string Repeat, int? LookAfter, double LevelAtLook, double LevelAtEnd,
        string[] Advice);

/// <summary>The noise floor of one training; docs/statistics.md says what each number assumes.</summary>
/// <param name="Runs">How many runs count.</param>
/// <param name="Mean">The mean over seeds of the means over each seed's runs.</param>
/// <param name="MeanInterval">Its 95% interval; null with one run or where nothing varies.</param>
/// <param name="Spread">The standard deviation of a fresh run; null with one run or where nothing varies.</param>
/// <param name="SpreadInterval">Its 95% interval.</param>
/// <param name="SpreadOver">What varies between the runs that <paramref name="Spread"/> is of.</param>
/// <param name="Split">The spread by source, as far as the runs allow.</param>
/// <param name="NoiseFloor">Of two fresh runs 95% differ by less.</param>
/// <param name="RoundingFloor">Of two runs that differ by rounding alone 95% differ by less.</param>
/// <param name="Repeatability">ISO 5725's r: 2.8 times the spread over rounding (one seed, everything else equal).</param>
/// <param name="Reproducibility">ISO 5725's R: 2.8 times the spread of runs with different seeds.</param>
/// <param name="DetectableDifference">What as many runs of another training would show with a power of 80%.</param>
/// <param name="RunsNeeded">Runs of each side that show the plan's difference; null without a difference.</param>
/// <param name="Plan">How to show a difference; null without one.</param>
/// <param name="Sentence">The noise floor in one sentence.</param>
/// <param name="Notes">What a reader must know of it.</param>
public sealed record NoiseAnalysis(
    int Runs, double Mean, double[]? MeanInterval, double? Spread, double[]? SpreadInterval, string SpreadOver, SpreadPart[] Split,
    double? NoiseFloor, double? RoundingFloor, double? Repeatability, double? Reproducibility, double? DetectableDifference,
    int? RunsNeeded, RunPlan? Plan, string Sentence, string[] Notes)
{
    /// <summary>ISO 5725-6's factor between a standard deviation and the difference that two results exceed one time in twenty.</summary>
    public const double IsoFactor = 2.8;

    /// <summary>O'Brien and Fleming's boundary for two looks at an overall level of 0.05: the p to go below at the first look.</summary>
    public const double LevelAtFirstLook = 0.0052;

    /// <summary>The same at the second look.</summary>
    public const double LevelAtLastLook = 0.0480;

    /// <summary>The fewest runs a side at which a first look is taken.</summary>
    private const int FewestAtLook = 4;

    /// <summary>Analyses the runs of one training.</summary>
    /// <param name="runs">The runs, at least one.</param>
    /// <param name="measure">What their values are.</param>
    /// <param name="difference">A difference that would matter; null when nobody said.</param>
    /// <param name="testImages">The size of the test set, where it is known and values are shares of it.</param>
    /// <param name="classes">How many classes it has, where that is known.</param>
    /// <exception cref="ArgumentException">There is no run.</exception>
    public static NoiseAnalysis Of(IReadOnlyList<MeasuredRun> runs, Measure measure, double? difference = null, int? testImages = null,
        int? classes = null)
    {
        ArgumentNullException.ThrowIfNull(runs);
        ArgumentNullException.ThrowIfNull(measure);
        if (runs.Count == 0)
            throw new ArgumentException("there is no run", nameof(runs));
        List<string> notes = [];
        double[][] groups = Groups(runs, notes);
        double[] values = [.. runs.Select(run => run.Value)], units = groups.Length > 1
            ? [.. groups.Select(group => SampleStatistics.Mean(group))] : values;
        double mean = SampleStatistics.Mean(units);
        bool several = groups.Length > 1, repeats = groups.Any(group => group.Length > 1), seedsKnown =
            runs.All(run => run.Unit is not null);
        bool foldsDiffer = runs.Select(run => run.Fold).Distinct().Count() > 1;
        // What varies between runs, and what a sentence calls it of two runs.
        (string over, string between) = (several, runs.All(run => run.Seed is not null), foldsDiffer) switch
        {
            (false, _, _) => ("rounding alone (one seed)", "rounding"),
            (_, true, true) => ("folds, seeds and rounding", "fold, seed and rounding"),
            (_, true, false) => ("seeds and rounding", "seed and rounding"),
            (_, false, true) => ("folds and repeats", "fold and chance"),
            _ => ("repeats", "chance"),
        };

        VarianceComponents components = VarianceComponents.Analyze(groups);
        (Estimate? spread, double degrees) = several ? (components.Seeds, components.SeedsDegrees)
            : (components.Rounding, values.Length - 1);
        if (spread is null)
        {
            string hidden = runs.Count == 1
                ? $"One run says nothing about noise: at least two runs of {measure.Name} are needed, five are better."
                : $"All {runs.Count} runs have the same {measure.Name}. Equal values do not show that there is no noise: "
                    + $"the resolution of the test set{(testImages is { } images ? $" (one of {images} images)" : "")} or of the "
                        + "training hides it.";
            return new NoiseAnalysis(runs.Count, mean, null, null, null, over, [], null, null, null, null, null, null, null, hidden,
                [.. notes]);
        }

        if (several && repeats && components.Rounding is null)
        {
            notes.Add("Runs of one seed have equal values: the resolution of the test set or of the training hides the spread over "
                + "rounding, "
                + "or nothing was perturbed.");
        }
        if (!several && seedsKnown)
            notes.Add("There is one seed, so this is the spread over rounding alone; whether seeds add to it takes runs with other seeds.");
        double unitStd = units.Length > 1 ? SampleStatistics.Std(units) : 0;
        double margin = unitStd * Distributions.StudentTQuantile(1 - SampleStatistics.Tail,
            Math.Max(1, units.Length - 1)) / Math.Sqrt(units.Length);
        double floor = VarianceComponents.LeastDifferenceOf(spread.Value, degrees);
        // Without repeats of a seed the spread over rounding is part of the spread over seeds and cannot be told from it.
        double? roundingFloor = repeats ? components.LeastDifference : null;
        double? detectable = units.Length > 1 && unitStd > 0 ? Power.DetectableEffect(units.Length) * unitStd : null;
        RunPlan? plan = difference is { } wanted ? PlanOf(wanted, spread, several, seedsKnown, components, groups, measure) : null;
        string sentence = $"Two single runs of this training whose {measure.Name} differs by less than {measure.Difference(floor)} "
            + "cannot be told apart from noise: "
            + $"of two runs that differ in nothing but {between}, 95% "
                + "differ by less "
            + $"(spread {Measure.Number(spread.Value, spread.Value)}, 95% interval {Measure.Number(spread.Low, spread.Value)} to "
                + $"{Measure.Number(spread.High, spread.Value)}, {runs.Count} runs).";
        double? skewness = SampleStatistics.Skewness(units);
        if (units.Length >= 8 && skewness is { } skewed && Math.Abs(skewed) > 1)
        {
            notes.Add($"The runs are skewed (skewness {Measure.Number(skewed, 0.1)}). The intervals of the spread and the noise floor "
                + "are exact for normal runs; "
                + "for exponential ones, of skewness 2, the interval of the spread holds the truth in 73% to 88% of cases instead of 95%.");
        }
        return new NoiseAnalysis(
            runs.Count, mean, unitStd > 0 ? [mean - margin, mean + margin] : null, spread.Value, [spread.Low, spread.High], over,
            SplitOf(spread, components, over, several, repeats, mean, measure, testImages, classes),
            floor, roundingFloor, repeats && components.Rounding is { } rounding ? IsoFactor * rounding.Value : null,
            several ? IsoFactor * spread.Value : null, detectable, plan?.RunsNeeded, plan, sentence, [.. notes])
        {
            Skewness = skewness,
        };
    }

    /// <summary>The skewness of the independent runs; null with fewer than three.</summary>
    public double? Skewness { get; init; }

    /// <summary>Independent values: the mean of each seed where there are several, and otherwise the runs.</summary>
    /// <param name="runs">The runs, at least one.</param>
    public static double[] Units(IReadOnlyList<MeasuredRun> runs)
    {
        double[][] groups = Groups(runs, []);
        return groups.Length > 1 ? [.. groups.Select(group => SampleStatistics.Mean(group))] : groups[0];
    }

    /// <summary>The runs by seed; a run whose seed is not known is a group of its own.</summary>
    internal static double[][] Groups(IReadOnlyList<MeasuredRun> runs, List<string> notes)
    {
        int unknown = runs.Count(run => run.Unit is null);
        if (runs.Any(run => run.Fold is not null))
        {
            notes.Add("Runs are of folds of the data. Folds share training data and differ in test data, so their spread is not that of "
                + "repeating the training, "
                + "and intervals of the mean are too narrow.");
        }
        if (unknown > 0 && unknown < runs.Count)
            notes.Add($"{unknown} of {runs.Count} runs do not say their seed; each counts as a seed of its own.");
        double[][] groups =
        [
            .. runs.Where(run => run.Unit is not null).GroupBy(run => run.Unit).Select(group => group.Select(run => run.Value).ToArray()),
            .. runs.Where(run => run.Unit is null).Select(run => new[] { run.Value }),
        ];
        if (groups.Length > 1 && groups.Any(group => group.Length != groups[0].Length))
            notes.Add("Seeds have different numbers of runs, so each seed counts once in the mean and the intervals are approximate.");
        return groups;
    }

    private static SpreadPart[] SplitOf(
        Estimate spread, VarianceComponents components, string over, bool several, bool repeats, double mean, Measure measure,
            int? testImages, int? classes)
    {
        List<SpreadPart> parts = [];
        if (repeats && components.Rounding is { } rounding)
            parts.Add(new SpreadPart("rounding", rounding.Value, [rounding.Low, rounding.High], "runs of one seed, pooled over seeds"));
        if (several && components.SeedsAlone is { } alone && repeats)
            parts.Add(new SpreadPart("seeds, beyond rounding", alone.Value, [alone.Low, alone.High], "means of seeds less what rounding "
                + "explains of them"));
        if (several)
        {
            parts.Add(new SpreadPart(over == "repeats" ? over : $"{over} together", spread.Value, [spread.Low, spread.High],
                repeats ? "a run with a fresh seed" : "one run of each"));
        }
        if (testImages is { } images && measure.Unit != MeasureUnit.Plain)
        {
            double scale = measure.Unit == MeasureUnit.Percent ? 100 : 1;
            double accuracy = Math.Clamp(measure.LowerIsBetter ? 1 - mean / scale : mean / scale, 0, 1);
            (double low, double high) = TestSetSampling.CalibratedVarianceBounds(accuracy, images, classes ?? 2);
            parts.Add(new SpreadPart("sampling of the test set", scale * Math.Sqrt(TestSetSampling.BinomialVariance(accuracy, images)),
                null,
                $"between fresh test sets of {images} images, binomial"));
            parts.Add(new SpreadPart("of which between runs, if calibrated", scale * Math.Sqrt(high), classes > 2
                ? [scale * Math.Sqrt(low), scale * Math.Sqrt(high)] : null,
                classes > 2 ? $"bounds for {classes} classes" : "Jordan's formula for two classes"));
        }
        return [.. parts];
    }

    private static RunPlan PlanOf(
        double difference, Estimate spread, bool several, bool seedsKnown, VarianceComponents components, double[][] groups,
            Measure measure)
    {
        int? needed = Power.RunsNeeded(difference / spread.Value);
        int?[] range = [Power.RunsNeeded(difference / spread.Low), Power.RunsNeeded(difference / spread.High)];
        List<string> advice =
        [
            needed is { } runs
                ? $"To show a difference of {measure.Difference(difference)} with a power of 80%, each side needs {runs} runs"
                    + $"{(several ? seedsKnown ? ", each with its own seed" : "" : " (of this seed)")}. The spread is known only to "
                        + "within its interval; "
                    + $"with its two ends it is {Text(range[0])} and {Text(range[1])}."
                : $"To show a difference of {measure.Difference(difference)} takes more than {Power.MostRuns} runs of each side.",
        ];
        int repeats = groups.Max(group => group.Length);
        if (several && seedsKnown && components is { Rounding: { } rounding, SeedsAlone: { } alone } && repeats > 1)
        {
            double seedsWithRepeats = Math.Sqrt(alone.Value * alone.Value + rounding.Value * rounding.Value / repeats);
            int? seeds = Power.RunsNeeded(difference / seedsWithRepeats);
            advice.Add($"Repeat with new seeds, not with new roundings of old ones: a new seed is never worth less. With {repeats} "
                + "roundings of each seed "
                + $"it would take {Text(seeds)} seeds, {Text(seeds * repeats)} runs"
                + (alone.Low == 0 ? "; that the seed adds anything to rounding is not certain here." : "."));
        }
        else if (several)
        {
            advice.Add("Repeat with new seeds: a run with a new seed is never worth less than another rounding of an old one.");
        }
        else
        {
            advice.Add("These runs differ by rounding alone, so the plan holds for this seed; a claim about the training takes new seeds.");
        }
        int? look = needed is { } all && all / 2 >= FewestAtLook ? (all + 1) / 2 : null;
        if (look is { } first)
        {
            advice.Add($"Look after {first} runs per side and stop if p is below {Measure.Number(LevelAtFirstLook, LevelAtFirstLook)}. "
                + $"Otherwise make {needed} runs per side and call the "
                + $"difference real if p is below {Measure.Number(LevelAtLastLook, LevelAtLastLook)} (O'Brien and Fleming's boundaries: "
                    + "two looks, together 5%). Plan anew with the spread seen so far.");
        }
        else if (needed is not null)
        {
            advice.Add($"That is too few for an early look: look once, after {Math.Max(3, needed.Value)} runs per side.");
        }
        return new RunPlan(difference, needed, range, several ? "seeds" : "rounding", look, LevelAtFirstLook, LevelAtLastLook, [.. advice]);

        static string Text(int? count) => count is { } runs ? $"{runs}" : $"more than {Power.MostRuns}";
    }
}
