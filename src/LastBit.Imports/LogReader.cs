using System.Globalization;
using LastBit.Experiments.Accuracy;
using LastBit.Experiments.Divergence;
using LastBit.Experiments.Train;
using LastBit.Imports.Formats;
using LastBit.Imports.Reading;
using LastBit.Statistics;

namespace LastBit.Imports;

/// <summary>Reads the logs of somebody's trainings, whatever wrote them; the formats and their peculiarities are in docs/noise.md.</summary>
public static class LogReader
{
    /// <summary>Reads the runs that some paths hold.</summary>
    /// <param name="paths">Files, folders (searched for logs at any depth) or patterns with *, ? and **; at least one.</param>
    /// <param name="options">What is said by hand.</param>
    /// <exception cref="InputException">Nothing can be read, or what it means is not clear; the message lists the candidates.</exception>
    public static ImportResult Read(IReadOnlyList<string> paths, ImportOptions options)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(options);
        string where = string.Join(", ", paths);
        var context = new ReadingContext(options);
        List<LogFile> files = Files(paths, where, context);
        bool onlyMatrix = files.All(file => file.IsCompanion || file.Family == "NumPy array");
        if (files.All(file => file.IsCompanion) && files.All(file => file.Path.EndsWith("labels.npy", StringComparison.Ordinal)))
            throw new InputException($"{where}: holds labels and no run; name the logs of the runs too");

        foreach (LogFile file in files)
            file.Read(context, onlyMatrix);
        context.Metric = MetricChoice.Choose(context.Candidates.Keys, options.Metric, where);
        foreach (LogFile file in files)
            file.Read(context, onlyMatrix);

        LogFile main = files.Find(file => !file.IsCompanion) ?? files[0];
        List<RawRun> raw = [.. context.Runs.Where(run => run.Values.Count > 0 || run.Bad is not null)];
        if (raw.Count == 0)
            throw new InputException($"{where}: {Foreign.Quote(context.Metric)} has no value; name another metric with --metric");
        if (main.Family.StartsWith("Hugging", StringComparison.Ordinal))
            Assembly.MergeCheckpoints(raw, context);
        Assembly.Identify(raw, context);
        Dictionary<RawRun, ImportedRun> runs = Clean(raw, main.Family, context);
        List<ImportedRun> kept = Assembly.SameLength([.. runs.Values], context);
        context.CloseRows();
        if (kept.Count == 0)
            throw new InputException($"{where}: no run can be used; {context.LeftOut[0].What}: {context.LeftOut[0].Why}");
        kept.Sort(Compare);
        Assembly.Warn(kept, context);
        Assembly.WarnOfFolders(kept, context);

