using ScottPlot;
using ScottPlot.TickGenerators;

namespace LastBit.Reports.Figures;

/// <summary>What all figures have in common: fonts, colours that the colour-blind tell apart, line patterns, and ticks.</summary>
internal static class FigureStyle
{
    /// <summary>Size of axis labels, in units of 1/96 inch.</summary>
    internal const float LabelSize = 10.5f;

    /// <summary>Size of tick labels and legends.</summary>
    internal const float TickSize = 9f;

    /// <summary>The colours of the page (--series-0 to 7 of page.css, on white), so that a curve has one colour in both.</summary>
    private static readonly Color[] Colors =
    [
        Color.FromHex("#0069a8"), Color.FromHex("#c44e00"), Color.FromHex("#00805c"), Color.FromHex("#a8417f"),
        Color.FromHex("#6a4fc0"), Color.FromHex("#8f6400"), Color.FromHex("#1d1e22"), Color.FromHex("#3a7f9c"),
    ];

    /// <summary>Patterns differ between neighbours, so that a figure reads in black and white too.</summary>
    private static readonly LinePattern[] Patterns =
    [
        LinePattern.Solid, new([5, 2], 0, "dash"), new([1.5f, 1.5f], 0, "dot"), new([6, 2, 1.5f, 2], 0, "dash dot"),
    ];

    /// <summary>The colour of the curve of a number.</summary>
    internal static Color ColorOf(int number) => Colors[number % Colors.Length];

    /// <summary>The line pattern of the curve of a number.</summary>
    internal static LinePattern PatternOf(int number) => Patterns[number % Patterns.Length];

    private static readonly int[] RoundFactors = [1, 2, 5, 10];

    /// <summary>Makes an axis of log10 values show powers of ten.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="low">Its left or lower end, as a power of ten.</param>
    /// <param name="high">Its right or upper end.</param>
    /// <param name="labels">How many labels fit.</param>
    internal static void LogAxis(IAxis axis, double low, double high, int labels = 7)
    {
        (axis.Min, axis.Max) = (low, high);
        var ticks = new NumericManual();
        // One form an axis: where every label can be written out, all are; else all are powers of ten.
        bool isPlain = low >= Math.Log10(NumberText.LeastPlain) - 1e-9 && high < Math.Log10(NumberText.MostPlain);
        int step = 1;
        while ((high - low) / step > labels)
            step++;
        for (int decade = (int)Math.Floor(low); decade <= (int)Math.Ceiling(high); decade++)
        {
            if (decade % step == 0)
                AddInside(decade, isPlain ? NumberText.Exact(Math.Pow(10, decade)) : NumberText.PowerOfTen(decade));
            else
                AddInside(decade, null);
            for (int digit = 2; digit <= 9 && step == 1; digit++)
                AddInside(decade + Math.Log10(digit), null);
        }
        axis.TickGenerator = ticks;

        void AddInside(double position, string? label)
        {
            if (position < low - 1e-9 || position > high + 1e-9)
                return;
            if (label is null)
                ticks.AddMinor(position);
            else
                ticks.AddMajor(position, label);
        }
    }

    /// <summary>Makes an axis show round numbers, all with as many decimals: 0.79, 0.80, 0.81.</summary>
    /// <param name="axis">The axis.</param>
    /// <param name="low">Its left or lower end.</param>
    /// <param name="high">Its right or upper end.</param>
    /// <param name="step">The distance of labels.</param>
    internal static void LinearAxis(IAxis axis, double low, double high, double step)
    {
        (axis.Min, axis.Max) = (low, high);
        var places = new List<double>();
        for (double i = Math.Ceiling(low / step - 1e-9); i * step <= high + step * 1e-9; i++)
            places.Add(i * step);
        string[] labels = [.. places.Select(place => NumberText.Of(place, 12))];
        if (!labels.Any(label => label.Contains('⁻', StringComparison.Ordinal) || label.Contains('×', StringComparison.Ordinal)))
        {
            int decimals = labels.Select(Decimals).DefaultIfEmpty(0).Max();
            labels = [.. labels.Select(label =>
                decimals == 0
                    ? label : (label.Contains('.', StringComparison.Ordinal) ? label : label + ".")
                        + new string('0', decimals - Decimals(label)))];
        }
        var ticks = new NumericManual();
        foreach ((double place, string label) in places.Zip(labels))
            ticks.AddMajor(place, label);
        axis.TickGenerator = ticks;

        static int Decimals(string label) =>
            label.IndexOf('.', StringComparison.Ordinal) is >= 0 and var point ? label.Length - point - 1 : 0;
    }

    /// <summary>A step of 1, 2 or 5 times a power of ten that gives at most <paramref name="labels"/> labels over a length.</summary>
    internal static double RoundStep(double length, int labels)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(length / labels)));
        return RoundFactors.Select(factor => factor * power).First(step => length / step <= labels + 1e-9);
    }

    /// <summary>log10 of every value; NaN where there is none, which breaks the curve.</summary>
    internal static double[] Log10(ReadOnlySpan<double> values)
    {
        double[] logs = new double[values.Length];
        for (int i = 0; i < logs.Length; i++)
            logs[i] = values[i] > 0 && double.IsFinite(values[i]) ? Math.Log10(values[i]) : double.NaN;
        return logs;
    }
}
