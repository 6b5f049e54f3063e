using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>
/// Hugging Face's trainer_state.json: objects with step and epoch, where training and evaluation have entries of their own. Every
/// checkpoint has the whole history before it, so that the files of the checkpoints of one run are beginnings of one curve, of which the
/// longest is kept.
/// </summary>
internal sealed partial class TrainerState : ILogFormat
{
    /// <inheritdoc/>
    public RepeatRule? Repeats { get; } = new(false,
        "its step was evaluated once more at the end, where Trainer may have loaded its best checkpoint");

    /// <inheritdoc/>
    public LogFile? Recognise(FoundFile file, ImportOptions options) =>
        file.Json is { } root && JsonFile.Has(root, "log_history", JsonValueKind.Array)
            ? new LogFile(file, this, "Hugging Face trainer_state.json") : null;

    /// <inheritdoc/>
    public void Read(LogFile log, ReadingContext context)
    {
        string file = log.Path;
        JsonElement root = log.File.Json!.Value;
        string step = context.Options.Step ?? "step";
        foreach (JsonElement entry in root.GetProperty("log_history").EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.Object)
                throw new InputException($"{file}: an entry of log_history is not an object; it should be what Trainer wrote");
            foreach (JsonProperty member in entry.EnumerateObject())
            {
                if (!JsonFile.TryNumber(member.Value, out double value) || ColumnRoles.Of(member.Name, context.Options) != ColumnRole.Value
                    || ColumnRoles.IsTiming(member.Name) && member.Name != context.Options.Metric)
                    continue;
                if (context.IsSurvey)
                    context.Candidate(member.Name);
                else if (context.Wants(member.Name))
                {
                    if (!entry.TryGetProperty(step, out JsonElement at) || !JsonFile.TryNumber(at, out double number))
                        context.LeaveRowOut(file, $"the entry of log_history has no {step}", 0);
                    else
                        context.Run(file, "").Add(number, value, 0);
                }
            }
        }
        if (!context.IsSurvey && root.TryGetProperty("global_step", out JsonElement steps) && JsonFile.TryNumber(steps, out double last))
            context.Run(file, "").Params["global_step"] = last.ToString(CultureInfo.InvariantCulture);
    }

    /// <inheritdoc/>
    public void Complete(List<RawRun> runs, ReadingContext context)
    {
        foreach (IGrouping<string, RawRun> group in runs.GroupBy(run =>
            CheckpointFolder().Replace(Path.GetDirectoryName(Path.GetFullPath(run.Source))!, "")).ToArray())
        {
            if (group.Count() < 2)
                continue;
            // Of equal ones the file of the run itself, which stands above its checkpoints.
            RawRun longest = group.MaxBy(run => (run.Params.TryGetValue("global_step", out string? step)
                && Foreign.TryNumber(step, out double number) ? number : 0,
                run.Values.Count, -run.Source.Length))!;
            foreach (RawRun run in group.Where(run => run != longest))
            {
                bool isPrefix = run.Values.Count <= longest.Values.Count
                    && Enumerable.Range(0, run.Values.Count).All(i => run.Steps[i].Equals(longest.Steps[i])
                        && run.Values[i].Equals(longest.Values[i]));
                context.LeftOut.Add(new LeftOut(run.Source, isPrefix
                    ? $"it is the beginning of {longest.Source}, as every checkpoint's file is"
                    : $"it is a checkpoint in the folder of {longest.Source} but not its beginning, as after a run that was resumed or "
                        + "begun anew"));
                runs.Remove(run);
            }
        }
    }

    [GeneratedRegex(@"[\\/]checkpoint-[0-9]+$", RegexOptions.CultureInvariant)]
    private static partial Regex CheckpointFolder();
}
