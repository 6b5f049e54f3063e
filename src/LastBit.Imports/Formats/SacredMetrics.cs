using System.Text.Json;
using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>Sacred's metrics.json: for each metric the lists steps, values and timestamps; the seed stands in config.json beside
/// it.</summary>
internal sealed class SacredMetrics : ILogFormat
{
    /// <inheritdoc/>
    public RepeatRule? Repeats => RepeatRule.Resumed;

    /// <inheritdoc/>
    public LogFile? Recognise(FoundFile file, ImportOptions options) =>
        file.Json is { } root && Metrics(root).Any() ? new LogFile(file, this, "Sacred metrics.json") : null;

    /// <inheritdoc/>
    public void Read(LogFile log, ReadingContext context)
    {
        foreach ((string name, double[] steps, double[] values) in Metrics(log.File.Json!.Value))
        {
            if (steps.Length != values.Length)
                throw new InputException(
                    $"{log.Path}: {Foreign.Quote(name)} has {NumberText.Count(values.Length, "value")} and "
                        + $"{NumberText.Count(steps.Length, "step")}");
            if (context.IsSurvey)
                context.Candidate(name);
            if (!context.Wants(name))
                continue;
            RawRun run = context.Run(log.Path, "");
            run.IsTold = true;
            for (int i = 0; i < steps.Length; i++)
                run.Add(steps[i], values[i], 0);
        }
    }

    private static IEnumerable<(string Name, double[] Steps, double[] Values)> Metrics(JsonElement root) =>
        from member in root.EnumerateObject()
        where member.Value.ValueKind == JsonValueKind.Object && member.Value.TryGetProperty("steps", out JsonElement steps)
            && JsonFile.IsCurve(steps)
            && member.Value.TryGetProperty("values", out JsonElement values) && JsonFile.IsCurve(values)
        select (member.Name, JsonFile.Curve(member.Value.GetProperty("steps")), JsonFile.Curve(member.Value.GetProperty("values")));
}
