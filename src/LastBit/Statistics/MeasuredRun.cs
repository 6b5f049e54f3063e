using System.Globalization;
using System.Numerics;

namespace LastBit.Statistics;

/// <summary>One run of a training and the number that it is judged by.</summary>
/// <param name="Name">What the logs call it.</param>
/// <param name="Seed">Its seed, where that is known: runs of one seed start alike and see the same batches.</param>
/// <param name="Perturbation">Its perturbation (a k), where that is known: it changes nothing but rounding.</param>
/// <param name="Value">Its value.</param>
public sealed record MeasuredRun(string Name, string? Seed, string? Perturbation, double Value)
{
    /// <summary>The fold or split of the data that it was made on, where that is known: runs of one fold share their data.</summary>
    public string? Fold { get; init; }

    /// <summary>
    /// What it shares with runs that are not independent of it: its seed, on its fold where there is one; null where the seed is not known.
    /// </summary>
    public string? Unit => Fold is null ? Seed : $"{Seed} on fold {Fold}";

    /// <summary>
    /// A factor of 2 in k changes no rounding: k = 2 is the run k = 1 over again, k = 6 is k = 3. Only the smallest k of each such family
    /// is a run of its own; the others would make the spread over rounding look smaller than it is.
    /// </summary>
    /// <param name="runs">The runs.</param>
    /// <returns>The runs that count, in their order, and for each of the others its name and why it does not count.</returns>
    public static (IReadOnlyList<MeasuredRun> Counted,
        IReadOnlyList<(string Run, string Why)> Others) Distinct(IReadOnlyList<MeasuredRun> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        var smallest = new Dictionary<(string, long), long>();
        foreach (MeasuredRun run in runs)
        {
            if (run.Seed is not null && run.K is { } k)
                smallest[(run.Seed, OddPart(k))] = Math.Min(k, smallest.GetValueOrDefault((run.Seed, OddPart(k)), long.MaxValue));
        }
        List<MeasuredRun> counted = [];
        List<(string, string)> others = [];
        foreach (MeasuredRun run in runs)
        {
            if (run.Seed is null || run.K is not { } k || smallest[(run.Seed, OddPart(k))] == k)
                counted.Add(run);
            else
                others.Add((run.Name, $"k = {k} is the same run as k = {smallest[(run.Seed, OddPart(k))]} (a factor of 2 changes no "
                    + "rounding) and counts once"));
        }
        return (counted, others);
    }

    private long? K => long.TryParse(Perturbation, NumberStyles.None, CultureInfo.InvariantCulture, out long k) && k > 0 ? k : null;

    private static long OddPart(long k) => k >> BitOperations.TrailingZeroCount(k);
}
