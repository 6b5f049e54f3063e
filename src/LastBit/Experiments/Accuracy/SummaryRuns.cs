using LastBit.Training;

namespace LastBit.Experiments.Accuracy;

/// <summary>Which runs of a table count: those that are finished, did not diverge and are not another one over again.</summary>
internal static class SummaryRuns
{
    /// <summary>Names the runs that diverged, and counts them in a sentence; empty where none did.</summary>
    internal static string[] DivergedNotes(AccuracyCurves curves)
    {
        (int Seed, Perturbation Perturbation, DivergedTraining Run)[] diverged =
            [.. (curves.Diverged ?? []).SelectMany(seed => seed.Value.Select(run => (seed.Key, run.Key, run.Value)))];
        if (diverged.Length == 0)
            return [];
        int runs = curves.TestAccuracy.SelectMany(seed => seed.Value.Keys.Select(k => (seed.Key, k)))
            .Union(diverged.Select(run => (run.Seed, run.Perturbation))).Count();
        return
        [
            .. diverged.Select(run => $"Seed {run.Seed}, {run.Perturbation.Name} diverged ({run.Run.Sentence}) and is left out."),
            diverged.Length == runs
                ? $"{(runs == 1 ? "The only run" : $"All {NumberText.Count(runs)} runs")} diverged; a smaller learning rate or weight "
                    + "decay may help."
                : $"{diverged.Length} of {SummarySentences.Count(runs, "run")} diverged: the statistics are those of the runs that did "
                    + "not.",
        ];
    }

    /// <summary>Why there is no run to make a table of.</summary>
    internal static string WhyNone(AccuracyCurves curves)
    {
        string[] notes = DivergedNotes(curves);
        bool all = notes.Length > 0 && !curves.TestAccuracy.Any(seed => seed.Value.Keys.Any(one => !curves.IsDiverged(seed.Key, one)));
        string unfinished = $"run has finished its {SummarySentences.Count(curves.Epochs, "epoch")} yet; a table needs at least one";
        return all ? string.Join(' ', notes).TrimEnd('.')
            : notes.Length > 0 ? $"{string.Join(' ', notes[..^1])} No other {unfinished}"
            : $"no {unfinished}";
    }

    internal static SortedDictionary<int, SortedDictionary<Perturbation, double>> Finished(AccuracyCurves curves, int lastEpochs,
        List<string> notes)
    {
        notes.AddRange(DivergedNotes(curves));
        var final = new SortedDictionary<int, SortedDictionary<Perturbation, double>>();
        foreach ((int seed, SortedDictionary<Perturbation, double[]> runs) in curves.TestAccuracy)
        {
            foreach ((Perturbation one, double[] accuracy) in runs)
            {
                if (curves.IsDiverged(seed, one))
                    continue;
                if (accuracy.Length < curves.Epochs)
                {
                    notes.Add($"Seed {seed}, {one.Name} has {accuracy.Length} of {NumberText.Count(curves.Epochs, "epoch")} and is left "
                        + "out.");
                    continue;
                }
                if (!final.TryGetValue(seed, out SortedDictionary<Perturbation, double>? row))
                    final.Add(seed, row = []);
                row.Add(one, Summary.FinalAccuracy(accuracy, lastEpochs));
            }
        }
        return final;
    }

    /// <summary>
    /// A factor of 2 in k changes no rounding: k = 2 is the run k = 1 over again, k = 6 is k = 3. Only the smallest k of each
    /// such family is a run of its own; the others would make the spread over rounding look smaller than it is.
    /// </summary>
    internal static SortedDictionary<int, SortedDictionary<Perturbation, double>> Distinct(
        SortedDictionary<int, SortedDictionary<Perturbation, double>> final, List<string> notes)
    {
        var distinct = new SortedDictionary<int, SortedDictionary<Perturbation, double>>();
        var dropped = new SortedSet<(Perturbation K, Perturbation Same)>();
        foreach ((int seed, SortedDictionary<Perturbation, double> runs) in final)
        {
            var kept = new SortedDictionary<Perturbation, double>();
            foreach ((Perturbation one, double accuracy) in runs)
            {
                Perturbation? same =
                    kept.Keys.FirstOrDefault(other => one.IsK && other.IsK && OddPart((int)other.K) == OddPart((int)one.K));
                if (same is null)
                    kept.Add(one, accuracy);
                else
                    dropped.Add((one, same));
            }
            distinct.Add(seed, kept);
        }
        foreach ((Perturbation one, Perturbation same) in dropped)
            notes.Add($"{one.Name} is the same run as {same.Name} (a factor of 2 changes no rounding) and counts once.");
        return distinct;

        static int OddPart(int k) => k >> System.Numerics.BitOperations.TrailingZeroCount(k);
    }
}
