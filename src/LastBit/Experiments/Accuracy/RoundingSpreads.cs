using System.Globalization;
using LastBit.Statistics;
using LastBit.Training;

namespace LastBit.Experiments.Accuracy;

/// <summary>
/// Does the noise floor depend on which rounding was changed? Each perturbation's runs beside the plain run k = 1 of the same seed.
/// </summary>
/// <param name="Spread">
/// For each perturbation but k = 1: the spread of a run, from the differences of its final accuracy to that of k = 1 (their root mean
/// square over the square root of 2), in percentage points, with its 95% interval. The differences share the runs k = 1, so these are not
/// independent of each other.
/// </param>
/// <param name="Test">Whether these spreads differ, by permutation of perturbations within each seed; null with fewer than two
/// perturbations or seeds.</param>
/// <param name="Sentence">The same in words.</param>
public sealed record RoundingSpreads(SortedDictionary<Perturbation, Estimate> Spread, UnequalSpreadsTest? Test, string Sentence)
{
    /// <summary>Compares the perturbations of a table.</summary>
    /// <param name="final">Seed, then perturbation, then the final accuracy; equal runs once.</param>
    /// <returns>Null where no kind but k was tried, or no difference to k = 1 is known.</returns>
    internal static RoundingSpreads? Of(SortedDictionary<int, SortedDictionary<Perturbation, double>> final)
    {
        SortedDictionary<Perturbation, double>[] seeds = [.. final.Values.Where(runs => runs.ContainsKey(Perturbation.None))];
        Perturbation[] all = [.. seeds.SelectMany(runs => runs.Keys).Distinct().Where(one => one != Perturbation.None).Order()];
        if (all.All(one => one.IsK))
            return null;
        var spread = new SortedDictionary<Perturbation, Estimate>();
        foreach (Perturbation one in all)
        {
            double[] differences = [.. seeds.Where(runs => runs.ContainsKey(one)).Select(runs => runs[one] - runs[Perturbation.None])];
            double squares = differences.Sum(difference => difference * difference) / 2;
            if (squares > 0)
                spread.Add(one, SampleStatistics.StdFromSquares(squares, differences.Length));
        }
        double[][] complete = [.. seeds.Where(runs => all.All(runs.ContainsKey))
            .Select(runs => all.Select(one => runs[one] - runs[Perturbation.None]).ToArray())];
        UnequalSpreadsTest? test = all.Length > 1 && complete.Length > 1 ? UnequalSpreadsTest.Of(complete) : null;
        string each = string.Join("; ", spread.Select(one => string.Create(CultureInfo.InvariantCulture,
            $"{one.Key.Name}: {one.Value.Value:0.00} ({one.Value.Low:0.00} to {one.Value.High:0.00})")));
        string verdict = test is null ? ""
            : string.Create(CultureInfo.InvariantCulture,
                $" {(test.P < GroupEffectTest.Level ? "They differ" : "No difference between them is seen")} (by permutation p = "
                    + $"{test.P:0.000}).");
        return new RoundingSpreads(spread, test,
            $"The spread of a run by the rounding that was changed, from its differences to k = 1, with 95% interval: {each}.{verdict}");
    }
}
