using System.Globalization;
using System.Text.Json.Serialization;
using LastBit.Arithmetic;
using LastBit.Files;
using LastBit.Runs;
using LastBit.Statistics;
using LastBit.Training;

namespace LastBit.Experiments;

/// <summary>The share of the spread that a test set of this size explains by sampling alone; in percentage points where it is an accuracy.</summary>
/// <param name="TestImages">The size of the test set.</param>
/// <param name="Classes">How many classes it has.</param>
/// <param name="MeanAccuracy">Mean final accuracy of all runs, percent.</param>
/// <param name="AccuracyLow">Lower end of the 95% (Clopper and Pearson) interval of the accuracy on images like these, percent.</param>
/// <param name="AccuracyHigh">Its upper end.</param>
/// <param name="BinomialStd">sqrt(p(1-p)/n): the spread between fresh test sets of this size.</param>
/// <param name="BinomialShareOfRounding">Its square over the rounding variance; above 1 says that runs on one test set vary less than test sets do.</param>
/// <param name="BinomialShareOfSeeds">The same over the variance over seeds.</param>
/// <param name="CalibratedStdLow">Lower bound of the spread between runs that calibration makes unavoidable: sqrt(err/(classes n)).</param>
/// <param name="CalibratedStdHigh">Upper bound, sqrt(err/(2n)), which is Jordan's formula for two classes.</param>
/// <param name="CalibratedShareOfRoundingLow">The square of the lower bound over the rounding variance.</param>
/// <param name="CalibratedShareOfRoundingHigh">The square of the upper bound over the rounding variance.</param>
public sealed record SamplingShare(
    int TestImages, int Classes, double MeanAccuracy, double AccuracyLow, double AccuracyHigh,
    double BinomialStd, double? BinomialShareOfRounding, double? BinomialShareOfSeeds,
    double CalibratedStdLow, double CalibratedStdHigh, double? CalibratedShareOfRoundingLow, double? CalibratedShareOfRoundingHigh);

/// <summary>The statistics of Table 1; docs/statistics.md says what each assumes. Standard deviations in percentage points.</summary>
/// <param name="Confidence">The confidence of all intervals.</param>
/// <param name="Runs">How many runs are compared (equal k counted once).</param>
/// <param name="StdOverK">For each seed with two runs: the standard deviation over rounding alone, its value by the sample formula.</param>
/// <param name="StdOverSeeds">For each perturbation with two runs: the standard deviation over seeds, likewise.</param>
/// <param name="Rounding">The spread over rounding alone, pooled over seeds.</param>
/// <param name="Seeds">The spread of a run with a fresh seed (which holds the spread over rounding too).</param>
/// <param name="Ratio">Rounding over Seeds.</param>
/// <param name="Test">Whether a seed adds to the spread over rounding.</param>
/// <param name="KEffect">Whether some perturbation has another mean accuracy than the others, which would be more than rounding; complete tables only.</param>
/// <param name="Sampling">What the size of the test set explains.</param>
/// <param name="LeastDifference">Two runs that differ by rounding alone differ by less with probability 0.95.</param>
/// <param name="Roundings">Whether the spread depends on which rounding was changed; null, and left out of documents, where only k was.</param>
public sealed record SummaryStatistics(
    double Confidence, int Runs, SortedDictionary<int, Estimate> StdOverK, SortedDictionary<Perturbation, Estimate> StdOverSeeds,
    Estimate? Rounding, Estimate? Seeds, Estimate? Ratio, GroupEffectTest? Test, RowMeansTest? KEffect, SamplingShare Sampling, double? LeastDifference,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RoundingSpreads? Roundings = null);

