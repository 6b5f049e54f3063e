using System.CommandLine;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LastBit.Imports;
using LastBit.Reports.Results;
using LastBit.Reports.Trainings;
using LastBit.Statistics;
using Spectre.Console;

namespace LastBit.Cli;

/// <summary>What `noise` and `compare` print alike.</summary>
internal static partial class RunLines
{
    /// <summary>The command line as it can be pasted.</summary>
    internal static string CommandLine(ParseResult parse) =>
        string.Join(' ', parse.Tokens.Select(token => token.Value).Prepend("lastbit").Select(ShellWord.Quote));

    /// <summary>Writes lines as they are, however wide the terminal is.</summary>
    internal static void Write(IAnsiConsole console, params string[] lines)
    {
        foreach (string line in lines)
            console.Profile.Out.Writer.WriteLine(ForeignText.Printable(line));
    }

    /// <summary>A sentence after a blank line.</summary>
    internal static void Say(IAnsiConsole console, string sentence)
    {
        console.WriteLine();
        Wrapped(console, sentence);
    }

    /// <summary>A sentence: a terminal wraps it at words, in a pipe it stays one line.</summary>
    internal static void Wrapped(IAnsiConsole console, string sentence)
    {
        if (console.Profile.Capabilities.Ansi)
            console.WriteLine(ForeignText.Printable(sentence));
        else
            Write(console, sentence);
    }

    /// <summary>A table of the page as the terminal shows it.</summary>
    internal static Table Table(IAnsiConsole console, ShownTable shown)
    {
        Table table = Tables.Create(console, shown.Caption, shown.Headings);
        for (int column = 0; column < shown.Headings.Length; column++)
            table.Columns[column].NoWrap = column == 0 || shown.Headings[column].StartsWith('#');
        foreach (string[] row in shown.Rows)
            table.AddRow([.. row.Select(cell => Markup.Escape(ForeignText.Printable(cell)))]);
        return table;
    }

    /// <summary>A table and a sentence in LaTeX.</summary>
    internal static string[] Latex(ShownTable table, string methods) =>
    [
        $"\\begin{{tabular}}{{{string.Concat(table.Headings.Select(heading => heading.StartsWith('#') ? 'r' : 'l'))}}}",
        "\\hline",
        Row(table.Headings.Select(heading => heading.TrimStart('#'))),
        "\\hline",
        .. table.Rows.Select(row => Row(row)),
        "\\hline",
        "\\end{tabular}",
        "",
        Escape(methods),
    ];

    /// <summary>The runs as the page shows them.</summary>
    internal static ShownGroup Shown(string name, ReadLogs logs, double mean, double[]? interval, IReadOnlyCollection<string>? only = null)
    {
        var curves = logs.Result.Runs.ToDictionary(run => run.Name);
        return new ShownGroup(name, [.. logs.Runs.Where(run => only is null || only.Contains(run.Name)).Select(run =>
            new ShownRun(run.Name, run.Seed, run.Perturbation, run.Value, curves[run.Name].Steps, curves[run.Name].Values))], mean,
                interval);
    }

    /// <summary>What is left out, and why.</summary>
    internal static JsonArray LeftOut(ReadLogs logs) =>
        new([.. logs.LeftOut.Select(one => new JsonObject { ["run"] = one.Run, ["why"] = one.Why })]);

    /// <summary>The runs with their values.</summary>
    internal static JsonArray Values(ReadLogs logs) => new([.. logs.Runs.Select(run => new JsonObject
    {
        ["run"] = run.Name, ["seed"] = run.Seed, ["perturbation"] = run.Perturbation, ["value"] = run.Value,
    })]);

    /// <summary>Two ends as a list; null for none. An end that is not finite is null.</summary>
    internal static JsonArray? Pair(double[]? ends) => ends is null ? null
        : new([.. ends.Select(end => double.IsFinite(end) ? (JsonNode?)end : null)]);

    /// <summary>The metric's unit as JSON says it.</summary>
    internal static string Unit(Measure measure) => measure.Unit switch
    {
        MeasureUnit.Percent => "percent",
        MeasureUnit.Fraction => "fraction",
        _ => "plain",
    };

    /// <summary>The rule as the option says it.</summary>
    internal static string RuleName(RunValueRule rule) => rule switch
    {
        RunValueRule.Last => "last",
        RunValueRule.Best => "best",
        _ => "mean10",
    };

    private static string Row(IEnumerable<string> cells) => string.Join(" & ", cells.Select(Escape)) + @" \\";

    /// <summary>A minus sign is not the hyphen that stands for it in plain text.</summary>
    [GeneratedRegex(@"(?<=^|[ (])-(?=[0-9 ])", RegexOptions.CultureInvariant)]
    private static partial Regex Minus();

    [GeneratedRegex("(×?)10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", RegexOptions.CultureInvariant)]
    private static partial Regex PowerOfTen();

    private static string Escape(string text) => PowerOfTen().Replace(Signed(text), power =>
        $"${(power.Groups[1].Length > 0 ? @"\times " : "")}10^{{{string.Concat(power.Groups[2].Value.Select(OnTheLine))}}}$");

    private static char OnTheLine(char raised) => raised == '⁻' ? '-' : (char)('0' + "⁰¹²³⁴⁵⁶⁷⁸⁹".IndexOf(raised));

    private static string Signed(string text) => Minus().Replace(string.Concat(text.Select(letter => letter switch
    {
        '\\' => @"\textbackslash{}",
        '<' => @"$<$",
        '>' => @"$>$",
        '~' => @"\textasciitilde{}",
        '^' => @"\textasciicircum{}",
        '#' or '$' or '%' or '&' or '_' or '{' or '}' => $@"\{letter}",
        _ => $"{letter}",
    })), "$$-$$");
}
