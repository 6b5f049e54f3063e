using LastBit.Experiments.Amplification;
using LastBit.Experiments.Reproduction;
using LastBit.Reports.Figures;
using LastBit.Reports.Results;
using ScottPlot;

namespace LastBit.Reports.Amplification;

/// <summary>The sharpness of the one-layer loss over 2/dt along the runs of Figure 4, right.</summary>
public static class Figure4Sharpness
{
    /// <summary>The figure's name, and that of its files.</summary>
    public const string Name = "figure4-sharpness";

    /// <summary>Draws figures/figure4-sharpness.png and .svg from amplify.json, where it holds the sharpness.</summary>
    /// <param name="folder">The result folder.</param>
    /// <param name="outFolder">The folder in which figures/ goes; null is the result folder.</param>
    /// <returns>Why there is nothing to draw; null when it is drawn.</returns>
    /// <exception cref="InputException">amplify.json is not there or not readable, or the figure cannot be written.</exception>
    public static string? Draw(string folder, string? outFolder = null)
    {
        ErrorAmplificationResult result = ResultFile.Read<ErrorAmplificationResult>(folder, ErrorAmplificationResult.FileName);
        ErrorAmplificationRun[] runs = [.. result.Runs.Where(run => run.Sharpness is { Length: > 0 })];
        if (runs.Length == 0)
            return "the sharpness was not computed";
        var panel = new FigurePanel("iteration", "sharpness × Δt/2", 190);
        double[][] curves =
            [.. runs.Select(run => FigureStyle.Log10([.. run.Sharpness!.Select(point => point.Eigenvalues[0] * run.LearningRate / 2)]))];
        for (int i = 0; i < runs.Length; i++)
        {
            panel.Name(i, $"Δt = {NumberText.Exact(runs[i].LearningRate)}");
            panel.Curve(i, FigureStyle.Log10([.. runs[i].Sharpness!.Select(point => point.Iteration + 1.0)]), curves[i]);
        }
        panel.Plot.Add.HorizontalLine(0, 0.8f, Colors.Black, LinePattern.Solid);
        double[] finite = [.. curves.SelectMany(curve => curve).Where(double.IsFinite).DefaultIfEmpty(0)];
        FigureStyle.LogAxis(panel.Plot.Axes.Bottom, 0, Math.Log10(Math.Max(2, result.Iterations)));
        FigureStyle.LogAxis(panel.Plot.Axes.Left, Math.Floor(Math.Min(-1, Math.Max(-6, finite.Min()))),
            Math.Ceiling(Math.Max(0.5, finite.Max())));
        FigureFile.Write(outFolder ?? folder, Name,
            "Largest eigenvalue of the Hessian of the one-layer loss over 2/Δt; the straight line is the threshold",
            PaperSetting.OneLayer(folder, result.Iterations), panel);
        return null;
    }
}