/// <summary>Table 1 with its statistics; summary.json, and part of accuracy.json.</summary>
/// <param name="Epochs">Epochs of a run.</param>
/// <param name="FinalEpochs">How many last epochs the final accuracy is the mean of: 10, or all of a shorter run.</param>
/// <param name="Final">Seed, then perturbation, then the final accuracy, percent; finished runs only.</param>
/// <param name="StdOverK">For each seed with at least two runs: population standard deviation over k, rounding alone (a column of Table 1).</param>
/// <param name="StdOverSeeds">For each perturbation with at least two runs: population standard deviation over seeds (a row of Table 1).</param>
/// <param name="Statistics">Intervals, ratio, tests, sampling.</param>
/// <param name="Sentence">Below which difference two runs cannot be told apart from rounding error.</param>
/// <param name="Comparison">How the two spreads compare, in one sentence.</param>
/// <param name="Notes">What a reader must know of this table: missing runs, short runs, equal k.</param>
public sealed record Summary(
    int Epochs, int FinalEpochs, SortedDictionary<int, SortedDictionary<Perturbation, double>> Final,
    SortedDictionary<int, double> StdOverK, SortedDictionary<Perturbation, double> StdOverSeeds,
    SummaryStatistics Statistics, string Sentence, string Comparison, string[] Notes)
    : ICheckedDocument
{
    /// <summary>The name of the document in the folder that was summarized.</summary>
    public const string FileName = "summary.json";

    /// <summary>The final accuracy of a run is the mean over this many last epochs (experiments 3a).</summary>
    public const int LastEpochs = 10;

    /// <summary>Size of CIFAR-10's test set, for results that do not say.</summary>
    public const int CifarTestImages = 10_000;

    /// <summary>Classes of CIFAR-10, for results that do not say.</summary>
    public const int CifarClasses = 10;

    /// <summary>Reads a result folder, computes its summary and writes summary.json into it.</summary>
    /// <param name="folder">A folder of `lastbit accuracy`, or one in the layout of the authors' scripts.</param>
    /// <param name="testImages">The size of the test set; null to take it from the folder, or else CIFAR-10's.</param>
    /// <param name="outFolder">Where summary.json goes; null for the folder itself.</param>
    /// <param name="lastEpochs">How many last epochs the final accuracy is the mean of.</param>
    /// <exception cref="InputException">There are no results, they are damaged, or the folder cannot be written.</exception>
    public static Summary Run(string folder, int? testImages = null, string? outFolder = null, int lastEpochs = LastEpochs)
    {
        AccuracyCurves curves = AccuracyCurves.Read(folder);
        if (testImages < 1)
            throw InputException.Of(nameof(testImages), "must be at least 1");
        Summary summary = Of(testImages is null ? curves : curves with { TestImages = testImages }, lastEpochs);
        AtomicFile.WriteAllText(Path.Combine(outFolder ?? folder, FileName), summary.ToJson());
        return summary;
    }

    /// <summary>The final accuracy of a run: the mean of its last 10 epochs, or of all when it is shorter.</summary>
    /// <param name="accuracy">The accuracy of every epoch, at least one.</param>
    /// <param name="lastEpochs">How many, where it is not 10.</param>
    public static double FinalAccuracy(double[] accuracy, int lastEpochs = LastEpochs)
    {
        ArgumentNullException.ThrowIfNull(accuracy);
        return SampleStatistics.Mean(accuracy.AsSpan(Math.Max(0, accuracy.Length - lastEpochs)));
    }

    /// <summary>Computes the summary of curves.</summary>
    /// <param name="curves">The curves; unfinished runs are left out.</param>
    /// <param name="lastEpochs">How many last epochs the final accuracy is the mean of.</param>
    /// <exception cref="InputException">No run is finished.</exception>
    public static Summary Of(AccuracyCurves curves, int lastEpochs = LastEpochs)
    {
        ArgumentNullException.ThrowIfNull(curves);
        List<string> notes = [];
        SortedDictionary<int, SortedDictionary<Perturbation, double>> final = FinishedRuns(curves, lastEpochs, notes);
        if (final.Count == 0)
        {
            throw new InputException(curves.Diverged is { Count: > 0 }
                ? string.Join(" ", DivergedNotes(curves)[..^1]) + " No run is left, and a table needs at least one; a smaller learning rate or weight decay may help"
                : $"no run has finished its {Count(curves.Epochs, "epoch")} yet; a table needs at least one");
        }
        if (curves.FromFractions)
            notes.Add("The files hold fractions; they are shown in percent.");
        int finalEpochs = Math.Min(lastEpochs, curves.Epochs);
        if (finalEpochs < lastEpochs)
        {
            notes.Add($"Runs have {Count(curves.Epochs, "epoch")}, so the final accuracy is the mean of "
                + $"{(finalEpochs == 1 ? "that one" : "them all")}, not of the last {lastEpochs}.");
        }

        SortedDictionary<int, SortedDictionary<Perturbation, double>> distinct = DistinctRuns(final, notes);
        Perturbation[] ks = [.. distinct.Values.SelectMany(runs => runs.Keys).Distinct().Order()];
        var rows = ks.ToDictionary(k => k, k => distinct.Values.Where(runs => runs.ContainsKey(k)).Select(runs => runs[k]).ToArray());
        var columns = distinct.ToDictionary(seed => seed.Key, seed => seed.Value.Values.ToArray());
        bool complete = columns.Values.All(column => column.Length == ks.Length);
        if (!complete)
        {
            notes.Add("Runs are missing from the table: "
                + string.Join(", ", distinct.SelectMany(seed => ks.Where(k => !seed.Value.ContainsKey(k)).Select(k => $"seed {seed.Key} with {k.Name}")))
                + ". With unequal columns the intervals are approximate.");
        }

        double[][] groups = [.. columns.OrderBy(column => column.Key).Select(column => column.Value)];
        VarianceComponents components = VarianceComponents.Analyze(groups);
        GroupEffectTest? test = components.Ratio is null ? null : GroupEffectTest.Of(groups);
        RowMeansTest? kEffect = complete && groups.Length > 1 && ks.Length > 1 ? RowMeansTest.Of(groups) : null;
        var statistics = new SummaryStatistics(
            SampleStatistics.Confidence, groups.Sum(group => group.Length), Estimates(columns), Estimates(rows),
            components.Rounding, components.Seeds, components.Ratio, test, kEffect,
            Sampling(curves, groups, components), components.LeastDifference, RoundingSpreads.Of(distinct));
        if (statistics.Roundings is { } roundings)
            notes.Add(roundings.Sentence);
        int degrees = groups.Sum(group => group.Length) - groups.Length;
        return new Summary(
            curves.Epochs, finalEpochs, final, PopulationStds(columns), PopulationStds(rows), statistics,
            SentenceOf(components, groups.Sum(group => group.Length), degrees), ComparisonOf(components, test, groups.Length, degrees), [.. notes]);
    }

    /// <summary>The document that --json prints and summary.json holds.</summary>
    public string ToJson() => ResultJson.Serialize(this);

    /// <inheritdoc/>
    public string? Problem() => Epochs < 1 || FinalEpochs < 1 || FinalEpochs > Epochs ? "epochs and finalEpochs are not those of a run"
        : Final.Count == 0 || Final.Values.Any(runs => runs.Count == 0) ? "final holds no run, or a seed without one"
        : Final.Values.Any(runs => runs.Any(run => run.Key.K < 1 || run.Value is not (>= 0 and <= 100))) ? "a final accuracy lies outside 0 to 100, or its k below 1"
        : Statistics.Runs < 1 || Statistics.Sampling.TestImages < 1 || Statistics.Sampling.Classes < 2 ? "statistics are not those of a test set and its runs"
        : null;

    /// <summary>Names the runs that diverged, and counts them in a sentence; empty where none did.</summary>
    internal static string[] DivergedNotes(AccuracyCurves curves)
    {
        (int Seed, Perturbation Perturbation, DivergedTraining Run)[] diverged =
            [.. (curves.Diverged ?? []).SelectMany(seed => seed.Value.Select(run => (seed.Key, run.Key, run.Value)))];
        if (diverged.Length == 0)
            return [];
        int runs = curves.TestAccuracy.SelectMany(seed => seed.Value.Keys.Select(k => (seed.Key, k)))
            .Union(diverged.Select(run => (run.Seed, run.Perturbation))).Count();
        return
        [
            .. diverged.Select(run => $"Seed {run.Seed}, {run.Perturbation.Name} diverged ({run.Run.Sentence}) and is left out."),
            $"{diverged.Length} of {Count(runs, "run")} diverged: the statistics are those of the runs that did not.",
        ];
    }

    private static SortedDictionary<int, SortedDictionary<Perturbation, double>> FinishedRuns(AccuracyCurves curves, int lastEpochs, List<string> notes)
    {
        notes.AddRange(DivergedNotes(curves));
        var final = new SortedDictionary<int, SortedDictionary<Perturbation, double>>();
        foreach ((int seed, SortedDictionary<Perturbation, double[]> runs) in curves.TestAccuracy)
        {
            foreach ((Perturbation one, double[] accuracy) in runs)
            {
                if (curves.IsDiverged(seed, one))
                    continue;
                if (accuracy.Length < curves.Epochs)
                {
                    notes.Add($"Seed {seed}, {one.Name} has {accuracy.Length} of {NumberText.Count(curves.Epochs, "epoch")} and is left out.");
                    continue;
                }
                if (!final.TryGetValue(seed, out SortedDictionary<Perturbation, double>? row))
                    final.Add(seed, row = []);
                row.Add(one, FinalAccuracy(accuracy, lastEpochs));
            }
        }
        return final;
    }

    /// <summary>
    /// A factor of 2 in k changes no rounding: k = 2 is the run k = 1 over again, k = 6 is k = 3. Only the smallest k of each
    /// such family is a run of its own; the others would make the spread over rounding look smaller than it is.
    /// </summary>
    private static SortedDictionary<int, SortedDictionary<Perturbation, double>> DistinctRuns(
        SortedDictionary<int, SortedDictionary<Perturbation, double>> final, List<string> notes)
    {
        var distinct = new SortedDictionary<int, SortedDictionary<Perturbation, double>>();
        var dropped = new SortedSet<(Perturbation K, Perturbation Same)>();
        foreach ((int seed, SortedDictionary<Perturbation, double> runs) in final)
        {
            var kept = new SortedDictionary<Perturbation, double>();
            foreach ((Perturbation one, double accuracy) in runs)
            {
                Perturbation? same = kept.Keys.FirstOrDefault(other => one.IsK && other.IsK && OddPart((int)other.K) == OddPart((int)one.K));
                if (same is null)
                    kept.Add(one, accuracy);
                else
                    dropped.Add((one, same));
            }
            distinct.Add(seed, kept);
        }
        foreach ((Perturbation one, Perturbation same) in dropped)
            notes.Add($"{one.Name} is the same run as {same.Name} (a factor of 2 changes no rounding) and counts once.");
        return distinct;

        static int OddPart(int k) => k >> System.Numerics.BitOperations.TrailingZeroCount(k);
    }

    private static SortedDictionary<TLine, Estimate> Estimates<TLine>(Dictionary<TLine, double[]> lines)
        where TLine : notnull
    {
        var estimates = new SortedDictionary<TLine, Estimate>();
        foreach ((TLine name, double[] values) in lines.Where(line => line.Value.Length > 1))
        {
            // Equal values show no spread, but not that there is none: they have no interval.
            double squares = SampleStatistics.SquaredDeviations(values);
            if (squares > 0)
                estimates.Add(name, SampleStatistics.StdFromSquares(squares, values.Length - 1));
        }
        return estimates;
    }

    private static SortedDictionary<TLine, double> PopulationStds<TLine>(Dictionary<TLine, double[]> lines)
        where TLine : notnull
    {
        var stds = new SortedDictionary<TLine, double>();
        foreach ((TLine name, double[] values) in lines.Where(line => line.Value.Length > 1))
            stds.Add(name, SampleStatistics.PopulationStd(values));
        return stds;
    }

    private static SamplingShare Sampling(AccuracyCurves curves, double[][] groups, VarianceComponents components)
    {
        int images = curves.TestImages ?? CifarTestImages, classes = curves.Classes ?? CifarClasses;
        double accuracy = SampleStatistics.Mean([.. groups.SelectMany(group => group)]) / 100;
        double binomial = TestSetSampling.BinomialVariance(accuracy, images);
        (double low, double high) = TestSetSampling.CalibratedVarianceBounds(accuracy, images, classes);
        (double accuracyLow, double accuracyHigh) = Distributions.ClopperPearson(accuracy * images, images, SampleStatistics.Confidence);
        return new SamplingShare(
            images, classes, 100 * accuracy, 100 * accuracyLow, 100 * accuracyHigh,
            100 * Math.Sqrt(binomial), Share(binomial, components.Rounding), Share(binomial, components.Seeds),
            100 * Math.Sqrt(low), 100 * Math.Sqrt(high), Share(low, components.Rounding), Share(high, components.Rounding));

        static double? Share(double variance, Estimate? std) => std is { Value: > 0 } ? variance * 1e4 / (std.Value * std.Value) : null;
    }

    private static string SentenceOf(VarianceComponents components, int runs, int degrees)
    {
        if (components.LeastDifference is { } least)
        {
            return "Two single runs of this training whose test accuracies differ by less than "
                + $"{Points(least)} percentage points cannot be told apart from rounding error: "
                + "of two runs that differ in nothing but rounding, 95% differ by less "
                + $"(t of {Count(degrees, "degree")} of freedom times the square root of 2 "
                + $"times the rounding spread of {Points(components.Rounding!.Value)}).";
        }
        if (components.Seeds is { } seeds)
        {
            string hidden = degrees > 0 ? "Runs of one seed have the same accuracy: the resolution of the test set or of the training hides the spread over rounding. " : "";
            return $"{hidden}Two single runs with different seeds whose test accuracies differ by less than "
                + $"{Points(VarianceComponents.LeastDifferenceOf(seeds.Value, components.SeedsDegrees))} percentage points cannot be told apart from noise: "
                + $"of two runs that differ in nothing but seed and rounding, 95% differ by less{(degrees > 0 ? "" : "; what rounding alone does takes two k of one seed")}.";
        }
        return runs == 1 ? "One run says nothing about noise: that takes two seeds, or two k of one seed."
            : "All runs have the same accuracy. Equal values do not show that there is no noise: the resolution of the test set or of the training hides it.";
    }

    private static string ComparisonOf(VarianceComponents components, GroupEffectTest? test, int groups, int degrees)
    {
        if (groups < 2 || degrees == 0)
            return "To compare the spread over rounding with the spread over seeds takes two seeds, and two k of one seed.";
        if (components.Rounding is null)
        {
            return components.Seeds is null ? "All runs have the same accuracy: there is no spread to compare."
                : "Runs of one seed have the same accuracy and seeds do not: the two spreads cannot be compared.";
        }
        if (components.Ratio is not { } ratio || test is null)
            return "The means of all seeds are equal: the resolution of the test set or of the training hides what a seed does.";
        string verdict = test.P < GroupEffectTest.Level
            ? "a seed changes the accuracy by more than rounding does"
            : "no difference between the two is seen";
        return $"The spread over rounding alone is {Points(ratio.Value)} (95% interval {Points(ratio.Low)} to {Points(ratio.High)}) "
            + "times the spread over seeds; "
            + string.Create(CultureInfo.InvariantCulture, $"{verdict} (F test p = {test.P:0.0000}, by permutation p = {test.PermutationP:0.0000}).");
    }

    private static string Points(double value) => value.ToString(value < 0.1 ? "0.0000" : "0.00", CultureInfo.InvariantCulture);

    private static string Count(int count, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");
}
