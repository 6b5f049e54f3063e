using System.Text.Json.Nodes;
using LastBit.Experiments;
using LastBit.Models;
using LastBit.Pde;
using LastBit.Runs;

namespace LastBit.Reports.Results;

/// <summary>The line below a figure that says in what it differs from the paper's: no figure may pass for what it is not.</summary>
internal static class PaperSetting
{
    /// <summary>How a one-layer run differs from the paper's image, kernel and number of iterations.</summary>
    /// <param name="folder">The result folder; its run.json has the settings.</param>
    /// <param name="iterations">The iterations that were asked for.</param>
    /// <returns>The line, or null when nothing differs.</returns>
    internal static string? OneLayer(string folder, int iterations)
    {
        var differences = new List<string>();
        var settings = RunFolder.Read(folder)?["settings"] as JsonObject;
        if (settings?["image"] is JsonObject image && image["digest"]?.ToString() != GreyImage.Checkerboard().Digest)
            differences.Add($"image {image["name"]}, {image["height"]}×{image["width"]} (paper: checkerboard, 256×256)");
        if (settings?["kernelSize"]?.ToString() is { } kernel && kernel != "32")
            differences.Add($"kernel {kernel}×{kernel} (paper: 32×32)");
        if (iterations < 1000)
            differences.Add($"{NumberText.Count(iterations, "iteration")} (paper: {NumberText.Count(1000)})");
        return differences.Count == 0 ? null : "Not the paper's setting: " + string.Join("; ", differences);
    }

    /// <summary>How the runs of Table 1 differ from the paper's.</summary>
    /// <param name="result">accuracy.json.</param>
    /// <returns>The line, or null when nothing differs.</returns>
    internal static string? Accuracy(AccuracyResult result)
    {
        var differences = new List<string>();
        AddNetwork(differences, result.Network, result.Loss, result.TrainImages);
        if (result.Epochs != 200)
            differences.Add(NumberText.Count(result.Epochs, "epoch"));
        return Scaled(differences);
    }

    /// <summary>How the runs of Figure 2 differ from the paper's.</summary>
    /// <param name="result">divergence.json.</param>
    /// <returns>The line, or null when nothing differs.</returns>
    internal static string? Divergence(DivergenceResult result)
    {
        var differences = new List<string>();
        AddNetwork(differences, result.Network, result.Loss, result.TrainImages);
        if (result.Activation != Activation.Swish)
            differences.Add(result.Activation == Activation.Relu ? "ReLU" : result.Activation.ToString());
        if (result.ScaledIterations < 100)
            differences.Add(NumberText.Count(result.ScaledIterations, "scaled iteration"));
        return Scaled(differences);
    }

    private static void AddNetwork(List<string> differences, string network, Loss loss, int trainImages)
    {
        if (network != "resnet56")
            differences.Add(network);
        if (loss == Loss.SquaredError)
            differences.Add("squared error");
        if (trainImages != 50_000)
            differences.Add(NumberText.Count(trainImages, "training image"));
    }

    /// <summary>The network of a result with its loss, as a sentence has it.</summary>
    internal static string Network(string network, Activation activation, Loss loss) =>
        $"{network} with {activation}{(loss == Loss.SquaredError ? " and squared error" : "")}";

    private static string? Scaled(List<string> differences) => differences.Count == 0 ? null : "Not the paper's setting: " + string.Join("; ", differences);
}
