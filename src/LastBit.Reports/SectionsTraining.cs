using System.Globalization;
using System.Text;
using LastBit.Engines.Cpu;
using LastBit.Experiments;
using LastBit.Models;
using LastBit.Reports.Page;
using LastBit.Runs;
using LastBit.Statistics;

namespace LastBit.Reports;

/// <summary>The claims of the paper about trained networks, from the documents of a folder.</summary>
internal static class SectionsTraining
{
    internal static ReportSection Accuracy(AccuracyResult? result)
    {
        Summary? summary = result?.ToSummary();
        Finding finding = summary is null
            ? new Finding(Verdict.NotTested, result is null ? "The folder has no accuracy.json." : "No run has finished.")
            : Claims.RoundingSpreadsLikeSeeds(
                summary.Final.Count, summary.Final.Values.Min(runs => runs.Count), summary.Epochs, result!.TrainImages, result.TestImages,
                summary.Statistics.Sampling.MeanAccuracy, summary.Statistics.Rounding, summary.Statistics.Seeds, summary.Statistics.Ratio);
        ReportFigure? figure = result is null ? null : new ReportFigure(["table1"],
            "Test accuracy after every epoch; the runs of one seed differ in nothing but rounding.",
        [
            new ReportChart("table1", "Test accuracy", "epoch", "percent", false, false, Csv.Write("epoch",
            [
                .. result.TestAccuracy.SelectMany(seed => seed.Value.Where(run => run.Value.Length > 0).Select(run => new Curve(
                    $"seed {seed.Key}, k = {run.Key}", Count(run.Value.Length), run.Value))),
            ])),
        ]);
        return new ReportSection(
            "table1", "Table 1", "Rounding alone spreads accuracy as much as seeds do",
            "Networks that start from the same weights and see the same batches, and differ only in how a step is rounded, end with "
            + "test accuracies as different as those of networks with different seeds.",
            summary is null ? "" : $"{result!.Network} with {result.Activation}, {Number(result.TrainImages)} training images; "
                + $"{summary.Statistics.Runs} runs: {summary.Final.Count} seeds by k = {string.Join(", ", Ks(summary))}, "
                + $"{summary.Epochs} epochs each, tested on {Number(result.TestImages)} images; "
                + $"the final accuracy of a run is the mean of its last {summary.FinalEpochs} epochs. float32.",
            Claims.SpreadRule, finding, figure, summary is null ? Markup.Empty : Table1(summary), "lastbit accuracy");
    }

    internal static ReportSection Divergence(DivergenceResult? result, string folder)
    {
        DivergenceRun[] runs = result is null ? [] : [.. result.Runs.Where(run => run.RelativeL1.Length > 0)];
        Finding finding = result is null ? new Finding(Verdict.NotTested, "The folder has no divergence.json.")
            : Claims.DifferencesShootUpOnlyAtLargeSteps(result.Network, result.Activation == Activation.Swish, result.TrainImages,
                [.. runs.Select(run => new RunCurve(run.Divisor, run.DivergedAtIteration is null ? run.RelativeL1 : [.. run.RelativeL1, double.NaN]))]);
        string map = result is null ? "" : MapCsv(result, runs, folder);
        ReportFigure? figure = runs.Length == 0 ? null : new ReportFigure(["figure2", "figure2-layers"],
            $"Average relative L1 difference between the copies k = 1 and k = {result!.K}: of {result.Tensor}, as in the paper, and of "
            + "every tensor, from the input (top) to the output. "
            + "One scaled iteration is as many steps as the divisor, so that all runs have gone as far.",
        [
            new ReportChart("figure2", $"Difference of {result.Tensor}", "scaled iteration", "relative L1 difference", false, true,
                Csv.Write("scaled iteration", [.. runs.Select(run => new Curve(
                    $"{FigureStyle.Number(run.LearningRate)} (n = {run.Divisor})", Count(run.RelativeL1.Length), run.RelativeL1))])),
            .. map.Length == 0
                ? Array.Empty<ReportChart>()
                : [new ReportChart("figure2-layers", "Difference of every tensor", "scaled iteration", "tensor", false, false, map, Map: true)],
        ]);
        return new ReportSection(
            "figure2", "Figure 2", "A difference of rounding shoots up at large learning rates and stays bounded",
            "Two copies of a network that differ only in rounding drift apart within a few iterations when the learning rate is large, "
            + "and then stay at a bounded distance; with a small one they stay together.",
            runs.Length == 0 ? "" : $"{result!.Network} with {result.Activation}, {Number(result.TrainImages)} training images, plain SGD; "
                + $"pairs with k = 1 and k = {result.K} at learning rates {Claims.Listed(runs.Select(run => run.LearningRate))} "
                + $"(divisors {string.Join(", ", runs.Select(run => run.Divisor))}), {result.ScaledIterations} scaled iterations. float32.",
            Claims.DivergenceRule, finding, figure, runs.Length == 0 ? Markup.Empty : FirstDifferences(result!, runs), "lastbit divergence");
    }

