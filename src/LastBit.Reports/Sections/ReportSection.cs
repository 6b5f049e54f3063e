using LastBit.Reports.Claims;
using LastBit.Reports.Page;
using LastBit.Reports.Results;

namespace LastBit.Reports.Sections;

/// <summary>
/// A part of the report: which documents it is made from, how its figures are drawn, and its section. A new figure is its experiment, its
/// figure and one of these, in a line of <see cref="Report.Parts"/>.
/// </summary>
/// <param name="Documents">The documents; the figures are drawn from the first.</param>
/// <param name="Draw">Draws the figures of a folder into another one, or into itself; null where there is none.</param>
/// <param name="Section">Makes the section.</param>
public sealed record ReportPart(IReadOnlyList<string> Documents, Action<string, string?>? Draw, Func<ResultFolder, ReportSection> Section);

/// <summary>One claim of the paper in the report: what it says, what was run, what came out.</summary>
/// <param name="Claim">The claim and its rule.</param>
/// <param name="Ran">What was run.</param>
/// <param name="Finding">What the rule finds.</param>
/// <param name="Figure">The figure, if there is one.</param>
/// <param name="Table">A table, or nothing.</param>
/// <param name="ToTest">The command that would test it.</param>
public sealed record ReportSection(Claim Claim, string Ran, Finding Finding, ReportFigure? Figure, Markup Table, string ToTest)
{
    /// <summary>Its anchor.</summary>
    public string Id => Claim.Id;

    /// <summary>Whether the folder has anything to show for it.</summary>
    public bool HasData => Figure is not null || Table != Markup.Empty;
}

/// <summary>A figure of the report.</summary>
/// <param name="Files">The static figures in the folder, figures/NAME.png and .svg; the first is shown where the interactive one cannot be.</param>
/// <param name="Caption">What is drawn; what it shows is said by the section.</param>
/// <param name="Charts">The interactive charts, at least one.</param>
public sealed record ReportFigure(IReadOnlyList<string> Files, string Caption, IReadOnlyList<ReportChart> Charts);

/// <summary>How a chart is drawn.</summary>
public enum ChartKind
{
    /// <summary>One line a column of the table.</summary>
    Lines,

    /// <summary>A map: rows of group, name and one value a step.</summary>
    Map,

    /// <summary>Dots in columns: rows of column, name and value.</summary>
    Dots,
}

/// <summary>One interactive chart; the page draws it from the table that it also offers for download.</summary>
/// <param name="Id">The name of the table's file, without .csv.</param>
/// <param name="Title">What it shows.</param>
/// <param name="XLabel">The x axis.</param>
/// <param name="YLabel">The y axis.</param>
/// <param name="LogX">Whether the x axis begins logarithmic.</param>
/// <param name="LogY">Whether the y axis begins logarithmic.</param>
/// <param name="Csv">The table.</param>
/// <param name="Kind">How it is drawn.</param>
/// <param name="Colours">The colour of each curve, where several share one; null gives each its own.</param>
public sealed record ReportChart(
    string Id, string Title, string XLabel, string YLabel, bool LogX, bool LogY, string Csv, ChartKind Kind = ChartKind.Lines, int[]? Colours = null)
{
    /// <summary>The abscissae first, first + 1, ...</summary>
    internal static double[] Count(int first, int count) => [.. Enumerable.Range(first, count).Select(i => (double)i)];
}
