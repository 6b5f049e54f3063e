using LastBit.Experiments.Linear;
using LastBit.Experiments.Reproduction;
using LastBit.Reports.Figures;
using LastBit.Reports.Results;

namespace LastBit.Reports.Linear;

/// <summary>Figure 3: loss of the linearized PDE against the iteration, one curve a weight decay, both axes logarithmic.</summary>
public static class Figure3
{
    /// <summary>The figure's name, and that of its files.</summary>
    public const string Name = "figure3";

    /// <summary>Draws figures/figure3.png and .svg from linear.json.</summary>
    /// <param name="folder">The result folder.</param>
    /// <param name="outFolder">The folder in which figures/ goes; null is the result folder.</param>
    /// <returns>Why there is nothing to draw; null when it is drawn.</returns>
    /// <exception cref="InputException">linear.json is not there or not readable, or the figure cannot be written.</exception>
    public static string? Draw(string folder, string? outFolder = null)
    {
        LinearizedPdeResult result = ResultFile.Read<LinearizedPdeResult>(folder, LinearizedPdeResult.FileName);
        var panel = new FigurePanel("iteration", "loss", 230);
        double low = double.PositiveInfinity, high = double.NegativeInfinity;
        int longest = 2;
        for (int i = 0; i < result.Runs.Length; i++)
        {
            LinearizedPdeRun run = result.Runs[i];
            int shown = Shown(run);
            longest = Math.Max(longest, shown);
            double[] y = FigureStyle.Log10(run.Loss.AsSpan(0, shown));
            double[] x = FigureStyle.Log10([.. Enumerable.Range(1, shown).Select(iteration => (double)iteration)]);
            panel.Name(i, $"α = {NumberText.Exact(run.Alpha)}");
            panel.Curve(i, x, y);
            foreach (double value in y.Where(double.IsFinite))
                (low, high) = (Math.Min(low, value), Math.Max(high, value));
        }
        if (high < low)
            (low, high) = (0, 1);
        FigureStyle.LogAxis(panel.Plot.Axes.Bottom, 0, Math.Log10(longest));
        FigureStyle.LogAxis(panel.Plot.Axes.Left, Math.Floor(low) - 1, Math.Ceiling(high) + 1);
        FigureFile.Write(outFolder ?? folder, Name, "Loss of the linearized PDE for several weight decays",
            PaperSetting.OneLayer(folder, result.Iterations), panel);
        return null;
    }

    /// <summary>
    /// The paper shows 500 iterations, and fewer of the runs that blow up quickly, which would squeeze the others into a line:
    /// 200 of 2.1e8 and 110 of 2.2e8. Any other run is cut where it has grown as much as those have by then.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <returns>How many iterations to show.</returns>
    internal static int Shown(LinearizedPdeRun run)
    {
        int most = Math.Min(run.Loss.Length, run.Alpha switch { 2.1e8 => 200, 2.2e8 => 110, _ => 500 });
        int grown = run.Loss.AsSpan(0, most).IndexOfAnyExceptInRange(double.NegativeInfinity, 1e18 * run.Loss.FirstOrDefault());
        return run.Alpha is 2.1e8 or 2.2e8 || grown < 0 ? most : grown;
    }
}
