using LastBit.Experiments.Authors;
using LastBit.Files;
using LastBit.Runs;
using LastBit.Statistics;
using LastBit.Training;

namespace LastBit.Experiments.Accuracy;

/// <summary>Table 1 with its statistics; summary.json, and part of accuracy.json.</summary>
/// <param name="Epochs">Epochs of a run.</param>
/// <param name="FinalEpochs">How many last epochs the final accuracy is the mean of: 10, or all of a shorter run.</param>
/// <param name="Final">Seed, then perturbation, then the final accuracy, percent; finished runs only.</param>
/// <param name="StdOverK">For each seed with at least two runs: population standard deviation over k, rounding alone (a column of Table
/// 1).</param>
/// <param name="StdOverSeeds">For each perturbation with at least two runs: population standard deviation over seeds (a row of Table
/// 1).</param>
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
    /// <param name="unit">What the accuracies of the authors' layout are.</param>
    /// <exception cref="InputException">There are no results, they are damaged, or the folder cannot be written.</exception>
    public static Summary Run(
        string folder, int? testImages = null, string? outFolder = null, int lastEpochs = LastEpochs, AccuracyUnit unit = AccuracyUnit.Auto)
    {
        AccuracyCurves curves = AccuracyCurves.Read(folder, unit);
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
        SortedDictionary<int, SortedDictionary<Perturbation, double>> final = SummaryRuns.Finished(curves, lastEpochs, notes);
        if (final.Count == 0)
            throw new InputException(string.Join(' ', [.. curves.Notes, SummaryRuns.WhyNone(curves)]));
        notes.InsertRange(0, curves.Notes);
        int finalEpochs = Math.Min(lastEpochs, curves.Epochs);
        if (finalEpochs < lastEpochs)
        {
            notes.Add($"Runs have {SummarySentences.Count(curves.Epochs, "epoch")}, so the final accuracy is the mean of "
                + $"{(finalEpochs == 1 ? "that one" : "them all")}, not of the last {lastEpochs}.");
        }

        SortedDictionary<int, SortedDictionary<Perturbation, double>> distinct = SummaryRuns.Distinct(final, notes);
        Perturbation[] ks = [.. distinct.Values.SelectMany(runs => runs.Keys).Distinct().Order()];
        var rows = ks.ToDictionary(k => k, k => distinct.Values.Where(runs => runs.ContainsKey(k)).Select(runs => runs[k]).ToArray());
        var columns = distinct.ToDictionary(seed => seed.Key, seed => seed.Value.Values.ToArray());
        bool complete = columns.Values.All(column => column.Length == ks.Length);
        if (!complete)
        {
            notes.Add("Runs are missing from the table: "
                + string.Join(", ",
                    distinct.SelectMany(seed => ks.Where(k => !seed.Value.ContainsKey(k)).Select(k => $"seed {seed.Key} with {k.Name}")))
                + ". With unequal columns the intervals are approximate.");
        }

        double[][] groups = [.. columns.OrderBy(column => column.Key).Select(column => column.Value)];
        VarianceComponents components = VarianceComponents.Analyze(groups);
        GroupEffectTest? test = components.Ratio is null ? null : GroupEffectTest.Of(groups);
        RowMeansTest? kEffect = complete && groups.Length > 1 && ks.Length > 1 ? RowMeansTest.Of(groups) : null;
        var statistics = new SummaryStatistics(
            SampleStatistics.Confidence, groups.Sum(group => group.Length), Estimates(columns), Estimates(rows),
            components.Rounding, components.Seeds, components.Ratio, test, kEffect,
            SamplingSpread.Of(curves, groups, components), components.LeastDifference, RoundingSpreads.Of(distinct));
        if (statistics.Roundings is { } roundings)
            notes.Add(roundings.Sentence);
        int degrees = groups.Sum(group => group.Length) - groups.Length;
        return new Summary(
            curves.Epochs, finalEpochs, final, PopulationStds(columns), PopulationStds(rows), statistics,
            SummarySentences.Noise(components, groups.Sum(group => group.Length), degrees),
            SummarySentences.Comparison(components, test, groups.Length, degrees), [.. notes]);
    }

    /// <summary>The document that --json prints and summary.json holds.</summary>
    public string ToJson() => ResultJson.Document(this);

    /// <inheritdoc/>
    public string? Problem() => Epochs < 1 || FinalEpochs < 1 || FinalEpochs > Epochs ? "epochs and finalEpochs are not those of a run"
        : Final.Count == 0 || Final.Values.Any(runs => runs.Count == 0) ? "final holds no run, or a seed without one"
        : Final.Values.Any(runs => runs.Any(run => run.Key.K < 1 || run.Value is not (>= 0 and <= 100)))
        ? "a final accuracy lies outside 0 to 100, or its k below 1"
        : Statistics.Runs < 1 || Statistics.Sampling.TestImages < 1 || Statistics.Sampling.Classes < 2
        ? "statistics are not those of a test set and its runs"
        : null;

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
}
