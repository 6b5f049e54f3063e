using System.Globalization;
using LastBit.Experiments;
using LastBit.Reports;
using LastBit.Runs;
using LastBit.Statistics;
using Spectre.Console;

namespace LastBit.Cli;

/// <summary>Tables for the terminal; in a pipe they are Markdown, which reads well as plain text too.</summary>
internal static class Tables
{
    /// <summary>A table with a title and columns; columns after the first are aligned right.</summary>
    internal static Table Create(IAnsiConsole console, string title, params string[] columns)
    {
        var table = new Table { Border = console.Profile.Capabilities.Ansi ? TableBorder.Simple : TableBorder.Markdown };
        table.Title = new TableTitle(Markup.Escape(title));
        for (int i = 0; i < columns.Length; i++)
            table.AddColumn(new TableColumn(Markup.Escape(columns[i])) { Alignment = i == 0 ? Justify.Left : Justify.Right, NoWrap = true });
        return table;
    }

    /// <summary>Prints tables with a line between them.</summary>
    internal static void Write(IAnsiConsole console, params Table[] tables)
    {
        foreach (Table table in tables)
        {
            console.WriteLine();
            if (console.Profile.Capabilities.Ansi)
                console.Write(table);
            else
                console.Profile.Out.Writer.Write(Plain(console, table));
        }
    }

