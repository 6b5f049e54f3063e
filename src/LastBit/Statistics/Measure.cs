using System.Globalization;

namespace LastBit.Statistics;

/// <summary>In what a metric is measured.</summary>
public enum MeasureUnit
{
    /// <summary>No unit that is known: a loss, a reward.</summary>
    Plain,

    /// <summary>An accuracy or another share, in percent; differences are percentage points.</summary>
    Percent,

    /// <summary>The same as a fraction, from 0 to 1.</summary>
    Fraction,
}

/// <summary>A metric: what it is called, in what it is measured, and which way is better.</summary>
/// <param name="Name">The name as the logs have it.</param>
/// <param name="Unit">The unit.</param>
/// <param name="LowerIsBetter">Whether a smaller value is better.</param>
public sealed record Measure(string Name, MeasureUnit Unit, bool LowerIsBetter)
{
    /// <summary>How the metric is understood, in a few words: "acc in percent, higher is better".</summary>
    public string Description => $"{Name}{Unit switch
    {
        MeasureUnit.Percent => " in percent",
        MeasureUnit.Fraction => " as a fraction",
        _ => "",
    }}, {Direction}";

    /// <summary>A value with the digits that a spread of this size leaves meaningful.</summary>
    /// <param name="value">The value.</param>
    /// <param name="scale">A spread or an interval's width; two of its digits are shown. 0 shows the value as it is.</param>
    public static string Number(double value, double scale) => NumberText.WithSpread(value, scale);

    /// <summary>A number as it was given: a target, a margin.</summary>
    /// <param name="value">The number.</param>
    public static string Plain(double value) => Math.Abs(value) is >= 1e-5 and < 1e15
        ? ((decimal)value).ToString("0.##################", CultureInfo.InvariantCulture) : NumberText.WithSpread(value, 0);

    /// <summary>Which way is better, in words: "lower is better".</summary>
    public string Direction => LowerIsBetter ? "lower is better" : "higher is better";

    /// <summary>A difference with its unit: "0.42 percentage points", "0.0042 (0.42 percentage points)", "0.013".</summary>
    /// <param name="value">The difference, in the metric's own unit.</param>
    /// <param name="scale">As in <see cref="Number"/>; null for the difference itself.</param>
    public string Difference(double value, double? scale = null)
    {
        double size = scale ?? Math.Abs(value);
        return Unit switch
        {
            MeasureUnit.Percent => $"{Number(value, size)} percentage points",
            MeasureUnit.Fraction => $"{Number(value, size)} ({Number(100 * value, 100 * size)} percentage points)",
            _ => Number(value, size),
        };
    }

    /// <summary>A p as a text: "p = 0.023", "p &lt; 0.0001".</summary>
    /// <param name="p">The p.</param>
    public static string P(double p) => p < 0.0001 ? "p < 0.0001" : $"p = {Number(p, Math.Min(p, 0.1))}";
}
