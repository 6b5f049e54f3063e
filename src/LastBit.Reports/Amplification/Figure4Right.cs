using LastBit.Experiments.Amplification;
using LastBit.Experiments.Reproduction;
using LastBit.Reports.Claims;
using LastBit.Reports.Figures;
using LastBit.Reports.Results;

namespace LastBit.Reports.Amplification;

/// <summary>Figure 4, right: average relative L1 difference of two copies that differ by rounding, averaged over 100 iterations.</summary>
public static class Figure4Right
{
    /// <summary>The figure's name, and that of its files.</summary>
    public const string Name = "figure4-right";

    /// <summary>Draws figures/figure4-right.png and .svg from amplify.json.</summary>
    /// <param name="folder">The result folder.</param>
    /// <param name="outFolder">The folder in which figures/ goes; null is the result folder.</param>
    /// <returns>Why there is nothing to draw; null when it is drawn.</returns>
    /// <exception cref="InputException">amplify.json is not there or not readable, or the figure cannot be written.</exception>
    public static string? Draw(string folder, string? outFolder = null)
    {
        ErrorAmplificationResult result = ResultFile.Read<ErrorAmplificationResult>(folder, ErrorAmplificationResult.FileName);
        var panel = new FigurePanel("iteration", "relative L1 difference", 230);
        for (int i = 0; i < result.Runs.Length; i++)
        {
            double[] y = FigureStyle.Log10(RunCurve.MovingAverage(result.Runs[i].RelativeL1));
            double[] x = FigureStyle.Log10([.. Enumerable.Range(1, y.Length).Select(iteration => (double)iteration)]);
            panel.Name(i, $"Δt = {NumberText.Exact(result.Runs[i].LearningRate)}");
            panel.Curve(i, x, y);
        }

        // 2 is the most that the difference can be; below 1e-18 there is only the memory of the moving average.
        FigureStyle.LogAxis(panel.Plot.Axes.Bottom, 0, Math.Log10(Math.Max(2, result.Iterations)));
        FigureStyle.LogAxis(panel.Plot.Axes.Left, -18, 1);
        FigureFile.Write(outFolder ?? folder, Name,
            "Relative L1 difference of two kernels that differ by rounding, for several learning rates",
            PaperSetting.OneLayer(folder, result.Iterations), panel);
        return null;
    }
}
