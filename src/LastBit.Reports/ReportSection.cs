using LastBit.Reports.Page;

namespace LastBit.Reports;

/// <summary>One claim of the paper in the report: what it says, what was run, what came out.</summary>
/// <param name="Id">Its anchor ("figure4-right").</param>
/// <param name="Place">Where the paper makes it ("Figure 4, right").</param>
/// <param name="Title">The claim in a few words.</param>
/// <param name="Statement">The claim in our words.</param>
/// <param name="Ran">What was run.</param>
/// <param name="Rule">The rule that decides it, in words.</param>
/// <param name="Finding">What the rule finds.</param>
/// <param name="Figure">The figure, if there is one.</param>
/// <param name="Table">A table, or nothing.</param>
/// <param name="ToTest">The command that would test it.</param>
public sealed record ReportSection(
    string Id, string Place, string Title, string Statement, string Ran, string Rule, Finding Finding, ReportFigure? Figure, Markup Table, string ToTest)
{
    /// <summary>Whether the folder has anything to show for it.</summary>
    public bool HasData => Figure is not null || Table != Markup.Empty;
}

/// <summary>A figure of the report.</summary>
/// <param name="Files">The static figures in the folder, figures/NAME.png and .svg; the first is shown where the interactive one cannot be.</param>
/// <param name="Caption">What is drawn; what it shows is said by the section.</param>
/// <param name="Charts">The interactive charts, at least one.</param>
public sealed record ReportFigure(IReadOnlyList<string> Files, string Caption, IReadOnlyList<ReportChart> Charts);

/// <summary>One interactive chart; the page draws it from the table that it also offers for download.</summary>
/// <param name="Id">The name of the table's file, without .csv.</param>
/// <param name="Title">What it shows.</param>
/// <param name="XLabel">The x axis.</param>
/// <param name="YLabel">The y axis.</param>
/// <param name="LogX">Whether the x axis begins logarithmic.</param>
/// <param name="LogY">Whether the y axis begins logarithmic.</param>
/// <param name="Csv">The table.</param>
/// <param name="Map">Whether it is a map: rows of group, name and one value a step.</param>
public sealed record ReportChart(string Id, string Title, string XLabel, string YLabel, bool LogX, bool LogY, string Csv, bool Map = false);
