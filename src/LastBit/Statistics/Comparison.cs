namespace LastBit.Statistics;

/// <summary>Whether runs are compared in pairs.</summary>
public enum Pairing
{
    /// <summary>
    /// By folds of the data, where every run has one and both sides have the same, at least two: there both sides share their data.
    /// </summary>
    Auto,

    /// <summary>By the folds, or else by the seeds, that both sides have; the others are left out.</summary>
    Yes,

    /// <summary>Never.</summary>
    No,
}

/// <summary>What a comparison says of two trainings.</summary>
public enum ComparisonVerdict
{
    /// <summary>They differ.</summary>
    Real,

    /// <summary>The runs show no difference, and not many more would.</summary>
    NoDifferenceSeen,

    /// <summary>The runs do not decide; more would.</summary>
    TooFewRuns,
}

/// <summary>The runs of one side.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Runs">Its runs, at least one.</param>
/// <param name="Diverged">How many runs beside them have no value, for they diverged.</param>
public sealed record ComparedGroup(string Name, IReadOnlyList<MeasuredRun> Runs, int Diverged = 0);

/// <summary>How to compare.</summary>
/// <param name="Measure">What the values are.</param>
/// <param name="Pairing">Whether to compare in pairs.</param>
/// <param name="Difference">The least difference that would matter; null when nobody said.</param>
/// <param name="Resamples">How many resamples the bootstrap intervals are read from.</param>
/// <param name="NotWorse">By how much the others may be worse than the first group; null where that is not asked.</param>
/// <param name="RandomSeed">The seed of resampling.</param>
public sealed record ComparisonSettings(
    Measure Measure, Pairing Pairing = Pairing.Auto, double? Difference = null, int Resamples = Bootstrap.Resamples, double? NotWorse =
        null, ulong RandomSeed = 0);

/// <summary>Two trainings compared; docs/statistics.md has the rule of the verdict.</summary>
public sealed record Comparison
{
    /// <summary>A side with fewer independent runs than this decides nothing.</summary>
    public const int FewestRuns = 3;

    /// <summary>
    /// Where no difference is seen: if so many times as many runs would show the difference observed, were it the true one, then there
    /// are too few runs.
    /// </summary>
    public const int WorthTrying = 4;

    /// <summary>The name of A.</summary>
    public required string A { get; init; }

    /// <summary>The name of B.</summary>
    public required string B { get; init; }

    /// <summary>mean(B) - mean(A), in the metric's unit.</summary>
    public required double Difference { get; init; }

    /// <summary>Student's (paired) or Welch's test; null where nothing varies or each side has one run.</summary>
    public DifferenceTest? Test { get; init; }

    /// <summary>The 95% BCa bootstrap interval of the difference; null where a side has one run or nothing varies.</summary>
    public (double Low, double High)? Bootstrap { get; init; }

    /// <summary>The permutation test.</summary>
    public required PermutationTest Permutation { get; init; }

    /// <summary>The p of <see cref="Test"/>, or the permutation test's where there is none and two sides have at least two runs.</summary>
    public double? P { get; init; }

    /// <summary><see cref="P"/> after Holm's correction for all pairs.</summary>
    public double? PAdjusted { get; init; }

    /// <summary>The permutation test's p after the same correction.</summary>
    public double PermutationPAdjusted { get; init; }

    /// <summary>The probability that a run of B is better than a run of A (of the same pair, where they are paired).</summary>
    public required Estimate BBetter { get; init; }

    /// <summary>By what runs were paired, "fold" or "seed"; null where they were not.</summary>
    public string? PairedBy { get; init; }

    /// <summary>Whether runs were paired.</summary>
    public bool Paired => PairedBy is not null;

    /// <summary>The differences B - A of the pairs; empty where runs were not paired.</summary>
    public IReadOnlyList<double> Differences { get; init; } = [];

    /// <summary>The correlation of the two sides over the pairs; null where they were not paired, or are too few.</summary>
    public Estimate? Correlation { get; init; }

    /// <summary>What is independent: "run", or "seed" where several runs share one.</summary>
    public string Unit { get; init; } = "run";

