using System.Globalization;
using LastBit.Imports.Reading;
using LastBit.Statistics;

namespace LastBit.Imports.Formats;

/// <summary>Reads the logs of somebody's trainings, whatever wrote them; the formats and their peculiarities are in
/// docs/noise.md.</summary>
public static class LogReader
{
    /// <summary>Reads the runs that some paths hold.</summary>
    /// <param name="paths">Files, folders (searched for logs at any depth) or patterns with *, ? and **; at least one.</param>
    /// <param name="options">What is said by hand.</param>
    /// <param name="cancellation">Ends the reading, between two rows.</param>
    /// <exception cref="InputException">Nothing can be read, or what it means is not clear; the message lists the candidates.</exception>
    public static ImportResult Read(IReadOnlyList<string> paths, ImportOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(options);
        string where = string.Join(", ", paths);
        var search = new LogPaths(cancellation);
        (List<LogFile> files, List<FoundFile> others) = Recognise(search.Expand(paths), options, where);
        var context = new ReadingContext(options)
        {
            OnlyArrays = files.All(file => file.IsCompanion || file.Format is NpyLog),
            Cancellation = cancellation
        };
        context.LeftOut.AddRange(search.Passed);
        SayWhatIsNoLog(files, others, context);
        // The first time for the names of the metrics, the second time for the values of one.
        foreach (bool isSurvey in new[] { true, false })
        {
            foreach (LogFile file in files)
            {
                cancellation.ThrowIfCancellationRequested();
                file.Read(context);
            }
            if (isSurvey)
                context.Metric = MetricChoice.Choose(context, where);
        }
        List<RawRun> raw = WithValues(files, context);
        if (raw.Count == 0)
            throw new InputException($"{where}: {Foreign.Quote(context.Metric)} has no value; name another metric with --metric");
        foreach (IGrouping<ILogFormat, RawRun> runs in raw.GroupBy(context.FormatOf).ToArray())
        {
            List<RawRun> complete = [.. runs];
            runs.Key.Complete(complete, context);
            raw.RemoveAll(run => context.FormatOf(run) == runs.Key && !complete.Contains(run));
        }
        Assembly.Identify(raw, context);
        Dictionary<RawRun, ImportedRun> cleaned = Clean(raw, context);
        Assembly.LeaveCopiesOut(cleaned, files, context);
        List<ImportedRun> kept = Assembly.SameLength([.. cleaned.Values], context);
        context.CloseRows();
        if (kept.Count == 0)
            throw new InputException($"{where}: no run can be used; {context.LeftOut[0].What}: {context.LeftOut[0].Why}");
        kept.Sort(Compare);
        Assembly.Warn(kept, context);
        Assembly.WarnOfFolders(kept, context);

        MeasureUnit unit = MetricNames.Unit(context.Metric!, kept);
        bool? isLowerBetter = options.LowerIsBetter ?? MetricNames.IsLowerBetter(context.Metric!);
        string[] programs = [.. files.Where(file => !file.IsCompanion).Select(file => file.Program).Distinct()];
        string format = programs.Length > 0 ? string.Join(" and ", programs) : "correctness of each image";
        var inverse = cleaned.ToDictionary(pair => pair.Value, pair => pair.Key);
        PassRate?[] rates = [.. kept.Select(run => inverse[run].PassRate)];
        return new ImportResult(kept, context.Metric!, format, context.LeftOut, context.Notes)
        {
            Unit = unit,
            LowerIsBetter = isLowerBetter ?? false,
            IsDirectionKnown = isLowerBetter is not null,
            Correctness = Matrix(context, kept, cleaned),
            TestImages = context.TestSet?.Images,
            Classes = context.Labels is { } labels ? Math.Max(2, labels.Distinct().Count()) : context.TestSet?.Classes,
            PassRates = rates.All(rate => rate is not null) ? [.. rates.OfType<PassRate>()] : null,
            Recognised = Describe(format, context.Metric!, unit, kept),
        };
    }

