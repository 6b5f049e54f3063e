using System.Globalization;

namespace LastBit.Traces;

/// <summary>What a comparison of traces comes to, in lines for people.</summary>
public static class TraceWords
{
    /// <summary>How a reordered tensor is spoken of.</summary>
    internal const string SameNumbers = "the same numbers in another order";

    /// <summary>How numbers that are none are spoken of.</summary>
    internal const string NanInA = "NaN in A and";

    private const int Digits = 2, MostSettings = 8, MostNames = 5;

    /// <summary>The answer, a line a question: what is asked, and what came out.</summary>
    /// <param name="result">The comparison.</param>
    public static IReadOnlyList<(string Question, string Answer)> Lines(TraceDifference result)
    {
        ArgumentNullException.ThrowIfNull(result);
        List<(string, string)> lines = [("settings", Settings(result))];
        if (result.Renamed.Count > 0 || result.Missing.Count > 0 || result.Extra.Count > 0)
            lines.Add(("structure", Structure(result)));
        lines.Add(("weights", result.Weights switch
        {
            (0, _) => "not recorded by both at the start",
            (var all, 0) => $"equal at the start ({NumberText.Count(all, "tensor")})",
            var (all, differ) => $"{NumberText.Count(differ)} of {NumberText.Count(all, "tensor")} differ at the start",
        }));
        lines.Add(("data", result.BatchSteps == 0 ? "not recorded by both" : result.Batches is { } batches
            ? $"step {batches.Step}: {batches.What}" : $"equal, in the same order, {NumberText.Count(result.BatchSteps, "step")}"));
        if (result.RandomCompared > 0)
            lines.Add(("random", Random(result)));
        if (result.Parted is not { } parted)
        {
            lines.Add(("equal", $"to the last bit in all that both recorded: {NumberText.Count(result.Compared, "record")} of "
                + Steps(result.Steps)));
            lines.AddRange(Ends(result));
            lines.Add(("verdict", Verdict(result)));
            return lines;
        }
        if (result.Steps[0] < parted.Step)
            lines.Add(("equal", $"to the last bit until step {parted.Step}"));
        lines.Add(("parted", $"step {parted.Step}, {What(parted.Key)}: {parted.Why}"));
        lines.Add(("size", Size(parted)));
        if (Growth(result) is { } growth)
            lines.Add(("growth", growth));
        lines.AddRange(Ends(result));
        lines.Add(("verdict", Verdict(result)));
        return lines;
    }

