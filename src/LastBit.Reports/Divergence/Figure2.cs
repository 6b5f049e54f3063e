using System.Globalization;
using LastBit.Experiments.Divergence;
using LastBit.Experiments.Reproduction;
using LastBit.Files;
using LastBit.Models;
using LastBit.Reports.Figures;
using LastBit.Reports.Results;
using ScottPlot.TickGenerators;

namespace LastBit.Reports.Divergence;

/// <summary>
/// Figure 2: relative L1 difference of the weights of two copies that differ by rounding; one curve a learning rate, and a map of all
/// layers.
/// </summary>
public static class Figure2
{
    /// <summary>The figure's name, and that of its files.</summary>
    public const string Name = "figure2";

    /// <summary>The name of the map of layers.</summary>
    public const string LayersName = "figure2-layers";

    /// <summary>The smallest power of ten that is shown: a difference in the last bit of one weight among 10,000 is about 1e-11.</summary>
    private const int Lowest = -12;

    /// <summary>Columns of a map's picture: enough that even the hundredth scaled iteration on a logarithmic axis has one.</summary>
    private const int MapColumns = 600;

    /// <summary>Draws figures/figure2, .png and .svg, from divergence.json.</summary>
    /// <param name="folder">The result folder.</param>
    /// <param name="outFolder">The folder in which figures/ goes; null is the result folder.</param>
    /// <returns>Why there is nothing to draw; null when it is drawn.</returns>
    /// <exception cref="InputException">A file is not there or not readable, or the figure cannot be written.</exception>
    public static string? Draw(string folder, string? outFolder = null)
    {
        DivergenceResult result = ResultFile.Read<DivergenceResult>(folder, DivergenceResult.FileName);
        FigureFile.Write(outFolder ?? folder, Name,
            $"Relative L1 difference of {result.Tensor} of two copies that differ by rounding, for several learning rates",
            PaperSetting.Divergence(result), Curves(result));
        return null;
    }

    /// <summary>Draws figures/figure2-layers, .png and .svg, from divergence.json and its maps.</summary>
    /// <inheritdoc cref="Draw"/>
    public static string? DrawLayers(string folder, string? outFolder = null)
    {
        DivergenceResult result = ResultFile.Read<DivergenceResult>(folder, DivergenceResult.FileName);
        var maps = Maps(folder, result).ToArray();
        var drawn = maps.Where(map => map.Values.Any(difference => difference > 0)).ToArray();
        if (drawn.Length == 0)
            return WhyNoMap(maps.Length);
        int lowest = Math.Clamp((int)Math.Floor(Math.Log10(drawn.SelectMany(map => map.Values).Where(difference => difference > 0).Min())),
            Lowest, -1);
        FigureFile.Write(outFolder ?? folder, LayersName,
            "Relative L1 difference of every parameter tensor against the scaled iteration, one map per learning rate",
            PaperSetting.Divergence(result),
            [.. drawn.Select(map => Map(result, map.Run, map.Values, lowest))]);
        return null;
    }

    /// <summary>Why there is no map of layers; null where there is one.</summary>
    internal static string? WhyNoMap(string folder, DivergenceResult result)
    {
        var maps = Maps(folder, result).ToArray();
        return maps.Any(map => map.Values.Any(difference => difference > 0)) ? null : WhyNoMap(maps.Length);
    }

    private static string WhyNoMap(int maps) =>
        maps == 0 ? "no scaled iteration is in the folder" : "nothing differs: the copies are equal to the last bit";

    private static IEnumerable<(DivergenceRun Run, double[] Values)> Maps(string folder, DivergenceResult result) =>
        result.Runs.Where(run => run.RelativeL1.Length > 0 && File.Exists(Path.Combine(folder, run.Map)))
            .Select(run => (run, ReadMap(folder, result, run)));

    /// <summary>
    /// The map of a learning rate, [scaled iterations][tensors], as far as its document goes: a run that another process is at may be a row
    /// ahead.
    /// </summary>
    /// <exception cref="InputException">The file is not there or is not of this run.</exception>
    internal static double[] ReadMap(string folder, DivergenceResult result, DivergenceRun run)
    {
        string file = Path.Combine(folder, run.Map);
        double[] values = Npy.Read(file).Get<double>();
        int count = run.RelativeL1.Length * result.Tensors.Length;
        return values.Length >= count
            ? values[..count]
            : throw new InputException(
                $"{file}: holds less than {DivergenceResult.FileName} says; compute the run again in another folder");
    }