    /// <summary>What each file is, and those that are no logs.</summary>
    private static (List<LogFile> Logs, List<FoundFile> Others) Recognise(List<FoundFile> found, ImportOptions options, string where)
    {
        List<LogFile> files = [], covering = [];
        List<FoundFile> others = [];
        // A log of all that lies beside and below it comes first.
        foreach (FoundFile file in found.OrderBy(file => !LogFormats.All.Any(format => format.MayCover(file.Name))))
        {
            if (!file.IsNamed && covering.Exists(log => log.Format.Covers(log, file.Path)))
                continue;
            LogFile? log;
            try
            {
                log = file.Length == 0 ? null : LogFormats.Recognise(file, options);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new InputException($"{file.Path}: cannot be read ({Files.InputFile.Reason(error)}); name a file that can be", error);
            }
            if (file.IsNamed && log?.Problem is { } problem)
                throw new InputException($"{file.Path}: {problem}");
            if (log is null && file.IsNamed && file.IsAlone)
            {
                throw new InputException(file.Length == 0 ? $"{file.Path}: is empty; a log has at least one value"
                    : options.Pattern is not null ? NoLine(options.Pattern, file.Path)
                    : $"{file.Path}: is not a log that can be read; docs/noise.md lists those that can");
            }
            if (log is null || log.Problem is not null)
            {
                others.Add(file);
                continue;
            }
            files.Add(log);
            if (log.Format.MayCover(file.Name))
                covering.Add(log);
        }
        // What may be a log by its looks is one only where nothing else is.
        int rank = files.Where(file => !file.IsCompanion).Select(file => file.Format.Rank).DefaultIfEmpty(0).Min();
        others.AddRange(files.Where(file => !file.File.IsNamed && file.Format.Rank > rank).Select(file => file.File));
        files.RemoveAll(file => !file.File.IsNamed && file.Format.Rank > rank);
        if (files.Count == 0)
        {
            string? problem = others.Select(file => file.Length == 0 ? null : LogFormats.Recognise(file, options)?.Problem is { } why
                ? $"{file.Path} {why}" : null).FirstOrDefault(why => why is not null);
            throw new InputException(problem is not null ? $"{where}: holds no log that can be read; {problem}"
                : options.Pattern is not null ? NoLine(options.Pattern, $"{NumberText.Count(others.Count, "file")} in {where}")
                : $"{where}: none of its {NumberText.Count(others.Count, "file")} is a log that can be read; docs/noise.md lists those "
                    + "that can");
        }
        IGrouping<Type, LogFile>[] families = [.. files.Where(file => !file.IsCompanion).GroupBy(file => file.Format.Family)];
        // Bytes and booleans beside other logs are their correctness.
        if (families.Length > 1)
        {
            string kinds = string.Join(" and ", families.Select(family =>
                $"{family.Count()} of {family.First().Program} (as {family.First().Path})"));
            throw new InputException(
                $"{where}: holds logs of {families.Length} kinds, {kinds}; name those that are meant, as a pattern in quotes");
        }
        return (files, others);
    }

    private static string NoLine(string pattern, string where) => $"--pattern: no line of {where} is like '{pattern}'; copy one, "
        + "and put {step} and a name such as {val_loss} where its numbers are";