    /// <summary>How many independent runs of A there are (seeds, where several runs share one; pairs, where they are paired).</summary>
    public required int IndependentA { get; init; }

    /// <summary>The same of B.</summary>
    public required int IndependentB { get; init; }

    /// <summary>The standard deviation of one independent run (of the differences of pairs); null where it is not known.</summary>
    public double? Std { get; init; }

    /// <summary>The difference that as many runs show with a power of 80%; null where that is not known.</summary>
    public double? DetectableDifference { get; init; }

    /// <summary>The verdict.</summary>
    public ComparisonVerdict Verdict { get; init; }

    /// <summary>
    /// How many independent runs each side needs to show the difference that matters, or else the one observed, with a power of 80%; null
    /// where the verdict is real, or no number up to 100,000 does.
    /// </summary>
    public int? RunsNeeded { get; init; }

    /// <summary>
    /// The same for the two ends of the interval of <see cref="Std"/>; empty where <see cref="RunsNeeded"/> is null or rests on no spread.
    /// </summary>
    public IReadOnlyList<int?> RunsNeededInterval { get; init; } = [];

    /// <summary>The name of the better side; null where no difference is shown.</summary>
    public string? Better { get; init; }

    /// <summary>Whether B is worse than A by more than a margin; null where that was not asked of this pair.</summary>
    public NotWorse? NotWorse { get; init; }

    /// <summary>The verdict with its numbers.</summary>
    public string Sentence { get; init; } = "";

    /// <summary>What a reader must know of it.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Compares every two groups, with Holm's correction for the number of pairs.</summary>
    /// <param name="groups">The groups, at least two; of the first the others are asked whether they are worse.</param>
    /// <param name="settings">How.</param>
    /// <returns>One comparison a pair, in the groups' order.</returns>
    /// <exception cref="ArgumentException">There are fewer than two groups, or one has no run.</exception>
    /// <exception cref="InputException">Pairs are asked for and there are fewer than two.</exception>
    public static IReadOnlyList<Comparison> OfAll(IReadOnlyList<ComparedGroup> groups, ComparisonSettings settings)
    {
        ArgumentNullException.ThrowIfNull(groups);
        ArgumentNullException.ThrowIfNull(settings);
        if (groups.Count < 2 || groups.Any(group => group.Runs.Count == 0))
            throw new ArgumentException("needs two groups with a run each", nameof(groups));
        List<Comparison> pairs = [];
        for (int a = 0; a < groups.Count; a++)
        {
            for (int b = a + 1; b < groups.Count; b++)
            {
                Comparison pair = Measured(groups[a], groups[b], settings);
                pairs.Add(a == 0 && settings.NotWorse is { } margin ? pair with { NotWorse = NotWorse.Of(pair, margin, settings.Measure) }
                    : pair);
            }
        }
        double[] adjusted = Holm.Adjust([.. pairs.Select(pair => pair.P ?? 1)]);
        double[] permuted = Holm.Adjust([.. pairs.Select(pair => pair.Permutation.P)]);
        return [.. pairs.Select((pair, i) => Judged(pair with
        {
            PAdjusted = pair.P is null ? null : adjusted[i],
            PermutationPAdjusted = permuted[i],
        }, pairs.Count, settings))];
    }

