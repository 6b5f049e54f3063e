using System.Text.Json.Nodes;
using LastBit.Experiments.Accuracy;
using LastBit.Experiments.Divergence;
using LastBit.Experiments.NonLinear;
using LastBit.Models;
using LastBit.Pde;
using LastBit.Runs;

namespace LastBit.Experiments.Reproduction;

/// <summary>
/// In what runs differ from the paper's, whose settings are the defaults of the settings records: no figure may pass for what it is not,
/// and no claim be judged by runs that it is not about.
/// </summary>
public static class PaperSetting
{
    /// <summary>How many training images CIFAR-10 has.</summary>
    public const int TrainImages = 50_000;

    private static readonly NonLinearPdeSettings s_figure4 = new();
    private static readonly AccuracySettings s_table1 = new();
    private static readonly DivergenceSettings s_figure2 = new();

    /// <summary>alpha of Figure 4.</summary>
    public static double WeightDecay => s_figure4.WeightDecay;

    /// <summary>The image and the kernel of the one-layer experiments, as a sentence has them.</summary>
    public static string ImageAndKernel =>
        $"a {s_figure4.Image.Name} of {s_figure4.Image.Height}×{s_figure4.Image.Width}, a kernel of "
            + Sides(s_figure4.KernelSize);

    /// <summary>Whether one-layer runs have the paper's image, kernel size and slope, which its learning rates are for.</summary>
    /// <param name="settings">Their settings as run.json holds them; a reproduction has neither among its settings and always the
    /// paper's.</param>
    public static bool HasImageAndKernel(JsonObject? settings) => OfImageAndKernel(settings).Count == 0;

    /// <summary>Whether a network is that of Figure 2.</summary>
    /// <param name="network">Its name.</param>
    /// <param name="activation">Its activation function.</param>
    public static bool IsFigure2(string network, Activation activation) =>
        network == s_figure2.Network && activation == s_figure2.Activation;

    /// <summary>How a one-layer run differs from the paper's image, kernel and number of iterations.</summary>
    /// <param name="folder">The result folder; its run.json has the settings.</param>
    /// <param name="iterations">The iterations that were asked for.</param>
    /// <returns>The line below a figure, or null when nothing differs.</returns>
    public static string? OneLayer(string folder, int iterations)
    {
        List<string> differences = OfImageAndKernel(RunFolder.Read(folder)?["settings"] as JsonObject);
        if (iterations < s_figure4.Iterations)
            differences.Add($"{NumberText.Count(iterations, "iteration")} (paper: {NumberText.Count(s_figure4.Iterations)})");
        return Line(differences);
    }

    /// <summary>How the runs of Table 1 differ from the paper's.</summary>
    /// <param name="result">accuracy.json.</param>
    /// <returns>The line below a figure, or null when nothing differs.</returns>
    public static string? Accuracy(AccuracyResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        List<string> differences = OfTraining(s_table1, result.Network, result.Loss, result.TrainImages);
        if (result.Epochs != s_table1.Epochs)
            differences.Add(NumberText.Count(result.Epochs, "epoch"));
        return Line(differences);
    }

    /// <summary>How the runs of Figure 2 differ from the paper's.</summary>
    /// <param name="result">divergence.json.</param>
    /// <returns>The line below a figure, or null when nothing differs.</returns>
    public static string? Divergence(DivergenceResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        List<string> differences = OfTraining(s_figure2, result.Network, result.Loss, result.TrainImages);
        if (result.Activation != s_figure2.Activation)
            differences.Add(ActivationNames.InProse(result.Activation));
        if (result.ScaledIterations < s_figure2.ScaledIterations)
            differences.Add(NumberText.Count(result.ScaledIterations, "scaled iteration"));
        return Line(differences);
    }

    private static string Sides(KernelSize kernel) => $"{kernel.Height}×{kernel.Width}";

    private static List<string> OfImageAndKernel(JsonObject? settings)
    {
        var differences = new List<string>();
        GreyImage paper = s_figure4.Image;
        if (settings?["image"] is JsonObject image && image["digest"]?.ToString() != paper.Digest)
            differences.Add(
                $"image {image["name"]}, {image["height"]}×{image["width"]} (paper: {paper.Name}, {paper.Height}×{paper.Width})");
        if (KernelSize.TryParse(settings?["kernelSize"]?.ToString() ?? "") is { } kernel && kernel != s_figure4.KernelSize)
            differences.Add($"kernel {Sides(kernel)} (paper: {Sides(s_figure4.KernelSize)})");
        if (settings?["beta"]?.ToString() is { } beta && beta != NumberText.Exact(s_figure4.Beta))
            differences.Add($"β = {beta} (paper: {NumberText.Exact(s_figure4.Beta)})");
        return differences;
    }

    private static List<string> OfTraining(NetworkTrainingSettings paper, string network, Loss loss, int trainImages)
    {
        var differences = new List<string>();
        if (network != paper.Network)
            differences.Add(network);
        if (loss != paper.Loss)
            differences.Add("squared error");
        if (trainImages != TrainImages)
            differences.Add(NumberText.Count(trainImages, "training image"));
        return differences;
    }

    private static string? Line(List<string> differences) =>
        differences.Count == 0 ? null : "Not the paper's setting: " + string.Join("; ", differences);
}
