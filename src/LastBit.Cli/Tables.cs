using System.Globalization;
using LastBit.Experiments.Amplification;
using LastBit.Experiments.Bounds;
using LastBit.Experiments.Heat;
using LastBit.Experiments.Linear;
using LastBit.Experiments.NonLinear;
using LastBit.Experiments.OneLayer;
using LastBit.Files;
using LastBit.Reports.Claims;
using LastBit.Reports.Sections;
using LastBit.Training;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace LastBit.Cli;

/// <summary>Tables for the terminal; in a pipe they are Markdown, which reads well as plain text too.</summary>
internal static class Tables
{
    /// <summary>A table with a title and columns; "#dt" is a column of numbers, aligned right, and "dt" one of words, aligned left.</summary>
    internal static Table Create(IAnsiConsole console, string title, params string[] columns)
    {
        var table = new Table { Border = TableBorder.Simple, Title = new TableTitle(Markup.Escape(title)) };
        foreach (string column in columns)
            table.AddColumn(new TableColumn(Markup.Escape(column.TrimStart('#'))) { Alignment = column.StartsWith('#') ? Justify.Right : Justify.Left, NoWrap = true });
        return table;
    }

    /// <summary>Prints tables with a line between them.</summary>
    internal static void Write(IAnsiConsole console, params Table[] tables)
    {
        foreach (Table table in tables)
        {
            console.WriteLine();
            bool isTerminal = console.Profile.Capabilities.Ansi;
            if (isTerminal && LeastWidth(table) <= console.Profile.Width)
                console.Write(table);
            else
                console.Profile.Out.Writer.Write(isTerminal ? Records(table, console.Profile.Width) : Markdown(table));
        }
    }

    /// <summary>The columns that a table needs when every number, and every word, in it stays whole.</summary>
    private static int LeastWidth(Table table)
    {
        const int Sentence = 24;
        (string[] head, string[][] rows) = Cells(table);
        return head.Select((name, column) =>
        {
            string[] lines = [.. rows.Select(row => row[column]).Append(name).SelectMany(cell => cell.Split('\n'))];
            int width = lines.Max(line => line.Length), word = lines.SelectMany(line => line.Split(' ')).Max(one => one.Length);
            return (table.Columns[column].NoWrap ? width : Math.Max(word, Math.Min(width, Sentence))) + 2;
        }).Sum() + 2;
    }

