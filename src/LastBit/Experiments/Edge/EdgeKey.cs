using System.Globalization;
using System.Text.RegularExpressions;

namespace LastBit.Experiments.Edge;

/// <summary>What names a cell of the edge of stability.</summary>
/// <param name="LearningRate">The learning rate.</param>
/// <param name="WeightDecay">The weight decay.</param>
internal readonly partial record struct EdgeKey(double LearningRate, double WeightDecay)
{
    /// <summary>The cell's name: "lr0.02-wd0".</summary>
    public string Cell => string.Create(CultureInfo.InvariantCulture, $"lr{LearningRate:R}-wd{WeightDecay:R}");

    /// <summary>What people call the run.</summary>
    public string Name =>
        FormattableString.Invariant($"learning rate {LearningRate}{(WeightDecay > 0 ? $", weight decay {WeightDecay}" : "")}");

    /// <summary>Reads a cell's name; null where it is none.</summary>
    public static EdgeKey? Of(string cell) => CellName().Match(cell) is { Success: true } match
        && double.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out double rate)
        && double.TryParse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture, out double decay)
        && new EdgeKey(rate, decay) is { } key && key.Cell == cell ? key : null;

    [GeneratedRegex("^lr([0-9.E+-]+)-wd([0-9.E+-]+)$")]
    private static partial Regex CellName();
}