    /// <summary>The verdict in a few words: "equal", "rounding", "as TF32", "larger than any rounding: look for a bug".</summary>
    public static string Verdict(TraceDifference result)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (result.Parted is not { } parted)
            return result.IsWhole ? "equal" : "equal as far as both go";
        string verdict = (parted.Key.Kind, result.Size) switch
        {
            (TraceKind.Batch, not DifferenceSize.Rounding) => "other data: what follows has no reason to be equal",
            (TraceKind.Random, _) => "other random numbers: what follows has no reason to be equal",
            (_, DifferenceSize.Rounding) => "rounding",
            (_, DifferenceSize.Tf32) => parted.Types is var (a, b) && a != b ? "as float16" : result.HasGpu ? "as TF32"
                // No CPU computes in TF32.
                : "larger than rounding of binary32: look for a bug",
            (_, DifferenceSize.Bfloat16) => "as bfloat16",
            (_, DifferenceSize.Structure) => "another structure: the shapes or types are not those of one network",
            _ => "larger than any rounding: look for a bug",
        };
        return result.BesideRounding is > 10 * TraceDifference.AsRounding and var times && result.Size == DifferenceSize.Rounding
            ? $"{verdict} at first, and it grows {NumberText.Of(times, Digits)} times as far as this other rounding does, so something "
                + "else may come in; a further rounding, recorded too, would tell"
            : verdict;
    }

    /// <summary>What a record is of, in words.</summary>
    public static string What(TraceKey key)
    {
        string name = key.Name.Length == 0 ? "the network" : ForeignText.Cut(key.Name, 100);
        string call = key.Call == 0 ? "" : $", call {key.Call + 1}";
        string recomputed = key.Phase == "recomputed" ? "recomputed " : "";
        return key.Kind switch
        {
            TraceKind.Weights => $"{name} as it begins",
            TraceKind.Batch => $"{name} of the batch",
            TraceKind.Random => $"the random numbers of {name}",
            TraceKind.Input => $"{recomputed}input of {name}{call}",
            TraceKind.Op => $"{(key.Phase == TraceKey.Backward ? "backward " : recomputed)}result of {name}{call}",
            TraceKind.Loss => "the loss",
            TraceKind.OutputGradient => $"gradient of the output of {name}{call}",
            TraceKind.Gradient => $"gradient of {name}",
            TraceKind.Update => $"{name} after the optimizer's step",
            TraceKind.Buffer => $"{name} after the step",
            TraceKind.Scale => "the scale of the gradients",
            _ => $"{recomputed}output of {name}{call}",
        };
    }

    /// <summary>What follows from all before being equal.</summary>
    internal static string Why(TraceRecord a, TraceRecord b, TraceRecord? before, bool inputsAreKnown)
    {
        if (a.Tensor is { } x && b.Tensor is { } y)
        {
            if (a.Key.Kind == TraceKind.Batch)
                return OfBatch(a, b);
            if (!x.Shape.SequenceEqual(y.Shape))
                return $"its shape is {Shape(x)} in A and {Shape(y)} in B";
            if (RoundingRule.Judge(x, y, TraceProducts.OfReduction, 0, true).Size == DifferenceSize.Larger
                && Reordered(a, b, before) is { } reordered)
                return reordered;
            if (x.Dtype != y.Dtype)
                return $"its type is {ForeignText.Cut(x.Dtype)} in A and {ForeignText.Cut(y.Dtype)} in B";
            if (x.Nan != y.Nan)
                return $"of its {NumberText.Count((long)Math.Min(1e15, x.Count), "number")}, {Nan(x.Nan)} {NanInA} {Nan(y.Nan)} in B";
        }
        return a.Key.Kind switch
        {
            TraceKind.Weights => "the two begin with other weights",
            TraceKind.Input => Between(a.Key, before) + "what is computed there, in no module, is otherwise on B",
            TraceKind.Loss => "the outputs are equal, so the loss is computed otherwise on B",
            TraceKind.OutputGradient => before is { Key.Kind: TraceKind.OutputGradient }
                ? $"the forward pass and the gradient of {What(before.Key)[12..]} are equal, so what lies between, backward, computes "
                    + "otherwise on B"
                : "the forward pass is equal, so the loss, backward, computes otherwise on B",
            TraceKind.Gradient => "the gradients of all outputs are equal, so the backward pass of its layer computes otherwise on B, or "
                + "gradients are summed, scaled or clipped otherwise after it",
            TraceKind.Update => "its gradient is equal, so the optimizer computes otherwise on B",
            TraceKind.Buffer => "all before it is equal, so it is kept otherwise on B",
            _ => inputsAreKnown ? "its inputs and weights are equal, so this operation computes otherwise on B"
                : "all before it that both recorded is equal, so this operation computes otherwise on B",
        };
    }

    /// <summary>What is not the same of a step's batch.</summary>
    internal static string OfBatches((TraceRecord A, TraceRecord B)[] pairs)
    {
        (TraceRecord a, TraceRecord b) = pairs.First(pair => !pair.A.IsEqualTo(pair.B));
        string[] equal = [.. pairs.Where(pair => pair.A.IsEqualTo(pair.B)).Select(pair => ForeignText.Cut(pair.A.Key.Name))];
        if (a.Tensor is { } x && b.Tensor is { } y
            && RoundingRule.Judge(x, y, RoundingRule.Elementwise, 0, false) is { Size: DifferenceSize.Rounding, Values: > 0 })
            return $"{ForeignText.Cut(a.Key.Name)} differs by rounding alone";
        return $"{ForeignText.Cut(a.Key.Name)} differs: {OfBatch(a, b)}" + (equal.Length == 0 || a.Key.Name != "x" ? ""
            : $"; {string.Join(", ", equal)} {(equal.Length == 1 ? "is" : "are")} equal, so these are the same samples, augmented or "
                + "prepared otherwise");
    }

    private static string OfBatch(TraceRecord a, TraceRecord b)
    {
        if (a.Samples is not { Count: > 0 } mine || b.Samples is not { Count: > 0 } theirs)
            return "other content";
        int common = CommonTo(mine, theirs), ahead = mine.Zip(theirs).TakeWhile(pair => pair.First == pair.Second).Count();
        string sizes = mine.Count == theirs.Count ? "" : $"{NumberText.Count(mine.Count)} samples in A and "
            + $"{NumberText.Count(theirs.Count)} in B, ";
        return sizes + (ahead == Math.Min(mine.Count, theirs.Count) ? $"the first {NumberText.Count(ahead)} equal"
            : common == mine.Count && common == theirs.Count ? "the same samples in another order"
            : common == 0 ? "no sample in common" : $"{NumberText.Count(common)} of {NumberText.Count(mine.Count, "sample")} in common");
    }

    private static string Nan(long count) => count switch { 0 => "none is", 1 => "1 is", _ => $"{NumberText.Count(count)} are" };

    private static int CommonTo(IReadOnlyList<ulong> mine, IReadOnlyList<ulong> theirs)
    {
        var left = mine.CountBy(one => one).ToDictionary();
        return theirs.Count(one => left.TryGetValue(one, out int count) && (left[one] = count - 1) >= 0);
    }

    /// <summary>What is said of a tensor whose norms are those of the other, though it is not as close as rounding; else null.</summary>
    internal static string? Reordered(TraceRecord a, TraceRecord b, TraceRecord? before) => a.Tensor is { } x && b.Tensor is { } y
        && x.Dtype == y.Dtype && x.L1 > 0 && x.Max == y.Max && x.Nan == y.Nan
        && Math.Abs(x.L1 - y.L1) <= 1e-8 * x.L1 && Math.Abs(x.L2 - y.L2) <= 1e-8 * x.L2
        ? (a.Key.Kind == TraceKind.Input ? Between(a.Key, before) : "") + SameNumbers + ", as after another transpose or reshape" : null;

    private static string Between(TraceKey key, TraceRecord? before) => before is { Key.Kind: TraceKind.Input or TraceKind.Output }
        ? $"between {What(before.Key)} and {(key.Name.Length == 0 ? "the network" : ForeignText.Cut(key.Name, 100))}, " : "";

    private static string Shape(TraceTensor tensor) => $"[{ForeignText.Cut(string.Join(", ", tensor.Shape))}]";

    private static string Steps(List<long> steps) => steps.Count == 1 ? $"step {steps[0]}"
        : $"steps {steps[0]} to {steps[^1]}";

    private static string Settings(TraceDifference result)
    {
        string[] differ = [.. result.Settings.Select(one => $"{ForeignText.Cut(one.Name)} {Values(one)}")];
        if (result.Programs.A != result.Programs.B)
            differ = [$"program {ForeignText.Cut(result.Programs.A)} / {ForeignText.Cut(result.Programs.B)}", .. differ];
        return differ.Length == 0 ? "equal" : $"{differ.Length} {(differ.Length == 1 ? "differs" : "differ")}: "
            + string.Join(", ", differ.Take(MostSettings)) + (differ.Length > MostSettings ? ", ..." : "");
    }

    /// <summary>Both values; of lists only what the other does not have.</summary>
    private static string Values(SettingDifference setting)
    {
        string[] a = setting.A?.Split([' ', ';', ','], StringSplitOptions.RemoveEmptyEntries) ?? [],
            b = setting.B?.Split([' ', ';', ','], StringSplitOptions.RemoveEmptyEntries) ?? [];
        return a.Length < 4 || b.Length < 4 ? $"{Short(setting.A)} / {Short(setting.B)}" : $"{Own(a, b)} / {Own(b, a)}";

        static string Own(string[] own, string[] other)
        {
            var left = other.ToList();
            string text = string.Join(' ', own.Where(word => !left.Remove(word)));
            return text.Length == 0 ? "no more" : ForeignText.Cut(text);
        }

        static string Short(string? value) => value is null ? "not set" : ForeignText.Cut(value);
    }

    private static string Structure(TraceDifference result)
    {
        List<string> parts = [];
        if (result.Renamed.Count > 0)
        {
            parts.Add($"{NumberText.Count(result.Renamed.Count, "name")} of B compared with others of A, by place and shape ("
                + $"{Name(result.Renamed[0].B)} as {Name(result.Renamed[0].A)}{(result.Renamed.Count > 1 ? ", ..." : "")})");
        }
        foreach ((string whose, SortedSet<string> names) in ((string, SortedSet<string>)[])[("A", result.Missing), ("B", result.Extra)])
        {
            if (names.Count > 0)
            {
                parts.Add($"only {whose} has records of {string.Join(", ", names.Take(MostNames).Select(Name))}"
                    + (names.Count > MostNames ? $" and {names.Count - MostNames} more" : ""));
            }
        }
        return string.Join("; ", parts);

        static string Name(string name) => name.Length == 0 ? "the network" : ForeignText.Cut(name);
    }

    private static string Random(TraceDifference result) => result.Random.Count == result.Idle.Count
        ? result.Idle.Count == 0 ? "equal" : $"equal, but for {string.Join(", ", result.Idle.Select(name => ForeignText.Cut(name)))}, of "
            + "which no step draws"
        : string.Join(", ", result.Random.Select(one => $"{ForeignText.Cut(one.Key)} differs from step {one.Value} on"))
            + (result.Parted is null ? "; nothing that was recorded is computed of it"
                : result.BatchSteps > 0 && result.Batches is null && result.Parted.Key.Kind != TraceKind.Random
                ? "; the batches are equal all the same" : "");

    private static IEnumerable<(string, string)> Ends(TraceDifference result)
    {
        if (result.OnlySteps is not (0, 0))
        {
            yield return ("steps", $"{Steps(result.Steps)} compared; {NumberText.Count(result.OnlySteps.A)} only in A, "
                + $"{NumberText.Count(result.OnlySteps.B)} only in B");
        }
        foreach (string cut in result.Cut)
            yield return ("cut", cut);
    }

    private static string Size(TracePart parted)
    {
        MeasuredDifference measured = parted.Measured;
        List<string> parts = [];
        if (measured.OfBlocks > 0)
            parts.Add($"{measured.Blocks} of {NumberText.Count(measured.OfBlocks, "block")}");
        if (measured.Ulps is { } ulps)
            parts.Add($"in the sample at most {NumberText.Of(Math.Round(ulps), Digits)} ulp, relative {Number(measured.Relative ?? 0)}");
        else if (measured is { Values: > 0, Size: not DifferenceSize.Structure, Share: null })
            parts.Add($"in the sample {NumberText.Count(measured.Values, "value")} otherwise, not all of them finite");
        else if (measured.Size != DifferenceSize.Structure && measured.Relative is { } norms)
            parts.Add($"none of the sample, and the norms differ by {Number(norms)}");
        if (measured is { Share: { } share, Values: > 0, Size: not DifferenceSize.Structure } && parted.Key.Kind != TraceKind.Batch)
        {
            string what = parted.Key.Kind is TraceKind.Update or TraceKind.Weights ? "rounding"
                : $"sums of {NumberText.Count((long)Math.Min(1e15, measured.Products), "product")}";
            parts.Add($"{Number(share)}{(share < 1 ? " of" : " times")} what {what} in {TypeOf(parted)} may differ by");
        }
        return parts.Count == 0 ? "not comparable number by number" : string.Join("; ", parts);
    }

    private static string TypeOf(TracePart parted) => parted.Types is var (a, b) && TraceNumbers.Of(a) is { } mine
        && TraceNumbers.Of(b) is { } theirs ? (mine.Precision >= theirs.Precision ? mine : theirs).Name : "binary32";

    private static string? Growth(TraceDifference result)
    {
        TraceGrowth growth = result.Growth;
        if (growth.First is not { } first || growth.Steps.Count < 2)
            return null;
        string text = growth.TenfoldEvery() is { } every ? $"tenfold every {Number(every)} steps: {Number(first)} to "
            : $"{Number(first)} to ";
        text += string.Create(CultureInfo.InvariantCulture,
            $"{Number(growth.Differences[^1])} in the weights after step {growth.Steps[^1]}");
        return result.BesideRounding is not { } beside ? text
            : $"{text}, {Number(beside)} times as far apart as other rounding takes the same weights";
    }

    private static string Number(double value) => NumberText.Of(value, Digits);
}
