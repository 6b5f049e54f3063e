using System.Text.Json.Nodes;
using LastBit.Experiments;
using LastBit.Pde;

namespace LastBit.Reports;

/// <summary>The line below a figure that says in what it differs from the paper's: no figure may pass for what it is not.</summary>
internal static class FigureNote
{
    /// <summary>How a one-layer run differs from the paper's image, kernel and number of iterations.</summary>
    /// <param name="folder">The result folder; its run.json has the settings.</param>
    /// <param name="iterations">The iterations that were asked for.</param>
    /// <returns>The line, or null when nothing differs.</returns>
    internal static string? OneLayer(string folder, int iterations)
    {
        var differences = new List<string>();
        JsonNode? settings = RunFolder.Read(folder)?["settings"];
        if (settings?["image"] is JsonObject image && image["digest"]?.GetValue<string>() != GreyImage.Checkerboard().Digest)
            differences.Add($"image {image["name"]}, {image["height"]}×{image["width"]} (paper: checkerboard, 256×256)");
        if (settings?["kernelSize"]?.GetValue<int>() is { } kernel && kernel != 32)
            differences.Add($"kernel {kernel}×{kernel} (paper: 32×32)");
        if (iterations < 1000)
            differences.Add($"{iterations} iterations (paper: 1000)");
        return differences.Count == 0 ? null : "Not the paper's setting: " + string.Join("; ", differences);
    }
}
