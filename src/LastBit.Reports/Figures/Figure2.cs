using System.Globalization;
using LastBit.Experiments;
using LastBit.Files;
using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;

namespace LastBit.Reports;

/// <summary>
/// Figure 2: relative L1 difference of the weights of two copies that differ by rounding; one curve a learning rate, and a map of all layers.
/// </summary>
public static class Figure2
{
    /// <summary>The figure's name, and that of its files.</summary>
    public const string Name = "figure2";

    /// <summary>The name of the map of layers.</summary>
    public const string LayersName = "figure2-layers";

    /// <summary>The smallest power of ten that is shown: a difference in the last bit of one weight among 10,000 is about 1e-11.</summary>
    private const int Lowest = -12;

    /// <summary>Draws figures/figure2 and figures/figure2-layers, .png and .svg, from divergence.json and its maps.</summary>
    /// <param name="folder">The result folder.</param>
    /// <exception cref="InputException">A file is not there or not readable, or a figure cannot be written.</exception>
    public static void Draw(string folder)
    {
        DivergenceResult result = ResultFile.Read<DivergenceResult>(folder, DivergenceResult.FileName);
        string? note = FigureNote.Divergence(result);
        FigureFile.Write(folder, Name,
            $"Relative L1 difference of {result.Tensor} of two copies that differ by rounding, for several learning rates", note, Curves(result));
        if (result.Runs.Any(run => run.RelativeL1.Length > 0))
        {
            FigureFile.Write(folder, LayersName, "Relative L1 difference of every parameter tensor against the scaled iteration, one map a learning rate", note,
                [.. result.Runs.Where(run => run.RelativeL1.Length > 0).Select(run => Map(folder, result, run))]);
        }
    }

    /// <summary>"0.1/8": how the paper names a learning rate.</summary>
    /// <param name="run">The run.</param>
    public static string LearningRate(DivergenceRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return string.Create(CultureInfo.InvariantCulture, $"{Math.Round(run.LearningRate * run.Divisor, 12):0.######}/{run.Divisor}");
    }

    private static FigurePanel Curves(DivergenceResult result)
    {
        var panel = new FigurePanel("scaled iteration", "relative L1 difference", 230);
        double least = 0;
        for (int i = 0; i < result.Runs.Length; i++)
        {
            double[] y = FigureStyle.Log10(result.Runs[i].RelativeL1);
            panel.Name(i, "lr = " + LearningRate(result.Runs[i]));
            panel.Curve(i, [.. Enumerable.Range(1, y.Length).Select(scaled => (double)scaled)], y);
            least = y.Where(double.IsFinite).Append(least).Min();
        }
        FigureStyle.LinearAxis(panel.Plot.Axes.Bottom, 0, Math.Max(2, result.ScaledIterations), FigureStyle.RoundStep(Math.Max(2, result.ScaledIterations), 6));
        FigureStyle.LogAxis(panel.Plot.Axes.Left, Math.Max(Lowest, Math.Floor(Math.Min(-2, least))), 0.5);
        return panel;
    }

    /// <summary>
    /// One learning rate: layers from the input (top) to the output, scaled iterations from left to right, the power of ten as colour. Of a layer it shows
    /// the weights of its convolution (or the linear layer's); batch normalisations and biases are in the map's file.
    /// </summary>
    private static FigurePanel Map(string folder, DivergenceResult result, DivergenceRun run)
    {
        int rows = run.RelativeL1.Length;
        double[] values = Npy.Read(Path.Combine(folder, run.Map)).Get<double>(rows, result.Tensors.Length);
        int[] layers = [.. Enumerable.Range(0, result.Tensors.Length).Where(tensor => IsLayer(result.Tensors[tensor]))];
        var cells = new double[layers.Length, rows];
        for (int layer = 0; layer < layers.Length; layer++)
        {
            for (int row = 0; row < rows; row++)
            {
                double difference = values[row * result.Tensors.Length + layers[layer]];
                cells[layer, row] = difference > 0 ? Math.Max(Lowest, Math.Log10(difference)) : double.NaN;
            }
        }

        var panel = new FigurePanel("scaled iteration", "layer", 175, "learning rate " + LearningRate(run));
        Heatmap map = panel.Plot.Add.Heatmap(cells);
        map.Colormap = new ScottPlot.Colormaps.Viridis();
        map.ManualRange = new ScottPlot.Range(Lowest, Math.Log10(2));
        map.NaNCellColor = Colors.White;
        map.Extent = new CoordinateRect(0.5, rows + 0.5, layers.Length - 0.5, -0.5);
        ScottPlot.Panels.ColorBar bar = panel.Plot.Add.ColorBar(map);
        bar.Label = "relative L1 difference";
        bar.LabelStyle.FontSize = FigureStyle.TickSize;
        bar.LabelStyle.Bold = false;
        bar.Axis.TickLabelStyle.FontSize = FigureStyle.TickSize;
        var powers = new NumericManual();
        for (int power = Lowest; power <= 0; power += 3)
            powers.AddMajor(power, FigureStyle.PowerOfTen(power));
        bar.Axis.TickGenerator = powers;

        panel.Plot.HideGrid();
        FigureStyle.LinearAxis(panel.Plot.Axes.Bottom, 0.5, rows + 0.5, FigureStyle.RoundStep(Math.Max(2, rows), 6));
        // The first layer is on top; a stage is named in the middle of its layers.
        (panel.Plot.Axes.Left.Min, panel.Plot.Axes.Left.Max) = (layers.Length - 0.5, -0.5);
        var stages = new NumericManual();
        var layersOfStages = layers.Select((tensor, layer) => (Name: result.Tensors[tensor].Split('.')[0], Layer: layer))
            .GroupBy(tensor => tensor.Name);
        foreach (var stage in layersOfStages.Where(stage => stage.Count() > 1))
            stages.AddMajor(stage.Average(tensor => tensor.Layer), stage.Key);
        panel.Plot.Axes.Left.TickGenerator = stages;
        return panel;
    }

    private static bool IsLayer(string tensor) =>
        tensor == "fc.weight"
        || tensor.EndsWith("downsample.0.weight", StringComparison.Ordinal)
        || (tensor.Contains("conv", StringComparison.Ordinal) && tensor.EndsWith(".weight", StringComparison.Ordinal));
}
