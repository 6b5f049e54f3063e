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
    /// <summary>How the metric is understood, in a few words: "acc in percent, more is better".</summary>
    public string Description => $"{Name}{Unit switch
    {
        MeasureUnit.Percent => " in percent",
        MeasureUnit.Fraction => " as a fraction",
        _ => "",
    }}, {(LowerIsBetter ? "less" : "more")} is better";

    /// <summary>A value with the digits that a spread of this size leaves meaningful.</summary>
    /// <param name="value">The value.</param>
    /// <param name="scale">A spread or an interval's width; two of its digits are shown. 0 shows the value as it is.</param>
    public static string Number(double value, double scale)
    {
        if (!double.IsFinite(value))
            return value.ToString(CultureInfo.InvariantCulture);
        if (!(scale > 0) || !double.IsFinite(scale))
            return value.ToString("G6", CultureInfo.InvariantCulture);
        int decimals = 1;
        for (double size = scale; size < 1 && decimals < 15; size *= 10)
            decimals++;
        for (double size = scale; size >= 10 && decimals > 0; size /= 10)
            decimals--;
        double limit = 1;
        for (int i = 0; i <= decimals; i++)
            limit /= 10;
        // No "-0.00".
        return (Math.Abs(value) < 5 * limit ? 0 : value).ToString($"F{decimals}", CultureInfo.InvariantCulture);
    }

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
