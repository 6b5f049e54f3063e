namespace LastBit.Statistics;

/// <summary>What runs say of a margin.</summary>
public enum NotWorseVerdict
{
    /// <summary>It is excluded that B is worse by more.</summary>
    NotWorse,

    /// <summary>B is worse by more.</summary>
    Worse,

    /// <summary>The runs do not decide.</summary>
    TooFewRuns,
}

/// <summary>
/// The question of a release: is it excluded that B is worse than A by more than a margin? Answered by the one-sided 95% interval of the
/// difference.
/// </summary>
/// <param name="Margin">The margin, in the metric's unit, at least 0.</param>
/// <param name="Bound">
/// The end of that interval on the side where B is worse, as a difference B - A: B is not worse than that, with a confidence of 95%. Null
/// where there is no interval.
/// </param>
/// <param name="Verdict">What the runs say.</param>
/// <param name="RunsNeeded">
/// How many runs of each side (pairs) exclude the margin with a power of 80% where the two are alike; null where it is excluded, or no
/// number does.
/// </param>
/// <param name="Sentence">The verdict with its numbers.</param>
public sealed record NotWorse(double Margin, double? Bound, NotWorseVerdict Verdict, int? RunsNeeded, string Sentence)
{
    /// <summary>Asks it of a pair.</summary>
    /// <param name="pair">The pair; A is the reference.</param>
    /// <param name="margin">The margin, at least 0.</param>
    /// <param name="measure">What the values are, and which way is better.</param>
    public static NotWorse Of(Comparison pair, double margin, Measure measure)
    {
        ArgumentNullException.ThrowIfNull(pair);
        ArgumentNullException.ThrowIfNull(measure);
        string byMore = margin > 0 ? $" by more than {measure.Difference(margin)}" : "";
        int? needed = pair.Std is { } std
            ? Power.RunsNeeded(margin / std, pair.Paired, level: 2 * (1 - SampleStatistics.Confidence)) is { } runs
                ? Math.Max(Comparison.FewestRuns, runs) : null : null;
        int fewest = Math.Min(pair.IndependentA, pair.IndependentB);
        if (pair.Test is not { } test || fewest < Comparison.FewestRuns)
        {
            string why = pair.Test is null
                ? "they have no spread to judge by" : $"at least {Comparison.FewestRuns} of each side are needed";
            return new NotWorse(margin, null, NotWorseVerdict.TooFewRuns, needed,
                $"Too few runs to say whether {pair.B} is worse than {pair.A}{byMore}: {why}.");
        }
        // How much better B is, at least and at most.
        double sign = measure.LowerIsBetter ? -1 : 1, bound = measure.LowerIsBetter ? test.UpperBound : test.LowerBound;
        double least = sign * bound, most = measure.LowerIsBetter ? -test.LowerBound : test.UpperBound;
        NotWorseVerdict verdict = least > -margin ? NotWorseVerdict.NotWorse : most < -margin ? NotWorseVerdict.Worse
            : NotWorseVerdict.TooFewRuns;
        string worse = least < 0 ? $"it is at most {measure.Difference(-least, test.StandardError)} worse" : "it is better";
        string sentence = verdict switch
        {
            NotWorseVerdict.NotWorse => $"{pair.B} is not worse than {pair.A}{byMore}: with a confidence of 95% {worse}.",
            NotWorseVerdict.Worse => $"{pair.B} is worse than {pair.A}{byMore}: with a confidence of 95% by at least "
                + $"{measure.Difference(-most, test.StandardError)}.",
            _ => $"The runs do not decide whether {pair.B} is worse than {pair.A}{byMore}: with a confidence of 95% {worse}."
                + (needed is { } enough ? enough > fewest
                    ? $" {NumberText.Count(enough)} {(pair.Paired ? "pairs" : "runs of each side")} exclude that four times in five, if "
                        + "the two are alike."
                    : $" So many runs exclude that four times in five if the two are alike; these are not, or had bad luck." : ""),
        };
        return new NotWorse(margin, bound, verdict, verdict == NotWorseVerdict.NotWorse ? null : needed, sentence);
    }
}