    /// <summary>Everything but what depends on the other pairs.</summary>
    private static Comparison Measured(ComparedGroup a, ComparedGroup b, ComparisonSettings settings)
    {
        string[] folds = Shared(a, b, Fold), seeds = Shared(a, b, Seed);
        bool sameFolds = folds.Length >= 2 && a.Runs.Concat(b.Runs).All(run => run.Fold is not null && folds.Contains(run.Fold));
        if (settings.Pairing == Pairing.Yes && Math.Max(folds.Length, seeds.Length) < 2)
        {
            throw new InputException($"{a.Name} and {b.Name} have {(seeds.Length + folds.Length == 0 ? "no seed" : "one seed")} in common; "
                + "pairs need at least two, so compare them unpaired");
        }
        if (settings.Pairing == Pairing.Auto && sameFolds)
            return MeasuredInPairs(a, b, folds, Fold, "fold", settings);
        if (settings.Pairing == Pairing.Yes)
            return folds.Length >= 2 ? MeasuredInPairs(a, b, folds, Fold, "fold", settings) : MeasuredInPairs(a, b, seeds, Seed, "seed",
                settings);

        List<string> notes = [];
        (MeasuredRun[] unitsA, MeasuredRun[] unitsB) = Independent(a, b, notes);
        double[] x = [.. unitsA.Select(run => run.Value)], y = [.. unitsB.Select(run => run.Value)];
        DifferenceTest? welch = DifferenceTest.Welch(x, y);
        var permutation = PermutationTest.TwoSamples(x, y, seed: settings.RandomSeed);
        double[] stds = [.. new[] { x, y }.Where(side => side.Length > 1).Select(side => SampleStatistics.Std(side))];
        double scale = stds.DefaultIfEmpty(0).Max(), typical = scale == 0 ? 0
            : scale * Math.Sqrt(stds.Sum(one => one / scale * (one / scale)) / stds.Length);
        // Unequal sides are worth as much as equal ones of the harmonic mean.
        int size = (int)(2 / (1.0 / x.Length + 1.0 / y.Length));
        if (stds.Length == 1)
            notes.Add($"{(x.Length == 1 ? a.Name : b.Name)} is one run; its spread is taken to be that of "
                + $"{(x.Length == 1 ? b.Name : a.Name)}.");
        else if (typical > 0 && stds.Contains(0))
            notes.Add($"All runs of {(stds[0] == 0 ? a.Name : b.Name)} are equal: the resolution of the test set or of the training "
                + "hides their spread.");
        if (settings.Pairing == Pairing.Auto && seeds.Length > 3 && welch is not null && PairsOf(a, b, seeds, Seed) is var pairs
            && DifferenceTest.Paired([.. pairs.Select(pair => pair.B - pair.A)]) is { } test
                && test.High - test.Low < welch.High - welch.Low
            && Statistics.Correlation.Of([.. pairs.Select(pair => pair.A)], [.. pairs.Select(pair => pair.B)]) is { Low: > 0 } correlation)
        {
            double digits = test.StandardError;
            notes.Add($"Runs of one seed move together here (correlation {Text(correlation)}); paired by seed the interval of the "
                + "difference would be "
                + $"{Measure.Number(test.Low, digits)} to {Measure.Number(test.High, digits)}. Pairing by seed does that; decide on it "
                    + "before the runs are made.");
        }
        notes.AddRange(Shape(a.Name, unitsA, y, settings.Measure));
        notes.AddRange(Shape(b.Name, unitsB, x, settings.Measure));
        double better = settings.Measure.LowerIsBetter ? -1 : 1;
        return new Comparison
        {
            A = a.Name,
            B = b.Name,
            Difference = SampleStatistics.Mean(y) - SampleStatistics.Mean(x),
            Test = welch,
            Bootstrap = Statistics.Bootstrap.DifferenceOfMeans(x, y, settings.Resamples, settings.RandomSeed),
            Permutation = permutation,
            P = welch?.P ?? (Math.Min(x.Length, y.Length) > 1 ? permutation.P : null),
            BBetter = Superiority.TwoSamples(
                [.. a.Runs.Select(run => better * run.Value)], [.. b.Runs.Select(run => better * run.Value)], x.Length, y.Length),
            Unit = x.Length < a.Runs.Count || y.Length < b.Runs.Count ? "seed" : "run",
            IndependentA = x.Length,
            IndependentB = y.Length,
            Std = typical > 0 ? typical : null,
            DetectableDifference = typical > 0 && size > 1 ? typical * Power.DetectableEffect(size) : null,
            Notes = Copied(a, b, notes),
        };
    }

