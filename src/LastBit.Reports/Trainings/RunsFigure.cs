using LastBit.Reports.Figures;
using ScottPlot;

namespace LastBit.Reports.Trainings;

/// <summary>
/// Every run as a dot with the mean of its training and its interval, the differences of paired runs, and the learning curves.
/// </summary>
public static class RunsFigure
{
    /// <summary>The name of the figure of the runs, and that of its files.</summary>
    public const string Name = "runs";

    /// <summary>The name of the figure of the learning curves.</summary>
    public const string CurvesName = "curves";

    /// <summary>
    /// Draws two runs to nowhere, on another thread. The library is compiled when it is used first, which takes longer than to read most
    /// logs; a command
    /// that will draw has it done while it reads.
    /// </summary>
    /// <returns>The work; what goes wrong there goes wrong again, and is said, when the figure is drawn.</returns>
    public static Task Prepare() => Task.WhenAny(Task.Run(() =>
    {
        ShownRun[] runs = [new("a", null, null, 1, [1, 2], [0, 1]), new("b", null, null, 2, [1, 2], [0, 2])];
        ShownGroup[] groups = [new("a", runs, 1.5, [1, 2])];
        FigureFile.Prepare(Dots("training", "value", groups), Curves("value", groups, LastSteps(groups)));
    }));

    /// <summary>Draws figures/runs.png and .svg, and where runs have curves figures/curves.png and .svg.</summary>
    /// <param name="folder">The folder in which figures/ goes.</param>
    /// <param name="content">What the page shows.</param>
    /// <param name="groups">The trainings with the curves that are drawn.</param>
    /// <exception cref="InputException">The figure cannot be written.</exception>
    public static void Draw(string folder, RunsPageContent content, IReadOnlyList<ShownGroup> groups)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(groups);
        string name = content.Measure.Name, label = content.Label;
        List<FigurePanel> panels = [Dots("training", label, groups)];
        if (content.Differences.Count > 0)
        {
            ShownGroup[] differences = [.. content.Differences.Select(one => new ShownGroup(
                one.Name, [.. one.Values.Select((value, i) => new ShownRun($"{i}", null, null, value, [], []))], one.Mean, one.Interval))];
            panels.Add(Dots("pairs", $"difference of {label}", differences, zero: true));
        }
        FigureFile.Write(folder, Name, $"{name} of every run", null, [.. panels]);
        if (HasCurves(groups))
            FigureFile.Write(folder, CurvesName, $"{name} at every step", null, Curves(label, groups, AllSteps(groups)),
                Curves(label, groups, LastSteps(groups)));
    }

    /// <summary>Whether a run has more than one step.</summary>
    internal static bool HasCurves(IReadOnlyList<ShownGroup> groups) => groups.Any(group => group.Runs.Any(run => run.Values.Length > 1));

    /// <summary>
    /// The last fifth of the steps of each training, where they are told apart: one of fewer steps ends before the others do.
    /// </summary>
    internal static (double From, double To) LastSteps(IReadOnlyList<ShownGroup> groups) =>
        (groups.Min(group => AllSteps([group]) is var (from, to) ? to - (to - from) / 5 : 0), AllSteps(groups).To);

    /// <summary>
    /// The step after the first tenth. Until then a training falls by more than its runs ever differ, so the axis is that of what comes
    /// after, and of the last steps of each training.
    /// </summary>
    internal static double Settled(IReadOnlyList<ShownGroup> groups) =>
        AllSteps(groups) is var (from, to) ? Math.Min(from + (to - from) / 10, LastSteps(groups).From) : 0;

    private static (double From, double To) AllSteps(IReadOnlyList<ShownGroup> groups) =>
        (groups.Min(group => group.Runs.Min(run => run.Steps[0])), groups.Max(group => group.Runs.Max(run => run.Steps[^1])));

    private static FigurePanel Dots(string across, string label, IReadOnlyList<ShownGroup> groups, bool zero = false)
    {
        var panel = new FigurePanel(across, label, 170);
        double[] all = [.. groups.SelectMany(group => group.Runs.Select(run => run.Value).Concat(group.Interval ?? [])), .. zero ? [0.0]
            : Array.Empty<double>()];
        if (zero)
        {
            var none = panel.Plot.Add.Line(-0.6, 0, groups.Count - 0.4, 0);
            none.LineColor = Color.FromHex("#777777");
            none.LineWidth = 0.8f;
        }
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

    private static FigurePanel Curves(string label, IReadOnlyList<ShownGroup> groups, (double From, double To) steps)
    {
        var panel = new FigurePanel("step", label, 190);
        double settled = Math.Max(steps.From, Settled(groups));
        List<double> shown = [];
        for (int number = 0; number < groups.Count; number++)
        {
            panel.Name(number, Short(groups[number].Name));
            foreach (ShownRun run in groups[number].Runs)
            {
                panel.Curve(number, run.Steps, run.Values, 0.8f);
                shown.AddRange(run.Values.Where((_, i) => run.Steps[i] >= settled));
            }
        }
        double to = Math.Max(steps.To, steps.From + 1e-9 * Math.Max(1, Math.Abs(steps.From)));
        double apart = FigureStyle.RoundStep(to - steps.From, 6);
        bool isWhole = groups.All(group => group.Runs.All(run => run.Steps.All(double.IsInteger)));
        FigureStyle.LinearAxis(panel.Plot.Axes.Bottom, steps.From, to, isWhole ? Math.Max(1, apart) : apart);
        Around(panel.Plot.Axes.Left, shown);
        return panel;
    }

    private static void Around(IAxis axis, IReadOnlyCollection<double> values)
    {
        double low = values.Min(), high = values.Max();
        // Equal values still need an axis around them.
        double margin = high > low ? (high - low) * 0.08 : high == 0 ? 1e-6 : Math.Abs(high) * 0.01;
        FigureStyle.LinearAxis(axis, low - margin, high + margin, FigureStyle.RoundStep(high - low + 2 * margin, 6));
    }

    private static string Short(string name) => name.Length <= 24 ? name : name[..11] + "…" + name[^12..];
}
