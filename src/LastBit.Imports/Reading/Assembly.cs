using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace LastBit.Imports.Reading;

/// <summary>Makes runs of what was read: whose they are, in which order, and what of them cannot be used.</summary>
internal static class Assembly
{
    /// <summary>The statistics square values and sum the squares.</summary>
    private const double LargestValue = 1e100;

    private const int LastRows = Experiments.Accuracy.Summary.LastEpochs;

    /// <summary>Says of each run where it belongs: what the user says, what the log says, what its path says, in this order.</summary>
    /// <exception cref="InputException">What is said by hand is nowhere to be found.</exception>
    public static void Identify(List<RawRun> runs, ReadingContext context)
    {
        ImportOptions options = context.Options;
        Regex? pattern = options.Runs is null or "rows" || options.Runs.StartsWith("columns:", StringComparison.Ordinal)
            ? null : RunPattern.Compile(options.Runs, whole: false);
        int matched = 0;
        List<RawRun> unmatched = [];
        ILookup<string, RawRun> folders = runs.ToLookup(FolderOf);
        foreach (RawRun run in runs)
        {
            // What lies beside the logs of several runs is true of none of them alone.
            foreach ((string name, string value) in RunSettings.In(FolderOf(run)))
            {
                run.Params.TryAdd(name, value);
                ColumnRole role = ColumnRoles.Of(name[(name.LastIndexOf('.') + 1)..], options);
                if (folders[FolderOf(run)].Count() == 1 && (role is ColumnRole.Seed or ColumnRole.K or ColumnRole.Fold
                    || role == ColumnRole.Group && name == options.Group))
                    run.Describe(role, value);
            }
            if (pattern is null)
            {
                // Words in a path are taken for what they usually mean, unless a column of that role was named by hand.
                (string? seed, string? k) = (run.Seed, run.K);
                RunPattern.ApplyUsual(run.Source + (run.Inner.Length > 0 ? "/" + run.Inner : ""), run);
                run.Seed = options.Seed is null ? run.Seed : seed;
                run.K = options.K is null ? run.K : k;
            }
            else if (RunPattern.Apply(pattern, Path.GetFullPath(run.Source), run))
                matched++;
            else
                unmatched.Add(run);
        }
        if (pattern is not null && matched == 0)
            throw new InputException($"--runs: no path matches {Foreign.Quote(options.Runs)}; the first is {runs[0].Source}");
        foreach (RawRun run in unmatched)
        {
            context.LeftOut.Add(new LeftOut(run.Source, "its path does not match the pattern of --runs"));
            runs.Remove(run);
        }
        Require("--seed-column", options.Seed, run => run.Seed);
        Require("--k-column", options.K, run => run.K);
        Require("--fold-column", options.Fold, run => run.Fold);
        Require("--group", options.Group, run => run.Group);

        void Require(string option, string? name, Func<RawRun, string?> value)
        {
            if (name is not null && runs.All(run => value(run) is null))
            {
                throw new InputException($"{option}: no run has a column or parameter {Foreign.Quote(name)} with a value"
                    + (runs.SelectMany(run => run.Params.Keys).Distinct().ToArray() is { Length: > 0 } names
                        ? $"; there are {Foreign.List(names)}" : ""));
            }
        }
    }

    /// <summary>The folder of a run: where its file lies, or all its files.</summary>
    private static string FolderOf(RawRun run) => Directory.Exists(run.Source) ? run.Source
        : Path.GetDirectoryName(run.Source) is { Length: > 0 } folder ? folder : ".";