    private static Comparison MeasuredInPairs(
        ComparedGroup a, ComparedGroup b, string[] keys, Func<MeasuredRun, string?> key, string what, ComparisonSettings settings)
    {
        List<string> notes = [];
        int outside = a.Runs.Concat(b.Runs).Count(run => key(run) is not { } own || !keys.Contains(own));
        if (outside > 0)
            notes.Add($"{NumberText.Count(outside, "run")} without a partner of the same {what} {(outside == 1 ? "is" : "are")} left out.");
        if (a.Runs.Concat(b.Runs).Count(run => key(run) is { } own && keys.Contains(own)) > 2 * keys.Length)
            notes.Add($"Several runs of a {what} count as one, their mean.");
        var pairs = PairsOf(a, b, keys, key);
        double[] differences = [.. pairs.Select(pair => pair.B - pair.A)];
        double std = SampleStatistics.Std(differences), better = settings.Measure.LowerIsBetter ? -1 : 1;
        DifferenceTest? test = DifferenceTest.Paired(differences);
        var permutation = PermutationTest.Paired(differences, seed: settings.RandomSeed);
        Estimate? correlation = Statistics.Correlation.Of([.. pairs.Select(pair => pair.A)], [.. pairs.Select(pair => pair.B)]);
        notes.Add($"Runs are compared in pairs of one "
            + $"{what}{(what == "fold" ? ", for the two runs of a fold share its data" : "")}."
            + (correlation is null ? "" : $" Over the pairs the two sides correlate by {Text(correlation)}."));
        notes.AddRange(Shape("the differences",
            [.. keys.Zip(differences, (name, value) => new MeasuredRun($"{what} {name}", null, null, value))], null, settings.Measure));
        return new Comparison
        {
            A = a.Name,
            B = b.Name,
            Difference = SampleStatistics.Mean(differences),
            Test = test,
            Bootstrap = Statistics.Bootstrap.Mean(differences, settings.Resamples, settings.RandomSeed),
            Permutation = permutation,
            P = test?.P ?? permutation.P,
            BBetter = Superiority.Paired([.. differences.Select(one => better * one)]),
            PairedBy = what,
            Differences = differences,
            Correlation = correlation,
            IndependentA = keys.Length,
            IndependentB = keys.Length,
            Std = std > 0 ? std : null,
            DetectableDifference = std > 0 ? std * Power.DetectableEffect(keys.Length, paired: true) : null,
            Notes = Copied(a, b, notes),
        };
    }

    private static Comparison Judged(Comparison pair, int pairs, ComparisonSettings settings)
    {
        Measure measure = settings.Measure;
        int fewest = Math.Min(pair.IndependentA, pair.IndependentB), most = Math.Max(pair.IndependentA, pair.IndependentB);
        bool isCopy = pair.Notes.Contains(CopyNote);
        // The permutation test has a say where it can reach the level at all: three runs a side never give it a p below 0.1.
        bool canPermute = pair.Permutation.LeastP < Power.Level / pairs;
        bool permutationAgrees = pair.PermutationPAdjusted < Power.Level || (pair.Test is not null && !canPermute);
        bool real = fewest >= FewestRuns && pair.PAdjusted < Power.Level && permutationAgrees;
        (int? needed, IReadOnlyList<int?> range) = Needed(pair, pairs, settings.Difference, fewest);

        bool tooFew = !real && !isCopy && (fewest < FewestRuns
            || (pair.Std is null ? pair.Difference != 0
                : settings.Difference is { } matters ? Math.Max(Math.Abs(pair.Test!.Low), Math.Abs(pair.Test.High)) >= matters
                : needed is { } enough && enough <= WorthTrying * most));
        ComparisonVerdict verdict = real ? ComparisonVerdict.Real : tooFew ? ComparisonVerdict.TooFewRuns
            : ComparisonVerdict.NoDifferenceSeen;
        List<string> notes = [.. pair.Notes];
        if (pair.Std is null && !isCopy && fewest > 1)
        {
            notes.Add("Nothing varies within the two sides: the resolution of the test set or of the training hides the spread, "
                + "so there is no interval, and the permutation test decides.");
        }
        if (pair.Test is not null && !canPermute && pair.PAdjusted < Power.Level && fewest > 1)
        {
            notes.Add($"With {(pair.Paired ? $"{fewest} pairs" : "so few runs")} the permutation test cannot go below "
                + $"p = {NumberText.Of(pair.Permutation.LeastP, 3)}"
                + $"{(real ? ", so the verdict rests on normally distributed runs" : "")}; from "
                    + $"{LeastRunsForPermutation(pair.Paired, pairs)} {(pair.Paired ? "pairs" : "runs a side")} on it can fall below "
                    + $"{NumberText.Of(Power.Level / pairs, 2)}.");
        }
        if (real && settings.Difference is { } least && Math.Abs(pair.Difference) < least)
            notes.Add($"The difference is real but smaller than the {measure.Difference(least)} that matter.");
        Comparison judged = pair with
        {
            Verdict = verdict,
            Better = real ? pair.Difference > 0 == !measure.LowerIsBetter ? pair.B : pair.A : null,
            RunsNeeded = real ? null : needed,
            RunsNeededInterval = real ? [] : range,
            Notes = notes,
        };
        return judged with { Sentence = SentenceOf(judged, isCopy, measure, settings.Difference) };
    }