    /// <summary>A table as Markdown, which reads well as plain text too: one form in a pipe, whatever the command.</summary>
    private static string Markdown(Table table)
    {
        const int Sentence = 60;
        (string[] head, string[][] rows) = Cells(table);
        string[][] all = [.. rows.Prepend(head).Select(row => row.Select(cell =>
            cell.Replace("|", "\\|", StringComparison.Ordinal).Replace("\n", ": ", StringComparison.Ordinal)).ToArray())];
        int[] widths = [.. head.Select((_, column) => Math.Max(3, all.Max(row => row[column].Length)))];
        string Line(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |";
        // Sentences come last: one of three hundred letters must not make every line as long.
        if (IsLeft(widths.Length - 1) && widths[^1] > Sentence)
            widths[^1] = Math.Max(3, all[0][^1].Length);
        string Cell(string text, int column) => IsLeft(column) ? text.PadRight(widths[column]) : text.PadLeft(widths[column]);
        bool IsLeft(int column) => table.Columns[column].Alignment is null or Justify.Left;
        IEnumerable<string> lines =
        [
            Line(all[0].Select(Cell)), Line(widths.Select((width, column) => IsLeft(column) ? new string('-', width) : new string('-', width - 1) + ":")),
            .. all.Skip(1).Select(row => Line(row.Select(Cell))),
        ];
        return Join(table, lines);
    }

    /// <summary>A table that is too wide for the terminal, one cell a line; what is wider still goes on below itself.</summary>
    private static string Records(Table table, int width)
    {
        (string[] head, string[][] rows) = Cells(table);
        int names = head.Skip(1).Select(name => name.Length).DefaultIfEmpty(0).Max();
        return Join(table, rows.SelectMany(row => head.Skip(1).Zip(row.Skip(1)).Where(pair => pair.Second.Length > 0)
            .SelectMany(pair => Wrap($"  {pair.First.PadRight(names)}  ", OneLine(pair.Second), width))
            .Prepend(head[0].Length > 0 ? $"{head[0]}: {OneLine(row[0])}" : OneLine(row[0]))), width);

        static string OneLine(string cell) => cell.Replace("\n", ": ", StringComparison.Ordinal);
    }

    /// <summary>A text behind its name, broken at words, the further lines below the first.</summary>
    private static IEnumerable<string> Wrap(string name, string text, int width)
    {
        string line = name, indent = new(' ', name.Length);
        bool isEmpty = true;
        foreach (string word in text.Split(' '))
        {
            if (!isEmpty && line.Length + 1 + word.Length > width)
            {
                yield return line;
                (line, isEmpty) = (indent, true);
            }
            line += isEmpty ? word : " " + word;
            isEmpty = false;
        }
        yield return line;
    }

    private static string Join(Table table, IEnumerable<string> lines, int width = int.MaxValue)
    {
        IEnumerable<string> all = table.Title is { } title ? Wrap("", Markup.Remove(title.Text), width).Concat(lines) : lines;
        if (table.Caption is { } caption)
            all = all.Concat(Wrap("", Markup.Remove(caption.Text), width));
        return string.Concat(all.Select(line => line + Environment.NewLine));
    }

    /// <summary>The texts of a table's head and rows, without styles.</summary>
    private static (string[] Head, string[][] Rows) Cells(Table table)
    {
        return ([.. table.Columns.Select(column => Text(column.Header))], [.. table.Rows.Select(row => row.Select(Text).ToArray())]);

        static string Text(IRenderable cell)
        {
            using var text = new StringWriter(CultureInfo.InvariantCulture);
            IAnsiConsole paper = AnsiConsole.Create(new AnsiConsoleSettings
            {
                Out = new AnsiConsoleOutput(text),
                Ansi = AnsiSupport.No,
                ColorSystem = ColorSystemSupport.NoColors,
                Interactive = InteractionSupport.No,
            });
            paper.Profile.Capabilities.Ansi = false;
            paper.Profile.Width = 100_000;
            paper.Write(cell);
            return string.Join('\n', text.ToString().Split('\n').Select(line => line.TrimEnd())).Trim();
        }
    }

    /// <summary>Figure 1 in numbers.</summary>
    internal static Table Heat(IAnsiConsole console, HeatEquationResult result)
    {
        Table table = Create(console, "Heat equation (Figure 1)",
            "#dt", "condition dt ≤ 1/2", "largest |u| at the last snapshot", "first above 1,000", "no longer finite");
        foreach (HeatEquationRun run in result.Runs)
        {
            HeatSnapshot last = run.Snapshots[^1];
            table.AddRow(NumberText.Exact(run.Dt), run.Stable ? "holds: stable" : "violated",
                $"{Number(last.U.Max(Math.Abs))} at t = {Number(last.Time)}", Step(run.FirstStepAbove1000), Step(run.FirstStepNotFinite));
        }
        return table;

        static string Step(int? step) => step is { } value ? $"step {NumberText.Count(value)}" : "never";
    }

    /// <summary>Figure 3 in numbers.</summary>
    internal static Table Linear(IAnsiConsole console, LinearizedPdeResult result)
    {
        Table table = Create(console, $"Linearized PDE, dt = {NumberText.Exact(result.LearningRate)} (Figure 3)",
            "#alpha", "#first loss", "#lowest", "#last", "log-log", "the loss");
        string[] curves = Curves(console, [.. result.Runs.Select(run => run.Loss)], result.Iterations);
        for (int i = 0; i < result.Runs.Length; i++)
        {
            LinearizedPdeRun run = result.Runs[i];
            table.AddRow(NumberText.Exact(run.Alpha), First(run.Loss), Lowest(run.Loss),
                Last(run.Loss, run.Finite, result.Iterations), curves[i], Course(run, result.Iterations));
        }
        return table;

        static string Course(LinearizedPdeRun run, int iterations) => RunCurve.Of(run.Alpha, run.Loss, iterations).Diverges ? "diverges"
            : run.Loss[^1] > 0.5 * run.Loss[0] ? "stays" : "falls";
    }

    /// <summary>Figure 4 left in numbers.</summary>
    internal static Table NonLinear(IAnsiConsole console, NonLinearPdeResult result)
    {
        Table table = Create(console, $"Non-linear PDE, alpha = {NumberText.Exact(result.WeightDecay)} (Figure 4, left)",
            "#dt", "#first loss", "#lowest", "#last", "log-log", "the loss", "#λ dt/2");
        string[] curves = Curves(console, [.. result.Runs.Select(run => run.Loss)], result.Iterations);
        for (int i = 0; i < result.Runs.Length; i++)
        {
            NonLinearPdeRun run = result.Runs[i];
            string course = RunCurve.Of(run.LearningRate, run.Loss, result.Iterations).Course;
            table.AddRow(NumberText.Exact(run.LearningRate), First(run.Loss), Lowest(run.Loss),
                Last(run.Loss, run.Finite, result.Iterations), curves[i], course, Sharpness(run.Sharpness, run.Threshold));
        }
        return table;
    }

    /// <summary>Figure 4 right in numbers.</summary>
    internal static Table Amplify(IAnsiConsole console, ErrorAmplificationResult result)
    {
        Table table = Create(console, $"Relative L1 difference of {Perturbation.None.Name} and {result.Perturbation.Name}, alpha = {NumberText.Exact(result.WeightDecay)} (Figure 4, right)",
            "#dt", "#after 1 step", "#largest", "#last tenth", "log-log, 10⁻¹⁸ to 2", "#λ dt/2");
        string[] curves = Sparkline.Draw(console, result.Runs.Select(run => run.RelativeL1), Math.Max(2, result.Iterations), 1e-18, 2);
        for (int i = 0; i < result.Runs.Length; i++)
        {
            ErrorAmplificationRun run = result.Runs[i];
            double[] difference = run.RelativeL1;
            table.AddRow(NumberText.Exact(run.LearningRate), First(difference), difference.Length == 0 ? "" : Number(difference.Max()),
                difference.Length == 0 || run.Finite < result.Iterations ? Ended(run.Finite) : Number(new RunCurve(run.LearningRate, difference).MeanOfLastTenth), curves[i],
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
        Table table = Create(console, "Stable weight decays (Table 2)", "by", "#alpha at least", "#alpha at most");
        table.AddRow("eigenvalues (exact for this kernel size)", Number(result.AlphaMin, NumberText.OfBounds), Number(result.AlphaMax, NumberText.OfBounds));
        table.AddRow("the paper's formula (squared DFT of the image, not normalised)", Number(result.FourierAlphaMin, NumberText.OfBounds), Number(result.FourierAlphaMax, NumberText.OfBounds));
        if (result.AlphaMin > result.AlphaMax)
            table.Caption = new TableTitle("No weight decay is stable: the least is above the greatest.");
        else if (result.FourierAlphaMin > result.FourierAlphaMax)
            table.Caption = new TableTitle("By the paper's formula no weight decay is stable: the least is above the greatest.");
        return table;
    }

    /// <summary>Table 3: the regions.</summary>
    internal static Table Regions(IAnsiConsole console, StabilityBoundsResult result)
    {
        Table table = Create(console, "Regions of the activation (Table 3)", "region", "linearized PDE", "#alpha at least", "#alpha at most");
        table.Columns[1].NoWrap = false;
        foreach (StabilityRegion region in result.Regions)
        {
            string least = region.AlphaMin is { } alpha ? Number(alpha, NumberText.OfBounds) : "none";
            table.AddRow(Markup.Escape(region.Region), Markup.Escape(region.Equation), least, Number(region.AlphaMax, NumberText.OfBounds));
        }
        return table;
    }

    /// <summary>The claims of the paper, each with its verdict and the number that decides it.</summary>
    internal static Table Claims(IAnsiConsole console, IEnumerable<ReportSection> claims)
    {
        Table table = Create(console, "What came out", "in the paper", "verdict", "claim and the number that decides it");
        table.Columns[2].NoWrap = false;
        foreach (ReportSection claim in claims)
        {
            bool holds = claim.Finding.Verdict == Verdict.Confirmed;
            table.AddRow(Markup.Escape(claim.Claim.Place), holds ? "[green]confirmed[/]" : "[red]not confirmed[/]",
                $"{Markup.Escape(claim.Claim.Title)}\n[dim]{Markup.Escape(ForeignText.Printable(claim.Finding.Decides))}[/]");
        }
        return table;
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
    private static string Ended(int finite) => $"not finite at {NumberText.Count(finite + 1)}";

    private static string Lowest(double[] values) => values.Length == 0 ? "" : Number(values.Min());

    /// <summary>Losses as curves; the scale goes to a thousand times where they begin, for a run that blows up would flatten the others.</summary>
    private static string[] Curves(IAnsiConsole console, double[][] losses, int iterations)
    {
        double[] all = [.. losses.SelectMany(loss => loss).Where(value => value > 0).DefaultIfEmpty(1)];
        double begin = losses.Where(loss => loss.Length > 0).Select(loss => loss[0]).DefaultIfEmpty(1).Max();
        return Sparkline.Draw(console, losses, Math.Max(2, iterations), all.Min(), Math.Max(2 * all.Min(), 1000 * begin));
    }

    private static string Number(double value, int digits = NumberText.InTables) => NumberText.Of(value, digits);
}
