using LastBit.Experiments.NonLinear;
using LastBit.Experiments.Reproduction;
using LastBit.Reports.Figures;
using LastBit.Reports.Results;

namespace LastBit.Reports.NonLinear;

/// <summary>Figure 4, left: loss of the non-linear PDE against the iteration, one curve a learning rate.</summary>
public static class Figure4Left
{
    /// <summary>The figure's name, and that of its files.</summary>
    public const string Name = "figure4-left";

    /// <summary>Draws figures/figure4-left.png and .svg from nonlinear.json.</summary>
    /// <param name="folder">The result folder.</param>
    /// <param name="outFolder">The folder in which figures/ goes; null is the result folder.</param>
    /// <returns>Why there is nothing to draw; null when it is drawn.</returns>
    /// <exception cref="InputException">nonlinear.json is not there or not readable, or the figure cannot be written.</exception>
    public static string? Draw(string folder, string? outFolder = null)
    {
        NonLinearPdeResult result = ResultFile.Read<NonLinearPdeResult>(folder, NonLinearPdeResult.FileName);
        var panel = new FigurePanel("iteration", "loss", 230);
        double low = double.PositiveInfinity;
        for (int i = 0; i < result.Runs.Length; i++)
            panel.Name(i, $"Δt = {NumberText.Exact(result.Runs[i].LearningRate)}");

        // The larger the learning rate, the wider the band of its oscillations; the narrow ones are drawn over the wide ones.
        foreach (int i in Enumerable.Range(0, result.Runs.Length).OrderByDescending(i => result.Runs[i].LearningRate))
        {
            NonLinearPdeRun run = result.Runs[i];
            double[] y = FigureStyle.Log10(run.Loss);
            double[] x = FigureStyle.Log10([.. Enumerable.Range(1, y.Length).Select(iteration => (double)iteration)]);
            panel.Curve(i, x, y, width: 1);
            foreach (double value in y.Where(double.IsFinite))
                low = Math.Min(low, value);
        }
        int high = HighestPower(result);
        if (!(low < high))
            low = high - 1;
        FigureStyle.LogAxis(panel.Plot.Axes.Bottom, 0, Math.Log10(Math.Max(2, result.Iterations)));
        FigureStyle.LogAxis(panel.Plot.Axes.Left, Math.Floor(low), high, labels: 8);
        FigureFile.Write(outFolder ?? folder, Name, "Loss of the non-linear PDE for several learning rates",
            PaperSetting.OneLayer(folder, result.Iterations), panel);
        return null;
    }

    /// <summary>Runs that blow up leave the figure at the top, two decades above where all begin.</summary>
    /// <param name="result">nonlinear.json.</param>
    /// <returns>The power of ten at the top.</returns>
    internal static int HighestPower(NonLinearPdeResult result) => 2 + (int)Math.Ceiling(Math.Log10(
        result.Runs.Select(run => run.Loss.FirstOrDefault()).Where(loss => loss > 0 && double.IsFinite(loss)).DefaultIfEmpty(1).Max()));
}