    /// <summary>How many runs of each side would decide, and the same for the ends of the interval of the spread.</summary>
    private static (int? Needed, IReadOnlyList<int?> Range) Needed(Comparison pair, int pairs, double? matters, int fewest)
    {
        if (pair.Std is not { } std)
            return (fewest < FewestRuns ? FewestRuns : pair.Difference != 0 ? LeastRunsForPermutation(pair.Paired, pairs) : null, []);
        int degrees = pair.Paired ? pair.IndependentA - 1 : pair.IndependentA + pair.IndependentB - 2;
        Estimate spread = SampleStatistics.StdFromSquares(degrees, degrees);
        // The number that `noise --difference` says; where so many runs are there and do not decide, as many as exclude the difference that
        // matters.
        bool excludes = matters is not null && Shown(matters.Value, 1) <= fewest;
        return (For(1), [For(spread.Low), For(spread.High)]);

        int? For(double factor)
        {
            int? runs = !excludes ? Shown(matters ?? pair.Difference, factor)
                : Power.RunsToExclude(matters!.Value / (factor * std), pair.Difference / (factor * std), pair.Paired)
                    ?? Shown(pair.Difference, factor);
            return runs is not { } enough ? null : Math.Max(factor < 1 ? FewestRuns : Math.Max(FewestRuns, fewest + 1), enough);
        }

        int? Shown(double difference, double factor) => Power.RunsNeeded(difference / (factor * std), pair.Paired);
    }

    private static string SentenceOf(Comparison pair, bool isCopy, Measure measure, double? matters)
    {
        string better = measure.LowerIsBetter ? $"; {measure.Direction}" : "";
        switch (pair.Verdict)
        {
            case ComparisonVerdict.Real:
                return $"{pair.Better} is better: {pair.Seen(measure, pair.Better == pair.B)}{better}.";
            case ComparisonVerdict.NoDifferenceSeen when isCopy:
                return $"No difference: {pair.B} has the very values of {pair.A}.";
            case ComparisonVerdict.NoDifferenceSeen:
                return $"No difference seen: {pair.Seen(measure, true)}."
                    + (matters is { } least && pair.Test is not null ? $" A difference of {measure.Difference(least)} or more is excluded."
                        : pair.DetectableDifference is { } detectable
                            ? $" These runs would show a difference of {measure.Difference(detectable)} four times in five; a smaller "
                                + "one may be there." : "");
            default:
                return $"Too few runs to tell: {pair.Seen(measure, true)}.{pair.More}";
        }
    }

    /// <summary>What was observed, with its interval, p and number of runs, told of the one side or the other.</summary>
    private string Seen(Measure measure, bool ofB)
    {
        (string subject, string other) = ofB ? (B, A) : (A, B);
        double difference = ofB ? Difference : -Difference, scale = Test?.StandardError ?? Math.Abs(difference) / 100;
        string runs = Paired ? $"{IndependentA} pairs" : IndependentA != IndependentB ? $"{IndependentA} and {IndependentB} {Unit}s"
            : IndependentA == 1 ? $"one {Unit} each" : $"{IndependentA} {Unit}s each";
        double p = PAdjusted ?? Test?.P ?? 1;
        string facts = runs;
        if (Test is { } test)
        {
            // The interval is that of the table, of B - A; where that is below 0, the difference is said with its sign.
            string signed = Difference > 0 ? "" : $"{B} - {A} = {Measure.Number(Difference, scale)}, ";
            facts = $"{signed}95% interval {Measure.Number(test.Low, scale)} to {Measure.Number(test.High, scale)}, {Measure.P(p)}, "
                + runs;
        }
        else if (PAdjusted is not null)
        {
            facts = $"by permutation {Measure.P(p)}, {runs}";
        }
        string place = difference == 0 ? "the same as" : $"{measure.Difference(Math.Abs(difference), scale)} "
            + $"{(difference > 0 ? "above" : "below")}";
        return $"{measure.Name} of {subject} is {place} that of {other} ({facts})";
    }

