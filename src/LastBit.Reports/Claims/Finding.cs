namespace LastBit.Reports.Claims;

/// <summary>A claim of the paper. Formulas in its texts stand between dollar signs, in Unicode.</summary>
/// <param name="Id">Its anchor on the page ("figure4-right").</param>
/// <param name="Place">Where the paper makes it ("Figure 4, right").</param>
/// <param name="Title">The claim in one short sentence.</param>
/// <param name="Statement">The claim in our words.</param>
/// <param name="Rule">The rule that decides it, made from the same constants that decide.</param>
/// <param name="Test">The command whose runs decide it, for a folder whose runs do not.</param>
public sealed record Claim(string Id, string Place, string Title, string Statement, string Rule, string Test);

/// <summary>What the data say of a claim of the paper.</summary>
public enum Verdict
{
    /// <summary>The rule of the claim holds.</summary>
    Confirmed,

    /// <summary>The rule was applied and does not hold.</summary>
    NotConfirmed,

    /// <summary>There are runs, but not of the size that the rule needs.</summary>
    TooSmall,

    /// <summary>There are runs, but not those that the rule needs.</summary>
    NotTested,

    /// <summary>The folder has no runs for the claim.</summary>
    NotRun,
}

/// <summary>What a rule finds.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Marked">The number that decides it, in words, with formulas between dollar signs.</param>
/// <param name="But">What stands beside the verdict, because the word alone would say too much; null for nothing.</param>
public sealed record Finding(Verdict Verdict, string Marked, string? But = null)
{
    /// <summary>The number that decides it, as plain text.</summary>
    public string Decides => Plain(Marked);

    /// <summary>A text with formulas as plain text.</summary>
    /// <param name="text">Formulas between dollar signs, in Unicode.</param>
    /// <returns>The text without the signs of markup.</returns>
    public static string Plain(string text) =>
        string.Concat(text.Split('$').Select((part, i) => i % 2 == 0 ? part : part.Replace("_", "", StringComparison.Ordinal)));

    /// <summary>Whether the rule could be applied.</summary>
    public bool IsDecided => Verdict is Verdict.Confirmed or Verdict.NotConfirmed;

    /// <summary>The finding where a document is missing.</summary>
    /// <param name="document">Its name.</param>
    /// <returns>Not run.</returns>
    public static Finding Missing(string document) => new(Verdict.NotRun, $"The folder has no {document}.");

    internal static Finding NotTested(string why) => new(Verdict.NotTested, why);

    internal static Finding Decide(bool holds, string decides) => new(holds ? Verdict.Confirmed : Verdict.NotConfirmed, decides);

    /// <summary>The finding where runs are too small for the rule; null where nothing is.</summary>
    /// <param name="decides">What they say all the same.</param>
    /// <param name="lacks">What is too small.</param>
    internal static Finding? TooSmall(string decides, params IReadOnlyList<string> lacks) => lacks.Count == 0 ? null
        : new(Verdict.TooSmall, $"{decides} Too small to test the claim: {string.Join(", ", lacks)}.".TrimStart());

    /// <summary>One entry of a list of what is too small, or nothing.</summary>
    internal static string[] Lack(bool isLacking, string what) => isLacking ? [what] : [];

    /// <summary>A number for a sentence.</summary>
    internal static string Text(double value) => NumberText.Of(value, NumberText.InSentences);

    /// <summary>A bound, which is known to more digits than a sentence gives.</summary>
    internal static string Bound(double value) => NumberText.Of(value, NumberText.OfBounds);

    /// <summary>Parameters in ascending order.</summary>
    internal static string Listed(IEnumerable<double> values) => NumberText.List(values.Order());
}
