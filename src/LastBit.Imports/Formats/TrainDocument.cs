using System.Text.Json;
using LastBit.Experiments.Train;
using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>train.json of LastBit: one training, epoch by epoch.</summary>
internal sealed class TrainDocument : ILogFormat
{
    /// <inheritdoc/>
    public LogFile? Recognise(FoundFile file, ImportOptions options) =>
        file.Json is { } root && JsonFile.Has(root, "digest", JsonValueKind.String) && JsonFile.Has(root, "epochs", JsonValueKind.Array)
            ? new LogFile(file, this, "LastBit train.json") : null;

    /// <inheritdoc/>
    public bool MayCover(string name) => name == TrainingRunResult.FileName;

    /// <inheritdoc/>
    public bool Covers(LogFile log, string file) => OwnFolder.IsBelow(log, file);

    /// <inheritdoc/>
    public void Read(LogFile log, ReadingContext context)
    {
        string file = log.Path;
        JsonElement root = OwnFolder.Document(log);
        foreach (JsonElement epoch in root.GetProperty("epochs").EnumerateArray())
        {
            if (epoch.ValueKind != JsonValueKind.Object || !epoch.TryGetProperty("epoch", out JsonElement at)
                || !JsonFile.TryNumber(at, out double step))
                throw new InputException(
                    $"{file}: an entry of epochs is not an object with its epoch; it should be what a run of LastBit wrote");
            foreach (JsonProperty member in epoch.EnumerateObject())
            {
                if (member.Name == "epoch" || member.Value.ValueKind is not (JsonValueKind.Number or JsonValueKind.Null))
                    continue;
                if (context.IsSurvey)
                    context.Candidate(member.Name);
                else if (context.Wants(member.Name))
                {
                    // A loss that is not finite is null there.
                    double value = JsonFile.TryNumber(member.Value, out double number) ? number : double.NaN;
                    context.Run(file, "").Add(step, value, 0);
                }
            }
        }
        if (context.IsSurvey)
            return;
        RawRun run = context.Run(file, "");
        if (root.TryGetProperty("divergedAtStep", out JsonElement diverged) && diverged.ValueKind == JsonValueKind.Number)
            run.Bad = $"it diverged at step {Foreign.Quote(diverged.GetRawText())[1..^1]}";
        foreach (JsonProperty setting in OwnFolder.Settings(log)?.EnumerateObject() ?? default)
        {
            string text = setting.Value.ValueKind == JsonValueKind.String ? setting.Value.GetString()! : setting.Value.GetRawText();
            run.Params[setting.Name] = text;
            if (setting.Name == "seed")
                run.Seed = text;
            else if (setting.Name == "k")
                run.K = text;
        }
    }
}
