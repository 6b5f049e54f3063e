using LastBit.Reports.Figures;
using LastBit.Statistics;
using ScottPlot;

namespace LastBit.Reports.Trainings;

/// <summary>Every run as a dot with the mean of its training and its interval, and the learning curves.</summary>
public static class RunsFigure
{
    /// <summary>The figure's name, and that of its files.</summary>
    public const string Name = "runs";

    /// <summary>
    /// Draws two runs to nowhere, on another thread. The library is compiled when it is used first, which takes longer than to read most logs; a command
    /// that will draw has it done while it reads.
    /// </summary>
    /// <returns>The work; what goes wrong there goes wrong again, and is said, when the figure is drawn.</returns>
    public static Task Prepare() => Task.WhenAny(Task.Run(() =>
    {
        ShownRun[] runs = [new("a", null, null, 1, [1, 2], [0, 1]), new("b", null, null, 2, [1, 2], [0, 2])];
        ShownGroup[] groups = [new("a", runs, 1.5, [1, 2])];
        FigureFile.Prepare(Dots("value", groups), Curves("value", groups));
    }));

    /// <summary>Draws figures/runs.png and .svg.</summary>
    /// <param name="folder">The folder in which figures/ goes.</param>
    /// <param name="measure">The metric.</param>
    /// <param name="groups">The trainings.</param>
    /// <exception cref="InputException">The figure cannot be written.</exception>
    public static void Draw(string folder, Measure measure, IReadOnlyList<ShownGroup> groups)
    {
        ArgumentNullException.ThrowIfNull(measure);
        ArgumentNullException.ThrowIfNull(groups);
        string label = measure.Unit == MeasureUnit.Percent ? $"{measure.Name} (%)" : measure.Name;
        List<FigurePanel> panels = [Dots(label, groups)];
        if (groups.Any(group => group.Runs.Any(run => run.Values.Length > 1)))
            panels.Add(Curves(label, groups));
        FigureFile.Write(folder, Name, $"{measure.Name} of every run", null, [.. panels]);
    }

    private static FigurePanel Dots(string label, IReadOnlyList<ShownGroup> groups)
    {
        var panel = new FigurePanel("training", label, 170);
        double[] all = [.. groups.SelectMany(group => group.Runs.Select(run => run.Value).Concat(group.Interval ?? []))];
        for (int number = 0; number < groups.Count; number++)
        {
            ShownGroup group = groups[number];
            double[] values = [.. group.Runs.Select(run => run.Value)];
            double[] x = [.. values.Select((_, i) => number - 0.1 + ((i + 0.5) / values.Length - 0.5) * 0.3)];
            panel.Plot.Add.Markers(x, values, MarkerShape.OpenCircle, 5, FigureStyle.ColorOf(number));
            panel.Plot.Add.Markers(new[] { number + 0.2 }, new[] { group.Mean }, MarkerShape.FilledDiamond, 6, FigureStyle.ColorOf(number));
            if (group.Interval is [double low, double high])
            {
                var bar = panel.Plot.Add.Line(number + 0.2, low, number + 0.2, high);
                bar.LineColor = FigureStyle.ColorOf(number);
                bar.LineWidth = 1.5f;
            }
        }
        (panel.Plot.Axes.Bottom.Min, panel.Plot.Axes.Bottom.Max) = (-0.6, groups.Count - 0.4);
        panel.Plot.Axes.Bottom.SetTicks([.. groups.Select((_, i) => (double)i)], [.. groups.Select(group => Short(group.Name))]);
        Around(panel.Plot.Axes.Left, all);
        return panel;
    }

    private static FigurePanel Curves(string label, IReadOnlyList<ShownGroup> groups)
    {
        var panel = new FigurePanel("step", label, 190);
        List<double> all = [], steps = [];
        for (int number = 0; number < groups.Count; number++)
        {
            panel.Name(number, Short(groups[number].Name));
            foreach (ShownRun run in groups[number].Runs)
            {
                panel.Curve(number, run.Steps, run.Values, 0.8f);
                all.AddRange(run.Values);
                steps.AddRange([run.Steps[0], run.Steps[^1]]);
            }
        }
        double from = steps.Min(), to = Math.Max(steps.Max(), from + 1);
        FigureStyle.LinearAxis(panel.Plot.Axes.Bottom, from, to, FigureStyle.RoundStep(to - from, 6));
        Around(panel.Plot.Axes.Left, all);
        return panel;
    }

    private static void Around(IAxis axis, IReadOnlyCollection<double> values)
    {
        double low = values.Min(), high = values.Max();
        // Equal values still need an axis around them.
        double margin = high > low ? (high - low) * 0.08 : Math.Max(Math.Abs(high) * 0.01, 1e-6);
        FigureStyle.LinearAxis(axis, low - margin, high + margin, FigureStyle.RoundStep(high - low + 2 * margin, 6));
    }

    private static string Short(string name) => name.Length <= 24 ? name : name[..11] + "…" + name[^12..];
}
