using LastBit.Experiments.Amplification;
using LastBit.Experiments.Reproduction;
using LastBit.Reports.Claims;
using LastBit.Reports.Page;
using LastBit.Reports.Results;
using LastBit.Reports.Sections;

namespace LastBit.Reports.Amplification;

/// <summary>Figure 4, right.</summary>
internal static class AmplificationSection
{
    internal static ReportPart Part { get; } = new(ErrorAmplification.Experiment, [ErrorAmplificationResult.FileName],
        [new(Figure4Right.Name, Figure4Right.Draw), new(Figure4Sharpness.Name, Figure4Sharpness.Draw)],
        ReportSection.Of<ErrorAmplificationResult>(AmplificationClaim.Claim, ErrorAmplificationResult.FileName, Section),
        ReportSection.Of<ErrorAmplificationResult>(CrossingClaim.Claim, ErrorAmplificationResult.FileName, CrossingSection.Section));

    private static ReportSection Section(ResultFolder folder, ErrorAmplificationResult amplify)
    {
        var figure = new ReportFigure([Figure4Right.Name],
            $"The mean of $2|K₁ − K₂| / (|K₁| + |K₂|)$ over the two kernels: averaged over {RunCurve.Window} iterations, "
            + "as in the paper, and every iteration.",
        [
            new ReportChart("figure4-right-average", $"Relative L1 difference, mean of the last {RunCurve.Window} iterations",
                "iteration", "relative L1 difference", true, true,
                Csv.Write("iteration", [.. amplify.Runs.Select(run => Difference(run, RunCurve.MovingAverage(run.RelativeL1)))])),
            new ReportChart("figure4-right", "Relative L1 difference after every iteration",
                "iteration", "relative L1 difference", true, true,
                Csv.Write("iteration", [.. amplify.Runs.Select(run => Difference(run, run.RelativeL1))])),
        ]);
        return new ReportSection(AmplificationClaim.Claim,
            "Pairs of the same descent, $K ← K − Δt·g$ beside $K ← K − "
                + $"({NumberText.Exact(amplify.Perturbation.K)}Δt)·(g/{NumberText.Exact(amplify.Perturbation.K)})$, "
                + $"equal in exact arithmetic, for {NumberText.Count(amplify.Iterations, "iteration")} with weight decay "
                + $"{NumberText.Exact(amplify.WeightDecay)} "
                + $"and learning rates {NumberText.List(amplify.Runs.Select(run => run.LearningRate))}, in float64."
                + LossTable.Sentence(PaperSetting.OneLayer(folder.Path, amplify.Iterations)),
            AmplificationClaim.Judge([.. amplify.Runs.Select(run => RunCurve.Of(run.LearningRate, run.RelativeL1, amplify.Iterations))],
                amplify.WeightDecay, folder.HasPapersImage),
            figure, Markup.Empty);
    }

    private static Curve Difference(ErrorAmplificationRun run, double[] values) =>
        new($"Δt = {NumberText.Exact(run.LearningRate)}", ReportChart.Count(1, run.RelativeL1.Length), values);
}
