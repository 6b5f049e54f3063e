using LastBit.Experiments.NonLinear;
using LastBit.Experiments.Reproduction;
using LastBit.Reports.Claims;
using LastBit.Reports.Page;
using LastBit.Reports.Results;
using LastBit.Reports.Sections;

namespace LastBit.Reports.NonLinear;

/// <summary>Figure 4, left.</summary>
internal static class NonLinearSection
{
    internal static ReportPart Part { get; } =
        new(NonLinearPde.Experiment, [NonLinearPdeResult.FileName], [new(Figure4Left.Name, Figure4Left.Draw)],
        ReportSection.Of<NonLinearPdeResult>(RestrainedClaim.Claim, NonLinearPdeResult.FileName, Section));

    private static ReportSection Section(ResultFolder folder, NonLinearPdeResult nonLinear)
    {
        RunCurve[] runs = [.. nonLinear.Runs.Select(run => RunCurve.Of(run.LearningRate, run.Loss, nonLinear.Iterations))];
        var figure = new ReportFigure([Figure4Left.Name],
            "Cross-entropy plus weight decay in every iteration; a curve that blows up ends at "
                + $"${NumberText.PowerOfTen(Figure4Left.HighestPower(nonLinear))}$. All iterations are in nonlinear.json.",
            [new ReportChart("figure4-left", "Loss of the non-linear PDE", "iteration", "loss", true, true,
                Csv.Write("iteration", [.. nonLinear.Runs.Select(run =>
                {
                    double[] shown = [.. run.Loss.TakeWhile(value => value <= Math.Pow(10, Figure4Left.HighestPower(nonLinear)))];
                    return new Curve($"Δt = {NumberText.Exact(run.LearningRate)}", ReportChart.Count(1, shown.Length), shown);
                })]))]);
        Markup table = HtmlTable.Of("Runs of Figure 4, left", $"The runs at weight decay {NumberText.Exact(nonLinear.WeightDecay)}.",
            ["#$Δt$", "Loss", "#First", "#Lowest", "#Last"],
            runs.Select(run => (string[])
            [
                NumberText.Exact(run.Parameter), RestrainedClaim.Course(run, nonLinear.WeightDecay), .. LossTable.Losses(run),
            ]));
        return new ReportSection(RestrainedClaim.Claim,
            $"The non-linear PDE (equation 8) for {NumberText.Count(nonLinear.Iterations, "iteration")} "
                + $"with weight decay {NumberText.Exact(nonLinear.WeightDecay)} (so $2/α = {NumberText.Of(2 / nonLinear.WeightDecay)}$) "
                + $"and learning rates {NumberText.List(nonLinear.Runs.Select(run => run.LearningRate))}, in float64."
                + LossTable.Sentence(PaperSetting.OneLayer(folder.Path, nonLinear.Iterations)),
            RestrainedClaim.Judge(runs, nonLinear.WeightDecay, folder.HasPapersImage), figure, table);
    }
}
