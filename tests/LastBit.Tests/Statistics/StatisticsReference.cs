using System.Text.Json;

namespace LastBit.Tests.Statistics;

/// <summary>Values computed by SciPy and mpmath; Reference/statistics/make.py made them.</summary>
internal static class StatisticsReference
{
    private static readonly JsonElement Root = JsonDocument.Parse(
        File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Reference", "statistics", "distributions.json"))).RootElement;

    /// <summary>One row an evaluation: the arguments, then the value.</summary>
    public static double[][] Rows(string name) => JsonSerializer.Deserialize<double[][]>(Root.GetProperty(name))!;

    /// <summary>Pairs of samples with what SciPy makes of them.</summary>
    public static JsonElement Compared => Root.GetProperty("compared");

    public static JsonElement Table => Root.GetProperty("table");

    public static double RelativeError(double actual, double expected) =>
        actual == expected ? 0 : Math.Abs(actual - expected) / Math.Abs(expected);
}
