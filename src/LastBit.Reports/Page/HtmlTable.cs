using System.Text.RegularExpressions;

namespace LastBit.Reports.Page;

/// <summary>A table in a frame of its own that scrolls sideways where the window is too narrow.</summary>
internal static partial class HtmlTable
{
    private const int LongestWhole = 16;

    /// <summary>Makes the table; the first cell of each row is its heading.</summary>
    /// <param name="label">The frame's name for screen readers. Formulas in all other texts stand between dollar signs.</param>
    /// <param name="caption">What the table shows.</param>
    /// <param name="headings">Headings of the columns; one that begins with # (which is not shown) is of a column of numbers, flush
    /// right.</param>
    /// <param name="rows">The cells.</param>
    /// <returns>The HTML.</returns>
    internal static Markup Of(string label, string caption, string[] headings, IEnumerable<string[]> rows)
    {
        // Short headings of rows, "B - A", are not broken over lines; those of numbers never are.
        Markup whole = new(headings[0].StartsWith('#') ? " class=\"number\"" : " class=\"whole\"");
        Markup Kind(int column) => headings[column].StartsWith('#') ? new Markup(" class=\"number\"") : Markup.Empty;
        Markup Head(string heading, int column) =>
            Markup.Of($"""<th scope="col"{Kind(column)}>{Formula.Text(heading.TrimStart('#'))}</th>""");
        Markup Cell(string text, int column) => column == 0
            ? Markup.Of($"""<th scope="row"{(text.Length <= LongestWhole ? whole : Kind(column))}>{Formula.Text(text)}</th>""")
            : Markup.Of($"""<td{Kind(column)}>{Breakable(text)}</td>""");
        return Markup.Of($"""
            <div class="table card"><p class="caption">{Formula.Text(caption)}</p>
            <div class="scroll" tabindex="0" role="region" aria-label="{label}">
            <table>
            <thead><tr>{Markup.Join(headings.Select(Head))}</tr></thead>
            <tbody>
            {Markup.Join(rows.Select(row => Markup.Of($"<tr>{Markup.Join(row.Select(Cell))}</tr>\n")))}</tbody></table></div></div>

            """);
    }

    // "layer1.0.conv1.weight" breaks after a dot and not inside a word.
    private static Markup Breakable(string text) => text.Contains('$', StringComparison.Ordinal) ? Formula.Text(text)
        : new Markup(TensorName().Replace(Markup.Escape(text), name => name.Value.Replace(".", ".<wbr>", StringComparison.Ordinal)));

    [GeneratedRegex(@"\b[a-z]\w*(\.\w+){2,}")]
    private static partial Regex TensorName();
}