    /// <summary>Names the files that might be taken for logs and are none, and counts the others.</summary>
    private static void SayWhatIsNoLog(List<LogFile> files, List<FoundFile> others, ReadingContext context)
    {
        HashSet<string> endings = [.. files.Select(file => file.File.Ending)], folders = [.. files.Select(file => FolderOf(file.Path))];
        List<FoundFile> unread = [];
        foreach (FoundFile file in others.OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            // What describes a run is read with its log.
            if (files.Exists(log => log.Format.Covers(log, file.Path)) || RunSettings.IsOne(file.Path)
                && folders.Contains(FolderOf(file.Path)))
                continue;
            string? problem = file.Length == 0 ? "it is empty" : LogFormats.Recognise(file, context.Options)?.Problem is { } why
                ? "it " + why : "it is not a log that can be read";
            if (endings.Contains(file.Ending) && file.Ending.Length > 0)
                context.LeftOut.Add(new LeftOut(file.Path, problem));
            else
                unread.Add(file);
        }
        if (unread.Count > 0)
        {
            string some = string.Join(", ", unread.Take(3).Select(file => Foreign.Quote(file.Name))) + (unread.Count > 3 ? ", ..." : "");
            context.Note(unread.Count == 1 ? $"One other file is not a log and was not read ({some})."
                : $"{unread.Count.ToString(CultureInfo.InvariantCulture)} other files are not logs and were not read ({some}).");
        }

        static string FolderOf(string file) => Path.GetDirectoryName(Path.GetFullPath(file))!;
    }

    /// <summary>The runs that have values; every other run and file is named with why it has none.</summary>
    private static List<RawRun> WithValues(List<LogFile> files, ReadingContext context)
    {
        RawRun[] all = [.. context.Runs];
        HashSet<string> sources = [.. all.Where(run => run.Values.Count > 0 || run.Bad is not null).Select(run => run.Source)];
        foreach (IGrouping<string, LogFile> source in files.Where(file => !file.IsCompanion).GroupBy(file => file.Source)
            .Where(source => !sources.Contains(source.Key)))
        {
            string[] metrics = [.. source.SelectMany(context.CandidatesOf).Distinct()];
            string others = metrics.Length == 0 ? "" : $"; it has {Foreign.List(metrics)}";
            string why = source.All(file => file.Csv is { HasHeader: false })
                ? "it has no header as the other files have, perhaps because a run that was resumed wrote over it"
                : metrics.Contains(context.Metric) ? $"it has no value of {Foreign.Quote(context.Metric)}"
                : $"it has no value of {Foreign.Quote(context.Metric)}, as a run that ended before its first evaluation{others}";
            context.LeftOut.Add(new LeftOut(source.Key, why));
        }
        foreach (RawRun run in all.Where(run => run.Values.Count == 0 && run.Bad is null && sources.Contains(run.Source)))
            context.LeftOut.Add(new LeftOut(run.Inner.Length > 0 ? $"{run.Source} {run.Inner}"
                : run.Source, $"it has no value of {Foreign.Quote(context.Metric)}, as a run that ended before its first evaluation"));
        return [.. all.Where(run => run.Values.Count > 0 || run.Bad is not null)];
    }

    private static Dictionary<RawRun, ImportedRun> Clean(List<RawRun> raw, ReadingContext context)
    {
        string[] names = Assembly.Names(raw);
        Dictionary<RawRun, ImportedRun> runs = [];
        for (int i = 0; i < raw.Count; i++)
        {
            RawRun run = raw[i];
            if (run.Bad is not null)
                context.LeftOut.Add(new LeftOut(names[i], run.Bad));
            else if (Assembly.Clean(run, names[i], context) is var (steps, values))
            {
                runs.Add(run, new ImportedRun(run.Source, names[i], run.Group,
                    Foreign.Seed(run.Seed, run.Lines.Count > 0 ? run.At(0) : run.Source),
                    Foreign.Perturbation(run.K), run.Params, steps, values)
                { Fold = run.Fold });
            }
        }
        return runs;
    }

