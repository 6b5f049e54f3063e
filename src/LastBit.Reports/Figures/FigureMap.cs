using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;

namespace LastBit.Reports.Figures;

/// <summary>A map of differences: a row a layer, the input on top, a column a step, the power of ten as colour.</summary>
internal static class FigureMap
{
    /// <summary>Draws the map and its colour bar.</summary>
    /// <param name="panel">Where.</param>
    /// <param name="cells">[layers][columns] powers of ten; NaN where nothing differs.</param>
    /// <param name="left">The left end of the first column.</param>
    /// <param name="right">The right end of the last.</param>
    /// <param name="lowest">The power of ten at the lower end of the colours; the upper end is 2, as far as it goes.</param>
    internal static void Add(FigurePanel panel, double[,] cells, double left, double right, int lowest)
    {
        Heatmap map = panel.Plot.Add.Heatmap(cells);
        map.Colormap = new ScottPlot.Colormaps.Viridis();
        map.ManualRange = new ScottPlot.Range(lowest, Math.Log10(2));
        map.NaNCellColor = Colors.White;
        // The first layer, row 0, is drawn on top.
        double top = cells.GetLength(0) - 0.5;
        map.Extent = new CoordinateRect(left, right, -0.5, top);
        ScottPlot.Panels.ColorBar bar = panel.Plot.Add.ColorBar(map);
        bar.Label = "relative L1 difference";
        bar.LabelStyle.FontSize = FigureStyle.TickSize;
        bar.LabelStyle.Bold = false;
        bar.Axis.TickLabelStyle.FontSize = FigureStyle.TickSize;
        var powers = new NumericManual();
        int every = lowest < -6 ? 3 : 1;
        for (int power = lowest / every * every; power <= 0; power += every)
            powers.AddMajor(power, NumberText.PowerOfTen(power));
        bar.Axis.TickGenerator = powers;

        panel.Plot.HideGrid();
        (panel.Plot.Axes.Bottom.Min, panel.Plot.Axes.Bottom.Max) = (left, right);
        (panel.Plot.Axes.Left.Min, panel.Plot.Axes.Left.Max) = (-0.5, top);
    }

    /// <summary>Names each stage, what comes before the first dot of its layers' names, in the middle of them.</summary>
    /// <param name="panel">The map.</param>
    /// <param name="layers">The names of its rows.</param>
    /// <param name="fewest">The fewest layers of a stage that is named.</param>
    /// <param name="each">Whether every layer is named instead, and in full.</param>
    internal static void NameStages(FigurePanel panel, IReadOnlyList<string> layers, int fewest = 2, bool each = false)
    {
        var stages = new NumericManual();
        var layersOfStages = layers.Select((name, layer) => (Name: each ? name : name.Split('.')[0], Layer: layer))
            .GroupBy(tensor => tensor.Name);
        foreach (var stage in layersOfStages.Where(stage => stage.Count() >= fewest))
            stages.AddMajor(layers.Count - 1 - stage.Average(tensor => tensor.Layer), stage.Key);
        panel.Plot.Axes.Left.TickGenerator = stages;
    }
}
