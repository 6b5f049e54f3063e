using System.Text.Json;
using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>A document with a list of numbers for each metric, as Keras' history; or for each run.</summary>
internal sealed class JsonLists : ILogFormat
{
    /// <inheritdoc/>
    public LogFile? Recognise(FoundFile file, ImportOptions options)
    {
        bool isHistory = file.Name.Contains("history", StringComparison.OrdinalIgnoreCase)
            || file.Name.Contains("metrics", StringComparison.OrdinalIgnoreCase);
        return (file.IsNamed || isHistory) && file.Json is { } root && root.EnumerateObject().Any(member => JsonFile.IsCurve(member.Value))
            ? new LogFile(file, this, "JSON with one list per metric") : null;
    }

    /// <inheritdoc/>
    public void Read(LogFile log, ReadingContext context)
    {
        string file = log.Path;
        JsonElement root = log.File.Json!.Value;
        double[]? steps = null;
        foreach (JsonProperty member in root.EnumerateObject())
        {
            if (JsonFile.IsCurve(member.Value) && ColumnRoles.Of(member.Name, context.Options) == ColumnRole.Step)
                steps = JsonFile.Curve(member.Value);
        }
        string[] curves = [.. root.EnumerateObject().Where(member => JsonFile.IsCurve(member.Value)
            && ColumnRoles.Of(member.Name, context.Options) == ColumnRole.Value).Select(member => member.Name)];
        if (RunColumns.Are(curves, context.Options))
        {
            var runs = new RunColumns(file, context);
            foreach (JsonProperty member in root.EnumerateObject())
            {
                if (JsonFile.IsCurve(member.Value) && runs.Of(member.Name) is { } run)
                    Add(run, member);
            }
            runs.Finish(root.EnumerateObject().Select(member => member.Name));
            return;
        }
        foreach (JsonProperty member in root.EnumerateObject())
        {
            ColumnRole role = ColumnRoles.Of(member.Name, context.Options);
            if (JsonFile.IsCurve(member.Value) && role == ColumnRole.Value)
            {
                if (context.IsSurvey)
                    context.Candidate(member.Name);
                else if (context.Wants(member.Name))
                    Add(context.Run(file, ""), member);
            }
            else if (!context.IsSurvey && member.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
            {
                RawRun run = context.Run(file, "");
                string text = member.Value.ToString();
                run.Params[member.Name] = text;
                run.Describe(role, text);
            }
        }

        void Add(RawRun run, JsonProperty member)
        {
            double[] values = JsonFile.Curve(member.Value);
            if (steps is not null && steps.Length != values.Length)
                throw new InputException(
                    $"{file}: {Foreign.Quote(member.Name)} has {values.Length} values and there are {steps.Length} steps");
            (run.IsTold, run.CountsRows) = (true, steps is null);
            for (int i = 0; i < values.Length; i++)
                run.Add(steps is null ? i + 1 : steps[i], values[i], 0);
        }
    }
}
