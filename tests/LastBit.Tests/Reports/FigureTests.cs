using System.Xml.Linq;
using LastBit.Experiments.Amplification;
using LastBit.Experiments.Divergence;
using LastBit.Experiments.Heat;
using LastBit.Experiments.Linear;
using LastBit.Experiments.NonLinear;
using LastBit.Files;
using LastBit.Models;
using LastBit.Reports.Amplification;
using LastBit.Reports.Claims;
using LastBit.Reports.Divergence;
using LastBit.Reports.Figures;
using LastBit.Reports.Heat;
using LastBit.Reports.Linear;
using LastBit.Reports.NonLinear;
using LastBit.Training;

namespace LastBit.Tests.Reports;

public sealed class FigureTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("lastbit-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Figure_1_has_a_panel_for_each_time_step_and_an_entry_for_each_snapshot()
    {
        double[] start = [.. Enumerable.Range(0, 31).Select(i => i < 15 ? i / 10.0 : (30 - i) / 10.0)];
        Write("heat.json", new HeatEquationResult(
        [
            new(0.4, true, null, null, [new(0, 0, start), new(800, 2000, new double[31])]),
            new(0.8, false, 22, 900, [new(0, 0, start), new(4, 5, [.. start.Select((u, i) => i % 2 == 0 ? 3 * u : -3 * u)])]),
        ]).ToJson());
        Figure1.Draw(_folder);
        HasTexts(Figure1.Name, "Δt = 0.4 (stable)", "Δt = 0.8 (unstable)", "t = 0", "t = 800", "t = 4", "x", "u");
    }

    [Theory]
    [InlineData(0.785, 0.815, 0.01, "0.79 0.80 0.81")]
    [InlineData(-0.5, 1, 0.5, "−0.5 0.0 0.5 1.0")]
    [InlineData(0, 1000, 500, "0 500 1,000")]
    [InlineData(0, 2e-5, 1e-5, "0 10⁻⁵ 2×10⁻⁵")]
    public void Labels_of_an_axis_have_as_many_decimals(double low, double high, double step, string labels)
    {
        using var plot = new ScottPlot.Plot();
        FigureStyle.LinearAxis(plot.Axes.Bottom, low, high, step);
        plot.RenderInMemory();
        Assert.Equal(labels, string.Join(' ', plot.Axes.Bottom.TickGenerator.Ticks.Select(tick => tick.Label)));
    }

    [Fact]
    public void Figure_3_names_every_weight_decay_and_has_ticks_at_powers_of_ten()
    {
        double[] alphas = [1.1e7, 1.3e7, 2e8, 2.2e8];
        double[] Loss(int i) => [.. Enumerable.Range(0, 1000).Select(n => 1e9 * Math.Exp((i - 1.5) * 0.01 * n))];
        Write("linear.json", new LinearizedPdeResult(1e-8, 1000,
            [.. alphas.Select((alpha, i) => new LinearizedPdeRun(alpha, Loss(i), 1000))]).ToJson());
        Figure3.Draw(_folder);
        HasTexts(Figure3.Name, "iteration", "loss", "α = 1.1×10⁷", "α = 1.3×10⁷", "α = 2×10⁸", "α = 2.2×10⁸", "1", "10", "100", "10⁶");
    }

    [Fact]
    public void Figure_4_draws_runs_that_blew_up_and_differences_of_zero_without_a_value_that_is_not_finite()
    {
        Write("nonlinear.json", new NonLinearPdeResult(20, 1000,
            [new(0.01, [.. Enumerable.Repeat(0.3, 1000)], 1000), new(0.13, [1e4, 1e100, 1e300], 3)]).ToJson());
        Write("amplify.json", new ErrorAmplificationResult(Perturbation.OfK(3), 20, 1000,
            [new(0.01, new double[1000], 1000),
                new(0.09, [.. Enumerable.Range(0, 1000).Select(n => Math.Min(1, 1e-16 * Math.Exp(n)))], 1000)]).ToJson());
        Figure4Left.Draw(_folder);
        Figure4Right.Draw(_folder);
        HasTexts(Figure4Left.Name, "iteration", "loss", "Δt = 0.01", "Δt = 0.13");
        HasTexts(Figure4Right.Name, "iteration", "relative L1 difference", "Δt = 0.01", "Δt = 0.09", "10⁻¹⁵", "1");
    }

    [Fact]
    public void A_figure_that_is_not_the_papers_setting_says_so()
    {
        Write("run.json",
            """{ "settings": { "kernelSize": 8, "image": { "name": "cat.png", "height": 64, "width": 48, "digest": "00" } } }""");
        Write("linear.json", new LinearizedPdeResult(1e-8, 20, [new(1e7, [.. Enumerable.Repeat(2.0, 20)], 20)]).ToJson());
        Figure3.Draw(_folder);
        HasTexts(Figure3.Name, "Not the paper's setting: image cat.png, 64×48 (paper: checkerboard, 256×256); "
            + "kernel 8×8 (paper: 32×32); 20 iterations (paper: 1,000)");
    }

    [Fact]
    public void A_run_without_a_single_finite_loss_still_gives_a_figure()
    {
        Write("linear.json", new LinearizedPdeResult(1, 10, [new(1e308, [], 0)]).ToJson());
        Figure3.Draw(_folder);
        HasTexts(Figure3.Name, "iteration", "loss", "α = 10³⁰⁸");
    }

    [Fact]
    public void A_point_that_follows_a_dashed_curve_is_drawn_without_a_word_on_standard_error()
    {
        // The second curve is dashed, and a loss of zero, which has no place on a logarithmic axis, parts its last point from it.
        Write("linear.json", new LinearizedPdeResult(1, 4, [new(1, [4, 3, 2, 1], 4), new(2, [4, 3, 0, 1], 4)]).ToJson());
        var made = Cli.LastBitCall.Run("report", _folder, "--quiet");
        Assert.Equal((0, ""), (made.ExitCode, made.Error));
        HasTexts(Figure3.Name, "α = 2");
    }

    [Fact]
    public void Figure_2_has_a_curve_a_learning_rate_and_maps_with_the_input_on_top()
    {
        string[] tensors = ["conv1.weight", "layer1.0.conv1.weight", "layer1.0.conv2.weight", "fc.weight"];
        // After the first scaled iteration the last layer alone differs much, after the second the first one alone.
        const double Much = 1.9, Little = 1e-9;
        Directory.CreateDirectory(Path.Combine(_folder, "divergence"));
        // A third row that the document does not know yet, as while another process is at work.
        Npy.Write(Path.Combine(_folder, "divergence", "map2.npy"),
            [Little, Little, Little, Much, Much, Little, Little, Little, Much, Much, Much, Much], 3, tensors.Length);
        var run = new DivergenceRun(2, 0.05, [1, 3], [Little, Little], "divergence/map2.npy",
            tensors.ToDictionary(tensor => tensor, _ => (int?)1), null, null);
        Write("divergence.json", new DivergenceResult(
            "resnet56", Activation.Swish, Perturbation.OfK(3), 50_000, 100, "layer1.0.conv1.weight", tensors, [run]).ToJson());
        Figure2.Draw(_folder);
        Figure2.DrawLayers(_folder);
        HasTexts(Figure2.Name, "scaled iteration", "relative L1 difference", "η = 0.1/2");
        HasTexts(Figure2.LayersName, "scaled iteration", "layer", "layer1", "η = 0.1/2", "1", "2", "10⁻⁹");

        PngImage picture = PngImage.Read(PathOf(Figure2.LayersName, "png"));
        // Viridis' yellow, left of the scale of colours.
        (int X, int Y)[] yellow =
        [
            .. from y in Enumerable.Range(0, picture.Height)
               from x in Enumerable.Range(0, picture.Width * 3 / 5)
               let at = ((y * picture.Width) + x) * picture.Channels
               where picture.Samples[at] > 240 && picture.Samples[at + 1] > 220 && picture.Samples[at + 2] < 80
               select (x, y),
        ];
        // From 0.5 to 2.5 on a logarithmic axis the first scaled iteration takes 68% of the width.
        int left = yellow.Min(place => place.X), right = yellow.Max(place => place.X);
        ILookup<bool, int> heights = yellow.ToLookup(place => place.X > left + 0.68 * (right - left), place => place.Y);
        Assert.True(heights[true].Average() < heights[false].Average() - 100, "the first layer is above the last");
    }

    [Fact]
    public void Drawn_twice_a_figure_is_the_same_file()
    {
        Write("linear.json", new LinearizedPdeResult(1e-8, 1000, [new(1e7, [1, 2, 3], 3)]).ToJson());
        Figure3.Draw(_folder);
        byte[] svg = File.ReadAllBytes(PathOf(Figure3.Name, "svg")), png = File.ReadAllBytes(PathOf(Figure3.Name, "png"));
        Figure3.Draw(_folder);
        Assert.Equal(svg, File.ReadAllBytes(PathOf(Figure3.Name, "svg")));
        Assert.Equal(png, File.ReadAllBytes(PathOf(Figure3.Name, "png")));
    }

    [Fact]
    public void A_damaged_result_is_named()
    {
        Write("linear.json", "{ \"runs\": [");
        var error = Assert.Throws<InputException>(() => Figure3.Draw(_folder));
        Assert.Contains("linear.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_moving_average_is_over_the_values_there_are_and_forgets_large_values_entirely()
    {
        double[] values = [2, 4, 6, 1e300, 0, 0, 1e-300];
        Assert.Equal([2, 3, 5, (6 + 1e300) / 2, 1e300 / 2, 0, 1e-300 / 2], RunCurve.MovingAverage(values, 2));
    }

    private string PathOf(string name, string kind) => Path.Combine(_folder, "figures", $"{name}.{kind}");

    private void Write(string name, string content) => File.WriteAllText(Path.Combine(_folder, name), content);

    /// <summary>
    /// The SVG is well-formed, one column wide, holds these texts,
    /// and the PNG is the same picture at 576 pixels an inch, not all of one colour.
    /// </summary>
    private void HasTexts(string name, params string[] texts)
    {
        XElement svg = XDocument.Load(PathOf(name, "svg")).Root!;
        Assert.Equal("85.2mm", svg.Attribute("width")!.Value);
        string[] found = [.. svg.Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value.Trim())];
        foreach (string text in texts)
            Assert.Contains(text, found);
        Assert.DoesNotContain("NaN", File.ReadAllText(PathOf(name, "svg")), StringComparison.Ordinal);

        int height = int.Parse(svg.Attribute("viewBox")!.Value.Split(' ')[3], System.Globalization.CultureInfo.InvariantCulture);
        PngImage png = PngImage.Read(PathOf(name, "png"));
        Assert.Equal((322 * 6, height * 6), (png.Width, png.Height));
        Assert.True(png.Samples.Distinct().Count() > 10);
    }
}
