using System.Text.RegularExpressions;
using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>Weights &amp; Biases' export of a chart: columns RUN - METRIC, each with RUN - METRIC__MIN and __MAX; several runs may have one
/// name.</summary>
internal sealed partial class WandbChartCsv : ILogFormat
{
    private const string Min = "__MIN", Max = "__MAX";

    /// <inheritdoc/>
    public Type Family => typeof(CsvFile);

    /// <inheritdoc/>
    public LogFile? Recognise(FoundFile file, ImportOptions options) => file.Csv is { } header
        && header.Written.Any(name => Column().Match(name) is { Success: true } column && column.Groups[3].Length == 0
            && header.Written.Contains(name + Min))
        ? new LogFile(file, this, "Weights & Biases chart export") { Csv = header } : null;

    /// <inheritdoc/>
    public void Read(LogFile log, ReadingContext context)
    {
        string[] names = log.Csv!.Written;
        var runs = new RawRun?[names.Length];
        var times = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < runs.Length; i++)
        {
            // A chart over steps also has a column RUN - _step for each run, which counts and measures nothing.
            if (Column().Match(names[i]) is not { Success: true } column || column.Groups[3].Length > 0
                || ColumnRoles.Of(column.Groups[2].Value, context.Options) == ColumnRole.Step)
                continue;
            string metric = column.Groups[2].Value, name = column.Groups[1].Value;
            int time = times[names[i]] = times.GetValueOrDefault(names[i]) + 1;
            if (context.IsSurvey)
                context.Candidate(metric);
            else if (context.Wants(metric))
            {
                RawRun run = context.Run(log.Path, time == 1 ? name : FormattableString.Invariant($"{name} ({time})"));
                run.Name = run.Inner;
                RunPattern.ApplyUsual(name, run);
                runs[i] = run;
            }
        }
        long summaries = 0;
        (int Low, int High)[] bounds = [.. names.Select((name, i) => (Next(name + Min, i), Next(name + Max, i)))];
        WideCsv.Read(log.Csv, context, runs, (row, i) =>
        {
            if (bounds[i] is { Low: >= 0, High: >= 0 } bound && Foreign.TryNumber(row[bound.Low].Span, out double low)
                && Foreign.TryNumber(row[bound.High].Span, out double high) && low < high)
                summaries++;
        });
        if (summaries > 0)
        {
            context.Note(
                $"{log.Path}: {NumberText.Count(summaries, "point")} of the chart {(summaries == 1 ? "stands" : "stand")} for several "
                    + "values (__MIN is less than __MAX): "
                + "lines of a group are means over its runs, and long runs are thinned; export runs one by one, ungrouped, to have them "
                + "whole.");
        }
        if (!context.IsSurvey && times.Values.Any(count => count > 1))
            context.Note($"{log.Path}: several runs have one name; they are numbered in the order of their columns.");

        int Next(string name, int from) => Array.IndexOf(names, name, from);
    }

    [GeneratedRegex("^(.+) - (.+?)(__MIN|__MAX|)$", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Column();
}
