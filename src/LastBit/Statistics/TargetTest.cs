namespace LastBit.Statistics;

/// <summary>What runs say of a target.</summary>
public enum TargetVerdict
{
    /// <summary>Their mean is on the right side of it, and that is no chance.</summary>
    Met,

    /// <summary>Their mean is on the wrong side of it, and that is no chance.</summary>
    Missed,

    /// <summary>The runs do not decide.</summary>
    TooFewRuns,
}

/// <summary>
/// Whether the mean of runs meets a target: the one-sided t test of the mean against a number, and where there are few runs the permutation
/// test of signs beside it.
/// </summary>
/// <param name="Value">The target.</param>
/// <param name="Confidence">The confidence that is asked for, as 0.99.</param>
/// <param name="Runs">How many independent runs there are.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="P">The probability of a mean at least as good if the true one were the target; null with one run.</param>
/// <param name="PermutationP">The same by all signs of the distances from the target; null with one run and beyond <see cref="MostSigned"/>
/// runs.</param>
/// <param name="Verdict">What they say.</param>
/// <param name="RunsNeeded">
/// How many runs show it with a power of 80%, were the mean and the spread observed the true ones; null where it is shown, or no number
/// does.
/// </param>
/// <param name="Sentence">The verdict with its numbers.</param>
public sealed record TargetTest(
    double Value, double Confidence, int Runs, double Mean, double? P, double? PermutationP, TargetVerdict Verdict, int? RunsNeeded,
        string Sentence)
{
    /// <summary>Up to so many runs all signs are tried.</summary>
    public const int MostSigned = 20;

    /// <summary>Tests the mean of independent runs.</summary>
    /// <param name="values">The runs, at least one.</param>
    /// <param name="target">The target.</param>
    /// <param name="measure">What the values are, and which way is better.</param>
    /// <param name="confidence">The confidence, between 0.5 and 1.</param>
    /// <exception cref="ArgumentException">There is no run, or the confidence is out of range.</exception>
    public static TargetTest Of(ReadOnlySpan<double> values, double target, Measure measure, double confidence)
    {
        ArgumentNullException.ThrowIfNull(measure);
        if (!(confidence > 0.5 && confidence < 1))
            throw new ArgumentException("must lie between 0.5 and 1", nameof(confidence));
        int runs = values.Length;
        double mean = SampleStatistics.Mean(values), level = 1 - confidence, std = runs > 1 ? SampleStatistics.Std(values) : 0;
        // How far the mean is on the right side.
        double better = measure.LowerIsBetter ? target - mean : mean - target;
        double? p = null, signs = null;
        if (runs > 1 && std > 0)
        {
            double t = better / (std / Math.Sqrt(runs)), twoSided = Distributions.StudentTTwoSided(t, runs - 1);
            p = t > 0 ? twoSided / 2 : 1 - twoSided / 2;
        }
        if (runs is > 1 and <= MostSigned)
        {
            double[] distances = [.. values];
            for (int i = 0; i < runs; i++)
                distances[i] = measure.LowerIsBetter ? target - distances[i] : distances[i] - target;
            signs = PermutationTest.Signs(distances);
        }
        // Where nothing varies there is no t, and the signs alone decide.
        double? decides = std > 0 ? p : signs;
        TargetVerdict verdict = decides < level && better > 0 ? TargetVerdict.Met
            : better < 0 && (std > 0 ? p > confidence : signs is not null && SignsOfEqual(runs) < level) ? TargetVerdict.Missed
                : TargetVerdict.TooFewRuns;
        int? needed = verdict == TargetVerdict.TooFewRuns && better > 0 && std > 0
            ? Power.RunsNeeded(better / std, paired: true, level: 2 * level) is { } enough ? Math.Max(enough, runs + 1) : null : null;
        return new TargetTest(target, confidence, runs, mean, p, signs, verdict, needed,
            SentenceOf(measure, target, mean, std, runs, p, signs, verdict, needed, level));
    }

    /// <summary>The p of the signs of runs that are all equal.</summary>
    private static double SignsOfEqual(int runs) => Math.ScaleB(1, -runs);

    private static string SentenceOf(
        Measure measure, double target, double mean, double std, int runs, double? p, double? signs, TargetVerdict verdict, int? needed,
            double level)
    {
        string percent = $"{Measure.Plain(100 * level)}%";
        string side = mean < target ? "below" : mean > target ? "above" : "exactly";
        double scale = std > 0 ? std / Math.Sqrt(runs) : Math.Abs(target - mean);
        string seen = runs == 1 ? $"the one run, {Measure.Number(mean, scale)}, is {side} {Measure.Plain(target)}"
            : $"the mean of {runs} runs, {Measure.Number(mean, scale)}, is {side} {Measure.Plain(target)}";
        string tests = string.Join(", ", new[]
        {
            p is { } one ? $"one-sided t test {Measure.P(one)}" : null, signs is { } other ? $"signs {Measure.P(other)}" : null,
        }.OfType<string>());
        tests = tests.Length > 0 ? $" ({tests})" : "";
        bool isRight = measure.LowerIsBetter ? mean < target : mean > target;
        return verdict switch
        {
            TargetVerdict.Met => $"Met at {percent}: {seen}{tests}.",
            TargetVerdict.Missed => $"Missed at {percent}: {seen}, the wrong side{tests}.",
            _ when runs == 1 => $"Not shown at {percent}: {seen}, and one run has no spread; at least three are needed.",
            _ when !isRight => $"Not shown at {percent}: {seen}{tests}, which is not {(measure.LowerIsBetter ? "below" : "above")} it; "
                + "more runs show it only if their mean moves.",
            _ => $"Not shown at {percent}: {seen}{tests}."
                + (needed is { } enough ? $" If mean and spread stay as they are, {enough} runs, {enough - runs} more, show it four "
                    + "times in five." : ""),
        };
    }
}