    /// <summary>A table as text without the spaces that would centre its title and fill its empty lines.</summary>
    private static string Plain(IAnsiConsole console, Table table)
    {
        string title = Markup.Remove(table.Title?.Text ?? "");
        table.Title = null;
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        IAnsiConsole paper = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(text),
            Ansi = AnsiSupport.No,
            ColorSystem = ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
        paper.Profile.Capabilities.Ansi = false;
        paper.Profile.Width = console.Profile.Width;
        paper.Write(table);
        IEnumerable<string> lines = text.ToString().Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0).Prepend(title);
        return string.Join(Environment.NewLine, lines) + Environment.NewLine;
    }

    /// <summary>Figure 1 in numbers.</summary>
    internal static Table Heat(IAnsiConsole console, HeatEquationResult result)
    {
        Table table = Create(console, "Heat equation (Figure 1)",
            "dt", "condition dt <= 1/2", "largest |u| at the last snapshot", "first above 1000", "no longer finite");
        foreach (HeatEquationRun run in result.Runs)
        {
            HeatSnapshot last = run.Snapshots[^1];
            table.AddRow(OptionTypes.Format(run.Dt), run.Stable ? "holds: stable" : "violated",
                $"{Number(last.U.Max(Math.Abs))} at t = {Number(last.Time)}", Step(run.FirstStepAbove1000), Step(run.FirstStepNotFinite));
        }
        return table;

        static string Step(int? step) => step is { } value ? $"step {value}" : "never";
    }

    /// <summary>Figure 3 in numbers.</summary>
    internal static Table Linear(IAnsiConsole console, LinearizedPdeResult result)
    {
        Table table = Create(console, $"Linearized PDE, dt = {OptionTypes.Format(result.LearningRate)} (Figure 3)",
            "alpha", "first loss", "lowest", "last", "log-log", "the loss");
        string[] curves = Curves(console, [.. result.Runs.Select(run => run.Loss)], result.Iterations);
        for (int i = 0; i < result.Runs.Length; i++)
        {
            LinearizedPdeRun run = result.Runs[i];
            table.AddRow(OptionTypes.Format(run.Alpha), First(run.Loss), Lowest(run.Loss),
                Last(run.Loss, run.Finite, result.Iterations), curves[i], Course(run, result.Iterations));
        }
        return table;

        // The report's rule: a loss diverges if it stops being finite or ends far above its lowest value.
        static string Course(LinearizedPdeRun run, int iterations) =>
            run.Loss.Length == 0 || run.Finite < iterations || run.Loss[^1] > 10 * run.Loss.Min() ? "diverges"
            : run.Loss[^1] > 0.5 * run.Loss[0] ? "stays" : "falls";
    }

    /// <summary>Figure 4 left in numbers.</summary>
    internal static Table NonLinear(IAnsiConsole console, NonLinearPdeResult result)
    {
        Table table = Create(console, $"Non-linear PDE, alpha = {OptionTypes.Format(result.WeightDecay)} (Figure 4, left)",
            "dt", "first loss", "lowest", "last", "log-log", "the loss", "λ dt/2");
        string[] curves = Curves(console, [.. result.Runs.Select(run => run.Loss)], result.Iterations);
        for (int i = 0; i < result.Runs.Length; i++)
        {
            NonLinearPdeRun run = result.Runs[i];
            string course = run.Loss.Length == 0 || run.Finite < result.Iterations ? "blows up" : Reports.Claims.Classify(run.Loss) switch
            {
                LossBehaviour.Settles => "settles",
                LossBehaviour.Oscillates => "oscillates",
                _ => "blows up",
            };
            table.AddRow(OptionTypes.Format(run.LearningRate), First(run.Loss), Lowest(run.Loss),
                Last(run.Loss, run.Finite, result.Iterations), curves[i], course, Sharpness(run.Sharpness, run.Threshold));
        }
        return table;
    }

    /// <summary>Figure 4 right in numbers.</summary>
    internal static Table Amplify(IAnsiConsole console, ErrorAmplificationResult result)
    {
        Table table = Create(console, $"Relative L1 difference of k = 1 and k = {result.K}, alpha = {OptionTypes.Format(result.WeightDecay)} (Figure 4, right)",
            "dt", "after 1 step", "largest", "last tenth", "log-log, 1e-18 to 2", "λ dt/2");
        string[] curves = Sparkline.Draw(console, result.Runs.Select(run => run.RelativeL1), Math.Max(2, result.Iterations), 1e-18, 2);
        for (int i = 0; i < result.Runs.Length; i++)
        {
            ErrorAmplificationRun run = result.Runs[i];
            double[] difference = run.RelativeL1;
            table.AddRow(OptionTypes.Format(run.LearningRate), First(difference), difference.Length == 0 ? "" : Number(difference.Max()),
                difference.Length == 0 || run.Finite < result.Iterations ? Ended(run.Finite) : Number(Reports.Claims.MeanOfLastTenth(difference)), curves[i],
                Sharpness(run.Sharpness, run.Threshold));
        }
        return table;
    }

    // The largest sharpness of the last half of a run as a multiple of the threshold 2/dt: above 1 a step overshoots.
    private static string Sharpness(SharpnessPoint[]? points, double? threshold) => points is not { Length: > 0 }
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{points[(points.Length / 2)..].Max(point => point.Eigenvalues[0]) / threshold:F2}");

    /// <summary>Table 2: the bounds.</summary>
    internal static Table Bounds(IAnsiConsole console, StabilityBoundsResult result)
    {
        Table table = Create(console, "Stable weight decays (Table 2)", "by", "alpha at least", "alpha at most");
        table.AddRow("eigenvalues (exact for this kernel size)", Number(result.AlphaMin, 9), Number(result.AlphaMax, 9));
        table.AddRow("the paper's formula (Fourier)", Number(result.FourierAlphaMin, 9), Number(result.FourierAlphaMax, 9));
        return table;
    }

    /// <summary>Table 3: the regions.</summary>
    internal static Table Regions(IAnsiConsole console, StabilityBoundsResult result)
    {
        Table table = Create(console, "Regions of the activation (Table 3)", "region", "linearized PDE", "alpha at least", "alpha at most");
        table.Columns[1].Alignment(Justify.Left).NoWrap = false;
        foreach (StabilityRegion region in result.Regions)
        {
            string least = region.AlphaMin is { } alpha ? Number(alpha, 9) : "none";
            table.AddRow(Markup.Escape(region.Region), Markup.Escape(region.Equation), least, Number(region.AlphaMax, 9));
        }
        return table;
    }

    /// <summary>The claims of the paper, each with its verdict and the number that decides it.</summary>
    internal static Table Claims(IAnsiConsole console, IEnumerable<ReportSection> claims)
    {
        Table table = Create(console, "What came out", "in the paper", "claim and the number that decides it", "verdict");
        table.Columns[1].Alignment(Justify.Left).NoWrap = false;
        foreach (ReportSection claim in claims)
        {
            bool holds = claim.Finding.Verdict == Verdict.Confirmed;
            table.AddRow(Markup.Escape(claim.Place), $"{Cell(claim.Title)}\n[dim]{Cell(claim.Finding.Decides)}[/]",
                holds ? "[green]confirmed[/]" : "[red]not confirmed[/]");
        }
        return table;

        // |u| would end a cell of a Markdown table.
        string Cell(string text) => Markup.Escape(console.Profile.Capabilities.Ansi ? text : text.Replace("|", "\\|", StringComparison.Ordinal));
    }

    /// <summary>Two columns without a frame: a name and what it is.</summary>
    internal static string Facts(params (string Name, string Value)[] facts)
    {
        int width = facts.Max(fact => fact.Name.Length) + 2;
        return string.Concat(facts.Select(fact => fact.Name.PadRight(width) + fact.Value + Environment.NewLine));
    }

    private static string First(double[] values) => values.Length == 0 ? "" : Number(values[0]);

    private static string Last(double[] values, int finite, int asked) => finite < asked ? Ended(finite) : Number(values[^1]);

    /// <summary>The first iteration, counted from 1, that was no longer finite.</summary>
    private static string Ended(int finite) => string.Create(CultureInfo.InvariantCulture, $"inf at {finite + 1}");

    private static string Lowest(double[] values) => values.Length == 0 ? "" : Number(values.Min());

    /// <summary>Losses as curves; the scale goes to a thousand times where they begin, for a run that blows up would flatten the others.</summary>
    private static string[] Curves(IAnsiConsole console, double[][] losses, int iterations)
    {
        double[] all = [.. losses.SelectMany(loss => loss).Where(value => value > 0).DefaultIfEmpty(1)];
        double begin = losses.Where(loss => loss.Length > 0).Select(loss => loss[0]).DefaultIfEmpty(1).Max();
        return Sparkline.Draw(console, losses, Math.Max(2, iterations), all.Min(), Math.Max(2 * all.Min(), 1000 * begin));
    }

    private static string Number(double value, int digits = 4)
    {
        string text = value.ToString($"G{digits}", CultureInfo.InvariantCulture);
        double rounded = double.Parse(text, CultureInfo.InvariantCulture);
        bool isLongWholeNumber = Math.Abs(value) is >= 1e5 and < 1e15 && rounded == value && digits > 4;
        return isLongWholeNumber ? value.ToString("N0", CultureInfo.InvariantCulture) : OptionTypes.Format(rounded);
    }
}
