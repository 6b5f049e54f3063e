namespace LastBit.Statistics;

/// <summary>What the comparisons of more than two trainings say together: who beats whom, and which are the best.</summary>
/// <param name="Best">The trainings that none beats, in their order.</param>
/// <param name="Sentence">Who beats whom, and who are not told apart.</param>
public sealed record Ranking(IReadOnlyList<string> Best, string Sentence)
{
    /// <summary>Puts pairs together.</summary>
    /// <param name="names">The trainings.</param>
    /// <param name="pairs">Every pair of them.</param>
    public static Ranking Of(IReadOnlyList<string> names, IReadOnlyList<Comparison> pairs)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(pairs);
        var beaten = names.ToDictionary(name => name, name => pairs.Where(pair => pair.Better == name).Select(pair => pair.A == name
            ? pair.B : pair.A).ToArray());
        List<string> clauses = [.. names.Where(name => beaten[name].Length > 0).OrderByDescending(name => beaten[name].Length)
            .Select(name => $"{name} beats {List(names.Where(beaten[name].Contains))}")];
        // Those that none of the rest beats are not told apart; without them come the next.
        string[] left = [.. names], best = [];
        while (left.Length > 0)
        {
            string[] layer = [.. left.Where(name => !left.Any(other => beaten[other].Contains(name)))];
            // Verdicts of pairs may go in a circle, with three trainings of very different spreads.
            if (layer.Length == 0)
                layer = left;
            best = best.Length == 0 ? layer : best;
            if (layer.Length > 1 && !layer.Any(name => beaten[name].Intersect(layer).Any()))
                clauses.Add($"{List(layer)} are not told apart");
            left = [.. left.Except(layer)];
        }
        bool isOpen = beaten.Values.All(one => one.Length == 0);
        return new Ranking(best, $"{(isOpen ? "No difference is shown: " : "")}{string.Join("; ", clauses)}.");
    }

    private static string List(IEnumerable<string> names)
    {
        string[] all = [.. names];
        return all.Length == 1 ? all[0] : $"{string.Join(", ", all[..^1])} and {all[^1]}";
    }
}