    private static CorrectnessMatrix? Matrix(ReadingContext context, List<ImportedRun> kept, Dictionary<RawRun, ImportedRun> runs)
    {
        if (context.Correctness.Count == 0)
            return null;
        int images = context.Correctness[0].Correct.Length;
        List<(ImportedRun Run, byte[] Correct)> rows = [];
        foreach (CorrectnessRow row in context.Correctness)
        {
            if (row.Correct.Length != images)
            {
                throw new InputException(
                    $"{row.Run.Source}: has {row.Correct.Length} images where {context.Correctness[0].Run.Source} has {images}; "
                    + "the test images must be the same in the same order");
            }
            // NAME.correct.npy belongs to the run of NAME.jsonl (or whatever other ending).
            string stem = Stem(row.Run.Source);
            ImportedRun? run = runs.GetValueOrDefault(row.Run) ?? runs.Values.FirstOrDefault(other => Stem(other.Source) == stem);
            if (run is null)
                context.LeftOut.Add(new LeftOut(row.Run.Source,
                    "no run of this name has a log, so whose correctness it is cannot be said"));
            else if (kept.Contains(run))
                rows.Add((run, row.Correct));
        }
        if (rows.Count > images)
        {
            context.Note(
                $"{context.Correctness[0].Run.Source}: is read as {NumberText.Count(rows.Count, "run")} on "
                    + $"{NumberText.Count(images, "image")}, for a row is a run; "
                + "where a row is an image, turn it round.");
        }
        if (context.Labels is { } labels && labels.Length != images)
            throw new InputException($"labels.npy: has {labels.Length} labels for {images} images; one per image is right");
        rows.Sort((a, b) => Compare(a.Run, b.Run));
        return rows.Count == 0 ? null : new CorrectnessMatrix([.. rows.Select(row => row.Run)], [.. rows.Select(row => row.Correct)],
            context.Labels);

        static string Stem(string path)
        {
            string full = Path.GetFullPath(path);
            return full.EndsWith(".correct.npy", StringComparison.Ordinal) ? full[..^".correct.npy".Length]
                : Path.ChangeExtension(full, null);
        }
    }

    private static string Describe(string format, string metric, MeasureUnit measured, List<ImportedRun> runs)
    {
        string unit = measured switch { MeasureUnit.Percent => "in percent", MeasureUnit.Fraction => "as a fraction", _ => "as it is" };
        Int128?[] seeds = [.. runs.Select(run => run.Seed).Distinct()];
        string?[] perturbations = [.. runs.Select(run => run.Perturbation).Distinct()];
        string?[] groups = [.. runs.Select(run => run.Group).Distinct()];
        double[] ends = [.. runs.Select(run => run.LastStep).Distinct().Order()];
        string steps = ends.Length == 1 ? $"last step {Number(ends[0])}" : $"last steps {Number(ends[0])} to {Number(ends[^1])}";
        return $"{format}: {NumberText.Count(runs.Count, "run")}, metric {Foreign.Quote(metric)} {unit}, "
            + (groups is [null] ? "" : $"groups {Foreign.List(groups.Select(group => group ?? "none"))}, ")
            + (seeds is [null] ? "no seeds known, "
                : $"{(seeds.Length == 1 ? "seed" : "seeds")} "
                    + $"{Some(seeds.Select(seed => seed is { } known ? known.ToString(CultureInfo.InvariantCulture) : "unknown"))}, ")
            + (perturbations is [null] ? "no perturbation, "
                : $"k {Some(perturbations.Select(k => k is null ? "none" : Foreign.Quote(k)[1..^1]))}, ")
            + steps + ".";

        static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);
        static string Some(IEnumerable<string> names)
        {
            string[] all = [.. names];
            return all.Length <= 12 ? string.Join(", ", all) : $"{string.Join(", ", all.Take(12))} and {all.Length - 12} more";
        }
    }

    private static int Compare(ImportedRun a, ImportedRun b)
    {
        int order = string.CompareOrdinal(a.Group, b.Group);
        if (order == 0)
            order = Nullable.Compare(a.Seed, b.Seed);
        if (order == 0 && double.TryParse(a.Perturbation, CultureInfo.InvariantCulture, out double ka)
            && double.TryParse(b.Perturbation, CultureInfo.InvariantCulture, out double kb))
            order = ka.CompareTo(kb);
        if (order == 0)
            order = string.CompareOrdinal(a.Perturbation, b.Perturbation);
        return order != 0 ? order : a.Name.Length != b.Name.Length ? a.Name.Length.CompareTo(b.Name.Length)
            : string.CompareOrdinal(a.Name, b.Name);
    }
}
