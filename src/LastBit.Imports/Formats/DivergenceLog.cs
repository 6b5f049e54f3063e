using System.Globalization;
using System.Text.Json;
using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>divergence.json of LastBit: how far two copies of a network are apart that differ by rounding alone. A pair is a run; every divisor of the learning rate is a training of its own.</summary>
internal static class DivergenceLog
{
    /// <summary>What <see cref="JsonLog.Recognise"/> calls the document.</summary>
    public const string Format = "LastBit divergence.json";

    private const string Metric = "relativeL1";

    /// <summary>Whether a document is one.</summary>
    public static bool Recognise(JsonElement root) =>
        root.TryGetProperty("scaledIterations", out _) && root.TryGetProperty("runs", out JsonElement runs) && runs.ValueKind == JsonValueKind.Array;

    /// <summary>Reads a document into the context.</summary>
    /// <param name="file">The file.</param>
    /// <param name="root">Its document.</param>
    /// <param name="settings">The settings in run.json beside it; null where there is none.</param>
    /// <param name="context">Gets the pairs.</param>
    /// <exception cref="InputException">It is damaged.</exception>
    public static void Read(string file, JsonElement root, JsonElement? settings, ReadingContext context)
    {
        context.Candidate(Metric);
        if (!context.Wants(Metric))
            return;
        string? seed = settings is { } known && known.TryGetProperty("seed", out JsonElement said) ? said.GetRawText() : null;
        try
        {
            foreach (JsonElement pair in root.GetProperty("runs").EnumerateArray())
            {
                string name = string.Create(CultureInfo.InvariantCulture, $"n = {pair.GetProperty("divisor").GetInt64()}");
                string? perturbation = pair.TryGetProperty("perturbation", out JsonElement own) && own.ValueKind != JsonValueKind.Null ? own.ToString() : null;
                string group = perturbation is null ? name : $"{name}, {perturbation}";
                RawRun run = context.Run(file, group);
                (run.IsTold, run.Seed, run.Group) = (true, seed, group);
                run.Params["learningRate"] = pair.GetProperty("learningRate").GetRawText();
                JsonElement[] iterations = [.. pair.GetProperty("iterations").EnumerateArray()], differences = [.. pair.GetProperty(Metric).EnumerateArray()];
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
