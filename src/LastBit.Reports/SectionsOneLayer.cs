using System.Globalization;
using LastBit.Experiments;
using LastBit.Reports.Page;
using LastBit.Runs;
using LastBit.Statistics;

namespace LastBit.Reports;

/// <summary>The claims of the paper that need no data set, from the documents of a folder.</summary>
internal static class SectionsOneLayer
{
    internal static ReportSection Heat(HeatEquationResult? heat)
    {
        Finding finding = heat is null ? Missing("heat.json") : Claims.HeatStability(heat.Runs);
        ReportFigure? figure = heat is null ? null : new ReportFigure([Figure1.Name],
            "u over the rod at the times in the legend, one panel a time step.",
            [.. heat.Runs.Select(run => new ReportChart(
                string.Create(CultureInfo.InvariantCulture, $"figure1-dt{run.Dt}"),
                $"dt = {FigureStyle.Number(run.Dt)}, {(run.Stable ? "stable" : "unstable")}", "position", "u", false, false,
                Csv.Write("position", [.. run.Snapshots.Select(at => new Curve(
                    $"t = {FigureStyle.Number(at.Time)}", Count(0, at.U.Length), at.U))])))]);
        return new ReportSection(
            "figure1", "Figure 1", "A step that is too long destroys a stable equation",
            "The heat equation only ever flattens, yet its explicit Euler discretization is stable only up to Δt = Δx²/2; beyond, the "
            + "same equation blows up. Gradient descent is such a discretization.",
            heat is null ? "" : $"Explicit Euler on 31 points with fixed ends, Δx = 1, Δt = {Claims.Listed(heat.Runs.Select(run => run.Dt))}, float64.",
            Claims.HeatRule, finding, figure, Markup.Empty, "lastbit heat");
    }

    internal static ReportSection Linear(LinearizedPdeResult? linear, StabilityBoundsResult? bounds, string? note)
    {
        RunCurve[] runs = linear is null ? [] : [.. linear.Runs.Select(run => RunCurve.Of(run.Alpha, run.Loss, linear.Iterations))];
        Finding finding = linear is null ? Missing("linear.json")
            : bounds is null ? Missing("bounds.json")
            : Claims.LossesDivergeOutsideTheBounds(runs, bounds.AlphaMin, bounds.AlphaMax, linear.LearningRate);
        ReportFigure? figure = linear is null ? null : new ReportFigure([Figure3.Name],
            "The first 500 iterations at most, both axes logarithmic; a curve that blows up ends where it would squeeze the others. "
            + "All iterations are in linear.json.",
            [new ReportChart("figure3", "Loss of the linearized PDE", "iteration", "loss", true, true,
                Csv.Write("iteration", [.. linear.Runs.Select(run =>
                {
                    double[] shown = run.Loss[..Figure3.Shown(run)];
                    return new Curve($"α = {FigureStyle.Number(run.Alpha)}", Count(1, shown.Length), shown);
                })]))]);
        Markup table = linear is null || bounds is null ? Markup.Empty : Table2(runs, linear, bounds);
        return new ReportSection(
            "figure3", "Table 2 and Figure 3", "Stability needs a weight decay between two bounds",
            "Linearized where the activations are in transition, gradient descent on one convolution is stable exactly for weight "
            + "decays between αmin and αmax; outside, the loss diverges.",
            linear is null ? "" : $"The linearized PDE (equation 9) for {linear.Iterations:N0} iterations at learning rate "
                + $"{Claims.Text(linear.LearningRate)} with weight decays {Claims.Listed(linear.Runs.Select(run => run.Alpha))}; "
                + $"the bounds by extreme eigenvalues of the operator, computed apart. float64.{Sentence(note)}",
            Claims.BoundsRule, finding, figure, table, "lastbit reproduce --only figure3,table3");
    }

