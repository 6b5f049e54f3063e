using System.Text.RegularExpressions;

namespace LastBit.Traces;

/// <summary>A setting in the heads of two traces that is not the same in both.</summary>
/// <param name="Name">Its name.</param>
/// <param name="A">What it is in A; null where it is not set.</param>
/// <param name="B">What it is in B.</param>
public sealed partial record SettingDifference(string Name, string? A, string? B)
{
    /// <summary>
    /// Settings that are not the same. What only one program knows, or has its own words for, is no difference of two programs.
    /// </summary>
    internal static IReadOnlyList<SettingDifference> Differences(
        IReadOnlyDictionary<string, string?> a, IReadOnlyDictionary<string, string?> b, bool areOfOneProgram) =>
    [
        .. (areOfOneProgram ? a.Keys.Union(b.Keys) : a.Keys.Intersect(b.Keys).Except(["instructionsInUse"]))
            .Select(name => new SettingDifference(name, a.GetValueOrDefault(name), b.GetValueOrDefault(name)))
            .Where(one => one.IsDifferent(areOfOneProgram)),
    ];

    private bool IsDifferent(bool areOfOneProgram) => A != B && (A is null || B is null || Name switch
    {
        "processor" => ProcessorOf(A) != ProcessorOf(B),
        "optimizer" => !string.Equals(A, B, StringComparison.OrdinalIgnoreCase),
        "optimizerOptions" when !areOfOneProgram => OptionsOf(A) is var mine && OptionsOf(B) is var theirs
            && mine.Keys.Intersect(theirs.Keys).Any(name => mine[name] != theirs[name]),
        _ => true,
    });

    /// <summary>A processor's name without trade marks, frequency and the words that some systems add.</summary>
    private static string ProcessorOf(string name) => string.Join(' ', NoiseInProcessors().Replace(name, " ")
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToUpperInvariant();

    /// <summary>"weight_decay=0.1" and "weightDecay=0.1" are the same.</summary>
    private static Dictionary<string, string> OptionsOf(string text) => text.ToUpperInvariant().Split(", ")
        .Select(one => one.Split('=', 2)).Where(one => one.Length == 2).DistinctBy(one => one[0].Replace("_", "", StringComparison.Ordinal))
        .ToDictionary(one => one[0].Replace("_", "", StringComparison.Ordinal), one => one[1]);

    [GeneratedRegex(@"\((R|TM|C)\)|@.*|\b(CPU|Processor|[0-9]+-Core)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NoiseInProcessors();
}
