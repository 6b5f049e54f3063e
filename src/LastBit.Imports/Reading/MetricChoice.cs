namespace LastBit.Imports.Reading;

/// <summary>Which of the metrics of a log is meant.</summary>
internal static class MetricChoice
{
    /// <summary>
    /// The metric that is named; where none is, the only one, or the only accuracy on held-out data, or the only accuracy. Otherwise there
    /// is more than one answer, and the candidates are listed.
    /// </summary>
    /// <exception cref="InputException">It is not there, or it is not clear which is meant.</exception>
    public static string Choose(ReadingContext context, string where)
    {
        Dictionary<string, int>.KeyCollection candidates = context.Candidates.Keys;
        if (candidates.Count == 0 && context.Labels is not null)
            throw new InputException($"{where}: holds labels and no run; name the logs of the runs too");
        if (context.Options.Metric is { } named)
        {
            string[] alike = candidates.Contains(named) ? [named]
                : [.. candidates.Where(candidate => candidate.Equals(named, StringComparison.OrdinalIgnoreCase))];
            return alike.Length == 1 ? alike[0]
                : context.Words.TryGetValue(named, out string? word)
                    ? throw new InputException($"--metric: {Foreign.Quote(named)} holds words, the first is {word}; numbers are right")
                : candidates.Count == 0 ? throw None(where, context)
                : throw new InputException($"--metric: {where} has no {Foreign.Quote(named)}; it has {Foreign.List(candidates)}");
        }
        if (candidates.Count == 0)
            throw None(where, context);
        string[] accuracies = [.. candidates.Where(MetricNames.IsAccuracy)];
        string[] heldOut = [.. accuracies.Where(MetricNames.IsHeldOut)];
        string? chosen = candidates.Count == 1 ? candidates.First() : heldOut.Length == 1 ? heldOut[0] : heldOut.Length == 0
            && accuracies.Length == 1 ? accuracies[0] : null;
        if (chosen is null)
            throw new InputException($"{where}: it is not clear which metric is meant; name one with --metric: {Foreign.List(candidates)}");
        foreach ((string column, string word) in context.Words
            .Where(words => MetricNames.IsAccuracy(words.Key) && !candidates.Contains(words.Key)))
            context.Note($"{Foreign.Quote(column)} holds words, the first is {word}, and was not taken.");
        return chosen;
    }

    private static InputException None(string where, ReadingContext context)
    {
        string words = string.Concat(context.Words.Take(3)
            .Select(one => $"; {Foreign.Quote(one.Key)} holds words, the first is {one.Value}"));
        return new($"{where}: there is no column, key or tag with numbers that could be a metric{words}; name logs that have one");
    }
}
