using LastBit.Experiments.Amplification;
using LastBit.Reports.Accuracy;
using LastBit.Reports.Claims;
using LastBit.Reports.Page;
using LastBit.Reports.Results;
using LastBit.Reports.Sections;

namespace LastBit.Reports;

/// <summary>
/// The answer of a report in three sentences: what rounding did, what this run says of the claims, what earlier ones said.
/// </summary>
internal static class Headline
{
    /// <summary>The sentences, with links to the claims that they name.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="sections">All its sections.</param>
    internal static Markup Of(ResultFolder folder, IReadOnlyList<ReportSection> sections)
    {
        string tally = $"Of {sections.Count} claims of the paper and its journal version, {Tally(sections)}.";
        return Markup.Of($"{Formula.Text($"{Rounding(folder, sections)} {tally}".TrimStart())}{Earlier(sections)}");
    }

    /// <summary>The verdict of a finding that is decided, in words.</summary>
    private static string Word(Finding finding) => finding.Verdict == Verdict.Confirmed ? "confirmed" : "not confirmed";

    private static string Tally(IReadOnlyList<ReportSection> sections)
    {
        (Verdict Verdict, string Words)[] kinds =
        [
            (Verdict.Confirmed, "confirmed now"), (Verdict.NotConfirmed, "not confirmed"), (Verdict.TooSmall, "not tested at this scale"),
            (Verdict.NotTested, "not tested by these runs"), (Verdict.NotRun, "not run"),
        ];
        string[] counts = [.. kinds.Select(kind => (kind.Words, Count: sections.Count(section => section.Finding.Verdict == kind.Verdict)))
            .Where(kind => kind.Count > 0)
            .Select((kind, i) => $"{kind.Count} {(i > 0 ? "" : kind.Count == 1 ? "is " : "are ")}{kind.Words}")];
        return counts.Length == 1 ? counts[0] : $"{string.Join(", ", counts[..^1])} and {counts[^1]}";
    }

    /// <summary>What runs in docs/results say of the claims that this folder does not decide.</summary>
    private static Markup Earlier(IReadOnlyList<ReportSection> sections)
    {
        var earlier = sections.Where(section => !section.Finding.IsDecided)
            .SelectMany(section => ComputedBefore.Of(section.Id).Select(before => (section.Id, section.Claim.Place, before.Finding)))
            .GroupBy(one => one.Place).ToArray();
        return earlier.Length == 0 ? Markup.Empty : Markup.Of($" Computed earlier on CIFAR-10: {Markup.Join(earlier.Select((place, i) =>
        {
            string words = Words([.. place.Select(one => one.Finding)]);
            return Markup.Of($"""{(i > 0 ? ", " : "")}<a href="#{place.First().Id}">{place.Key}</a> {words}""");
        }))}.");
    }

    /// <summary>The verdicts of findings that are decided, in words.</summary>
    internal static string Words(IReadOnlyList<Finding> findings) =>
        findings.Count == 1 ? Word(findings[0])
        : $"{findings.Count(one => one.Verdict == Verdict.Confirmed)} of {findings.Count} confirmed";

    private static string Rounding(ResultFolder folder, IReadOnlyList<ReportSection> sections)
    {
        if (sections.First(section => section.Id == AccuracyClaim.Claim.Id).Finding is { IsDecided: true } trained)
            return trained.Marked;
        if (folder.Document<ErrorAmplificationResult>(ErrorAmplificationResult.FileName)?.Runs.Where(run => run.RelativeL1.Length > 0)
            .ToArray() is not { Length: > 0 } runs)
            return sections.FirstOrDefault(section => section.Finding.IsDecided)?.Finding.Marked ?? "";

        var ends = runs.Select(run => (run.LearningRate, End: new RunCurve(run.LearningRate, run.RelativeL1).MeanOfLastTenth)).ToArray();
        var apart = ends.MaxBy(run => run.End);
        var together = ends.MinBy(run => run.End);
        if (apart.End == 0)
        {
            return "Two copies of one descent that differ only in rounding end equal to the last bit at every learning rate tried "
                + $"({Finding.Listed(runs.Select(run => run.LearningRate))}).";
        }
        string least = together.End == 0 ? "equal to the last bit" : $"{Finding.Text(together.End)} apart";
        return $"Two copies of one descent that differ only in rounding end {Finding.Text(apart.End)} apart "
            + $"(relative $L_1$ difference, which is at most 2) at learning rate {Finding.Text(apart.LearningRate)}, "
            + $"and {least} at {Finding.Text(together.LearningRate)}.";
    }
}
