using System.Globalization;
using System.Text.Json;
using LastBit.Experiments.Accuracy;
using LastBit.Imports.Reading;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Imports.Formats;

/// <summary>Documents in JSON: Hugging Face's trainer_state.json, LastBit's own results, and lists of numbers by name as Keras' history.</summary>
internal static class JsonLog
{
    /// <summary>What a document is; null where it is none of these.</summary>
    public static string? Recognise(string file)
    {
        string head = string.Concat(EncodedText.FirstLines(file, 3));
        if (!head.TrimStart().StartsWith('{') && !head.TrimStart().StartsWith('['))
            return null;
        try
        {
            using JsonDocument document = Parse(file);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                return null;
            if (Has(root, "log_history", JsonValueKind.Array))
                return "Hugging Face trainer_state.json";
            if (Has(root, "testAccuracy", JsonValueKind.Object) && root.TryGetProperty("epochs", out _))
                return "LastBit accuracy.json";
            if (DivergenceLog.Recognise(root))
                return DivergenceLog.Format;
            if (Has(root, "digest", JsonValueKind.String) && Has(root, "epochs", JsonValueKind.Array))
                return "LastBit train.json";
            return root.EnumerateObject().Any(member => IsCurve(member.Value)) ? "JSON with one list per metric" : null;
        }
        catch (InputException)
        {
            return null;
        }
    }

    /// <summary>Reads a document into the context.</summary>
    /// <param name="file">The file.</param>
    /// <param name="format">What <see cref="Recognise"/> said.</param>
    /// <param name="context">Gets runs or candidates.</param>
    /// <exception cref="InputException">It is damaged.</exception>
    public static void Read(string file, string format, ReadingContext context)
    {
        if (format == "LastBit accuracy.json")
        {
            ReadAccuracy(file, context);
            return;
        }
        using JsonDocument document = Parse(file);
        if (format == DivergenceLog.Format)
            WithSettings(file, settings => DivergenceLog.Read(file, document.RootElement, settings, context));
        else if (format == "LastBit train.json")
            ReadTrain(file, document.RootElement, context);
        else if (format.StartsWith("Hugging", StringComparison.Ordinal))
            ReadHistory(file, document.RootElement, context);
        else
            ReadLists(file, document.RootElement, context);
    }

