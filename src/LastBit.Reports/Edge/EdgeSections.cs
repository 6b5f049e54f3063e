using LastBit.Data;
using LastBit.Experiments.Edge;
using LastBit.Reports.Claims;
using LastBit.Reports.Page;
using LastBit.Reports.Results;
using LastBit.Reports.Sections;

namespace LastBit.Reports.Edge;

/// <summary>The edge of stability: one figure, and a section for each of its claims.</summary>
internal static class EdgeSections
{
    internal static ReportPart Part { get; } =
        new(EdgeExperiment.Experiment, [EdgeResult.FileName], [new(EdgeOfStability.Name, EdgeOfStability.Draw)],
        Section(EdgeClaims.Rises, EdgeClaims.JudgeRises, Figure),
        Section(EdgeClaims.Hovers, EdgeClaims.JudgeHovers),
        Section(EdgeClaims.Pair, EdgeClaims.JudgePair),
        Section(EdgeClaims.Decay, EdgeClaims.JudgeDecay),
        Section(EdgeClaims.Below, EdgeClaims.JudgeBelow));

    private static Func<ResultFolder, ReportSection> Section(
        Claim claim, Func<IReadOnlyList<EdgeCurve>, int, Finding> judge, Func<EdgeResult, EdgeRun[], ReportFigure>? figure = null) =>
        ReportSection.Of<EdgeResult>(claim, EdgeResult.FileName, (_, result) => Section(result, claim, judge, figure));

    private static ReportSection Section(
        EdgeResult result, Claim claim, Func<IReadOnlyList<EdgeCurve>, int, Finding> judge,
        Func<EdgeResult, EdgeRun[], ReportFigure>? figure)
    {
        EdgeRun[] runs = [.. result.Runs.Where(run => run.Loss.Length > 0 && run.Sharpness.Length > 0)];
        EdgeCurve[] curves = [.. runs.Select(run => Curve(run, result))];
        string batch = result.BatchSize == 0 ? "all of them per step" : $"{result.BatchSize} per step";
        string momentum =
            result.Momentum > 0 ? $", {(result.Nesterov ? "Nesterov's " : "")}momentum {NumberText.Exact(result.Momentum)}" : "";
        return new ReportSection(claim,
            $"{result.Network}, {(result.Objective == Models.Loss.SquaredError ? "squared error" : "cross-entropy")}, "
                + $"{NumberText.Count(result.TrainImages, "training image")}, {batch}{momentum}; "
                + $"at most {NumberText.Count(result.Iterations, "iteration")}. float32.",
            judge(curves, result.TrainImages), runs.Length == 0 ? null : figure?.Invoke(result, runs),
            figure is null ? Markup.Empty : Table(curves));
    }

    private static EdgeCurve Curve(EdgeRun run, EdgeResult result) => new(
        EdgeOfStability.NameOf(run), run.LearningRate, run.JudgedThreshold, [.. run.Sharpness.Select(point => point.Iteration)],
        [.. run.Sharpness.Select(point => point.Judged)], run.RelativeL1, run.Accuracy.TakeLast(StepsPerEpoch(result)).Average(),
        run.DivergedAtIteration is null, run.Crossing?.Iteration);

    // One batch of eight says nothing of the training accuracy; the batches of the last epoch do.
    private static int StepsPerEpoch(EdgeResult result) =>
        result.BatchSize == 0 ? 1 : Augmentation.BatchesPerEpoch(result.TrainImages, result.BatchSize);

    private static ReportFigure Figure(EdgeResult result, EdgeRun[] runs)
    {
        var pairs = runs.SelectMany(run => run.Copies.Select(copy => new Page.Curve(
            $"{EdgeOfStability.NameOf(run)}, {copy.Key.Name}", ReportChart.Count(1, copy.Value.RelativeL1.Length), copy.Value.RelativeL1)));
        string name = result.BatchSize == 0 ? "sharpness" : "batch sharpness";
        EdgeRun[] finite = [.. runs.Where(run => run.DivergedAtIteration is null)];
        return new ReportFigure([EdgeOfStability.Name],
            $"Loss; the {name}{(result.BatchSize == 0 ? ", which is the largest eigenvalue of the Hessian of the training loss," : "")} "
                + "over its threshold, which is the straight line (in the files beside it); and the average relative L1 difference of all "
                + "weights between the plain copy and one that differs by rounding alone. "
                + (finite.Length is 0 || finite.Length == runs.Length ? ""
                    : "A run that diverged ends where it would squeeze the others; all of it is in edge.json. ")
                + result.VerificationInWords(),
        [
            new ReportChart("edge-loss", "Loss", "iteration", "loss", false, true, Csv.Write("iteration",
                [.. runs.Select(run => Framed(run, ReportChart.Count(1, run.Loss.Length), one => one.Loss))])),
            new ReportChart("edge-sharpness", $"{char.ToUpperInvariant(name[0])}{name[1..]} over its threshold", "iteration",
                $"{name} / threshold", false, false, Csv.Write("iteration",
                [.. runs.Select(run => Framed(run, [.. run.Sharpness.Select(point => (double)point.Iteration)],
                    one => [.. one.Sharpness.Select(point => point.Judged / one.JudgedThreshold)]))]), Line: 1),
            new ReportChart("edge-difference", "Relative L1 difference of all weights", "iteration", "relative L1 difference", false, true,
                Csv.Write("iteration", [.. pairs])),
        ]);

        // The last values of a run that diverged, 10^29 and more, must not set the axes of the others.
        Page.Curve Framed(EdgeRun run, double[] x, Func<EdgeRun, double[]> values)
        {
            double[] y = values(run);
            if (finite.Length > 0 && run.DivergedAtIteration is not null)
            {
                double top = 10 * finite.Max(one => values(one).Max());
                y = [.. y.TakeWhile(value => value <= top)];
            }
            return new Page.Curve(EdgeOfStability.NameOf(run), x[..y.Length], y);
        }
    }

    private static Markup Table(EdgeCurve[] curves) =>
        curves.Length == 0 ? Markup.Empty : HtmlTable.Of("Runs", "Sharpness and difference of each run.",
        ["Run", "#Threshold", "#Greatest sharpness", "#Reached at", "#Difference up to there", "#Greatest difference"],
        curves.Select(run => (string[])
        [
            run.Name, NumberText.Of(run.Threshold), NumberText.Of(run.Sharpness.Max()), run.Rise is { } at ? NumberText.Count(at) : "never",
            NumberText.Of(run.GreatestUpTo(run.Rise ?? run.Difference.Length)), NumberText.Of(run.GreatestFrom(0)),
        ]));
}
