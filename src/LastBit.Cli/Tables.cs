using System.Globalization;
using LastBit.Experiments.OneLayer;
using LastBit.Reports.Claims;
using LastBit.Reports.Sections;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace LastBit.Cli;

/// <summary>Tables for the terminal; in a pipe they are Markdown, which reads well as plain text too.</summary>
internal static class Tables
{
    /// <summary>
    /// A table with a title and columns; "#dt" is a column of numbers, aligned right, and "dt" one of words, aligned left.
    /// </summary>
    internal static Table Create(IAnsiConsole console, string title, params string[] columns)
    {
        var table = new Table { Border = TableBorder.Simple, Title = new TableTitle(Markup.Escape(title)) };
        foreach (string column in columns)
            table.AddColumn(
                new TableColumn(Markup.Escape(column.TrimStart('#')))
                { Alignment = column.StartsWith('#') ? Justify.Right : Justify.Left, NoWrap = true });
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
            Line(all[0].Select(Cell)),
            Line(widths.Select((width, column) => IsLeft(column) ? new string('-', width) : new string('-', width - 1) + ":")),
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

    /// <summary>The largest sharpness of the last half of a run as a multiple of the threshold 2/dt: above 1 a step overshoots.</summary>
    internal static string Sharpness(SharpnessPoint[]? points, double? threshold) => points is not { Length: > 0 }
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{points[(points.Length / 2)..].Max(point => point.Eigenvalues[0]) / threshold:F2}");

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

    /// <summary>The first of some values.</summary>
    internal static string First(double[] values) => values.Length == 0 ? "" : Number(values[0]);

    /// <summary>The last of some values, or where they ceased to be finite.</summary>
    internal static string Last(double[] values, int finite, int asked) => finite < asked ? Ended(finite) : Number(values[^1]);

    /// <summary>The first iteration, counted from 1, that was no longer finite.</summary>
    internal static string Ended(int finite) => NumberText.NotFinite(finite + 1);

    /// <summary>The lowest of some values.</summary>
    internal static string Lowest(double[] values) => values.Length == 0 ? "" : Number(values.Min());

    /// <summary>
    /// Losses as curves; the scale goes to a thousand times where they begin, for a run that blows up would flatten the others.
    /// </summary>
    internal static string[] Curves(IAnsiConsole console, double[][] losses, int iterations)
    {
        double[] all = [.. losses.SelectMany(loss => loss).Where(value => value > 0).DefaultIfEmpty(1)];
        double begin = losses.Where(loss => loss.Length > 0).Select(loss => loss[0]).DefaultIfEmpty(1).Max();
        return Sparkline.Draw(console, losses, Math.Max(2, iterations), all.Min(), Math.Max(2 * all.Min(), 1000 * begin));
    }

    /// <summary>A number as tables have it.</summary>
    internal static string Number(double value, int digits = NumberText.InTables) => NumberText.Of(value, digits);
}