    private static JsonDocument Parse(string file)
    {
        try
        {
            byte[] bytes = File.ReadAllBytes(file);
            ReadOnlyMemory<byte> json = bytes.AsSpan().StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]) ? bytes.AsMemory(3) : bytes;
            JsonDocument document;
            try
            {
                document = JsonDocument.Parse(json);
            }
            catch (JsonException) when (json.Span.IndexOf("NaN"u8) >= 0 || json.Span.IndexOf("Infinity"u8) >= 0)
            {
                // Python writes NaN and Infinity, which are not JSON; in quotes they are, and are read as numbers below.
                string text = System.Text.RegularExpressions.Regex.Replace(
                    System.Text.Encoding.UTF8.GetString(json.Span), @"(?<=[:\[,]\s*)(NaN|-?Infinity)(?=\s*[,\]}])", "\"$1\"");
                document = JsonDocument.Parse(text);
            }
            // Halves of surrogate pairs would be found where a text is used.
            CheckText(document.RootElement);
            return document;
        }
        catch (InvalidOperationException error)
        {
            throw new InputException($"{file}: holds text that is not Unicode (half of a surrogate pair, as \\ud800); write it out again", error);
        }
        catch (JsonException error)
        {
            throw new InputException($"{file}:{(error.LineNumber ?? 0) + 1}: is not valid JSON ({ForeignText.Cut(error.Message.TrimEnd('.'), 200)}); give the file as its program wrote it", error);
        }
    }

    private static void CheckText(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement one in element.EnumerateArray())
                    CheckText(one);
                break;
            case JsonValueKind.Object:
                foreach (JsonProperty member in element.EnumerateObject())
                {
                    _ = member.Name;
                    CheckText(member.Value);
                }
                break;
            default:
                break;
        }
    }

    /// <summary>Hugging Face's Trainer: objects with step and epoch, where training and evaluation have entries of their own.</summary>
    private static void ReadHistory(string file, JsonElement root, ReadingContext context)
    {
        string step = context.Options.Step ?? "step";
        foreach (JsonElement entry in root.GetProperty("log_history").EnumerateArray())
        {
            if (entry.ValueKind != JsonValueKind.Object)
                throw new InputException($"{file}: an entry of log_history is not an object; it should be what Trainer wrote");
            foreach (JsonProperty member in entry.EnumerateObject())
            {
                if (!TryNumber(member.Value, out double value) || ColumnRoles.Of(member.Name, context.Options) != ColumnRole.Value
                    || IsTiming(member.Name) && member.Name != context.Options.Metric)
                    continue;
                if (context.IsSurvey)
                    context.Candidate(member.Name);
                else if (context.Wants(member.Name))
                {
                    if (!entry.TryGetProperty(step, out JsonElement at) || !TryNumber(at, out double number))
                        context.LeaveRowOut(file, $"the entry of log_history has no {step}", 0);
                    else
                        context.Run(file, "").Add(number, value, 0);
                }
            }
        }
        if (!context.IsSurvey && root.TryGetProperty("global_step", out JsonElement steps) && TryNumber(steps, out double last))
            context.Run(file, "").Params["global_step"] = last.ToString(CultureInfo.InvariantCulture);

        static bool IsTiming(string name) => name.EndsWith("_runtime", StringComparison.Ordinal) || name.EndsWith("_per_second", StringComparison.Ordinal)
            || name is "total_flos" or "grad_norm";
    }

    private static void ReadAccuracy(string file, ReadingContext context)
    {
        const string metric = "testAccuracy";
        context.Candidate(metric);
        if (!context.Wants(metric))
            return;
        AccuracyCurves curves = AccuracyCurves.Read(Path.GetDirectoryName(Path.GetFullPath(file))!);
        var cells = CellStore.Of(Path.GetDirectoryName(Path.GetFullPath(file))!, AccuracyExperiment.Kind);
        string labels = cells.FileOf("labels", ".npy");
        if (File.Exists(labels))
            context.Labels = NpyLog.LabelsOf(labels);
        if (curves is { TestImages: { } images, Classes: { } classes })
            context.AddTestSet(images, classes);
        foreach ((int seed, SortedDictionary<Perturbation, double[]> runs) in curves.TestAccuracy)
        {
            foreach ((Perturbation one, double[] accuracy) in runs)
            {
                RawRun run = context.Run(file, FormattableString.Invariant($"seed {seed} {(one.IsK ? "k " : "")}{one.Word}"));
                run.IsTold = true;
                run.Seed = seed.ToString(CultureInfo.InvariantCulture);
                run.K = one.Word;
                for (int epoch = 0; epoch < accuracy.Length; epoch++)
                    run.Add(epoch + 1, accuracy[epoch], 0);
                string correct = cells.FileOf(AccuracyExperiment.NameOf(seed, one), AccuracyExperiment.CorrectEnding);
                if (File.Exists(correct))
                    context.Correctness.Add(new CorrectnessRow(run, NpyLog.CorrectnessOf(correct)));
                if (accuracy.Length < curves.Epochs)
                    run.Bad = FormattableString.Invariant($"it has {accuracy.Length} of {curves.Epochs} epochs");
            }
        }
    }

    private static void ReadTrain(string file, JsonElement root, ReadingContext context)
    {
        foreach (JsonElement epoch in root.GetProperty("epochs").EnumerateArray())
        {
            if (epoch.ValueKind != JsonValueKind.Object || !epoch.TryGetProperty("epoch", out JsonElement at) || !TryNumber(at, out double step))
                throw new InputException($"{file}: an entry of epochs is not an object with its epoch; it should be what a run of LastBit wrote");
            foreach (JsonProperty member in epoch.EnumerateObject())
            {
                if (member.Name == "epoch" || member.Value.ValueKind is not (JsonValueKind.Number or JsonValueKind.Null))
                    continue;
                if (context.IsSurvey)
                    context.Candidate(member.Name);
                else if (context.Wants(member.Name))
                {
                    // A loss that is not finite is null there.
                    double value = TryNumber(member.Value, out double number) ? number : double.NaN;
                    context.Run(file, "").Add(step, value, 0);
                }
            }
        }
        if (context.IsSurvey)
            return;
        RawRun run = context.Run(file, "");
        if (root.TryGetProperty("divergedAtStep", out JsonElement diverged) && diverged.ValueKind == JsonValueKind.Number)
            run.Bad = $"it diverged at step {Foreign.Quote(diverged.GetRawText())[1..^1]}";
        WithSettings(file, settings =>
        {
            foreach (JsonProperty setting in settings?.EnumerateObject() ?? default)
            {
                string text = setting.Value.ValueKind == JsonValueKind.String ? setting.Value.GetString()! : setting.Value.GetRawText();
                run.Params[setting.Name] = text;
                if (setting.Name == "seed")
                    run.Seed = text;
                else if (setting.Name == "k")
                    run.K = text;
            }
        });
    }

    /// <summary>Reads the settings in run.json beside a document of ours; null where there are none.</summary>
    private static void WithSettings(string file, Action<JsonElement?> read)
    {
        string settings = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(file))!, "run.json");
        if (!File.Exists(settings))
        {
            read(null);
            return;
        }
        using JsonDocument document = Parse(settings);
        read(document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("settings", out JsonElement values)
            && values.ValueKind == JsonValueKind.Object ? values : null);
    }

    private static void ReadLists(string file, JsonElement root, ReadingContext context)
    {
        double[]? steps = null;
        foreach (JsonProperty member in root.EnumerateObject())
        {
            if (IsCurve(member.Value) && ColumnRoles.Of(member.Name, context.Options) == ColumnRole.Step)
                steps = Curve(member.Value);
        }
        string[] curves = [.. root.EnumerateObject().Where(member => IsCurve(member.Value) && ColumnRoles.Of(member.Name, context.Options) == ColumnRole.Value).Select(member => member.Name)];
        if (RunColumns.Are(curves, context.Options))
        {
            var runs = new RunColumns(file, context);
            foreach (JsonProperty member in root.EnumerateObject())
            {
                if (IsCurve(member.Value) && runs.Of(member.Name) is { } run)
                    Add(run, member);
            }
            runs.Finish(root.EnumerateObject().Select(member => member.Name));
            return;
        }
        foreach (JsonProperty member in root.EnumerateObject())
        {
            ColumnRole role = ColumnRoles.Of(member.Name, context.Options);
            if (IsCurve(member.Value) && role == ColumnRole.Value)
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
                switch (role)
                {
                    case ColumnRole.Seed: run.Seed = text; break;
                    case ColumnRole.K: run.K = text; break;
                    case ColumnRole.Group: run.Group = text; break;
                    case ColumnRole.Run: run.Name = text; break;
                    default: break;
                }
            }
        }

        void Add(RawRun run, JsonProperty member)
        {
            double[] values = Curve(member.Value);
            if (steps is not null && steps.Length != values.Length)
                throw new InputException($"{file}: {Foreign.Quote(member.Name)} has {values.Length} values and there are {steps.Length} steps");
            (run.IsTold, run.CountsRows) = (true, steps is null);
            for (int i = 0; i < values.Length; i++)
                run.Add(steps is null ? i + 1 : steps[i], values[i], 0);
        }
    }

    private static bool IsCurve(JsonElement value) => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
        && value.EnumerateArray().All(element => TryNumber(element, out _));

    private static double[] Curve(JsonElement value) => [.. value.EnumerateArray().Select(element => TryNumber(element, out double number) ? number : double.NaN)];

    private static bool TryNumber(JsonElement element, out double value)
    {
        value = 0;
        return element.ValueKind switch
        {
            JsonValueKind.Number => element.TryGetDouble(out value),
            JsonValueKind.String => element.GetString() is "NaN" or "Infinity" or "-Infinity" && Foreign.TryNumber(element.GetString(), false, out value),
            _ => false,
        };
    }

    private static bool Has(JsonElement root, string name, JsonValueKind kind) => root.TryGetProperty(name, out JsonElement value) && value.ValueKind == kind;
}
