using System.Globalization;
using System.Text;
using LastBit.Experiments.Divergence;
using LastBit.Reports.Claims;
using LastBit.Reports.Page;
using LastBit.Reports.Results;
using LastBit.Reports.Sections;

namespace LastBit.Reports.Divergence;

/// <summary>Figure 2.</summary>
internal static class DivergenceSection
{
    internal static ReportPart Part { get; } = new(DivergenceExperiment.Experiment, [DivergenceResult.FileName],
        [new(Figure2.Name, Figure2.Draw), new(Figure2.LayersName, Figure2.DrawLayers)],
        ReportSection.Of<DivergenceResult>(DivergenceClaim.Claim, DivergenceResult.FileName, Section));

    private static ReportSection Section(ResultFolder folder, DivergenceResult result)
    {
        DivergenceRun[] runs = [.. result.Runs.Where(run => run.RelativeL1.Length > 0)];
        Finding finding = DivergenceClaim.Judge(result.Network, result.Activation, result.TrainImages,
            [.. runs.Where(run => run.Perturbation is null)
                .Select(run =>
                    new RunCurve(run.Divisor, run.DivergedAtIteration is null ? run.RelativeL1 : [.. run.RelativeL1, double.NaN]))]);
        if (runs.Length == 0)
            return ReportSection.None(DivergenceClaim.Claim, finding);
        string second = string.Join(" or ", runs.Select(run => (run.Perturbation ?? result.Perturbation).Name).Distinct());
        string? noMap = Figure2.WhyNoMap(folder.Path, result);
        string map = noMap is null ? MapCsv(result, runs, folder.Path) : "";
        var figure = new ReportFigure([Figure2.Name, .. noMap is null ? [Figure2.LayersName] : Array.Empty<string>()],
            $"Average relative L1 difference between the copies k = 1 and {second}: of {result.Tensor}, as in the paper, and of "
            + "every tensor, from the input (top) to the output (in the files of the layers' weights alone). "
            + "One scaled iteration is as many steps as the divisor, so that all runs have gone equally far.",
        [
            new ReportChart("figure2", $"Difference of {result.Tensor}", "scaled iteration", "relative L1 difference", false, true,
                Csv.Write("scaled iteration",
                    [.. runs.Select(run => new Curve(LearningRate(run), ReportChart.Count(1, run.RelativeL1.Length), run.RelativeL1))])),
            .. map.Length == 0
                ? Array.Empty<ReportChart>()
                : [new ReportChart("figure2-layers", "Difference of every tensor", "scaled iteration", "tensor", false, false, map,
                    ChartKind.Map)],
        ], noMap is null ? null : $"There is no map of all tensors: {noMap}.");
        return new ReportSection(DivergenceClaim.Claim,
            $"{NetworkText.Of(result.Network, result.Activation, result.Loss)}, {NumberText.Count(result.TrainImages, "training image")}, "
                + "plain SGD; "
                + $"pairs with $k = 1$ and ${second}$ at {string.Join(", ", runs.Select(LearningRate))}, where $n$ is the "
                + "divisor; "
                + $"{NumberText.Count(result.ScaledIterations, "scaled iteration")}. float32.",
            finding, figure, FirstDifferences(result, runs));
    }

    private static string LearningRate(DivergenceRun run) =>
        $"η = {NumberText.Exact(run.LearningRate)} (n = "
            + $"{NumberText.Count(run.Divisor)}{(run.Perturbation is null ? "" : $", {run.Perturbation.Name}")})";

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
                csv.Append(CultureInfo.InvariantCulture,
                    $"{run.Divisor}{(run.Perturbation is null ? "" : $" {run.Perturbation.Name}")},{Csv.Field(result.Tensors[tensor])}");
                for (int row = 0; row < result.ScaledIterations; row++)
                    csv.Append(',').Append(row < rows ? Short(values[(row * width) + tensor]) : "");
                csv.Append('\n');
            }
        }
        return csv.Length == 0 ? "" : $"divisor,tensor,{string.Join(',', Enumerable.Range(1, result.ScaledIterations))}\n{csv}";

        // Four digits are more than a colour shows, and keep the page small; the files have them all.
        static string Short(double value) => double.IsFinite(value) ? value.ToString("G4", CultureInfo.InvariantCulture) : "NaN";
    }

    private static Markup FirstDifferences(DivergenceResult result, DivergenceRun[] runs) => HtmlTable.Of("Where the difference arises",
        "After which iteration the first weight differs, and after which one some weight of every tensor does.",
        [runs.All(run => run.Perturbation is null) ? "#Divisor" : "#Divisor, second copy", "#$η$", "First tensor", "Last tensor",
            "#Greatest difference", "#Last difference"],
        runs.Select(run => (string[])
        [
            NumberText.Count(run.Divisor) + (run.Perturbation is null ? "" : $", {run.Perturbation.Name}"),
            NumberText.Exact(run.LearningRate),
            Differs(run, result, first: true), Differs(run, result, first: false),
            NumberText.Of(run.RelativeL1.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Max()), NumberText.Of(run.RelativeL1[^1]),
        ]));

    private static string Differs(DivergenceRun run, DivergenceResult result, bool first)
    {
        var known = result.Tensors.Where(name => run.FirstDifference.GetValueOrDefault(name) is not null)
            .Select(name => (Name: name, At: run.FirstDifference[name]!.Value)).ToArray();
        if (known.Length == 0)
            return "none";
        if (!first && known.Length < result.Tensors.Length)
            return $"{NumberText.Count(result.Tensors.Length - known.Length, "tensor")} still equal";
        int at = first ? known.Min(one => one.At) : known.Max(one => one.At);
        string[] names = [.. known.Where(one => one.At == at).Select(one => one.Name)];
        return $"{NumberText.Count(at)}: {names[0]}{(names.Length == 1 ? "" : $" and {names.Length - 1} more")}";
    }
}
