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
    /// <summary>McNemar's test of one run of each side.</summary>
    internal sealed record ImageTest(string A, string B, string RunA, string RunB, int OnlyA, int OnlyB, double P, double PAdjusted);

    /// <summary>
    /// McNemar's test for every two trainings on the same images: of each seed that both have the first runs, and where seeds are not known the runs in
    /// order. Holm's correction is over all of them.
    /// </summary>
    internal static IReadOnlyList<ImageTest> ImageTests(IReadOnlyList<ComparedTraining> trainings)
    {
        var images = trainings.Select(one => one.Images).ToArray();
        List<ImageTest> tests = [];
        for (int a = 0; a < images.Length; a++)
        {
            for (int b = a + 1; b < images.Length; b++)
            {
                if (images[a] is not { } first || images[b] is not { } second || first.Correct.Images != second.Correct.Images)
                    continue;
                foreach ((int i, int j) in Partners(first.Runs, second.Runs))
                {
                    (int only, int otherOnly) = first.Correct.Disputed(i, second.Correct, j);
                    tests.Add(new ImageTest(trainings[a].Name, trainings[b].Name, first.Runs[i].Name, second.Runs[j].Name, only, otherOnly, Proportions.McNemar(only, otherOnly), 0));
                }
            }
        }
        double[] adjusted = Holm.Adjust([.. tests.Select(test => test.P)]);
        return [.. tests.Select((test, i) => test with { PAdjusted = adjusted[i] })];
    }

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
    internal static JsonArray? Json(IReadOnlyList<ImageTest> tests) => tests.Count == 0 ? null : new JsonArray([.. tests.Select(test => new JsonObject
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
            (double low, double high) = Distributions.ClopperPearson(passed, trials, SampleStatistics.Confidence);
            rows.Add([name, $"{passed} of {trials}", Measure.Number((double)passed / trials, 0.01), $"{Measure.Number(low, 0.01)} to {Measure.Number(high, 0.01)}", ""]);
        }
        for (int i = 0; i < totals.Length; i++)
        {
            for (int j = i + 1; j < totals.Length; j++)
            {
                var (a, b) = (totals[i], totals[j]);
                (double from, double to) = Proportions.Difference(a.Passed, a.Trials, b.Passed, b.Trials);
                string p = Math.Max(a.Trials, b.Trials) <= 1_000_000 ? P(Proportions.FisherExact((int)a.Passed, (int)a.Trials, (int)b.Passed, (int)b.Trials)) : "-";
                rows.Add([$"{b.Name} - {a.Name}", "", Measure.Number((double)b.Passed / b.Trials - (double)a.Passed / a.Trials, 0.01),
                    $"{Measure.Number(from, 0.01)} to {Measure.Number(to, 0.01)}", p]);
            }
        }
        return new ShownTable("All trials together, as if runs did not differ: binomial intervals, Newcombe's of the difference, Fisher's exact test",
            ["training", "#passed", "#rate", "#95% interval", "#p"], rows);
    }

    private static IEnumerable<(int A, int B)> Partners(MeasuredRun[] a, MeasuredRun[] b)
    {
        if (a.Concat(b).Any(run => run.Seed is null))
            return Enumerable.Range(0, Math.Min(a.Length, b.Length)).Select(i => (i, i));
        return a.Select(run => run.Seed).Distinct().Select(seed => (Array.FindIndex(a, run => run.Seed == seed), Array.FindIndex(b, run => run.Seed == seed)))
            .Where(pair => pair.Item2 >= 0);
    }

    private static string P(double p) => Measure.P(p).Replace("p = ", "", StringComparison.Ordinal);
}