    internal static ReportSection Regions(StabilityBoundsResult? bounds)
    {
        Finding finding = bounds is null ? Missing("bounds.json") : Claims.OnlyTheTransitionNeedsWeightDecay(bounds);
        Markup table = bounds is null ? Markup.Empty : HtmlTable.Of("Table 3",
            "Between which weight decays each region is stable, by the paper's formulas; the last row is exact for this kernel's finite support.",
            ["Region", "Equation", "#α at least", "#α at most"],
            [
                .. bounds.Regions.Select(region => new[]
                {
                    region.Region, region.Equation, region.AlphaMin is { } least ? Claims.Text(least) : "–", Claims.Text(region.AlphaMax),
                }),
                [
                    "transitioning, exact",
                    $"eigenvalues {Claims.Text(bounds.LambdaMin)} to {Claims.Text(bounds.LambdaMax)} (± {Claims.Text(bounds.LambdaTolerance)})",
                    Claims.Text(bounds.AlphaMin), Claims.Text(bounds.AlphaMax),
                ],
            ]);
        return new ReportSection(
            "table3", "Table 3", "Only where activations switch does stability need weight decay",
            "Where activations are fully on or off, any weight decay up to about 2/Δt is stable. Where they are in transition there is a "
            + "lower bound too: "
                + "weights that wander into transition become unstable, are driven out, and stability returns. That is what restrains "
                + "the instability.",
            bounds is null ? "" : "The bounds of the three regions by the paper's Fourier formulas, "
                + "and for the transition also the extreme eigenvalues of the operator itself, for the same image.",
            Claims.RegionsRule, finding, null, table, "lastbit bounds");
    }

    internal static ReportSection NonLinear(NonLinearPdeResult? nonLinear, bool isPapersImage, string? note)
    {
        RunCurve[] runs = nonLinear is null ? [] : [.. nonLinear.Runs.Select(run => RunCurve.Of(run.LearningRate, run.Loss, nonLinear.Iterations))];
        Finding finding = nonLinear is null ? Missing("nonlinear.json") : Claims.RestrainedInstability(runs, nonLinear.WeightDecay, isPapersImage);
        ReportFigure? figure = nonLinear is null ? null : new ReportFigure([Figure4Left.Name],
            "Cross-entropy plus weight decay in every iteration; a curve that blows up ends at 10⁸ times its start. "
            + "All iterations are in nonlinear.json.",
            [new ReportChart("figure4-left", "Loss of the non-linear PDE", "iteration", "loss", true, true,
                Csv.Write("iteration", [.. nonLinear.Runs.Select(run =>
                {
                    double[] shown = [.. run.Loss.TakeWhile(value => value <= 1e8 * run.Loss[0])];
                    return new Curve($"dt = {FigureStyle.Number(run.LearningRate)}", Count(1, shown.Length), shown);
                })]))]);
        Markup table = nonLinear is null ? Markup.Empty : RunsOfFigure4(runs, nonLinear);
        return new ReportSection(
            "figure4-left", "Figure 4, left", "Between settling and blowing up lies a restrained instability",
            "With the real activation there are three regimes: small learning rates settle, large ones (beyond 2/α) blow up, and in "
            + "between the loss oscillates for ever without blowing up.",
            nonLinear is null ? "" : $"The non-linear PDE (equation 8) for {nonLinear.Iterations:N0} iterations "
                + $"with weight decay {Claims.Text(nonLinear.WeightDecay)} (so 2/α = {Claims.Text(2 / nonLinear.WeightDecay)}) "
                + $"and learning rates {Claims.Listed(nonLinear.Runs.Select(run => run.LearningRate))}. float64.{Sentence(note)}",
            Claims.RestrainedRule, finding, figure, table, "lastbit nonlinear");
    }

