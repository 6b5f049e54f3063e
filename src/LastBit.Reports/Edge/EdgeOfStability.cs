using LastBit.Experiments.Edge;
using LastBit.Reports.Figures;
using LastBit.Reports.Results;
using LastBit.Training;
using ScottPlot;
using ScottPlot.Plottables;

namespace LastBit.Reports.Edge;

/// <summary>
/// The edge of stability on one axis of iterations: loss; sharpness with its threshold; how far copies have drifted apart that differ by
/// rounding.
/// </summary>
public static class EdgeOfStability
{
    /// <summary>The figure's name, and that of its files.</summary>
    public const string Name = "edge";

    private const int MostCurvePoints = 2000;

    // Thresholds that lie further apart than this do not fit on one linear axis.
    private const double MostLinear = 5;

    private const float LabelWidth = 60;

    /// <summary>Draws figures/edge.png and .svg from edge.json.</summary>
    /// <param name="folder">The result folder.</param>
    /// <param name="outFolder">The folder in which figures/ goes; null is the result folder.</param>
    /// <returns>Why there is nothing to draw; null when it is drawn.</returns>
    /// <exception cref="InputException">edge.json is not there or not readable, or the figure cannot be written.</exception>
    public static string? Draw(string folder, string? outFolder = null)
    {
        EdgeResult result = ResultFile.Read<EdgeResult>(folder, EdgeResult.FileName);
        EdgeRun[] runs = [.. result.Runs.Where(run => run.Loss.Length > 0)];
        if (runs.Length == 0)
            return "no step has been taken";
        FigurePanel loss = new("", "loss", 130), sharpness = new("", "sharpness", 170), difference =
            new("iteration", "relative L1 difference", 190);
        // The last losses of a run that is no longer finite, 10^29 and more, must not flatten those of the others.
        EdgeRun[] finite = [.. runs.Where(run => run.DivergedAtIteration is null)], framed = finite.Length > 0 ? finite : runs;
        int curve = 0;
        double top = 0;
        bool isLog = runs.Max(run => run.JudgedThreshold) > MostLinear * runs.Min(run => run.JudgedThreshold);
        for (int i = 0; i < runs.Length; i++)
        {
            EdgeRun run = runs[i];
            (double[] x, double[] y) = Thinned(FigureStyle.Log10(run.Loss));
            loss.Curve(i, x, y);
            sharpness.Curve(i, [.. run.Searched.Select(point => (double)point.Iteration)],
                Place(run.Searched.Select(point => point.Eigenvalues[0])), run.BatchThreshold is null ? 1.3f : 0.6f);
            Threshold(sharpness, i, Place([run.JudgedThreshold])[0]);
            if (run.BatchThreshold is not null)
                sharpness.Curve(i, [.. run.Sharpness.Select(point => (double)point.Iteration)],
                    Place(run.Sharpness.Select(point => point.Judged)));
            double[] sorted =
                [.. run.Searched.Select(point => point.Eigenvalues[0]).Concat(run.Sharpness.Select(point => point.Judged)).Order()];
            // A spike at the beginning must not flatten what comes after.
            top = Math.Max(top,
                Math.Max(1.4 * run.JudgedThreshold,
                    sorted.Length > 0 && framed.Contains(run) ? 1.05 * sorted[(int)(0.98 * (sorted.Length - 1))] : 0));
            foreach ((Perturbation one, EdgeCopy copy) in run.Copies)
            {
                (x, y) = Thinned(FigureStyle.Log10(copy.RelativeL1));
                difference.Curve(run.Copies.Count == 1 ? i : curve, x, y);
                difference.Name(run.Copies.Count == 1 ? i : curve, NameOf(run) + (run.Copies.Count == 1 ? "" : $", {one.Name}"));
                curve++;
            }
        }
        foreach (FigurePanel panel in (FigurePanel[])[loss, sharpness, difference])
        {
            // As wide as the widest labels, so that an iteration stands at one place in all panels.
            panel.Plot.Axes.Left.MinimumSize = LabelWidth;
            FigureStyle.LinearAxis(panel.Plot.Axes.Bottom, 0, Math.Max(2, result.Iterations),
                FigureStyle.RoundStep(Math.Max(2, result.Iterations), 6));
        }
        Around(loss.Plot.Axes.Left, framed.SelectMany(run => run.Loss));
        if (isLog)
            Around(sharpness.Plot.Axes.Left,
                framed.SelectMany(run => run.Sharpness.SelectMany(point => point.Eigenvalues.Take(1).Append(point.Judged)))
                .Concat(runs.Select(run => run.JudgedThreshold)));
        else
            FigureStyle.LinearAxis(sharpness.Plot.Axes.Left, 0, top, FigureStyle.RoundStep(top, 5));
        Around(difference.Plot.Axes.Left, framed.SelectMany(run => run.Copies.Values).SelectMany(copy => copy.RelativeL1));
        string batch = result.BatchSize == 0 ? "all images per step" : $"{result.BatchSize} images per step";
        FigureFile.Write(outFolder ?? folder, Name,
            "Loss, sharpness with its threshold, and the difference of copies that differ by rounding, against the iteration",
            $"{result.Network}, {NumberText.Count(result.TrainImages, "image")}, {batch}; straight lines: thresholds", loss, sharpness,
            difference);
        return null;

        double[] Place(IEnumerable<double> values) => isLog ? FigureStyle.Log10([.. values]) : [.. values];
    }

    /// <summary>What a run is called: "η = 0.02", with the weight decay where there is one.</summary>
    internal static string NameOf(EdgeRun run) =>
        $"η = {NumberText.Exact(run.LearningRate)}{(run.WeightDecay > 0 ? $", α = {NumberText.Exact(run.WeightDecay)}" : "")}";

    private static void Threshold(FigurePanel panel, int number, double value)
    {
        HorizontalLine line = panel.Plot.Add.HorizontalLine(value, 0.8f, FigureStyle.ColorOf(number), LinePattern.Solid);
        line.EnableAutoscale = false;
    }

    private static void Around(IAxis axis, IEnumerable<double> values)
    {
        double[] logs = [.. FigureStyle.Log10([.. values]).Where(double.IsFinite)];
        (double low, double high) = logs.Length == 0 ? (-1, 1) : (logs.Min(), logs.Max());
        FigureStyle.LogAxis(axis, Math.Floor(low), Math.Max(Math.Ceiling(high), Math.Floor(low) + 1), 5);
    }

    // What a picture cannot show only makes its file large.
    private static (double[] X, double[] Y) Thinned(double[] y)
    {
        int every = Math.Max(1, y.Length / MostCurvePoints);
        int[] kept = [.. Enumerable.Range(0, y.Length).Where(i => i % every == 0)];
        return ([.. kept.Select(i => i + 1.0)], [.. kept.Select(i => y[i])]);
    }
}
