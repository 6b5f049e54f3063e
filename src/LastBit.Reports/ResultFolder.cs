using System.Text.Json.Nodes;
using LastBit.Experiments;
using LastBit.Pde;
using LastBit.Runs;
using LastBit.Statistics;

namespace LastBit.Reports;

/// <summary>What a result folder holds; a document that is not there is null.</summary>
/// <param name="Path">The folder.</param>
/// <param name="Run">run.json.</param>
/// <param name="Heat">heat.json.</param>
/// <param name="Linear">linear.json.</param>
/// <param name="NonLinear">nonlinear.json.</param>
/// <param name="Amplify">amplify.json.</param>
/// <param name="Bounds">bounds.json.</param>
/// <param name="Accuracy">accuracy.json.</param>
/// <param name="Divergence">divergence.json.</param>
public sealed record ResultFolder(
    string Path,
    JsonObject? Run,
    HeatEquationResult? Heat,
    LinearizedPdeResult? Linear,
    NonLinearPdeResult? NonLinear,
    ErrorAmplificationResult? Amplify,
    StabilityBoundsResult? Bounds,
    AccuracyResult? Accuracy,
    DivergenceResult? Divergence)
{
    /// <summary>The names of the documents that a report is made from.</summary>
    public static IReadOnlyList<string> Documents { get; } =
        ["heat.json", "linear.json", "nonlinear.json", "amplify.json", "bounds.json", "accuracy.json", "divergence.json", "train.json", "summary.json"];

    /// <summary>The folder that the page and its figures/ lie in: the result folder, unless they were asked for elsewhere.</summary>
    public string PageFolder { get; init; } = Path;

    /// <summary>
    /// Whether the one-layer experiments ran on the paper's image and kernel size, so that what the paper says of single learning rates can be asked of them.
    /// A reproduction has neither among its settings: it always does.
    /// </summary>
    public bool HasPapersImage =>
        Run?["settings"] is not JsonObject settings
        || ((settings["image"] is not JsonObject image || image["digest"]?.ToString() == GreyImage.Checkerboard().Digest)
            && settings["kernelSize"]?.ToString() is null or "32");

    /// <summary>Reads a folder.</summary>
    /// <param name="path">The folder.</param>
    /// <returns>What is in it.</returns>
    /// <exception cref="InputException">There is no such folder, no result in it, or a document is damaged.</exception>
    public static ResultFolder Read(string path)
    {
        if (!Directory.Exists(path))
            throw new InputException($"{path}: is not a folder; name a folder that a run of lastbit has filled");
        if (!Documents.Any(name => File.Exists(System.IO.Path.Combine(path, name))))
            throw new InputException($"{path}: holds no results (none of {string.Join(", ", Documents)}); name a folder that a run of lastbit has filled");

        return new ResultFolder(
            path,
            Document<JsonObject>(path, "run.json"),
            Document<HeatEquationResult>(path, "heat.json"),
            Document<LinearizedPdeResult>(path, "linear.json"),
            Document<NonLinearPdeResult>(path, "nonlinear.json"),
            Document<ErrorAmplificationResult>(path, "amplify.json"),
            Document<StabilityBoundsResult>(path, "bounds.json"),
            Document<AccuracyResult>(path, AccuracyCurves.FileName),
            Document<DivergenceResult>(path, DivergenceResult.FileName));
    }

    /// <summary>A file of the folder.</summary>
    /// <param name="name">Its name, with forward slashes.</param>
    /// <returns>Its bytes, or null when it is not there.</returns>
    public byte[]? Bytes(string name) => Bytes(Path, name);

    /// <summary>A file of <see cref="PageFolder"/>.</summary>
    /// <param name="name">Its name, with forward slashes.</param>
    /// <returns>Its bytes, or null when it is not there.</returns>
    public byte[]? Picture(string name) => Bytes(PageFolder, name);

    private static byte[]? Bytes(string folder, string name)
    {
        string file = System.IO.Path.Combine(folder, name);
        return File.Exists(file) ? File.ReadAllBytes(file) : null;
    }

    private static T? Document<T>(string folder, string name)
        where T : class
    {
        string file = System.IO.Path.Combine(folder, name);
        if (!File.Exists(file))
            return null;
        T document = ResultFile.Read<T>(folder, name);
        // A list that the text does not have would be found only deep inside the report.
        string? missing = document is JsonObject ? null : typeof(T).GetProperties()
            .FirstOrDefault(member => member.PropertyType.IsArray && member.GetValue(document) is null)?.Name;
        return missing is null
            ? document
            : throw new InputException($"{file}: has no list of {missing.ToLowerInvariant()}; it should be what a run of LastBit wrote");
    }
}
