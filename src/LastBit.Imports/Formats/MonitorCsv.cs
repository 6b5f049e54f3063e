using System.Text.Json;
using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>
/// Stable-Baselines3's monitor.csv: a line #{json} with the time at which it began, then reward r, length l and seconds t of each episode.
/// The files 0.monitor.csv, 1.monitor.csv, ... of one folder are the parallel environments of one run, whose episodes are put in the order
/// in which they ended.
/// </summary>
internal sealed class MonitorCsv : ILogFormat
{
    private const string Time = "t", Start = "t_start";

    /// <inheritdoc/>
    public LogFile? Recognise(FoundFile file, ImportOptions options)
    {
        if (file.Csv is not { Skip: 1 } header || !header.Names.Contains(Time) || !header.Names.Contains("r") || StartOf(file) is null)
            return null;
        bool isOneOfMany = file.Name.EndsWith(".monitor.csv", StringComparison.Ordinal) && file.Name.Split('.')[0].All(char.IsAsciiDigit);
        string folder = Path.GetDirectoryName(file.Path) is { Length: > 0 } parent ? parent : ".";
        return new LogFile(file, this, "Stable-Baselines3 monitor") { Csv = header, Source = isOneOfMany ? folder : file.Path };
    }

    /// <inheritdoc/>
    public void Read(LogFile log, ReadingContext context)
    {
        string[] names = log.Csv!.Names;
        int metric = Array.IndexOf(names, context.Metric);
        if (context.IsSurvey)
        {
            foreach (string name in names.Where(name => name != Time))
                context.Candidate(name);
        }
        if (context.IsSurvey || metric < 0)
            return;
        double start = StartOf(log.File)!.Value;
        int time = Array.IndexOf(names, Time);
        RawRun run = context.Run(log.Source, "");
        run.IsTold = true;
        CsvFile.Rows(log.Csv, context, (row, line) =>
        {
            if (Foreign.TryNumber(row[metric].Span, out double value) && Foreign.TryNumber(row[time].Span, out double seconds))
                run.Add(start + seconds, value, line);
            else
                context.LeaveRowOut(log.Path, "it is not an episode with its reward and its time", line);
            return true;
        });
    }

    /// <inheritdoc/>
    public void Complete(List<RawRun> runs, ReadingContext context)
    {
        // An episode is a step.
        foreach (RawRun run in runs)
        {
            double[] values = [.. Enumerable.Range(0, run.Values.Count).OrderBy(i => run.Steps[i]).Select(i => run.Values[i])];
            for (int i = 0; i < values.Length; i++)
                (run.Steps[i], run.Values[i]) = (i + 1, values[i]);
        }
    }

    private static double? StartOf(FoundFile file)
    {
        try
        {
            JsonElement root = JsonElement.Parse(file.Lines[0].TrimStart('#'));
            return root.ValueKind == JsonValueKind.Object && root.TryGetProperty(Start, out JsonElement start)
                && JsonFile.TryNumber(start, out double value) ? value : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
