using System.Globalization;
using System.Text;
using LastBit.Experiments.Accuracy;
using LastBit.Reports.Claims;
using LastBit.Reports.Page;
using LastBit.Reports.Results;
using LastBit.Reports.Sections;
using LastBit.Training;

namespace LastBit.Reports.Accuracy;

/// <summary>Table 1, from the runs themselves or from the summary of somebody else's.</summary>
internal static class AccuracySection
{
    internal static ReportPart Part { get; } =
        new(AccuracyExperiment.Experiment, [AccuracyCurves.FileName, Summary.FileName], [new(Table1.Name, Table1.Draw)], Section);

    private static ReportSection Section(ResultFolder folder)
    {
        var result = folder.Document<AccuracyResult>(AccuracyCurves.FileName);
        Summary? summary = result is null ? folder.Document<Summary>(Summary.FileName) : result.ToSummary();
        if (summary is null)
        {
            return new ReportSection(AccuracyClaim.Claim, "",
                result is null ? Finding.Missing(AccuracyCurves.FileName) : Finding.NotTested("No run has finished."),
                result is null ? null : Figure(result, null), Markup.Empty);
        }
        SummaryStatistics statistics = summary.Statistics;
        string origin = result is null ? "The folder holds a summary and does not say what was trained; "
            : $"{NetworkText.Of(result.Network, result.Activation, result.Loss)}, "
                + $"{NumberText.Count(result.TrainImages, "training image")}; ";
        return new ReportSection(AccuracyClaim.Claim,
            $"{origin}{NumberText.Count(statistics.Runs, "run")}: {NumberText.Count(summary.Final.Count, "seed")} by {Rows(summary)}, "
                + $"{NumberText.Count(summary.Epochs, "epoch")} each, tested on "
                + $"{NumberText.Count(statistics.Sampling.TestImages, "image")}; "
                + (summary.FinalEpochs == 1 ? "the final accuracy of a run is that of its last epoch."
                    : $"the final accuracy of a run is the mean of its last {summary.FinalEpochs} epochs.")
                    + (result is null ? "" : " float32."),
            AccuracyClaim.Judge(
                summary.Final.Count, summary.Final.Values.Min(runs => runs.Count), summary.Epochs, result?.TrainImages,
                statistics.Sampling.TestImages,
                statistics.Sampling.MeanAccuracy, statistics.Rounding, statistics.Seeds, statistics.Ratio),
            Figure(result, summary), Table(summary));
    }

    private static ReportFigure? Figure(AccuracyResult? result, Summary? summary)
    {
        var charts = new List<ReportChart>();
        // A curve of one epoch is a point, which the second chart shows too.
        if (result is not null && result.TestAccuracy.Values.Any(seed => seed.Values.Any(run => run.Length > 1)))
        {
            var curves = result.TestAccuracy.SelectMany((seed, number) => seed.Value.Where(run => run.Value.Length > 0)
                .Select(run =>
                    (Number: number,
                        Curve: new Curve($"seed {seed.Key}, {run.Key.Name}", ReportChart.Count(1, run.Value.Length), run.Value))))
                        .ToArray();
            charts.Add(new ReportChart("table1", "Test accuracy", "epoch", "percent", false, false,
                Csv.Write("epoch", [.. curves.Select(one => one.Curve)]), Colours: [.. curves.Select(one => one.Number)]));
        }
        if (summary is not null)
        {
            var csv = new StringBuilder("seed,run,final test accuracy\n");
            foreach ((int seed, SortedDictionary<Perturbation, double> runs) in summary.Final)
            {
                foreach ((Perturbation one, double accuracy) in runs)
                    csv.Append(CultureInfo.InvariantCulture, $"{seed},{one.Name},{Csv.Number(accuracy)}\n");
            }
            charts.Add(new ReportChart("table1-final", "Final test accuracy", "seed", "percent", false, false, csv.ToString(),
                ChartKind.Dots));
        }
        return charts.Count == 0 ? null : new ReportFigure([Table1.Name],
            "One colour per seed: runs of the same colour differ in nothing but rounding.", charts);
    }

    /// <summary>"$k$ = 1, 3 and ulp".</summary>
    private static string Rows(Summary summary)
    {
        Perturbation[] rows = Perturbations(summary);
        string k = rows.Any(one => one.IsK) ? "$k$ = " + string.Join(", ", rows.Where(one => one.IsK).Select(one => one.Word)) : "";
        string others = string.Join(", ", rows.Where(one => !one.IsK).Select(one => one.Word));
        return k + (k.Length > 0 && others.Length > 0 ? " and " : "") + others;
    }

    private static Perturbation[] Perturbations(Summary summary) =>
        [.. summary.Final.Values.SelectMany(runs => runs.Keys).Distinct().Order()];

    private static Markup Table(Summary summary)
    {
        static string Points<TKey>(SortedDictionary<TKey, double> values, TKey key, string format)
            where TKey : notnull => values.TryGetValue(key, out double value) ? value.ToString(format, CultureInfo.InvariantCulture) : "–";

        Markup table = HtmlTable.Of("Table 1",
            "Final test accuracy in percent, with the standard deviation of each row (over seeds) and column (over rounding alone).",
            [summary.Statistics.Roundings is null ? "#$k$" : "#$k$ or perturbation", .. summary.Final.Keys.Select(seed => $"#seed {seed}"),
                "#over seeds"],
            [
                .. Perturbations(summary).Select(one => (string[])
                [
                    one.Word, .. summary.Final.Values.Select(runs => Points(runs, one, "0.00")),
                    Points(summary.StdOverSeeds, one, "0.000"),
                ]),
                ["over $k$", .. summary.Final.Keys.Select(seed => Points(summary.StdOverK, seed, "0.000")), ""],
            ]);
        return Markup.Of($"""
            {table}<p class="after">{summary.Comparison}</p>
            <p>{summary.Sentence}</p>
            {Markup.Join(summary.Notes.Select(note => Markup.Of($"""<p class="scale">{note}</p>""")))}
            """);
    }
}