    internal static ReportSection Amplification(ErrorAmplificationResult? amplify, bool isPapersImage, string? note)
    {
        Finding finding = amplify is null ? Missing("amplify.json")
            : Claims.RoundingIsAmplified(
                [.. amplify.Runs.Select(run => RunCurve.Of(run.LearningRate, run.RelativeL1, amplify.Iterations))],
                amplify.WeightDecay, isPapersImage);
        ReportFigure? figure = amplify is null ? null : new ReportFigure([Figure4Right.Name],
            $"2·mean(|K₁ − K₂| / (|K₁| + |K₂|)) between the two kernels: the mean over {Figure4Right.Window} iterations, "
            + "as in the paper, and every iteration.",
        [
            new ReportChart("figure4-right-average", $"Relative L1 difference, mean of the last {Figure4Right.Window} iterations",
                "iteration", "relative L1 difference", true, true,
                Csv.Write("iteration", [.. amplify.Runs.Select(run =>
                    Difference(run, Figure4Right.MovingAverage(run.RelativeL1, Figure4Right.Window)))])),
            new ReportChart("figure4-right", "Relative L1 difference after every iteration",
                "iteration", "relative L1 difference", true, true,
                Csv.Write("iteration", [.. amplify.Runs.Select(run => Difference(run, run.RelativeL1))])),
        ]);
        return new ReportSection(
            "figure4-right", "Figure 4, right", "The restrained instability amplifies rounding to order one",
            "Two copies that differ only in how one step is rounded stay together where the loss settles, and drift as far apart as two "
            + "unrelated kernels where it oscillates.",
            amplify is null ? "" : $"Pairs of the same descent, K ← K − Δt·g beside K ← K − (Δt·{amplify.K})·(g/{amplify.K}), "
                + $"equal in exact arithmetic, for {amplify.Iterations:N0} iterations with weight decay {Claims.Text(amplify.WeightDecay)} "
                + $"and learning rates {Claims.Listed(amplify.Runs.Select(run => run.LearningRate))}. float64.{Sentence(note)}",
            Claims.AmplificationRule, finding, figure, Markup.Empty, "lastbit amplify");
    }

    private static Markup Table2(RunCurve[] runs, LinearizedPdeResult linear, StabilityBoundsResult bounds) => HtmlTable.Of("Runs of Figure 3",
        $"The runs against the bounds αmin = {Claims.Text(bounds.AlphaMin)} and αmax = {Claims.Text(bounds.AlphaMax)} "
            + $"at learning rate {Claims.Text(linear.LearningRate)}.",
        ["#α", "Predicted", "#First loss", "#Lowest", "#Last"],
        runs.Select(run => (string[])
        [
            FigureStyle.Number(run.Parameter), run.Parameter < bounds.AlphaMin || run.Parameter > bounds.AlphaMax ? "diverges" : "stable", .. Losses(run),
        ]));

    private static Markup RunsOfFigure4(RunCurve[] runs, NonLinearPdeResult result) => HtmlTable.Of("Runs of Figure 4, left",
        $"The runs at weight decay {Claims.Text(result.WeightDecay)}.",
        ["#Learning rate", "Loss", "#First", "#Lowest", "#Last"],
        runs.Select(run => (string[])[FigureStyle.Number(run.Parameter), Word(Claims.Classify(run.Values)), .. Losses(run)]));

    /// <summary>First, lowest and last loss.</summary>
    private static string[] Losses(RunCurve run) =>
        [Claims.Text(run.Values[0]), Claims.Text(run.Values.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Min()), Last(run)];

    private static string Last(RunCurve run) =>
        run.IsFinite ? Claims.Text(run.Values[^1]) : $"not finite after {(run.Values.Length - 1).ToString("N0", CultureInfo.InvariantCulture)}";

    private static string Word(LossBehaviour behaviour) => behaviour switch
    {
        LossBehaviour.Settles => "settles",
        LossBehaviour.Oscillates => "oscillates",
        _ => "blows up",
    };

    /// <summary>How the runs differ from the paper's, as one more sentence.</summary>
    private static string Sentence(string? note) => note is null ? "" : $" {note}.";

    private static double[] Count(int first, int count) => [.. Enumerable.Range(first, count).Select(i => (double)i)];

    private static Curve Difference(ErrorAmplificationRun run, double[] values) =>
        new($"dt = {FigureStyle.Number(run.LearningRate)}", Count(1, run.RelativeL1.Length), values);

    private static Finding Missing(string document) => new(Verdict.NotTested, $"The folder has no {document}.");
}
