using LastBit.Experiments;
using LastBit.Reports.Claims;
using LastBit.Reports.Page;
using LastBit.Reports.Results;

namespace LastBit.Reports.Sections;

/// <summary>What the reports know of an experiment: the documents it leaves, its figures, and its sections of the page.</summary>
/// <param name="Experiment">The experiment.</param>
/// <param name="Documents">The documents that the sections are made from; the figures are drawn from the first.</param>
/// <param name="Figures">Its figures.</param>
/// <param name="Sections">Makes its sections, one a claim.</param>
public sealed record ReportPart(
    Experiment Experiment, IReadOnlyList<string> Documents, IReadOnlyList<PartFigure> Figures,
    params IReadOnlyList<Func<ResultFolder, ReportSection>> Sections)
{
    private static readonly string[] Kinds = ["png", "svg"];

    /// <summary>
    /// Draws the figures. One that cannot be drawn is no reason for a run to fail: it is left out, with what it was before, and why is
    /// said.
    /// </summary>
    /// <param name="folder">The result folder; it holds the first document.</param>
    /// <param name="outFolder">The folder in which figures/ goes; null is the result folder.</param>
    /// <returns>For each figure why it was not drawn; null where it was.</returns>
    /// <exception cref="InputException">A document is damaged, or a figure cannot be written.</exception>
    public IReadOnlyList<(string Name, string? WhyNot)> Draw(string folder, string? outFolder = null) => [.. Figures.Select(figure =>
    {
        string? why;
        try
        {
            why = figure.Draw(folder, outFolder);
        }
        catch (Exception error) when (error is not (InputException or OutOfMemoryException))
        {
            why = $"it cannot be drawn ({ForeignText.Cut(error.Message.ReplaceLineEndings(" "), 200)})";
        }
        foreach (string file in Kinds.Select(kind => Path.Combine(outFolder ?? folder, "figures", $"{figure.Name}.{kind}"))
            .Where(file => why is not null && File.Exists(file)))
            File.Delete(file);
        return (figure.Name, why);
    })];
}

/// <summary>A figure of an experiment.</summary>
/// <param name="Name">Its name, and that of its files.</param>
/// <param name="Draw">Draws it from a folder into another one, or into itself; returns why there is nothing to draw, or null.</param>
public sealed record PartFigure(string Name, Func<string, string?, string?> Draw);

/// <summary>One claim of the paper in the report: what it says, what was run, what came out.</summary>
/// <param name="Claim">The claim and its rule.</param>
/// <param name="Ran">What was run.</param>
/// <param name="Finding">What the rule finds.</param>
/// <param name="Figure">The figure, if there is one.</param>
/// <param name="Table">A table, or nothing.</param>
public sealed record ReportSection(Claim Claim, string Ran, Finding Finding, ReportFigure? Figure, Markup Table)
{
    /// <summary>Makes the section of a claim from a document, and where the folder has none says so.</summary>
    /// <typeparam name="T">The record that wrote the document.</typeparam>
    /// <param name="claim">The claim.</param>
    /// <param name="document">The document's name.</param>
    /// <param name="made">Makes the section.</param>
    internal static Func<ResultFolder, ReportSection> Of<T>(Claim claim, string document, Func<ResultFolder, T, ReportSection> made)
        where T : class =>
        folder => folder.Document<T>(document) is { } found ? made(folder, found) : None(claim, Finding.Missing(document));

    /// <summary>A section without anything to show.</summary>
    internal static ReportSection None(Claim claim, Finding finding) => new(claim, "", finding, null, Markup.Empty);

    /// <summary>Its anchor.</summary>
    public string Id => Claim.Id;

    /// <summary>Whether the folder has anything to show for it.</summary>
    public bool HasData => Figure is not null || Ran.Length > 0;
}

/// <summary>A figure of the report.</summary>
/// <param name="Files">The static figures in the folder, figures/NAME.png and .svg; the first is shown where the interactive one cannot
/// be.</param>
/// <param name="Caption">What is drawn; what it shows is said by the section.</param>
/// <param name="Charts">The interactive charts, at least one.</param>
/// <param name="Note">What is not drawn, and why; null where nothing is missing.</param>
public sealed record ReportFigure(IReadOnlyList<string> Files, string Caption, IReadOnlyList<ReportChart> Charts, string? Note = null);

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
/// <param name="Line">Where a straight line across marks a threshold; null for none.</param>
public sealed record ReportChart(
    string Id, string Title, string XLabel, string YLabel, bool LogX, bool LogY, string Csv, ChartKind Kind = ChartKind.Lines,
    int[]? Colours = null, double? Line = null)
{
    /// <summary>The abscissae first, first + 1, ...</summary>
    internal static double[] Count(int first, int count) => [.. Enumerable.Range(first, count).Select(i => (double)i)];
}
