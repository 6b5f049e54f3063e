using System.Text.Json;
using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>
/// results_*.json of lm-evaluation-harness: for each task its metrics, with the filter behind a comma ("acc,none"), standard errors, how
/// many samples there were, and the seeds. A metric is called TASK/METRIC, and TASK/METRIC/FILTER where there is a filter.
/// </summary>
internal sealed class LmEvaluation : ILogFormat
{
    /// <inheritdoc/>
    public LogFile? Recognise(FoundFile file, ImportOptions options) =>
        file.Json is { } root && JsonFile.Has(root, "results", JsonValueKind.Object)
            && (JsonFile.Has(root, "configs", JsonValueKind.Object) || JsonFile.Has(root, "versions", JsonValueKind.Object))
            && Metrics(root).Any() ? new LogFile(file, this, "lm-evaluation-harness results") : null;

    /// <inheritdoc/>
    public bool MayCover(string name) => name.StartsWith("results", StringComparison.Ordinal)
        && name.EndsWith(".json", StringComparison.Ordinal);

    /// <inheritdoc/>
    public bool Covers(LogFile log, string file) =>
        Path.GetDirectoryName(file) == Path.GetDirectoryName(log.Path)
            && Path.GetFileName(file).StartsWith("samples_", StringComparison.Ordinal);

    /// <inheritdoc/>
    public void Read(LogFile log, ReadingContext context)
    {
        JsonElement root = log.File.Json!.Value;
        foreach ((string task, JsonElement results, string metric, string written, double value) in Metrics(root))
        {
            if (context.IsSurvey)
                context.Candidate($"{task}/{metric}");
            if (!context.Wants($"{task}/{metric}"))
                continue;
            RawRun run = context.Run(log.Path, "");
            run.IsTold = true;
            run.Add(1, value, 0);
            string error = written.IndexOf(',', StringComparison.Ordinal) is >= 0 and int comma
                ? $"{written[..comma]}_stderr{written[comma..]}" : $"{written}_stderr";
            if (results.TryGetProperty(error, out JsonElement spread))
                run.Params["standard error"] = spread.ToString();
            if (JsonFile.Has(root, "n-samples", JsonValueKind.Object)
                && JsonFile.Has(root.GetProperty("n-samples"), task, JsonValueKind.Object)
                && root.GetProperty("n-samples").GetProperty(task).TryGetProperty("effective", out JsonElement samples)
                    && samples.ValueKind == JsonValueKind.Number)
            {
                run.Params["samples"] = samples.GetRawText();
                if (samples.TryGetInt32(out int count) && count > 0 && MetricNames.IsAccuracy(metric))
                    context.AddTestSet(count, null);
            }
            if (!JsonFile.Has(root, "config", JsonValueKind.Object))
                continue;
            foreach ((string name, JsonElement setting) in JsonFile.Flat(root.GetProperty("config")))
            {
                run.Params.TryAdd(name, setting.ToString());
                run.Describe(ColumnRoles.Of(name, context.Options) is var role && role == ColumnRole.Group ? ColumnRole.Value
                    : role, setting.ToString());
            }
        }
    }

    private static IEnumerable<(string Task, JsonElement Results, string Metric, string Written, double Value)> Metrics(JsonElement root) =>
        from task in root.GetProperty("results").EnumerateObject()
        where task.Value.ValueKind == JsonValueKind.Object
        from member in task.Value.EnumerateObject()
        where member.Value.ValueKind == JsonValueKind.Number && !member.Name.Contains("_stderr", StringComparison.Ordinal)
        // The results of a task that is named twice are each its own.
        select (task.Name, task.Value, member.Name.EndsWith(",none", StringComparison.Ordinal) ? member.Name[..^",none".Length]
            : member.Name.Replace(',', '/'), member.Name, member.Value.GetDouble());
}