    /// <summary>Orders the values of a run, drops what is there twice and what is not finite, or says why the run cannot be used.</summary>
    /// <returns>Null where the run is left out.</returns>
    /// <exception cref="InputException">A step is there twice with different values, and which is meant is not clear.</exception>
    public static (double[] Steps, double[] Values)? Clean(RawRun run, string name, ReadingContext context)
    {
        if (run.CountsRows && !run.IsTold && run.Values.Count > 1 && context.Options.Step != "row")
        {
            throw new InputException(
                $"{run.Source}: no column counts steps or tells runs apart, so its {run.Values.Count} rows may be the steps of one run or "
                + "the values of as many; say --step row or --runs rows, or name a column with --step or --seed");
        }
        bool rising = true, finite = true;
        for (int i = 0; i < run.Steps.Count; i++)
        {
            if (double.IsFinite(run.Values[i]) && Math.Abs(run.Values[i]) > LargestValue)
                throw new InputException(
                    $"{run.At(i)}: the value {Text(run.Values[i])} is too large, for its square would overflow; at most 1e100 is right");
            rising &= i == 0 || run.Steps[i] > run.Steps[i - 1];
            finite &= double.IsFinite(run.Values[i]);
        }
        if (rising && finite)
            return ([.. run.Steps], [.. run.Values]);
        RepeatRule? repeats = context.FormatOf(run).Repeats ?? (IsResumed(run) ? RepeatRule.Resumed : null);
        int[] order = [.. Enumerable.Range(0, run.Steps.Count)];
        if (!rising)
            order = [.. order.OrderBy(i => run.Steps[i])];
        var steps = new List<double>(order.Length);
        var values = new List<double>(order.Length);
        var lines = new List<int>(order.Length);
        foreach (int i in order)
        {
            if (steps.Count > 0 && steps[^1].Equals(run.Steps[i]))
            {
                if (values[^1].Equals(run.Values[i]))
                    context.LeaveRowOut(run.Source, "it repeats a step with the same value", run.Lines[i]);
                else if (repeats is not null)
                {
                    context.LeaveRowOut(run.Source, repeats.Why, repeats.KeepsLater ? lines[^1] : run.Lines[i]);
                    if (repeats.KeepsLater)
                        (values[^1], lines[^1]) = (run.Values[i], run.Lines[i]);
                }
                else
                {
                    throw new InputException(
                        $"{run.At(i)}: {(run.Inner.Length > 0 ? run.Inner + ": " : "")}step "
                            + $"{run.Steps[i].ToString(CultureInfo.InvariantCulture)} has "
                        + $"the value {Text(run.Values[i])} here and {Text(values[^1])} at {run.Source}:{lines[^1]}; name the column that "
                        + "counts with --step, "
                        + "or those that tell runs apart with --seed, --k or --group, or delete the rows of a run that was begun anew");
                }
                continue;
            }
            steps.Add(run.Steps[i]);
            values.Add(run.Values[i]);
            lines.Add(run.Lines[i]);
        }
        int last = values.FindLastIndex(value => !double.IsFinite(value));
        if (last >= 0 && last >= values.Count - LastRows)
        {
            string at = lines[last] > 0 ? $"{run.Source}:{lines[last]}" : run.Source;
            context.LeftOut.Add(new LeftOut(name,
                $"it diverged: {Text(values[last])} at step {steps[last].ToString(CultureInfo.InvariantCulture)} ({at})"));
            return null;
        }
        if (last < 0)
            return ([.. steps], [.. values]);
        foreach (int i in Enumerable.Range(0, values.Count).Where(i => !double.IsFinite(values[i])))
            context.LeaveRowOut(run.Source, "its value is not a number or infinite, early in a run that went on well", lines[i]);
        int[] kept = [.. Enumerable.Range(0, values.Count).Where(i => double.IsFinite(values[i]))];
        return ([.. kept.Select(i => steps[i])], [.. kept.Select(i => values[i])]);
    }

    /// <summary>Whether a run goes back to a step after its first one and then on: it was resumed from a checkpoint, and did some steps
    /// once more.</summary>
    private static bool IsResumed(RawRun run)
    {
        bool goesBack = false;
        for (int i = 1; i < run.Steps.Count; i++)
        {
            if (run.Steps[i] > run.Steps[i - 1])
                continue;
            if (run.Steps[i] == run.Steps[i - 1] || run.Steps[i] <= run.Steps[0])
                return false;
            goesBack = true;
        }
        return goesBack && run.Steps[^1] == run.Steps.Max();
    }

