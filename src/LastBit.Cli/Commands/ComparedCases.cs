using System.Text.Json.Nodes;
using LastBit.Imports;
using LastBit.Reports.Trainings;
using LastBit.Statistics;
using CorrectnessMatrix = LastBit.Statistics.CorrectnessMatrix;

namespace LastBit.Cli.Commands;

/// <summary>A training of `compare`.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Logs">Where its runs were read; several trainings of one log share it.</param>
/// <param name="Runs">Its runs.</param>
internal sealed record ComparedTraining(string Name, ReadLogs Logs, IReadOnlyList<MeasuredRun> Runs)
{
    /// <summary>Which of its runs has which test image right, where the logs tell.</summary>
    internal (MeasuredRun[] Runs, CorrectnessMatrix Correct)? Images
    {
        get
        {
            if (Logs.Result.Correctness is not { } read)
                return null;
            var mine = Runs.ToDictionary(run => run.Name);
            int[] rows = [.. Enumerable.Range(0, read.Runs.Count).Where(row => mine.ContainsKey(read.Runs[row].Name))];
            return rows.Length == 0 ? null : ([.. rows.Select(row => mine[read.Runs[row].Name])], read.ToMatrix(rows));
        }
    }

    /// <summary>All trials of its runs together, where the logs are of pass rates.</summary>
    internal (long Passed, long Trials)? Rate
    {
        get
        {
            if (Logs.Result.PassRates is not { } rates)
                return null;
            HashSet<string> mine = [.. Runs.Select(run => run.Name)];
            PassRate[] own = [.. Logs.Result.Runs.Zip(rates).Where(one => mine.Contains(one.First.Name)).Select(one => one.Second)];
            return (own.Sum(rate => rate.Passed), own.Sum(rate => rate.Trials));
        }
    }
}

/// <summary>What `compare` says where more is known of a run than one number: its test images one by one, or its trials.</summary>
internal static class ComparedCases
{
    /// <summary>McNemar's test for every two trainings whose images are known.</summary>
    internal static IReadOnlyList<ImageTest> ImageTests(IReadOnlyList<ComparedTraining> trainings) => ImageTest.OfAll(
        [.. trainings.Where(one => one.Images is not null).Select(one => new ImagesOfRuns(one.Name, one.Images!.Value.Runs,
            one.Images.Value.Correct))]);

    /// <summary>The tests as a table; null where there are none.</summary>
    internal static ShownTable? ImageTable(IReadOnlyList<ImageTest> tests) => tests.Count == 0 ? null : new ShownTable(
        "McNemar's test: these two runs on images like these; it knows nothing of other seeds",
        ["A and B", "run of A", "run of B", "#only A correct", "#only B correct", "#p", "#p (Holm)"],
        [
            .. tests.Select(test => (string[])
            [
                $"{test.A} and {test.B}", test.RunA, test.RunB, $"{test.OnlyA}", $"{test.OnlyB}", P(test.P), P(test.PAdjusted),
            ]),
        ]);

    /// <summary>The tests as JSON; null where there are none.</summary>
    internal static JsonArray? Json(IReadOnlyList<ImageTest> tests) => tests.Count == 0 ? null
        : new JsonArray([.. tests.Select(test => new JsonObject
    {
        ["a"] = test.A, ["b"] = test.B, ["runA"] = test.RunA, ["runB"] = test.RunB, ["onlyA"] = test.OnlyA, ["onlyB"] = test.OnlyB,
        ["p"] = test.P, ["pAdjusted"] = test.PAdjusted,
    })]);

    /// <summary>All trials of each training together: what the sampling of the trials allows to say, beside the spread of runs.</summary>
    internal static ShownTable? RatesTable(IReadOnlyList<ComparedTraining> trainings)
    {
        if (trainings.Any(one => one.Rate is null))
            return null;
        var totals = trainings.Select(one => (one.Name, one.Rate!.Value.Passed, one.Rate.Value.Trials)).ToArray();
        List<string[]> rows = [];
        foreach ((string name, long passed, long trials) in totals)
        {
            (double low, double high) = Distributions.ClopperPearson(passed, trials);
            rows.Add([name, $"{passed} of {trials}", Measure.Number((double)passed / trials, 0.01), $"{Measure.Number(low, 0.01)} to "
                + $"{Measure.Number(high, 0.01)}", ""]);
        }
        for (int i = 0; i < totals.Length; i++)
        {
            for (int j = i + 1; j < totals.Length; j++)
            {
                var (a, b) = (totals[i], totals[j]);
                (double from, double to) = Proportions.Difference(a.Passed, a.Trials, b.Passed, b.Trials);
                string p = Math.Max(a.Trials, b.Trials) <= 1_000_000
                    ? P(Proportions.FisherExact((int)a.Passed, (int)a.Trials, (int)b.Passed, (int)b.Trials)) : "-";
                rows.Add([$"{b.Name} - {a.Name}", "", Measure.Number((double)b.Passed / b.Trials - (double)a.Passed / a.Trials, 0.01),
                    $"{Measure.Number(from, 0.01)} to {Measure.Number(to, 0.01)}", p]);
            }
        }
        return new ShownTable("All trials together, as if runs did not differ: binomial intervals, Newcombe's of the difference, "
            + "Fisher's exact test",
            ["training", "#passed", "#rate", "#95% interval", "#p"], rows);
    }

    private static string P(double p) => Measure.P(p).Replace("p = ", "", StringComparison.Ordinal);
}
