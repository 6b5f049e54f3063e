using LastBit.Experiments.Amplification;
using LastBit.Reports.Claims;
using LastBit.Reports.Page;
using LastBit.Reports.Results;
using LastBit.Reports.Sections;

namespace LastBit.Reports.Amplification;

/// <summary>The sharpness of the one-layer loss beside 2/dt, along the runs of Figure 4, right.</summary>
internal static class CrossingSection
{
    internal static ReportSection Section(ResultFolder folder, ErrorAmplificationResult amplify)
    {
        ErrorAmplificationRun[] known = [.. amplify.Runs.Where(run => run.Sharpness is { Length: > 0 })];
        Finding finding =
            CrossingClaim.Judge([.. amplify.Runs.Select(run => RunCurve.Of(run.LearningRate, run.RelativeL1, amplify.Iterations))],
            [.. amplify.Runs.Select(run =>
                run.Sharpness is { Length: > 0 } points
                    ? points.Max(point => point.Eigenvalues[0]) * run.LearningRate / 2 : (double?)null)]);
        if (known.Length == 0)
            return ReportSection.None(CrossingClaim.Claim, finding);
        var figure = new ReportFigure([Figure4Sharpness.Name],
            "The largest eigenvalue of the Hessian of the first copy's loss, over $2/Δt$: above 1, the straight line, a step overshoots.",
        [
            new ReportChart("figure4-sharpness", "Sharpness over 2/Δt", "iteration", "sharpness × Δt/2", true, true,
                Csv.Write("iteration", [.. known.Select(run =>
                new Curve($"Δt = {NumberText.Exact(run.LearningRate)}", [.. run.Sharpness!.Select(point => point.Iteration + 1.0)],
                    [.. run.Sharpness!.Select(point => point.Eigenvalues[0] * run.LearningRate / 2)]))]), Line: 1),
        ]);
        return new ReportSection(CrossingClaim.Claim,
            "The pairs of Figure 4, right; the sharpness of the first copy's loss (cross-entropy plus weight decay "
                + $"{NumberText.Exact(amplify.WeightDecay)}) before the first step and every few steps, in float64.",
            finding, figure, Markup.Empty);
    }
}
