using System.Globalization;
using LastBit.Experiments;
using LastBit.Reports.Page;

namespace LastBit.Reports;

/// <summary>The claims of the paper about trained networks, from the documents of a folder.</summary>
internal static class SectionsTraining
{
    internal static ReportSection Accuracy(AccuracyCurves? curves)
    {
        Summary? summary = curves is not null && curves.TestAccuracy.Values.Any(runs => runs.Values.Any(accuracy => accuracy.Length >= curves.Epochs)) ? Summary.Of(curves) : null;
        Finding finding = summary is null
            ? new Finding(Verdict.NotTested, curves is null ? "The folder has no accuracy.json." : "No run has finished.")
            : Claims.RoundingSpreadsLikeSeeds(summary.Final.Count, summary.Final.Values.Min(runs => runs.Count), summary.Epochs, summary.Statistics.Sampling.TestImages,
                summary.Statistics.Sampling.MeanAccuracy, summary.Statistics.Rounding, summary.Statistics.Seeds, summary.Statistics.Ratio);
        ReportFigure? figure = curves is null ? null : new ReportFigure(["table1"], "Test accuracy after every epoch; the runs of one seed differ in nothing but rounding.",
        [
            new ReportChart("table1", "Test accuracy", "epoch", "percent", false, false, Csv.Write("epoch",
            [
                .. curves.TestAccuracy.SelectMany(seed => seed.Value.Where(run => run.Value.Length > 0).Select(run => new Curve(
                    $"seed {seed.Key}, k = {run.Key}", [.. Enumerable.Range(1, run.Value.Length).Select(epoch => (double)epoch)], run.Value))),
            ])),
        ]);
        return new ReportSection(
            "table1", "Table 1", "Rounding alone spreads accuracy as much as seeds do",
            "Networks that start from the same weights and see the same batches, and differ only in how a step is rounded, end with test accuracies as different as those of networks with different seeds.",
            summary is null ? "" : $"{summary.Statistics.Runs} runs: {summary.Final.Count} seeds by k = {string.Join(", ", Ks(summary))}, {summary.Epochs} epochs each, "
                + $"tested on {summary.Statistics.Sampling.TestImages.ToString("N0", CultureInfo.InvariantCulture)} images; the final accuracy of a run is the mean of its last {summary.FinalEpochs} epochs. float32.",
            Claims.SpreadRule, finding, figure, summary is null ? Markup.Empty : Table1(summary), "lastbit accuracy");
    }

    private static int[] Ks(Summary summary) => [.. summary.Final.Values.SelectMany(runs => runs.Keys).Distinct().Order()];

    private static Markup Table1(Summary summary)
    {
        static string Points(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
        return Markup.Of($"""
            <div class="scroll card" tabindex="0" role="region" aria-label="Table 1">
            <table><caption>Final test accuracy in percent, with the standard deviation of each row (over seeds) and column (over rounding alone).</caption>
            <thead><tr><th scope="col" class="number">k</th>{Markup.Join(summary.Final.Keys.Select(seed => Markup.Of($"""<th scope="col" class="number">seed {seed}</th>""")))}<th scope="col" class="number">over seeds</th></tr></thead>
            <tbody>
            {Markup.Join(Ks(summary).Select(k => Markup.Of($"""
            <tr><th scope="row" class="number">{k}</th>{Markup.Join(summary.Final.Values.Select(runs => Markup.Of($"""<td class="number">{(runs.TryGetValue(k, out double accuracy) ? Points(accuracy, "0.00") : "–")}</td>""")))}<td class="number">{(summary.StdOverSeeds.TryGetValue(k, out double row) ? Points(row, "0.000") : "–")}</td></tr>

            """)))}<tr><th scope="row" class="number">over k</th>{Markup.Join(summary.Final.Keys.Select(seed => Markup.Of($"""<td class="number">{(summary.StdOverK.TryGetValue(seed, out double column) ? Points(column, "0.000") : "–")}</td>""")))}<td></td></tr>
            </tbody></table></div>
            <p class="after">{summary.Comparison}</p>
            <p>{summary.Sentence}</p>
            {Markup.Join(summary.Notes.Select(note => Markup.Of($"""<p class="scale">{note}</p>""")))}
            """);
    }
}
