using LastBit.Experiments;
using LastBit.Runs;
using LastBit.Statistics;

namespace LastBit.Reports;

/// <summary>Figure 4, right: average relative L1 difference of two copies that differ by rounding, averaged over 100 iterations.</summary>
public static class Figure4Right
{
    /// <summary>The figure's name, and that of its files.</summary>
    public const string Name = "figure4-right";

    /// <summary>How many iterations the moving average takes.</summary>
    public const int Window = 100;

    /// <summary>Draws figures/figure4-right.png and .svg from amplify.json.</summary>
    /// <param name="folder">The result folder.</param>
    /// <param name="outFolder">The folder in which figures/ goes; null is the result folder.</param>
    /// <exception cref="InputException">amplify.json is not there or not readable, or the figure cannot be written.</exception>
    public static void Draw(string folder, string? outFolder = null)
    {
        ErrorAmplificationResult result = ResultFile.Read<ErrorAmplificationResult>(folder, "amplify.json");
        var panel = new FigurePanel("iteration", "relative L1 difference", 230);
        for (int i = 0; i < result.Runs.Length; i++)
        {
            double[] y = FigureStyle.Log10(MovingAverage(result.Runs[i].RelativeL1, Window));
            double[] x = FigureStyle.Log10([.. Enumerable.Range(1, y.Length).Select(iteration => (double)iteration)]);
            panel.Name(i, $"dt = {FigureStyle.Number(result.Runs[i].LearningRate)}");
            panel.Curve(i, x, y);
        }

        // 2 is the most that the difference can be; below 1e-18 there is only the memory of the moving average.
        FigureStyle.LogAxis(panel.Plot.Axes.Bottom, 0, Math.Log10(Math.Max(2, result.Iterations)));
        FigureStyle.LogAxis(panel.Plot.Axes.Left, -18, 1);
        FigureFile.Write(outFolder ?? folder, Name, "Relative L1 difference of two kernels that differ by rounding, for several learning rates",
            FigureNote.OneLayer(folder, result.Iterations), panel);
    }

    /// <summary>The mean of each value and those before it, <paramref name="window"/> values in all; fewer at the beginning.</summary>
    /// <param name="values">One value an iteration.</param>
    /// <param name="window">How many, at least 1.</param>
    /// <returns>As many means as values.</returns>
    public static double[] MovingAverage(ReadOnlySpan<double> values, int window)
    {
        double[] means = new double[values.Length];
        for (int i = 0; i < means.Length; i++)
        {
            // Each mean is summed anew: a running sum would leave rounding of the large values in the mean of the small ones.
            int count = Math.Min(window, i + 1);
            double sum = 0;
            foreach (double value in values.Slice(i + 1 - count, count))
                sum += value;
            means[i] = sum / count;
        }
        return means;
    }
}