    /// <summary>How many more runs would decide. With few runs the spread is hardly known, and only the range is said.</summary>
    private string More
    {
        get
        {
            if (RunsNeeded is not { } enough)
                return RunsNeededInterval is [{ } least, null] ? $" Between {NumberText.Count(least)} and more than "
                    + $"{NumberText.Count(Power.MostRuns)} {Units} would decide." : "";
            if (RunsNeededInterval is not [var low, var high])
                return $" At least {NumberText.Count(enough)} of each side are needed.";
            string most = high is { } end ? NumberText.Count(end) : $"more than {NumberText.Count(Power.MostRuns)}";
            if (Math.Min(IndependentA, IndependentB) < FewestForOneNumber)
                return $" Between {NumberText.Count(low ?? enough)} and {most} {Units} would decide: so few runs say little of their "
                    + "spread.";
            string range = $" ({NumberText.Count(low ?? enough)} to {most} by the interval of the spread)";
            return Paired ? $" {NumberText.Count(enough - IndependentA)} more pairs, {NumberText.Count(enough)} in all, would "
                + $"decide{range}."
                : $" {NumberText.Count(enough)} of each side would decide{range}: {NumberText.Count(Math.Max(0, enough - IndependentA))} "
                    + $"more of {A}, "
                    + $"{NumberText.Count(Math.Max(0, enough - IndependentB))} more of {B}.";
        }
    }

    private string Units => Paired ? "pairs" : "runs of each side";

    /// <summary>Below so many runs of a side the number of runs that would decide is said as a range alone.</summary>
    private const int FewestForOneNumber = 4;

    private const string CopyNote = "Both sides have the same values run by run, as a copy has.";

    private static List<string> Copied(ComparedGroup a, ComparedGroup b, List<string> notes)
    {
        // One number may agree by chance; a sequence of runs does not. Where a run diverged, what is left says nothing of the whole.
        if (a.Runs.Count > 1 && a.Diverged + b.Diverged == 0 && Values(a).SequenceEqual(Values(b)))
            notes.Add(CopyNote);
        return notes;

        static IEnumerable<double> Values(ComparedGroup group) => group.Runs.Select(run => run.Value).Order();
    }

    /// <summary>
    /// Runs of one seed are not independent: where there are several seeds, a seed's mean counts once. Where there is but one, its runs
    /// are what there is, and the verdict is about that seed.
    /// </summary>
    private static (MeasuredRun[] A, MeasuredRun[] B) Independent(ComparedGroup a, ComparedGroup b, List<string> notes)
    {
        if (a.Runs.Concat(b.Runs).Any(run => run.Unit is null))
        {
            if (a.Runs.Concat(b.Runs).Any(run => run.Unit is not null))
                notes.Add("Not every run says its seed; each run counts as independent.");
            return ([.. a.Runs], [.. b.Runs]);
        }
        string[] unitsA = Keys(a, UnitOf), unitsB = Keys(b, UnitOf);
        if (unitsA.Length == 1 && unitsB.Length == 1 && unitsA[0] == unitsB[0])
        {
            if (a.Runs.Count > 1 || b.Runs.Count > 1)
                notes.Add($"All runs have the seed {unitsA[0]} and differ by rounding alone: the verdict holds for this seed, not for "
                    + "the training.");
            return ([.. a.Runs], [.. b.Runs]);
        }
        if (a.Runs.Count > unitsA.Length || b.Runs.Count > unitsB.Length)
            notes.Add($"Several runs of a seed count as one, their mean: {unitsA.Length} seeds of {a.Name}, {unitsB.Length} of {b.Name}.");
        return (Means(a, unitsA), Means(b, unitsB));

        static MeasuredRun[] Means(ComparedGroup group, string[] units) => [.. units.Select(unit =>
        {
            MeasuredRun[] runs = [.. group.Runs.Where(run => run.Unit == unit)];
            return runs.Length == 1 ? runs[0] : new MeasuredRun($"seed {unit}", unit, null,
                SampleStatistics.Mean([.. runs.Select(run => run.Value)]));
        })];
    }