    /// <summary>"0.1/8": how the paper names a learning rate; with the perturbation, where it is not the figure's.</summary>
    /// <param name="run">The run.</param>
    public static string LearningRate(DivergenceRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return string.Create(CultureInfo.InvariantCulture, $"{NumberText.Of(run.LearningRate * run.Divisor, 6)}/{run.Divisor}")
            + (run.Perturbation is null ? "" : $", {run.Perturbation.Name}");
    }

    private static FigurePanel Curves(DivergenceResult result)
    {
        var panel = new FigurePanel("scaled iteration", "relative L1 difference", 230);
        double least = 0;
        // Beside other perturbations the figure's own has a name too.
        string own = Array.Exists(result.Runs, run => run.Perturbation is not null) ? $", {result.Perturbation.Name}" : "";
        for (int i = 0; i < result.Runs.Length; i++)
        {
            double[] y = FigureStyle.Log10(result.Runs[i].RelativeL1);
            panel.Name(i, "η = " + LearningRate(result.Runs[i]) + (result.Runs[i].Perturbation is null ? own : ""));
            panel.Curve(i, [.. Enumerable.Range(1, y.Length).Select(scaled => (double)scaled)], y);
            least = y.Where(double.IsFinite).Append(least).Min();
        }
        FigureStyle.LinearAxis(panel.Plot.Axes.Bottom, 0, Math.Max(2, result.ScaledIterations),
            FigureStyle.RoundStep(Math.Max(2, result.ScaledIterations), 6));
        FigureStyle.LogAxis(panel.Plot.Axes.Left, Math.Max(Lowest, Math.Floor(Math.Min(-2, least))), 0.5);
        return panel;
    }

    /// <summary>
    /// One learning rate: layers from the input (top) to the output, scaled iterations from left to right, the power of ten as colour. Of a
    /// layer it shows the weights of its convolution (or the linear layer's); batch normalisations and biases are in the map's file. The
    /// axis of scaled iterations is logarithmic, because what is born in the first few and spreads takes hundreds to settle.
    /// </summary>
    /// <param name="result">The document.</param>
    /// <param name="run">The learning rate.</param>
    /// <param name="values">Its map, [scaled iterations][tensors].</param>
    /// <param name="lowest">The power of ten at the lower end of the colours, the same for all learning rates.</param>
    private static FigurePanel Map(DivergenceResult result, DivergenceRun run, double[] values, int lowest)
    {
        int rows = values.Length / result.Tensors.Length;
        int[] layers = LayersOf(result);
        // Scaled iteration j reaches from j - 1/2 to j + 1/2.
        double left = Math.Log10(0.5), right = Math.Log10(rows + 0.5);
        var cells = new double[layers.Length, MapColumns];
        for (int column = 0; column < MapColumns; column++)
        {
            int row = (int)Math.Round(Math.Pow(10, left + (right - left) * (column + 0.5) / MapColumns)) - 1;
            for (int layer = 0; layer < layers.Length; layer++)
            {
                double difference = values[row * result.Tensors.Length + layers[layer]];
                cells[layer, column] = difference > 0 ? Math.Max(lowest, Math.Log10(difference)) : double.NaN;
            }
        }

        var panel = new FigurePanel("scaled iteration", "layer", 175, "η = " + LearningRate(run));
        FigureMap.Add(panel, cells, left, right, lowest);
        var iterations = new NumericManual();
        for (int power = 1; power <= rows; power *= 10)
        {
            foreach (int round in (ReadOnlySpan<int>)[power, 2 * power, 5 * power])
            {
                if (round <= rows)
                    iterations.AddMajor(Math.Log10(round), round.ToString(CultureInfo.InvariantCulture));
            }
        }
        panel.Plot.Axes.Bottom.TickGenerator = iterations;
        FigureMap.NameStages(panel, [.. layers.Select(tensor => result.Tensors[tensor])]);
        return panel;
    }

    /// <summary>
    /// The columns of a map that are weights of a layer, which are matrices at least; all of them for a network that is not known by its
    /// name.
    /// </summary>
    private static int[] LayersOf(DivergenceResult result)
    {
        ParameterLayout layout;
        try
        {
            layout = NetworkSettings.Parse(result.Network, result.Activation).Build().Layout;
        }
        catch (InputException)
        {
            return [.. Enumerable.Range(0, result.Tensors.Length)];
        }
        var layers = layout.All.Where(tensor => tensor.Shape.Count > 1).Select(tensor => tensor.Name).ToHashSet();
        return [.. Enumerable.Range(0, result.Tensors.Length)
            .Where(tensor => layers.Count == 0 || layers.Contains(result.Tensors[tensor]))];
    }
}