    /// <summary>
    /// Leaves out what is there twice: two files with the same curve, bit for bit, and no different seeds are one run, unless another
    /// metric tells them apart. A value alone, or a curve that stays where it is, may be the same by chance.
    /// </summary>
    public static void LeaveCopiesOut(Dictionary<RawRun, ImportedRun> runs, IReadOnlyList<LogFile> files, ReadingContext context)
    {
        Dictionary<string, Dictionary<(string Metric, string Inner), string>> read = [];
        foreach (KeyValuePair<RawRun, ImportedRun>[] same in runs.Where(run => run.Value.Values.Min() < run.Value.Values.Max())
            .GroupBy(run => Bits(run.Value.Steps, run.Value.Values), (_, same) => same.ToArray()).Where(same => same.Length > 1).ToArray())
        {
            List<KeyValuePair<RawRun, ImportedRun>> originals = [];
            foreach (KeyValuePair<RawRun, ImportedRun> run in same.OrderBy(run => run.Value.Seed is null)
                .ThenBy(run => run.Key.Source.Length)
                .ThenBy(run => run.Key.Source, StringComparer.Ordinal))
            {
                int original = originals.FindIndex(other => MayBeCopy(run.Value, other.Value) && IsCopy(run.Key, other.Key));
                if (original < 0)
                {
                    originals.Add(run);
                    continue;
                }
                context.LeftOut.Add(new LeftOut(run.Value.Name,
                    $"it is a copy of {originals[original].Value.Name}, the same to the last bit at every step"));
                runs.Remove(run.Key);
            }
        }

        static bool MayBeCopy(ImportedRun run, ImportedRun other) => run.Source != other.Source && run.Group == other.Group
            && (run.Perturbation is null || other.Perturbation is null || run.Perturbation == other.Perturbation)
            && (run.Seed is null || other.Seed is null || run.Seed == other.Seed);

        bool IsCopy(RawRun run, RawRun other) => Curves(run.Source) is var mine && Curves(other.Source) is var others
            && mine.Where(curve => curve.Key.Inner == run.Inner)
                .All(curve => others.GetValueOrDefault((curve.Key.Metric, other.Inner), curve.Value) == curve.Value);

        Dictionary<(string Metric, string Inner), string> Curves(string source)
        {
            if (read.TryGetValue(source, out Dictionary<(string Metric, string Inner), string>? curves))
                return curves;
            read.Add(source, curves = []);
            LogFile[] own = [.. files.Where(file => file.Source == source)];
            foreach (string metric in own.SelectMany(context.CandidatesOf).Distinct())
            {
                var again = new ReadingContext(context.Options)
                {
                    OnlyArrays = context.OnlyArrays,
                    Cancellation = context.Cancellation,
                    Metric = metric
                };
                try
                {
                    foreach (LogFile file in own)
                        file.Read(again);
                }
                catch (InputException)
                {
                    // It is not the metric that was asked for.
                    continue;
                }
                foreach (RawRun run in again.Runs)
                    curves[(metric, run.Inner)] = Bits([.. run.Steps], [.. run.Values]);
            }
            return curves;
        }

        static string Bits(double[] steps, double[] values) =>
            Convert.ToHexString([.. SHA256.HashData(MemoryMarshal.AsBytes(steps.AsSpan())),
                .. SHA256.HashData(MemoryMarshal.AsBytes(values.AsSpan()))]);
    }