    /// <summary>One row a divisor and tensor, one column a scaled iteration; empty when no map is in the folder.</summary>
    private static string MapCsv(DivergenceResult result, DivergenceRun[] runs, string folder)
    {
        var csv = new StringBuilder();
        foreach (DivergenceRun run in runs.Where(run => File.Exists(Path.Combine(folder, run.Map))))
        {
            double[] values = Figure2.ReadMap(folder, result, run);
            int width = result.Tensors.Length, rows = run.RelativeL1.Length;
            for (int tensor = 0; tensor < width; tensor++)
            {
                csv.Append(CultureInfo.InvariantCulture, $"{run.Divisor},{Csv.Field(result.Tensors[tensor])}");
                for (int row = 0; row < result.ScaledIterations; row++)
                    csv.Append(',').Append(row < rows ? Short(values[(row * width) + tensor]) : "");
                csv.Append('\n');
            }
        }
        return csv.Length == 0 ? "" : $"divisor,tensor,{string.Join(',', Enumerable.Range(1, result.ScaledIterations))}\n{csv}";

        // Four digits are more than a colour shows, and keep the page small; the files have them all.
        static string Short(double value) => double.IsFinite(value) ? value.ToString("G4", CultureInfo.InvariantCulture) : "NaN";
    }

    private static Markup FirstDifferences(DivergenceResult result, DivergenceRun[] runs) => HtmlTable.Of("Where the difference is born",
        "The first iteration after which a weight differs: where the difference is born, and when it has reached every tensor.",
        ["#Divisor", "#Learning rate", "First", "Last", "#Greatest difference", "#Last difference"],
        runs.Select(run => (string[])
        [
            run.Divisor.ToString(CultureInfo.InvariantCulture), FigureStyle.Number(run.LearningRate),
            Born(run, result, first: true), Born(run, result, first: false),
            Claims.Text(run.RelativeL1.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Max()), Claims.Text(run.RelativeL1[^1]),
        ]));

    private static string Born(DivergenceRun run, DivergenceResult result, bool first)
    {
        var known = result.Tensors.Where(name => run.FirstDifference.GetValueOrDefault(name) is not null)
            .Select(name => (Name: name, At: run.FirstDifference[name]!.Value)).ToArray();
        if (known.Length == 0)
            return "nowhere";
        if (!first && known.Length < result.Tensors.Length)
            return $"{result.Tensors.Length - known.Length} tensors still equal";
        int at = first ? known.Min(one => one.At) : known.Max(one => one.At);
        string[] names = [.. known.Where(one => one.At == at).Select(one => one.Name)];
        return $"iteration {at}, {names[0]}{(names.Length == 1 ? "" : $" and {names.Length - 1} more")}";
    }

    private static double[] Count(int count) => [.. Enumerable.Range(1, count).Select(i => (double)i)];

    private static string Number(int value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static int[] Ks(Summary summary) => [.. summary.Final.Values.SelectMany(runs => runs.Keys).Distinct().Order()];

    private static Markup Table1(Summary summary)
    {
        static string Points<TKey>(SortedDictionary<TKey, double> values, TKey key, string format)
            where TKey : notnull => values.TryGetValue(key, out double value) ? value.ToString(format, CultureInfo.InvariantCulture) : "–";

        Markup table = HtmlTable.Of("Table 1",
            "Final test accuracy in percent, with the standard deviation of each row (over seeds) and column (over rounding alone).",
            ["#k", .. summary.Final.Keys.Select(seed => $"#seed {seed}"), "#over seeds"],
            [
                .. Ks(summary).Select(k => (string[])
                [
                    k.ToString(CultureInfo.InvariantCulture), .. summary.Final.Values.Select(runs => Points(runs, k, "0.00")),
                    Points(summary.StdOverSeeds, k, "0.000"),
                ]),
                ["over k", .. summary.Final.Keys.Select(seed => Points(summary.StdOverK, seed, "0.000")), ""],
            ]);
        return Markup.Of($"""
            {table}<p class="after">{summary.Comparison}</p>
            <p>{summary.Sentence}</p>
            {Markup.Join(summary.Notes.Select(note => Markup.Of($"""<p class="scale">{note}</p>""")))}
            """);
    }
}
