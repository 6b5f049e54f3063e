namespace LastBit.Statistics;

/// <summary>Whether runs are compared in pairs of one seed.</summary>
public enum Pairing
{
    /// <summary>Where both sides have the same seeds, at least two.</summary>
    Auto,

    /// <summary>By the seeds that both sides have; the others are left out.</summary>
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
public sealed record ComparedGroup(string Name, IReadOnlyList<MeasuredRun> Runs);

/// <summary>How to compare.</summary>
/// <param name="Measure">What the values are.</param>
/// <param name="Pairing">Whether to pair by seed.</param>
/// <param name="Difference">The least difference that would matter; null when nobody said.</param>
/// <param name="Resamples">How many resamples the bootstrap intervals are read from.</param>
public sealed record ComparisonSettings(
    Measure Measure, Pairing Pairing = Pairing.Auto, double? Difference = null, int Resamples = Bootstrap.Resamples);

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

    /// <summary>The probability that a run of B is better than a run of A (of the same seed, where they are paired).</summary>
    public required Estimate BBetter { get; init; }

    /// <summary>Whether runs were paired by seed.</summary>
    public required bool Paired { get; init; }

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

    /// <summary>The verdict with its numbers.</summary>
    public string Sentence { get; init; } = "";

    /// <summary>What a reader must know of it.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Compares every two groups, with Holm's correction for the number of pairs.</summary>
    /// <param name="groups">The groups, at least two.</param>
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
                pairs.Add(Measured(groups[a], groups[b], settings));
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
        List<string> notes = [];
        double better = settings.Measure.LowerIsBetter ? -1 : 1;
        string[] seeds = SharedSeeds(a, b);
        bool sameSeeds = seeds.Length >= 2 && a.Runs.Concat(b.Runs).All(run => run.Seed is not null && seeds.Contains(run.Seed));
        if (settings.Pairing == Pairing.Yes && seeds.Length < 2)
        {
            throw new InputException($"{a.Name} and {b.Name} have {(seeds.Length == 0 ? "no seed" : "one seed")} in common; "
                + "pairs need at least two, so compare them unpaired");
        }
        if (settings.Pairing == Pairing.Yes || (settings.Pairing == Pairing.Auto && sameSeeds))
        {
            int outside = a.Runs.Concat(b.Runs).Count(run => run.Seed is null || !seeds.Contains(run.Seed));
            if (outside > 0)
                notes.Add($"{outside} runs have no partner of the same seed and are left out.");
            double[] differences = [.. seeds.Select(seed => MeanOf(b, seed) - MeanOf(a, seed))];
            var paired = PermutationTest.Paired(differences);
            double std = StdOf(differences);
            if (a.Runs.Concat(b.Runs).Count(run => run.Seed is not null && seeds.Contains(run.Seed)) > 2 * seeds.Length)
                notes.Add("Several runs of a seed count as one, their mean.");
            DifferenceTest? test = DifferenceTest.Paired(differences);
            return new Comparison
            {
                A = a.Name,
                B = b.Name,
                Difference = SampleStatistics.Mean(differences),
                Test = test,
                Bootstrap = Statistics.Bootstrap.Mean(differences, settings.Resamples),
                Permutation = paired,
                P = test?.P ?? paired.P,
                BBetter = Superiority.Paired([.. differences.Select(one => better * one)]),
                Paired = true,
                IndependentA = seeds.Length,
                IndependentB = seeds.Length,
                Std = std > 0 ? std : null,
                DetectableDifference = std > 0 ? std * Power.DetectableEffect(seeds.Length, paired: true) : null,
                Notes = Copied(a, b, notes),
            };
        }