    /// <summary>
    /// Where more than half of the runs end at the same step, the others stopped early or went on longer, and their values are of other
    /// trainings. Where they do not, as with early stopping, all are kept.
    /// </summary>
    public static List<ImportedRun> SameLength(List<ImportedRun> runs, ReadingContext context)
    {
        List<ImportedRun> kept = [];
        foreach (IGrouping<string?, ImportedRun> group in runs.GroupBy(run => run.Group))
        {
            IGrouping<double, ImportedRun> most = group.GroupBy(run => run.LastStep).MaxBy(same => (same.Count(), same.Key))!;
            if (2 * most.Count() <= group.Count())
            {
                context.Note(
                    $"The runs end at different steps ({Step(group.Min(run => run.LastStep))} to {Step(group.Max(run => run.LastStep))}), "
                    + "as with early stopping; each stands for its own end.");
                kept.AddRange(group);
                continue;
            }
            foreach (ImportedRun run in group)
            {
                if (run.LastStep == most.Key)
                    kept.Add(run);
                else
                {
                    context.LeftOut.Add(new LeftOut(run.Name, run.LastStep < most.Key
                        ? $"it stopped early, at step {Step(run.LastStep)} of {Step(most.Key)}"
                            : $"it goes on to step {Step(run.LastStep)} where the others end at {Step(most.Key)}"));
                }
            }
        }
        return kept;

        static string Step(double step) => step.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Warns of curves that repeat themselves, and of runs that are one another's copies.</summary>
    public static void Warn(IReadOnlyList<ImportedRun> runs, ReadingContext context)
    {
        foreach (ImportedRun run in runs)
        {
            int same = Enumerable.Range(1, Math.Max(0, run.Values.Length - 1)).Count(i => run.Values[i].Equals(run.Values[i - 1]));
            if (run.Values.Length >= LastRows && 2 * same > run.Values.Length && run.Values.Min() < run.Values.Max())
            {
                context.Note(
                    $"{run.Name} repeats the value before on {same} of {run.Values.Length} rows, as loggers that write a stale value on "
                        + "every row do; "
                    + "the last ten rows are then fewer than ten evaluations. Count epochs with --step, or log a value once.");
            }
        }
        foreach (IGrouping<string, ImportedRun> copies in runs.Where(run => run.Values.Length > 1 && run.Values.Min() < run.Values.Max())
            .GroupBy(run => string.Join(' ', run.Values.TakeLast(LastRows).Select(value => BitConverter.DoubleToInt64Bits(value))))
                .Where(group => group.Count() > 1))
        {
            ImportedRun[] equal = [.. copies];
            context.Note($"{equal[0].Name} and {equal[1].Name} have the same values to the last digit"
                + (equal.Length > 2 ? $" (and {equal.Length - 2} more)" : "")
                + (equal.Select(run => run.Seed).Distinct().Count() > 1 ? "; their seeds changed nothing."
                    : "; one may be a copy of the other."));
        }
    }

    /// <summary>Warns where runs of one seed are told apart by nothing but their folders, as those of two trainings are that were taken for
    /// one.</summary>
    public static void WarnOfFolders(IReadOnlyList<ImportedRun> runs, ReadingContext context)
    {
        foreach (IGrouping<(string?, Int128?, string?), ImportedRun> same in runs.Where(run => run.Seed is not null)
            .GroupBy(run => (run.Group, run.Seed, run.Perturbation)))
        {
            string[] folders = [.. same.Select(run => Path.GetDirectoryName(run.Source) is { Length: > 0 } folder ? folder : ".")
                .Distinct()];
            if (folders.Length < 2)
                continue;
            context.Note(
                $"Runs of seed {same.First().Seed} lie in "
                    + $"{string.Join(" and ", folders.Take(2).Select(folder => Foreign.Quote(folder)))}, and nothing but the folder tells "
                + "them apart. If these are two trainings, compare them, as A=PATH B=PATH or with --runs; if they differ in rounding, "
                + "name its column with --k.");
            return;
        }
    }

    /// <summary>Short names that tell the runs apart: what all paths have in common is left away.</summary>
    public static string[] Names(IReadOnlyList<RawRun> runs)
    {
        string[][] parts = [.. runs.Select(run => Path.GetFullPath(run.Source).Replace('\\', '/').Split('/'))];
        int common = 0;
        while (parts.All(part => part.Length > common + 1 && part[common] == parts[0][common]))
            common++;
        // A file of one run needs no word of what stands inside.
        HashSet<string> alone = [.. runs.GroupBy(run => run.Source).Where(group => group.Count() == 1).Select(group => group.Key)];
        bool sameEnd = parts.Length > 1 && parts.All(part => part[^1] == parts[0][^1] && part.Length > common + 1);
        string[] names = [.. runs.Select((run, i) =>
        {
            string place = string.Join('/', parts[i][common..(sameEnd ? ^1 : ^0)]);
            bool oneFile = parts.All(part => part.SequenceEqual(parts[0]));
            string inner = run.Name is { Length: > 0 } name && !run.Inner.Contains(name, StringComparison.Ordinal) ? name
                : run.Name is not { Length: > 0 } && alone.Contains(run.Source) && runs.Count > 1 ? "" : run.Inner;
            return inner.Length == 0 ? place : oneFile ? inner : $"{place} {inner}";
        })];
        var taken = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < names.Length; i++)
        {
            string name = names[i] = ForeignText.Printable(names[i]);
            for (int times = 2; !taken.Add(names[i]); times++)
                names[i] = FormattableString.Invariant($"{name} ({times})");
        }
        return names;
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
