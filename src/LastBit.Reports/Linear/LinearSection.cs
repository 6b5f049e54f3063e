using LastBit.Experiments.Bounds;
using LastBit.Experiments.Linear;
using LastBit.Experiments.Reproduction;
using LastBit.Reports.Claims;
using LastBit.Reports.Page;
using LastBit.Reports.Results;
using LastBit.Reports.Sections;

namespace LastBit.Reports.Linear;

/// <summary>Table 2 and Figure 3.</summary>
internal static class LinearSection
{
    internal static ReportPart Part { get; } = new(
        LinearizedPde.Experiment, [LinearizedPdeResult.FileName, StabilityBoundsResult.FileName], [new(Figure3.Name, Figure3.Draw)],
        ReportSection.Of<LinearizedPdeResult>(BoundsClaim.Claim, LinearizedPdeResult.FileName, Section));

    private static ReportSection Section(ResultFolder folder, LinearizedPdeResult linear)
    {
        var bounds = folder.Document<StabilityBoundsResult>(StabilityBoundsResult.FileName);
        RunCurve[] runs = [.. linear.Runs.Select(run => RunCurve.Of(run.Alpha, run.Loss, linear.Iterations))];
        var figure = new ReportFigure([Figure3.Name],
            "At most the first 500 iterations, both axes logarithmic; a curve that blows up ends where it would squeeze the others. "
            + "All iterations are in linear.json.",
            [new ReportChart("figure3", "Loss of the linearized PDE", "iteration", "loss", true, true,
                Csv.Write("iteration", [.. linear.Runs.Select(run =>
                {
                    double[] shown = run.Loss[..Figure3.Shown(run)];
                    return new Curve($"α = {NumberText.Exact(run.Alpha)}", ReportChart.Count(1, shown.Length), shown);
                })]))]);
        return new ReportSection(BoundsClaim.Claim,
            $"The linearized PDE (equation 9) for {NumberText.Count(linear.Iterations, "iteration")} at learning rate "
                + $"{NumberText.Exact(linear.LearningRate)} with weight decays {NumberText.List(linear.Runs.Select(run => run.Alpha))}; "
                + "the bounds by the extreme eigenvalues of the operator; all in float64."
                + LossTable.Sentence(PaperSetting.OneLayer(folder.Path, linear.Iterations)),
            bounds is null
                ? Finding.NotTested("The folder has no bounds.json.")
                : BoundsClaim.Judge(runs, bounds.AlphaMin, bounds.AlphaMax, linear.LearningRate),
            figure, bounds is null ? Markup.Empty : Table2(runs, linear, bounds));
    }

    private static Markup Table2(RunCurve[] runs, LinearizedPdeResult linear, StabilityBoundsResult bounds)
    {
        return HtmlTable.Of("Runs of Figure 3",
            $"The runs against the bounds $α_min = {Finding.Bound(bounds.AlphaMin)}$ and $α_max = {Finding.Bound(bounds.AlphaMax)}$ "
                + $"at $Δt = {NumberText.Exact(linear.LearningRate)}$.",
            ["#$α$", "Predicted", "It is", "#First loss", "#Lowest", "#Last"],
            runs.Select(run => (string[])
            [
                NumberText.Exact(run.Parameter), Predicted(run.Parameter), run.Diverges ? "diverges" : "stable", .. LossTable.Losses(run),
            ]));

        string Predicted(double alpha) => Math.Max(bounds.AlphaMin - alpha, alpha - bounds.AlphaMax) switch
        {
            var beyond when Math.Abs(beyond) <= BoundsClaim.OnTheBound * bounds.AlphaMax => "on the bound",
            > 0 => "diverges",
            _ => "stable",
        };
    }
}
