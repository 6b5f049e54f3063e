using System.Text.RegularExpressions;
using LastBit.Statistics;

namespace LastBit.Imports.Reading;

/// <summary>Which of the metrics of a log is meant, and what its name says of it.</summary>
internal static partial class MetricChoice
{
    /// <summary>
    /// The metric that is named; where none is, the only one, or the only accuracy on held-out data, or the only accuracy. Otherwise there is
    /// more than one answer, and the candidates are listed.
    /// </summary>
    /// <exception cref="InputException">It is not there, or it is not clear which is meant.</exception>
    public static string Choose(IReadOnlyCollection<string> candidates, string? named, string where)
    {
        if (candidates.Count == 0)
            throw new InputException($"{where}: there is no column, key or tag with numbers that could be a metric; name logs that have one");
        if (named is not null)
        {
            if (candidates.Contains(named))
                return named;
            string[] alike = [.. candidates.Where(candidate => candidate.Equals(named, StringComparison.OrdinalIgnoreCase))];
            return alike.Length == 1 ? alike[0]
                : throw new InputException($"--metric: {where} has no {Foreign.Quote(named)}; it has {Foreign.List(candidates)}");
        }
        if (candidates.Count == 1)
            return candidates.First();
        string[] accuracies = [.. candidates.Where(candidate => Accuracy().IsMatch(candidate))];
        string[] heldOut = [.. accuracies.Where(candidate => HeldOut().IsMatch(candidate))];
        if (heldOut.Length == 1)
            return heldOut[0];
        if (heldOut.Length == 0 && accuracies.Length == 1)
            return accuracies[0];
        throw new InputException($"{where}: it is not clear which metric is meant; name one with --metric: {Foreign.List(candidates)}");
    }

    /// <summary>Whether less is better.</summary>
    public static bool IsLowerBetter(string metric) => Lower().IsMatch(metric);

    /// <summary>The unit, from the name of the metric and its values in all runs.</summary>
    /// <exception cref="InputException">Some runs are in percent and others in fractions.</exception>
    public static MeasureUnit Unit(string metric, IReadOnlyList<ImportedRun> runs)
    {
        if (!Share().IsMatch(metric) || runs.Any(run => run.Values.Min() < 0 || run.Values.Max() > 100))
            return MeasureUnit.Plain;
        ImportedRun[] fractions = [.. runs.Where(run => run.Values.Max() <= 1)];
        if (fractions.Length == runs.Count)
            return MeasureUnit.Fraction;
        // A run at the level of chance may have one percent of 100 classes for a while, but not half of one.
        ImportedRun? fraction = fractions.FirstOrDefault(run => run.Values.Any(value => value > 0) && run.Values.Any(value => value is > 0 and < 0.5 or > 0.5 and < 1));
        if (fraction is not null)
        {
            ImportedRun percent = runs.First(run => run.Values.Max() > 1);
            throw new InputException($"{fraction.Source}: {Foreign.Quote(metric)} is at most 1 here and up to {percent.Values.Max():0.##} in {percent.Source}; "
                + "runs in fractions and runs in percent cannot be compared");
        }
        return MeasureUnit.Percent;
    }

    [GeneratedRegex(@"acc(?:uracy)?(?![a-z])|accuracy|top[-_]?[15](?![0-9])|exact_match|pass(?:ed|_rate|@)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Accuracy();

    [GeneratedRegex(@"(?:^|[^a-z])(?:test|val|valid|validation|eval|dev|held_?out)(?![a-z])|^(?:test|val|eval)[A-Z]|(?:test|eval|valid)[-_ ]?acc", RegexOptions.CultureInvariant)]
    private static partial Regex HeldOut();

    [GeneratedRegex(@"loss|(?:^|[^a-z])err(?:or)?(?![a-z])|perplexity|ppl|(?:^|[^a-z])(?:mae|mse|rmse|wer|cer|fid|nll|bpb|bpc)(?![a-z])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Lower();

    [GeneratedRegex(@"acc(?:uracy)?|top[-_]?[0-9]+|exact_match|pass|precision|recall|(?:^|[^a-z])(?:f1|auc|auroc|map|miou|iou|dice|err|error|rate|wer|cer)(?![a-z])|error_rate|percent", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Share();
}
