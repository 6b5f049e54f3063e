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

    /// <summary>Two columns without a frame: a name and what it is.</summary>
    internal static string Facts(params (string Name, string Value)[] facts)
    {
        int width = facts.Max(fact => fact.Name.Length) + 2;
        return string.Concat(facts.Select(fact => fact.Name.PadRight(width) + fact.Value + Environment.NewLine));
    }
}
