using LastBit.Reports.Claims;

namespace LastBit.Reports.Sections;

/// <summary>What the tables of losses have in common.</summary>
internal static class LossTable
{
    /// <summary>First, lowest and last loss.</summary>
    internal static string[] Losses(RunCurve run) =>
    [
        NumberText.Of(run.Values[0]), NumberText.Of(run.Lowest),
        run.IsFinite ? NumberText.Of(run.Values[^1]) : $"not finite after {NumberText.Count(run.Values.Length - 1)}",
    ];

    /// <summary>How the runs differ from the paper's, as one more sentence.</summary>
    internal static string Sentence(string? note) => note is null ? "" : $" {note}.";
}
