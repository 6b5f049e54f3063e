using System.Globalization;
using System.Text.Json;
using LastBit.Experiments.Divergence;
using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>divergence.json of LastBit: how far two copies of a network are apart that differ by rounding alone. A pair is a run; every
/// divisor of the learning rate is a training of its own.</summary>
internal sealed class DivergenceLog : ILogFormat
{
    private const string Metric = "relativeL1";

    /// <inheritdoc/>
    public LogFile? Recognise(FoundFile file, ImportOptions options) =>
        file.Json is { } root && root.TryGetProperty("scaledIterations", out _) && JsonFile.Has(root, "runs", JsonValueKind.Array)
            ? new LogFile(file, this, "LastBit divergence.json") : null;

    /// <inheritdoc/>
    public bool MayCover(string name) => name == DivergenceResult.FileName;

    /// <inheritdoc/>
    public bool Covers(LogFile log, string file) => OwnFolder.IsBelow(log, file);

    /// <inheritdoc/>
    public void Read(LogFile log, ReadingContext context)
    {
        string file = log.Path;
        JsonElement root = OwnFolder.Document(log);
        context.Candidate(Metric);
        if (!context.Wants(Metric))
            return;
        string? seed = OwnFolder.Settings(log) is { } known && known.TryGetProperty("seed", out JsonElement said) ? said.GetRawText()
            : null;
        try
        {
            foreach (JsonElement pair in root.GetProperty("runs").EnumerateArray())
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"n = {pair.GetProperty("divisor").GetInt64()}");
                string? perturbation = pair.TryGetProperty("perturbation", out JsonElement own) && own.ValueKind != JsonValueKind.Null
                    ? own.ToString() : null;
                string group = perturbation is null ? name : $"{name}, {perturbation}";
                RawRun run = context.Run(file, group);
                (run.IsTold, run.Seed, run.Group) = (true, seed, group);
                run.Params["learningRate"] = pair.GetProperty("learningRate").GetRawText();
                JsonElement[] iterations = [.. pair.GetProperty("iterations").EnumerateArray()],
                    differences = [.. pair.GetProperty(Metric).EnumerateArray()];
                if (iterations.Length != differences.Length)
                    throw new InputException($"{file}: {group} has {differences.Length} differences at {iterations.Length} iterations");
                for (int i = 0; i < iterations.Length; i++)
                    run.Add(iterations[i].GetDouble(), differences[i].GetDouble(), 0);
                if (pair.TryGetProperty("divergedAtIteration", out JsonElement at) && at.ValueKind == JsonValueKind.Number)
                    run.Bad = $"it diverged at iteration {at.GetRawText()}";
                else if (iterations.Length < root.GetProperty("scaledIterations").GetInt32())
                    run.Bad = $"it has {iterations.Length} of {root.GetProperty("scaledIterations").GetInt32()} scaled iterations";
            }
        }
        catch (Exception error) when (error is InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new InputException($"{file}: is not what `lastbit divergence` writes ({error.Message.ReplaceLineEndings(" ")})", error);
        }
    }
}
