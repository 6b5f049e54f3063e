using System.Globalization;
using LastBit.Experiments.Heat;
using LastBit.Reports.Page;
using LastBit.Reports.Results;
using LastBit.Reports.Sections;

namespace LastBit.Reports.Heat;

/// <summary>Figure 1.</summary>
internal static class HeatSection
{
    internal static ReportPart Part { get; } =
        new(HeatEquation.Experiment, [HeatEquationResult.FileName], [new(Figure1.Name, Figure1.Draw)],
        ReportSection.Of<HeatEquationResult>(HeatClaim.Claim, HeatEquationResult.FileName, Section));

    private static ReportSection Section(ResultFolder folder, HeatEquationResult heat)
    {
        var figure = new ReportFigure([Figure1.Name], "u over the rod at the times in the legend, one panel per time step.",
            [.. heat.Runs.Select(run => new ReportChart(
                string.Create(CultureInfo.InvariantCulture, $"figure1-dt{run.Dt}"),
                $"Δt = {NumberText.Exact(run.Dt)}, {(run.Stable ? "stable" : "unstable")}", "position", "u", false, false,
                Csv.Write("position", [.. run.Snapshots.Select(at => new Curve(
                    $"t = {NumberText.Exact(at.Time)}", ReportChart.Count(0, at.U.Length), at.U))])))]);
        return new ReportSection(HeatClaim.Claim,
            $"Explicit Euler on 31 points with fixed ends, $Δx = 1$, $Δt$ = {NumberText.List(heat.Runs.Select(run => run.Dt))}, "
                + "in float64.",
            HeatClaim.Judge(heat.Runs), figure, Markup.Empty);
    }
}