        MeasureUnit unit = MetricChoice.Unit(context.Metric, kept);
        string[] programs = [.. files.Where(file => !file.IsCompanion).Select(file => file.Program).Distinct()];
        string format = programs.Length > 0 ? string.Join(" and ", programs) : "correctness of each image";
        var inverse = runs.ToDictionary(pair => pair.Value, pair => pair.Key);
        PassRate?[] rates = [.. kept.Select(run => inverse[run].PassRate)];
        return new ImportResult(kept, context.Metric, format, context.LeftOut, context.Notes)
        {
            Unit = unit,
            LowerIsBetter = MetricChoice.IsLowerBetter(context.Metric),
            Correctness = Matrix(context, kept, runs),
            TestImages = context.TestSet?.Images,
            Classes = context.Labels is { } labels ? Math.Max(2, labels.Distinct().Count()) : context.TestSet?.Classes,
            PassRates = rates.All(rate => rate is not null) ? [.. rates.OfType<PassRate>()] : null,
            Recognised = Describe(format, context.Metric, unit, kept),
        };
    }

    private static List<LogFile> Files(IReadOnlyList<string> paths, string where, ReadingContext context)
    {
        List<(string File, bool Named)> found = LogPaths.Expand(paths);
        // A folder of ours says all in one document; what lies beside and below it is the same in other forms.
        string[] own = [.. found.Where(file => !file.Named && Path.GetFileName(file.File) is AccuracyCurves.FileName or TrainingRunResult.FileName or DivergenceResult.FileName)
            .Where(file => JsonLog.Recognise(file.File) is { } what && what.StartsWith("LastBit", StringComparison.Ordinal)).Select(file => file.File)];
        List<LogFile> files = [];
        List<string> others = [];
        foreach ((string file, bool named) in found)
        {
            if (!named && !own.Contains(file) && own.Any(document => IsBelow(file, Path.GetDirectoryName(document)!)))
                continue;
            LogFile? log;
            try
            {
                log = LogFile.Recognise(file, named, context.Options);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new InputException($"{file}: cannot be read ({error.Message.ReplaceLineEndings(" ")}); name a file that can be", error);
            }
            if (log is not null)
                files.Add(log);
            else if (named && paths.Contains(file))
                throw new InputException($"{file}: is not a log that can be read; docs/noise.md lists those that can");
            else
                others.Add(file);
        }
        if (files.Count == 0)
            throw new InputException($"{where}: none of its {NumberText.Count(others.Count, "file")} is a log that can be read; docs/noise.md lists those that can");
        // What describes a run is read with its log.
        HashSet<string> folders = [.. files.Select(file => Path.GetDirectoryName(Path.GetFullPath(file.Path))!)];
        int unread = others.Count(file => !MlflowLog.IsOfStore(file)
            && !(Path.GetFileName(file) == Assembly.Parameters && folders.Contains(Path.GetDirectoryName(Path.GetFullPath(file))!)));
        if (unread > 0)
            context.Note(unread == 1 ? "One other file is not a log and was not read." : $"{unread.ToString(CultureInfo.InvariantCulture)} other files are not logs and were not read.");
        IGrouping<string, LogFile>[] families = [.. files.Where(file => !file.IsCompanion).GroupBy(file => file.Family)];
        // Bytes and booleans beside other logs are their correctness.
        if (families.Length > 1)
        {
            string kinds = string.Join(" and ", families.Select(family => $"{family.Count()} of {family.First().Program} (as {family.First().Path})"));
            throw new InputException($"{where}: holds logs of {families.Length} kinds, {kinds}; name those that are meant, as a pattern in quotes");
        }
        return files;

        static bool IsBelow(string file, string folder) =>
            Path.GetFullPath(file).StartsWith(Path.GetFullPath(folder) + Path.DirectorySeparatorChar, StringComparison.Ordinal);
    }

    private static Dictionary<RawRun, ImportedRun> Clean(List<RawRun> raw, string family, ReadingContext context)
    {
        string[] names = Assembly.Names(raw);
        Dictionary<RawRun, ImportedRun> runs = [];
        for (int i = 0; i < raw.Count; i++)
        {
            RawRun run = raw[i];
            if (run.Bad is not null)
            {
                context.LeftOut.Add(new LeftOut(names[i], run.Bad));
                continue;
            }
            if (Assembly.Clean(run, names[i], family, context) is not var (steps, values))
                continue;
            runs.Add(run, new ImportedRun(run.Source, names[i], run.Group, Foreign.Seed(run.Seed, run.Lines.Count > 0 ? run.At(0) : run.Source),
                Foreign.Perturbation(run.K), run.Params, steps, values) { Fold = run.Fold });
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
                throw new InputException($"{row.Run.Source}: has {row.Correct.Length} images where {context.Correctness[0].Run.Source} has {images}; "
                    + "the test images must be the same in the same order");
            }
            // NAME.correct.npy belongs to the run of NAME.jsonl (or whatever other ending).
            string stem = Stem(row.Run.Source);
            ImportedRun? run = runs.GetValueOrDefault(row.Run) ?? runs.Values.FirstOrDefault(other => Stem(other.Source) == stem);
            if (run is null)
                context.LeftOut.Add(new LeftOut(row.Run.Source, "no run of this name has a log, so whose correctness it is cannot be said"));
            else if (kept.Contains(run))
                rows.Add((run, row.Correct));
        }
        if (rows.Count > images)
        {
            context.Note($"{context.Correctness[0].Run.Source}: is read as {NumberText.Count(rows.Count, "run")} on {NumberText.Count(images, "image")}, for a row is a run; "
                + "where a row is an image, turn it round.");
        }
        if (context.Labels is { } labels && labels.Length != images)
            throw new InputException($"labels.npy: has {labels.Length} labels for {images} images; one per image is right");
        rows.Sort((a, b) => Compare(a.Run, b.Run));
        return rows.Count == 0 ? null : new CorrectnessMatrix([.. rows.Select(row => row.Run)], [.. rows.Select(row => row.Correct)], context.Labels);

        static string Stem(string path)
        {
            string full = Path.GetFullPath(path);
            return full.EndsWith(".correct.npy", StringComparison.Ordinal) ? full[..^".correct.npy".Length] : Path.ChangeExtension(full, null);
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
            + (seeds is [null] ? "no seeds known, " : $"{(seeds.Length == 1 ? "seed" : "seeds")} {Some(seeds.Select(seed => seed is { } known ? known.ToString(CultureInfo.InvariantCulture) : "unknown"))}, ")
            + (perturbations is [null] ? "no perturbation, " : $"k {Some(perturbations.Select(k => k is null ? "none" : Foreign.Quote(k)[1..^1]))}, ")
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
        if (order == 0 && double.TryParse(a.Perturbation, CultureInfo.InvariantCulture, out double ka) && double.TryParse(b.Perturbation, CultureInfo.InvariantCulture, out double kb))
            order = ka.CompareTo(kb);
        if (order == 0)
            order = string.CompareOrdinal(a.Perturbation, b.Perturbation);
        return order != 0 ? order : a.Name.Length != b.Name.Length ? a.Name.Length.CompareTo(b.Name.Length) : string.CompareOrdinal(a.Name, b.Name);
    }
}
