using LastBit.Statistics;

namespace LastBit.Reports.Trainings;

/// <summary>One run on the page of `noise` and `compare`.</summary>
/// <param name="Name">What the logs call it.</param>
/// <param name="Seed">Its seed, where it is known.</param>
/// <param name="Perturbation">Its perturbation, where it is known.</param>
/// <param name="Value">The number that it is judged by.</param>
/// <param name="Steps">Where its values were recorded.</param>
/// <param name="Values">The metric at each step.</param>
public sealed record ShownRun(string Name, string? Seed, string? Perturbation, double Value, double[] Steps, double[] Values);

/// <summary>The runs of one training on that page.</summary>
/// <param name="Name">What the training is called.</param>
/// <param name="Runs">Its runs, at least one.</param>
/// <param name="Mean">The mean of its runs.</param>
/// <param name="Interval">The 95% interval of the mean; null where there is none.</param>
public sealed record ShownGroup(string Name, IReadOnlyList<ShownRun> Runs, double Mean, double[]? Interval);

/// <summary>The differences of paired runs of two trainings.</summary>
/// <param name="Name">Of which two, as "B - A".</param>
/// <param name="Values">The differences, one a pair.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="Interval">Its 95% interval; null where there is none.</param>
public sealed record ShownDifferences(string Name, IReadOnlyList<double> Values, double Mean, double[]? Interval);

/// <summary>A table of the page.</summary>
/// <param name="Caption">What it shows.</param>
/// <param name="Headings">Its headings; one that begins with # is of a column of numbers.</param>
/// <param name="Rows">Its rows.</param>
public sealed record ShownTable(string Caption, string[] Headings, IReadOnlyList<string[]> Rows);

/// <summary>Everything that the page of `noise` or `compare` shows.</summary>
/// <param name="Command">The command's name, "noise" or "compare".</param>
/// <param name="CommandLine">The line that makes it again.</param>
/// <param name="Title">The question.</param>
/// <param name="Answers">The answer in sentences, the first one the shortest.</param>
/// <param name="Notes">What a reader must know of it.</param>
/// <param name="Recognised">What the logs were recognised as.</param>
/// <param name="Measure">The metric.</param>
/// <param name="Groups">The runs.</param>
/// <param name="Tables">The numbers.</param>
/// <param name="Methods">A sentence for a methods section.</param>
public sealed record RunsPageContent(
    string Command, string CommandLine, string Title, IReadOnlyList<string> Answers, IReadOnlyList<string> Notes,
        IReadOnlyList<string> Recognised,
    Measure Measure, IReadOnlyList<ShownGroup> Groups, IReadOnlyList<ShownTable> Tables, string Methods)
{
    /// <summary>What an axis of the metric is called, with its unit.</summary>
    public string Label => Measure.Unit == MeasureUnit.Percent ? $"{Measure.Name} (%)" : Measure.Name;

    /// <summary>The differences of the pairs that were compared as pairs.</summary>
    public IReadOnlyList<ShownDifferences> Differences { get; init; } = [];
}
