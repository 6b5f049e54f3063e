using LastBit.Reports.Figures;
using LastBit.Traces;
using ScottPlot.TickGenerators;

namespace LastBit.Reports.Traces;

/// <summary>
/// Where two trainings part, as a map: the network's outputs from the input (top) to the loss, steps from left to right, the power of ten
/// of their relative L1 difference as colour; below it how the weights drift apart.
/// </summary>
public static class DiffFigure
{
    /// <summary>The name of the figure, and that of its files.</summary>
    public const string Name = "diff";

    // More can neither be seen nor drawn.
    private const int MostNames = 14, MostRows = 300, MostColumns = 600, Lowest = -12;

    /// <summary>Draws figures/NAME, .png and .svg.</summary>
    /// <param name="folder">The folder in which figures/ goes.</param>
    /// <param name="name">What the figure is called.</param>
    /// <param name="result">The comparison.</param>
    /// <returns>Whether there is something to draw.</returns>
    /// <exception cref="InputException">The figure cannot be written.</exception>
    public static bool Draw(string folder, string name, TraceDifference result)
    {
        ArgumentNullException.ThrowIfNull(result);
        List<FigurePanel> panels = [];
        if (result.Map.Values.Any(row => row.Any(one => one > 0)))
            panels.Add(Map(result));
        if (result.Growth.First is not null && result.Growth.Steps.Count > 1)
            panels.Add(Growth(result));
        if (panels.Count == 0)
            return false;
        FigureFile.Write(folder, name, "Relative L1 difference of every output at every step, and of the weights", null, [.. panels]);
        return true;
    }

    private static FigurePanel Map(TraceDifference result)
    {
        string[] rows = [.. result.Outputs.Where(one => one.Length > 0).Take(MostRows)];
        int steps = result.Steps.Count, columns = Math.Min(steps, MostColumns);
        var cells = new double[rows.Length, columns];
        double least = 0;
        for (int row = 0; row < rows.Length; row++)
        {
            float[] values = result.Map[rows[row]];
            for (int column = 0; column < columns; column++)
            {
                // Of several steps in a column the farthest.
                int from = (int)((long)column * steps / columns), to = (int)((long)(column + 1) * steps / columns);
                double farthest = 0;
                for (int step = from; step < to && step < values.Length; step++)
                    farthest = Math.Max(farthest, values[step] > 0 ? values[step] : 0);
                cells[row, column] = farthest > 0 ? Math.Max(Lowest, Math.Log10(farthest)) : double.NaN;
                least = farthest > 0 ? Math.Min(least, cells[row, column]) : least;
            }
        }
        var panel = new FigurePanel("step", "output of", Math.Clamp(60 + (6 * rows.Length), 150, 420));
        double left = result.Steps[0] - 0.5, right = result.Steps[^1] + 0.5;
        FigureMap.Add(panel, cells, left, right, Math.Clamp((int)Math.Floor(least), Lowest, -1));
        // Few rows have a name each, many one for what holds them.
        FigureMap.NameStages(panel, rows, fewest: 1, each: rows.Length <= MostNames);
        var ticks = new NumericManual();
        double apart = Math.Max(1, FigureStyle.RoundStep(Math.Max(1, right - left), 6));
        for (double step = Math.Ceiling(left / apart) * apart; step <= right; step += apart)
            ticks.AddMajor(step, NumberText.Exact(step));
        panel.Plot.Axes.Bottom.TickGenerator = ticks;
        return panel;
    }

    private static FigurePanel Growth(TraceDifference result)
    {
        var panel = new FigurePanel("step", "relative L1, weights", 190);
        List<double> shown = [];
        Add(0, result.Growth);
        if (result.RoundingGrowth is { } rounding)
        {
            Add(1, rounding);
            panel.Name(0, "B");
            panel.Name(1, "other rounding");
        }
        long from = result.Growth.Steps[0], to = result.Growth.Steps[^1];
        FigureStyle.LinearAxis(panel.Plot.Axes.Bottom, from, to, Math.Max(1, FigureStyle.RoundStep(to - from, 6)));
        FigureStyle.LogAxis(panel.Plot.Axes.Left, Math.Floor(shown.Min()), Math.Ceiling(shown.Max() + 0.1));
        return panel;

        void Add(int number, TraceGrowth growth)
        {
            double[] y = FigureStyle.Log10([.. growth.Differences]);
            shown.AddRange(y.Where(double.IsFinite));
            panel.Curve(number, [.. growth.Steps.Select(step => (double)step)], y);
        }
    }
}
