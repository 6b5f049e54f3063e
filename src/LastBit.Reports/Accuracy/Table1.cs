using LastBit.Experiments.Accuracy;
using LastBit.Experiments.Reproduction;
using LastBit.Reports.Figures;
using LastBit.Reports.Results;
using LastBit.Training;
using ScottPlot;

namespace LastBit.Reports.Accuracy;

/// <summary>The runs of Table 1: test accuracy after every epoch, one colour a seed, and the final accuracies side by side.</summary>
public static class Table1
{
    /// <summary>The figure's name, and that of its files.</summary>
    public const string Name = "table1";

    /// <summary>Draws figures/table1.png and .svg from accuracy.json.</summary>
    /// <param name="folder">The result folder.</param>
    /// <param name="outFolder">The folder in which figures/ goes; null is the result folder.</param>
    /// <returns>Why there is nothing to draw; null when it is drawn.</returns>
    /// <exception cref="InputException">accuracy.json is not there or not readable, or the figure cannot be written.</exception>
    public static string? Draw(string folder, string? outFolder = null)
    {
        AccuracyResult result = ResultFile.Read<AccuracyResult>(folder, AccuracyCurves.FileName);
        // A curve of one epoch is a point that the second panel shows too.
        List<FigurePanel> panels = result.Epochs > 1 || result.Final.Count == 0 ? [Curves(result)] : [];
        if (result.Final.Count > 0)
            panels.Add(Finals(result));
        FigureFile.Write(outFolder ?? folder, Name, "Test accuracy of runs that differ in seed and in rounding",
            PaperSetting.Accuracy(result), [.. panels]);
        return null;
    }

    private static FigurePanel Curves(AccuracyResult result)
    {
        var panel = new FigurePanel("epoch", "test accuracy (%)", 210);
        int number = 0;
        double low = 100, high = 0;
        foreach ((int seed, SortedDictionary<Perturbation, double[]> runs) in result.TestAccuracy)
        {
            panel.Name(number, $"seed {seed}");
            foreach (double[] accuracy in runs.Values)
            {
                panel.Curve(number, [.. Enumerable.Range(1, accuracy.Length).Select(epoch => (double)epoch)], accuracy, 0.8f);
                (low, high) = (Math.Min(low, accuracy.Min()), Math.Max(high, accuracy.Max()));
            }
            number++;
        }
        FigureStyle.LinearAxis(panel.Plot.Axes.Bottom, 0, Math.Max(2, result.Epochs), FigureStyle.RoundStep(Math.Max(2, result.Epochs), 6));
        LinearAround(panel.Plot.Axes.Left, Math.Min(low, high), high);
        return panel;
    }

    /// <summary>One column of points a seed: what lies above each other differs in rounding alone.</summary>
    private static FigurePanel Finals(AccuracyResult result)
    {
        var panel = new FigurePanel("seed", "final test accuracy (%)", 170);
        int number = 0;
        foreach (SortedDictionary<Perturbation, double> runs in result.Final.Values)
        {
            double[] x = [.. runs.Values.Select((_, i) => number + ((i + 0.5) / runs.Count - 0.5) * 0.3)];
            panel.Plot.Add.Markers(x, runs.Values.ToArray(), MarkerShape.OpenCircle, 4, FigureStyle.ColorOf(number));
            number++;
        }
        double[] all = [.. result.Final.Values.SelectMany(runs => runs.Values)];
        (panel.Plot.Axes.Bottom.Min, panel.Plot.Axes.Bottom.Max) = (-0.6, number - 0.4);
        panel.Plot.Axes.Bottom.SetTicks([.. Enumerable.Range(0, number).Select(i => (double)i)],
            [.. result.Final.Keys.Select(seed => $"{seed}")]);
        LinearAround(panel.Plot.Axes.Left, all.Min(), all.Max());
        return panel;
    }

    private static void LinearAround(IAxis axis, double low, double high)
    {
        double margin = Math.Max(0.05, (high - low) * 0.06);
        FigureStyle.LinearAxis(axis, low - margin, high + margin, FigureStyle.RoundStep(high - low + 2 * margin, 6));
    }
}