        (double[] x, double[] y) = Independent(a, b, notes);
        DifferenceTest? welch = DifferenceTest.Welch(x, y);
        var permutation = PermutationTest.TwoSamples(x, y);
        double[] stds = [.. new[] { x, y }.Where(side => side.Length > 1).Select(StdOf)];
        double typical = stds.Length == 0 ? 0 : Math.Sqrt(stds.Sum(one => one * one) / stds.Length);
        // Unequal sides are worth as much as equal ones of the harmonic mean.
        int size = (int)(2 / (1.0 / x.Length + 1.0 / y.Length));
        if (stds.Length == 1)
            notes.Add($"{(x.Length == 1 ? a.Name : b.Name)} is one run; its spread is taken to be that of {(x.Length == 1 ? b.Name : a.Name)}.");
        else if (typical > 0 && stds.Contains(0))
            notes.Add($"All runs of {(stds[0] == 0 ? a.Name : b.Name)} are equal: the resolution of the test set or of the training hides their spread.");
        return new Comparison
        {
            A = a.Name,
            B = b.Name,
            Difference = SampleStatistics.Mean(y) - SampleStatistics.Mean(x),
            Test = welch,
            Bootstrap = Statistics.Bootstrap.DifferenceOfMeans(x, y, settings.Resamples),
            Permutation = permutation,
            P = welch?.P ?? (Math.Min(x.Length, y.Length) > 1 ? permutation.P : null),
            BBetter = Superiority.TwoSamples(
                [.. a.Runs.Select(run => better * run.Value)], [.. b.Runs.Select(run => better * run.Value)], x.Length, y.Length),
            Paired = false,
            IndependentA = x.Length,
            IndependentB = y.Length,
            Std = typical > 0 ? typical : null,
            DetectableDifference = typical > 0 && size > 1 ? typical * Power.DetectableEffect(size) : null,
            Notes = Copied(a, b, notes),
        };
    }

    private static Comparison Judged(Comparison pair, int pairs, ComparisonSettings settings)
    {
        Measure measure = settings.Measure;
        int fewest = Math.Min(pair.IndependentA, pair.IndependentB), most = Math.Max(pair.IndependentA, pair.IndependentB);
        bool isCopy = pair.Notes.Contains(CopyNote);
        // The permutation test has a say where it can reach the level at all: three runs a side never give it a p below 0.1.
        bool permutationAgrees = pair.PermutationPAdjusted < Power.Level
            || (pair.Test is not null && pair.Permutation.LeastP >= Power.Level / pairs);
        bool real = fewest >= FewestRuns && pair.PAdjusted < Power.Level && permutationAgrees;
        double sought = settings.Difference ?? Math.Abs(pair.Difference);
        int? needed = pair.Std is { } std ? Power.RunsNeeded(sought / std, pair.Paired) is { } runs ? Math.Max(FewestRuns, runs) : null : null;
        if (fewest < FewestRuns)
            needed = Math.Max(FewestRuns, needed ?? FewestRuns);
        else if (pair.Std is null && pair.Difference != 0)
            needed = LeastRunsForPermutation(pair.Paired, pairs);
        else if (needed <= fewest)
            needed = fewest + 1;

        bool tooFew = !real && !isCopy && (fewest < FewestRuns
            || (pair.Std is null ? pair.Difference != 0
                : settings.Difference is { } matters ? Math.Max(Math.Abs(pair.Test!.Low), Math.Abs(pair.Test.High)) >= matters
                : needed is { } enough && enough <= WorthTrying * most));
        ComparisonVerdict verdict = real ? ComparisonVerdict.Real : tooFew ? ComparisonVerdict.TooFewRuns : ComparisonVerdict.NoDifferenceSeen;
        List<string> notes = [.. pair.Notes];
        if (pair.Std is null && !isCopy && fewest > 1)
        {
            notes.Add("Nothing varies within the two sides: the resolution of the test set or of the training hides the spread, "
                + "so there is no interval, and the permutation test decides.");
        }
        if (real && pair.Test is not null && pair.Permutation.LeastP >= Power.Level / pairs)
        {
            notes.Add($"With so few runs the permutation test cannot go below {Measure.P(pair.Permutation.LeastP)}; "
                + "the verdict rests on normally distributed runs.");
        }
        if (real && settings.Difference is { } least && Math.Abs(pair.Difference) < least)
            notes.Add($"The difference is real but smaller than the {measure.Difference(least)} that matter.");
        return pair with
        {
            Verdict = verdict,
            RunsNeeded = real ? null : needed,
            Notes = notes,
            Sentence = SentenceOf(pair, verdict, isCopy, needed, measure, settings.Difference),
        };
    }

    private static string SentenceOf(Comparison pair, ComparisonVerdict verdict, bool isCopy, int? needed, Measure measure, double? matters)
    {
        double scale = pair.Test?.StandardError ?? Math.Abs(pair.Difference);
        string size = measure.Difference(Math.Abs(pair.Difference), scale);
        string interval = pair.Test is { } test
            ? $" (95% interval of the difference {Measure.Number(test.Low, scale)} to {Measure.Number(test.High, scale)}, {Measure.P(pair.PAdjusted ?? test.P)})"
            : pair.PAdjusted is { } p ? $" (by permutation {Measure.P(p)})" : "";
        string seen = $"{measure.Name} of {pair.B} is {(pair.Difference == 0 ? "the same as" : $"{size} {(pair.Difference > 0 ? "above" : "below")}")} "
            + $"that of {pair.A}{interval}";
        switch (verdict)
        {
            case ComparisonVerdict.Real:
                return $"{(pair.Difference > 0 == !measure.LowerIsBetter ? pair.B : pair.A)} is better: {seen}.";
            case ComparisonVerdict.NoDifferenceSeen when isCopy:
                return $"No difference: {pair.B} has the very values of {pair.A}.";
            case ComparisonVerdict.NoDifferenceSeen:
                return $"No difference seen: {seen}."
                    + (matters is { } least && pair.Test is not null ? $" A difference of {measure.Difference(least)} or more is excluded."
                        : pair.DetectableDifference is { } detectable
                            ? $" This many runs would show a difference of {measure.Difference(detectable)} four times in five; a smaller one may be there." : "");
            default:
                int most = Math.Max(pair.IndependentA, pair.IndependentB);
                string have = pair.IndependentA == pair.IndependentB ? $"{pair.IndependentA}" : $"{pair.IndependentA} and {pair.IndependentB}";
                string unit = pair.Paired ? "pairs" : most == 1 ? "run of each side" : "independent runs";
                string more = needed is not { } enough ? ""
                    : pair.Std is null ? $" At least {enough} of each side are needed."
                    : pair.Paired ? $" {enough - pair.IndependentA} more pairs, {enough} in all, would decide."
                    : $" {enough} of each side would decide: {Math.Max(0, enough - pair.IndependentA)} more of {pair.A}, "
                        + $"{Math.Max(0, enough - pair.IndependentB)} more of {pair.B}.";
                return $"Too few runs to tell ({have} {unit}): {seen}.{more}";
        }
    }

    private const string CopyNote = "Both sides have the same values run by run, as a copy has.";

    private static List<string> Copied(ComparedGroup a, ComparedGroup b, List<string> notes)
    {
        // One number may agree by chance; a sequence of runs does not.
        if (a.Runs.Count > 1 && Values(a).SequenceEqual(Values(b)))
            notes.Add(CopyNote);
        return notes;

        static IEnumerable<double> Values(ComparedGroup group) => group.Runs.Select(run => run.Value).Order();
    }

    /// <summary>
    /// Runs of one seed are not independent: where there are several seeds, a seed's mean counts once. Where there is but one, its runs
    /// are what there is, and the verdict is about that seed.
    /// </summary>
    private static (double[] A, double[] B) Independent(ComparedGroup a, ComparedGroup b, List<string> notes)
    {
        if (a.Runs.Concat(b.Runs).Any(run => run.Seed is null))
        {
            if (a.Runs.Concat(b.Runs).Any(run => run.Seed is not null))
                notes.Add("Not every run says its seed; each run counts as independent.");
            return (Values(a), Values(b));
        }
        string[] seedsA = Seeds(a), seedsB = Seeds(b);
        if (seedsA.Length == 1 && seedsB.Length == 1 && seedsA[0] == seedsB[0])
        {
            if (a.Runs.Count > 1 || b.Runs.Count > 1)
                notes.Add($"All runs have the seed {seedsA[0]} and differ by rounding alone: the verdict holds for this seed, not for the training.");
            return (Values(a), Values(b));
        }
        if (a.Runs.Count > seedsA.Length || b.Runs.Count > seedsB.Length)
            notes.Add($"Several runs of a seed count as one, their mean: {seedsA.Length} seeds of {a.Name}, {seedsB.Length} of {b.Name}.");
        return ([.. seedsA.Select(seed => MeanOf(a, seed))], [.. seedsB.Select(seed => MeanOf(b, seed))]);

        static double[] Values(ComparedGroup group) => [.. group.Runs.Select(run => run.Value)];
    }

    private static string[] Seeds(ComparedGroup group) => [.. group.Runs.Select(run => run.Seed).OfType<string>().Distinct()];

    private static string[] SharedSeeds(ComparedGroup a, ComparedGroup b) => [.. Seeds(a).Intersect(Seeds(b)).Order(StringComparer.Ordinal)];

    private static double MeanOf(ComparedGroup group, string seed) =>
        SampleStatistics.Mean([.. group.Runs.Where(run => run.Seed == seed).Select(run => run.Value)]);

    private static double StdOf(double[] values) => Math.Sqrt(SampleStatistics.SquaredDeviations(values) / (values.Length - 1));

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