    /// <summary>
    /// Where a run lies far from the others (Iglewicz and Hoaglin's score above 3.5) or the runs are skewed, the t test is not what it
    /// says, and the reader is told which.
    /// </summary>
    private static IEnumerable<string> Shape(string name, MeasuredRun[] runs, double[]? others, Measure measure)
    {
        if (runs.Length < 5)
            yield break;
        double[] values = [.. runs.Select(run => run.Value).Order()], rest = [.. values];
        double median = Median(values), deviation = Median([.. values.Select(value => Math.Abs(value - median)).Order()]) / 0.6745;
        MeasuredRun far = runs.MaxBy(run => Math.Abs(run.Value - median))!;
        if (deviation > 0 && Math.Abs(far.Value - median) > 3.5 * deviation)
        {
            rest = [.. runs.Where(run => run != far).Select(run => run.Value)];
            DifferenceTest? without = others is null ? DifferenceTest.Paired(rest) : DifferenceTest.Welch(rest, others);
            yield return $"An outlying run: {far.Name} of {name}, {Measure.Number(far.Value, deviation)}, lies "
                + $"{Measure.Number(Math.Abs(far.Value - median) / deviation, 1)} deviations from the median "
                + $"{Measure.Number(median, deviation)}"
                + (without is null ? "" : $"; without it {Measure.P(without.P)} for {measure.Name}") + ". "
                + "A run is left out only for a reason other than its value.";
        }
        else if (runs.Length >= 8 && SampleStatistics.Skewness(values) is { } skewness && Math.Abs(skewness) > 1)
        {
            yield return $"{char.ToUpperInvariant(name[0])}{name[1..]}: the runs are skewed (skewness {Measure.Number(skewness, 0.1)}). "
                + "Intervals and p are for normal runs; "
                + "docs/statistics.md says how far they are off for skewed ones.";
        }

        static double Median(double[] sorted) => (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
    }

    private static string? Seed(MeasuredRun run) => run.Seed;

    private static string? Fold(MeasuredRun run) => run.Fold;

    private static string? UnitOf(MeasuredRun run) => run.Unit;

    private static string[] Keys(ComparedGroup group, Func<MeasuredRun, string?> key) =>
        [.. group.Runs.Select(key).OfType<string>().Distinct()];

    private static string[] Shared(ComparedGroup a, ComparedGroup b, Func<MeasuredRun, string?> key) =>
        [.. Keys(a, key).Intersect(Keys(b, key)).OrderBy(one => one.Length).ThenBy(one => one, StringComparer.Ordinal)];

    private static (double A, double B)[] PairsOf(ComparedGroup a, ComparedGroup b, string[] keys, Func<MeasuredRun, string?> key)
    {
        return [.. keys.Select(one => (MeanOf(a, one), MeanOf(b, one)))];

        double MeanOf(ComparedGroup group, string one) =>
            SampleStatistics.Mean([.. group.Runs.Where(run => key(run) == one).Select(run => run.Value)]);
    }

    private static string Text(Estimate correlation) =>
        $"{Measure.Number(correlation.Value, 0.1)} (95% interval {Measure.Number(correlation.Low, 0.1)} to "
            + $"{Measure.Number(correlation.High, 0.1)})";

    /// <summary>From how many runs on the most extreme assignment is rarer than the level: 2 of C(2n, n), or 2 of 2^n signs.</summary>
    private static int LeastRunsForPermutation(bool paired, int pairs)
    {
        double p = 1;
        int runs = 1;
        for (; p >= Power.Level / pairs; runs++)
            p = paired ? (runs == 1 ? 0.5 : p / 2) : runs == 1 ? 1.0 / 3 : p * (runs + 1) / (2 * (2 * runs + 1.0));
        return runs;
    }
}
