using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using LastBit.Reports.Trainings;
using LastBit.Statistics;
using Spectre.Console;
using CorrectnessMatrix = LastBit.Statistics.CorrectnessMatrix;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit noise PATH...`: the noise floor of one training from its runs, whatever wrote their logs.</summary>
internal static class NoiseCommand
{
    private static readonly Option<int> TestImages = OptionTypes.Count("--test-images", 10_000,
        "Size of the test set, to say what its sampling explains.", defaultText: "none");

    private static readonly Option<int> Classes = OptionTypes.Count("--classes", 10,
        "How many classes the test set has, for the share of its sampling that runs of a calibrated training show.", least: 2,
            defaultText: "those of the labels, where there are any");

    private static readonly Option<double> Confidence = OptionTypes.Number("--confidence", DefaultConfidence, "How sure --target must be.");

    private const double DefaultConfidence = 0.99;

    internal static Command Create()
    {
        var paths = new Argument<string[]>("PATH...")
        {
            Description = "Files, folders or quoted patterns with the logs of the runs of one training; or - for a document on standard "
                + "input.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Command command = new Command("noise", "The noise floor of a training from its runs: how large a difference seeds and rounding "
            + "make by themselves.")
        {
            paths, LogOptions.Difference, LogOptions.Target, Confidence, TestImages, Classes, LogOptions.Latex,
        }.WithLogOptions().WithCommonOptions();
        command.SetAction(parse => RunsQuestions.Answer(parse, LogOptions.PathsOf(parse, paths), question =>
        {
            int? images = question.Parse.GetResult(TestImages) is { Implicit: false } ? question.Parse.GetValue(TestImages) : null;
            int? classes = question.Parse.GetResult(Classes) is { Implicit: false } ? question.Parse.GetValue(Classes) : null;
            return Answer(question, images, classes, LogOptions.Given(question.Parse, LogOptions.Difference));
        }, codes => codes.Contains(CompareCommand.Worse) ? CompareCommand.Worse : codes.Max(), "noise.json"));
        return command.Example("lastbit noise logs/", "every run below the folder, whatever wrote its log")
            .Example("lastbit noise 'lightning_logs/version_*/metrics.csv' --metric val_acc --difference 0.003",
                "and how many runs would show a difference of 0.3 points")
            .Example("lastbit noise logs/ --metric val_loss --value last --target 3.28", "is the mean below 3.28, and that no chance at "
                + "1%?")
            .Example("lastbit noise runs.csv --value last --json", "judged by the last step, for a script");
    }

    /// <summary>Reads and analyses.</summary>
    /// <param name="question">Which logs.</param>
    /// <param name="testImages">The size of the test set, where it was said.</param>
    /// <param name="classes">How many classes it has, where that was said.</param>
    /// <param name="difference">The difference that matters, where it was said.</param>
    internal static RunsAnswer Answer(RunsQuestion question, int? testImages, int? classes, double? difference)
    {
        string[] paths = [.. question.Paths.Select(one => one.Path)];
        ReadLogs logs = question.Read(paths);
        question.Say(logs, null);
        string[] trainings = [.. logs.Result.Runs.Select(run => run.Group).OfType<string>().Distinct()];
        if (trainings.Length > 1)
        {
            throw new InputException($"{string.Join(' ', paths)}: holds the runs of {trainings.Length} trainings "
                + $"({string.Join(", ", trainings.Take(5))}"
                + $"{(trainings.Length > 5 ? ", ..." : "")}); `lastbit compare` compares them, and a path to one of them gives its noise");
        }
        int? images = testImages ?? logs.Result.Correctness?.Images ?? logs.Result.TestImages;
        if (classes is not null && images is null)
            throw new InputException("--classes: says something of a test set only together with its size; add --test-images");
        var noise = NoiseAnalysis.Of(logs.Runs, logs.Measure, difference, images, classes ?? logs.Result.Classes);
        TargetTest? target = TargetOf(question) is { } value ? TargetTest.Of(NoiseAnalysis.Units(logs.Runs), value, logs.Measure,
            question.Parse.GetValue(Confidence)) : null;
        ShownTable[] tables = [.. Tables(noise, logs)];
        string methods = target is null ? Methods(noise, logs) : $"{Methods(noise, logs)} {target.Sentence}";
        string[] first = target is null ? [noise.Sentence] : [target.Sentence, noise.Sentence], after = [.. Further(noise, logs.Measure),
            .. noise.Notes];
        var page = new RunsPageContent(
            "noise", question.CommandLine, target is null ? $"How much does {logs.Measure.Name} vary by itself?"
                : $"Does {logs.Measure.Name} meet {Measure.Plain(target.Value)}?",
            [.. first, .. Further(noise, logs.Measure)], [.. noise.Notes], [.. logs.Said], logs.Measure,
            [RunLines.Shown("runs", logs, noise.Mean, noise.MeanInterval)], tables, methods);
        int code = target?.Verdict switch
        {
            TargetVerdict.Missed => CompareCommand.Worse,
            TargetVerdict.TooFewRuns => CompareCommand.TooFewRuns,
            _ => CommandLine.Done,
        };
        return new RunsAnswer(Document(noise, target, logs), first, Show, after, RunLines.Latex(tables[0], methods), page, code);

        void Show(IAnsiConsole console, bool quiet)
        {
            if (!quiet)
                RunLines.Write(console, ["", .. DotPlot.Lines(console, [("runs", [.. logs.Runs.Select(run => run.Value)])])]);
            Cli.Tables.Write(console, [.. tables.Select(table => RunLines.Table(console, table))]);
        }
    }

    /// <summary>The target of the metric that is asked about: a number, or of several metrics METRIC=NUMBER each.</summary>
    private static double? TargetOf(RunsQuestion question)
    {
        if (question.Parse.GetResult(LogOptions.Target) is null || question.Parse.GetValue(LogOptions.Target) is not { } text)
            return null;
        if (question.Parse.GetValue(Confidence) is not (> 0.5 and < 1))
            throw new InputException("--confidence: must lie between 0.5 and 1, as 0.95 or 0.99");
        string[] metrics = LogOptions.MetricsOf(question.Parse), parts = text.Split(',');
        foreach (string part in parts)
        {
            int at = part.LastIndexOf('=');
            string name = at < 0 ? "" : part[..at];
            if (!double.TryParse(part[(at + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                || !double.IsFinite(value))
                throw new InputException($"--target: '{ForeignText.Cut(part)}' is no target; write a number as 3.28, or METRIC=NUMBER");
            if (name.Length == 0 ? metrics.Length > 1 || parts.Length > 1 : !metrics.Contains(name))
                throw new InputException($"--target: '{ForeignText.Cut(part)}' does not say of which metric; write METRIC=NUMBER for "
                    + "metrics that --metric names");
            if (name.Length == 0 || name == question.Metric)
                return value;
        }
        return null;
    }

    /// <summary>What follows the noise floor: what the runs could show, and the plan.</summary>
    private static IEnumerable<string> Further(NoiseAnalysis noise, Measure measure)
    {
        if (noise.RoundingFloor is { } floor)
            yield return $"Of two runs of one seed, which differ by rounding alone, 95% differ by less than {measure.Difference(floor)}.";
        if (noise.DetectableDifference is { } detectable)
        {
            yield return $"As many runs of another training as there are of this one would show a difference of "
                + $"{measure.Difference(detectable)} "
                + "with a power of 80%.";
        }
        if (noise.Repeatability is { } r && noise.Reproducibility is { } reproducibility)
        {
            yield return $"In the words of ISO 5725: repeatability limit r = {measure.Difference(r)} (one seed, rounding alone), "
                + $"reproducibility limit R = {measure.Difference(reproducibility)} (different seeds).";
        }
        foreach (string advice in noise.Plan?.Advice ?? [])
            yield return advice;
    }

    private static IEnumerable<ShownTable> Tables(NoiseAnalysis noise, ReadLogs logs)
    {
        Measure measure = logs.Measure;
        double scale = noise.Spread ?? 0;
        List<string[]> rows = [["mean", Text(noise.Mean, scale), Interval(noise.MeanInterval, scale),
            $"{Runs(noise.Runs)}, {logs.Judged}"]];
        if (noise.Spread is { } spread)
            rows.Add(["spread (standard deviation)", Text(spread, spread), Interval(noise.SpreadInterval, spread), noise.SpreadOver]);
        // The part that is the whole spread has its row already.
        foreach (SpreadPart part in noise.Split.Where(part => part.Std != noise.Spread))
            rows.Add([$"  {part.Source}", Text(part.Std, scale), Interval(part.Interval, scale), part.How]);
        if (noise.NoiseFloor is { } floor)
            rows.Add(["noise floor", Text(floor, floor), "", "95% of pairs of runs differ by less"]);
        if (noise.RoundingFloor is { } rounding)
            rows.Add(["noise floor of rounding alone", Text(rounding, rounding), "", "the same for two runs of one seed"]);
        if (noise.DetectableDifference is { } detectable)
            rows.Add(["difference that these runs would show", Text(detectable, detectable), "", "four times in five, as many of each "
                + "side"]);
        if (noise.Plan is { } plan)
        {
            string[] ends = [.. plan.RunsNeeded is null ? [] : plan.RunsNeededInterval.Select(end => end is { } runs ? $"{runs}"
                : "more than 100000")];
            rows.Add([$"runs that show {Text(plan.Difference, plan.Difference)}", plan.RunsNeeded is { } needed ? $"{needed}"
                : "more than 100000",
                ends.Length == 2 ? $"{ends[0]} to {ends[1]}" : "", "of each side, power 80%"]);
        }
        yield return new ShownTable($"Noise of {measure.Description}", ["", "#estimate", "#95% interval", "of what"], rows);

        if (logs.Result.Correctness is { } read)
            yield return CorrectnessTable(read.ToMatrix(), read.Labels);
        if (logs.Result.PassRates is { } rates)
        {
            List<string[]> passed =
            [
                .. logs.Result.Runs.Zip(rates, (run, rate) =>
                {
                    (double low, double high) = Distributions.ClopperPearson(rate.Passed, rate.Trials);
                    return new[] { run.Name, $"{rate.Passed} of {rate.Trials}", Text(rate.Rate, 0.01), Interval([low, high], 0.01) };
                }),
            ];
            if (rates.Count > 1 && Proportions.Homogeneity([.. rates.Select(rate => ((double)rate.Passed, (double)rate.Trials))]) is { } p)
                passed.Add(["do runs differ by more than sampling?", "", Measure.P(p), "chi-square test"]);
            yield return new ShownTable("Pass rates, with exact binomial intervals", ["run", "#passed", "#rate", "#95% interval"], passed);
        }
    }

    private static ShownTable CorrectnessTable(CorrectnessMatrix matrix, int[]? labels)
    {
        List<string[]> rows = [];
        if (matrix.TestSetStd is { } std)
            rows.Add(["spread on this test set", Percent(std.Value), PercentInterval(std.Low, std.High), "standard deviation over runs"]);
        if (matrix.DistributionVariance() is { } variance)
        {
            rows.Add(["spread on the test distribution", variance.Value > 0 ? Percent(Math.Sqrt(variance.Value)) : "not seen",
                PercentInterval(Math.Sqrt(Math.Max(0, variance.Low)), Math.Sqrt(Math.Max(0, variance.High))),
                    "Jordan's unbiased estimator of its variance"]);
        }
        if (matrix.Churn() is { } churn)
            rows.Add(["churn", Percent(churn.Value), PercentInterval(churn.Low, churn.High), "images on which two runs differ"]);
        foreach ((int name, (int images, double mean, Estimate? spread)) in labels is null ? [] : matrix.ByClass(labels))
        {
            rows.Add([string.Create(CultureInfo.InvariantCulture, $"class {name}, mean {100 * mean:0.00}"), spread is null ? "-"
                : Percent(spread.Value),
                spread is null ? "" : PercentInterval(spread.Low, spread.High), $"spread over runs, {images} images"]);
        }
        return new ShownTable($"Image by image, {matrix.Runs} runs on {matrix.Images} images, in percentage points",
            ["", "#estimate", "#95% interval", "of what"], rows);

        static string Percent(double value) => Text(100 * value, 0.1);

        static string PercentInterval(double low, double high) => Interval([100 * low, 100 * high], 0.1);
    }

    private static JsonObject Document(NoiseAnalysis noise, TargetTest? target, ReadLogs logs)
    {
        var document = new JsonObject
        {
            ["runs"] = noise.Runs,
            ["leftOut"] = RunLines.LeftOut(logs),
            ["metric"] = logs.Measure.Name,
            ["unit"] = RunLines.Unit(logs.Measure),
            ["lowerIsBetter"] = logs.Measure.LowerIsBetter,
            ["value"] = RunLines.RuleName(logs.Rule),
            ["mean"] = noise.Mean,
            ["meanInterval"] = RunLines.Pair(noise.MeanInterval),
            ["spread"] = noise.Spread,
            ["spreadInterval"] = RunLines.Pair(noise.SpreadInterval),
            ["spreadOver"] = noise.SpreadOver,
            ["split"] = new JsonArray([.. noise.Split.Select(part => new JsonObject
            {
                ["source"] = part.Source, ["std"] = part.Std, ["interval"] = RunLines.Pair(part.Interval), ["how"] = part.How,
            })]),
            ["noiseFloor"] = noise.NoiseFloor,
            ["roundingFloor"] = noise.RoundingFloor,
            ["repeatability"] = noise.Repeatability,
            ["reproducibility"] = noise.Reproducibility,
            ["detectableDifference"] = noise.DetectableDifference,
            ["runsNeeded"] = noise.RunsNeeded,
            ["target"] = target is null ? null : new JsonObject
            {
                ["value"] = target.Value,
                ["p"] = target.P,
                ["met"] = target.Verdict == TargetVerdict.Met,
                ["confidence"] = target.Confidence,
                ["permutationP"] = target.PermutationP,
                ["verdict"] = target.Verdict switch { TargetVerdict.Met => "met", TargetVerdict.Missed => "missed", _ => "too few runs" },
                ["runsNeeded"] = target.RunsNeeded,
                ["sentence"] = target.Sentence,
            },
            ["skewness"] = noise.Skewness,
            ["plan"] = noise.Plan is not { } plan ? null : new JsonObject
            {
                ["difference"] = plan.Difference,
                ["runsNeeded"] = plan.RunsNeeded,
                ["runsNeededInterval"] = new JsonArray([.. plan.RunsNeededInterval.Select(end => (JsonNode?)end)]),
                ["repeat"] = plan.Repeat,
                ["lookAfter"] = plan.LookAfter,
                ["levelAtLook"] = plan.LookAfter is null ? null : plan.LevelAtLook,
                ["levelAtEnd"] = plan.LookAfter is null ? Power.Level : plan.LevelAtEnd,
                ["advice"] = new JsonArray([.. plan.Advice.Select(one => (JsonNode)one)]),
            },
            ["sentence"] = noise.Sentence,
            ["notes"] = new JsonArray([.. noise.Notes.Concat(logs.Result.Notes).Select(one => (JsonNode)one)]),
            ["values"] = RunLines.Values(logs),
        };
        if (logs.Result.Correctness is { } read)
        {
            var matrix = read.ToMatrix();
            document["correctness"] = new JsonObject
            {
                ["images"] = matrix.Images,
                ["testSetStd"] = matrix.TestSetStd?.Value,
                ["distributionVariance"] = matrix.DistributionVariance()?.Value,
                ["distributionVarianceInterval"] = matrix.DistributionVariance() is { } variance
                    ? RunLines.Pair([variance.Low, variance.High]) : null,
                ["churn"] = matrix.Churn()?.Value,
                ["churnInterval"] = matrix.Churn() is { } churn ? RunLines.Pair([churn.Low, churn.High]) : null,
            };
        }
        return document;
    }

    private static string Methods(NoiseAnalysis noise, ReadLogs logs) => noise is { Spread: { } spread, NoiseFloor: { } floor }
        ? $"Over {noise.Runs} runs that differ in {noise.SpreadOver}, {logs.Measure.Name} ({logs.Judged}) is {Text(noise.Mean, spread)} "
            + "with a standard deviation of "
            + $"{Text(spread, spread)} (95% interval {Interval(noise.SpreadInterval, spread)}); 95% of pairs of runs differ by less than "
                + $"{Text(floor, floor)}."
        : $"{logs.Measure.Name} ({logs.Judged}) of {Runs(noise.Runs)} is {Text(noise.Mean, 0)}; no spread could be estimated.";

    private static string Runs(int count) => count == 1 ? "one run" : $"{count} runs";

    private static string Text(double value, double scale) => Measure.Number(value, scale);

    private static string Interval(double[]? ends, double scale) => ends is [double low, double high]
        ? $"{Text(low, scale)} to {Text(high, scale)}" : "";
}
