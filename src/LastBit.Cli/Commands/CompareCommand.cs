using System.CommandLine;
using System.Text.Json.Nodes;
using LastBit.Reports.Trainings;
using LastBit.Statistics;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit compare A=PATH B=PATH ...`: is one training better than the other, or would another seed have said the opposite?</summary>
internal static class CompareCommand
{
    /// <summary>Under --exit-code: the runs show no difference.</summary>
    internal const int NoDifferenceSeen = 3;

    /// <summary>Under --exit-code: there are too few runs to tell.</summary>
    internal const int TooFewRuns = 4;

    private static readonly string[] HolmHeading = ["#p (Holm)"];

    private static readonly Option<string> Paired = OptionTypes.Choice("--paired", "auto", ["auto", "yes", "no"], "Whether to compare runs of one seed with each other.");

    private static readonly Option<bool> ExitCode =
        OptionTypes.Switch("--exit-code", "Ends with 0 if a difference is real, 3 if none is seen, 4 if there are too few runs.");

    internal static Command Create()
    {
        var trainings = new Argument<string[]>("NAME=PATH...")
        {
            Description = "Two or more trainings, each a name and where its logs are; or paths alone, whose logs tell the trainings apart (see --group); "
                + "or - for a document on standard input.",
            Arity = ArgumentArity.OneOrMore,
        };
        Command command = new Command("compare", "Is one training better than another? Says real, no difference seen, or too few runs, and how many more would decide.")
        {
            trainings, Paired, LogOptions.Difference, ExitCode, LogOptions.Latex,
        }.WithLogOptions().WithCommonOptions();
        command.SetAction(parse => RunsQuestions.Answer(parse, parse.GetRequiredValue(trainings), Answer, CodeOf, "compare.json"));
        return command.Example("lastbit compare A=logs/baseline B=logs/warmup", "is B better than A?")
            .Example("lastbit compare sgd=sgd.csv adam=adam.csv lion=lion.csv --metric val_acc --value last", "three trainings, with Holm's correction")
            .Example("lastbit compare A=a.csv B=b.csv --difference 0.3 --exit-code --json", "for CI or an agent: 0 real, 3 no difference seen, 4 too few runs");
    }

    private static int CodeOf(IReadOnlyList<int> codes) =>
        codes.Contains(CommandLine.Done) ? CommandLine.Done : codes.Contains(TooFewRuns) ? TooFewRuns : NoDifferenceSeen;

    private static int CodeOf(IReadOnlyList<Comparison> pairs) => CodeOf([.. pairs.Select(pair => pair.Verdict switch
    {
        ComparisonVerdict.Real => CommandLine.Done,
        ComparisonVerdict.TooFewRuns => TooFewRuns,
        _ => NoDifferenceSeen,
    })]);

    private static RunsAnswer Answer(RunsQuestion question)
    {
        ParseResult parse = question.Parse;
        Pairing pairing = parse.GetValue(Paired) switch { "yes" => Pairing.Yes, "no" => Pairing.No, _ => Pairing.Auto };
        List<ComparedTraining> read = Read(question);
        Measure measure = OneMeasure(read);
        double? difference = parse.GetResult(LogOptions.Difference) is { Implicit: false } ? parse.GetValue(LogOptions.Difference) : null;
        IReadOnlyList<Comparison> pairs = Comparison.OfAll(
            [.. read.Select(one => new ComparedGroup(one.Name, one.Runs))], new ComparisonSettings(measure, pairing, difference));
        NoiseAnalysis[] noise = [.. read.Select(one => NoiseAnalysis.Of(one.Runs, measure))];
        List<ShownTable> tables = [PairsTable(pairs, measure), GroupsTable(read, noise)];
        IReadOnlyList<ComparedCases.ImageTest> imageTests = ComparedCases.ImageTests(read);
        if (ComparedCases.ImageTable(imageTests) is { } images)
            tables.Add(images);
        if (ComparedCases.RatesTable(read) is { } rates)
            tables.Add(rates);
        string methods = Methods(pairs, read[0].Logs, measure);
        string[] notes =
        [
            .. pairs.SelectMany(pair => pair.Notes.Select(note => pairs.Count == 1 ? note : $"{pair.A} and {pair.B}: {note}")).Distinct(),
            .. Bootstraps(pairs),
        ];
        var page = new RunsPageContent(
            "compare", question.CommandLine, Title(read), [.. pairs.Select(pair => pair.Sentence)], notes,
            [.. read.DistinctBy(one => one.Logs).SelectMany(one => one.Logs.Said.Select(line => read.All(other => other.Logs == one.Logs) ? line : $"{one.Name}: {line}"))], measure,
            [.. read.Select((one, i) => RunLines.Shown(one.Name, one.Logs, noise[i].Mean, noise[i].MeanInterval, [.. one.Runs.Select(run => run.Name)]))], tables, methods);
        return new RunsAnswer(Document(read, noise, pairs, imageTests, measure), Show, RunLines.Latex(tables[0], methods), page,
            parse.GetValue(ExitCode) ? CodeOf(pairs) : CommandLine.Done);

        void Show(IAnsiConsole console)
        {
            RunLines.Write(console, [.. DotPlot.Lines(console, [.. read.Select(one => (one.Name, one.Runs.Select(run => run.Value).ToArray()))]), ""]);
            Tables.Write(console, [.. tables.Select(table => RunLines.Table(console, table))]);
            foreach (string sentence in notes.Concat(pairs.Select(pair => pair.Sentence)))
                RunLines.Say(console, sentence);
        }
    }

    private static List<ComparedTraining> Read(RunsQuestion question)
    {
        List<ComparedTraining> read = [];
        string[] words = [.. question.Paths.Select(one => one.Path)];
        (string Name, string Path)[] named = [.. question.Paths.Select(one => one.Name is { } name ? (name, one.Path) : NamedIn(one.Path))];
        foreach (var training in named.GroupBy(one => one.Name))
        {
            ReadLogs logs = question.Read([.. training.Select(one => one.Path)], training.Key.Length > 0 ? training.Key : null);
            if (training.Key.Length > 0)
            {
                read.Add(new ComparedTraining(training.Key, logs, logs.Runs));
                continue;
            }
            var groups = logs.Result.Runs.ToDictionary(run => run.Name, run => run.Group ?? "");
            foreach (var group in logs.Runs.GroupBy(run => groups[run.Name]))
                read.Add(new ComparedTraining(group.Key.Length > 0 ? group.Key : "runs", logs, [.. group]));
        }
        if (read.Count < 2)
        {
            throw new InputException(words.Length > 1 && read is [{ Name: "runs" }]
                ? $"{string.Join(' ', words)}: paths without names are one training; name each, as A={words[0]} B={words[1]}"
                : $"{string.Join(' ', words)}: is one training; compare needs two, as A=PATH B=PATH, or logs with a column that tells trainings apart");
        }
        if (read.GroupBy(one => one.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new InputException($"{twice.Key}: is the name of two trainings; give each its own");
        return read;
    }

    /// <summary>The name and the path of a word. A path may hold '=' itself; a name does not hold what paths are made of.</summary>
    private static (string Name, string Path) NamedIn(string word)
    {
        int at = word.IndexOf('=', StringComparison.Ordinal);
        if (at <= 0 || word.Take(at).Any("/\\*?.{".Contains) || Path.Exists(word))
            return ("", word);
        return at + 1 < word.Length ? (word[..at], word[(at + 1)..]) : throw new InputException($"{word}: names no path; write {word}PATH");
    }

    private static Measure OneMeasure(List<ComparedTraining> read)
    {
        (string first, ReadLogs logs, _) = read[0];
        foreach ((string name, ReadLogs other, _) in read)
        {
            if (other.Measure.Name != logs.Measure.Name)
                throw new InputException($"{first} is measured by {logs.Measure.Name} and {name} by {other.Measure.Name}; name the one metric that both have");
            if (other.Measure.Unit != logs.Measure.Unit)
            {
                throw new InputException($"{logs.Measure.Name} is {RunLines.Unit(logs.Measure)} in {first} and {RunLines.Unit(other.Measure)} in {name}; "
                    + "both must have one unit");
            }
        }
        return logs.Measure;
    }

    private static string Title(List<ComparedTraining> read) =>
        read.Count == 2 ? $"Is {read[1].Name} better than {read[0].Name}?" : $"Which of {string.Join(", ", read.Select(one => one.Name))} is better?";

    private static string Text(ComparisonVerdict verdict) => verdict switch
    {
        ComparisonVerdict.Real => "real",
        ComparisonVerdict.TooFewRuns => "too few runs",
        _ => "no difference seen",
    };

    private static ShownTable PairsTable(IReadOnlyList<Comparison> pairs, Measure measure) => new(
        $"{measure.Description}, pair by pair",
        ["pair", "#difference", "#95% interval", "#p", .. pairs.Count > 1 ? HolmHeading : [], "#p by permutation", "#P(first better)", "#95% interval", "verdict"],
        [
            .. pairs.Select(pair =>
            {
                double scale = pair.Test?.StandardError ?? Math.Abs(pair.Difference);
                return (string[])
                [
                    $"{pair.B} - {pair.A}{(pair.Paired ? ", paired" : "")}", Measure.Number(pair.Difference, scale),
                    pair.Test is { } test ? $"{Measure.Number(test.Low, scale)} to {Measure.Number(test.High, scale)}" : "-",
                    pair.P is { } p ? Measure.P(p).Replace("p = ", "", StringComparison.Ordinal) : "-",
                    .. pairs.Count > 1 ? new[] { pair.PAdjusted is { } q ? Measure.P(q).Replace("p = ", "", StringComparison.Ordinal) : "-" } : [],
                    Measure.P(pair.Permutation.P).Replace("p = ", "", StringComparison.Ordinal) + (pair.Permutation.Exact ? "" : " (sampled)"),
                    Measure.Number(pair.BBetter.Value, 0.1), $"{Measure.Number(pair.BBetter.Low, 0.1)} to {Measure.Number(pair.BBetter.High, 0.1)}",
                    Text(pair.Verdict),
                ];
            }),
        ]);

    /// <summary>The bootstrap's intervals, in one sentence.</summary>
    private static IEnumerable<string> Bootstraps(IReadOnlyList<Comparison> pairs)
    {
        string[] intervals =
        [
            .. pairs.Where(pair => pair is { Bootstrap: not null, Test: not null }).Select(pair =>
            {
                double scale = pair.Test!.StandardError;
                return $"{Measure.Number(pair.Bootstrap!.Value.Low, scale)} to {Measure.Number(pair.Bootstrap.Value.High, scale)}{(pairs.Count > 1 ? $" for {pair.B} - {pair.A}" : "")}";
            }),
        ];
        if (intervals.Length > 0)
            yield return $"The 95% interval of the difference by the bootstrap (BCa), which is too narrow with few runs: {string.Join("; ", intervals)}.";
    }

    private static ShownTable GroupsTable(List<ComparedTraining> read, NoiseAnalysis[] noise) => new(
        "The trainings", ["training", "#runs", "#mean", "#95% interval", "#spread", "of what"],
        [
            .. read.Select((one, i) =>
            {
                double scale = noise[i].Spread ?? 0;
                return (string[])
                [
                    one.Name, $"{one.Runs.Count}", Measure.Number(noise[i].Mean, scale),
                    noise[i].MeanInterval is [double low, double high] ? $"{Measure.Number(low, scale)} to {Measure.Number(high, scale)}" : "-",
                    noise[i].Spread is { } spread ? Measure.Number(spread, spread) : "-", noise[i].Spread is not null ? noise[i].SpreadOver : one.Runs.Count == 1 ? "one run" : "equal values",
                ];
            }),
        ]);

    private static JsonObject Document(
        List<ComparedTraining> read, NoiseAnalysis[] noise, IReadOnlyList<Comparison> pairs,
        IReadOnlyList<ComparedCases.ImageTest> imageTests, Measure measure)
    {
        var groups = new JsonObject();
        for (int i = 0; i < read.Count; i++)
        {
            groups[read[i].Name] = new JsonObject
            {
                ["runs"] = read[i].Runs.Count,
                ["mean"] = noise[i].Mean,
                ["meanInterval"] = RunLines.Pair(noise[i].MeanInterval),
                ["spread"] = noise[i].Spread,
                ["values"] = new JsonArray([.. read[i].Runs.Select(run => (JsonNode)run.Value)]),
            };
        }
        var document = new JsonObject
        {
            ["metric"] = measure.Name,
            ["unit"] = RunLines.Unit(measure),
            ["lowerIsBetter"] = measure.LowerIsBetter,
            ["value"] = RunLines.RuleName(read[0].Logs.Rule),
            ["groups"] = groups,
            ["pairs"] = new JsonArray([.. pairs.Select(pair => new JsonObject
            {
                ["a"] = pair.A,
                ["b"] = pair.B,
                ["difference"] = pair.Difference,
                ["interval"] = pair.Test is { } test ? RunLines.Pair([test.Low, test.High]) : null,
                ["bootstrapInterval"] = pair.Bootstrap is { } ends ? RunLines.Pair([ends.Low, ends.High]) : null,
                ["p"] = pair.P,
                ["pAdjusted"] = pair.PAdjusted,
                ["pPermutation"] = pair.Permutation.P,
                ["permutationExact"] = pair.Permutation.Exact,
                ["probabilityBBetter"] = pair.BBetter.Value,
                ["probabilityInterval"] = RunLines.Pair([pair.BBetter.Low, pair.BBetter.High]),
                ["paired"] = pair.Paired,
                ["independentA"] = pair.IndependentA,
                ["independentB"] = pair.IndependentB,
                ["verdict"] = Text(pair.Verdict),
                ["runsNeeded"] = pair.RunsNeeded,
                ["detectableDifference"] = pair.DetectableDifference,
                ["sentence"] = pair.Sentence,
                ["notes"] = new JsonArray([.. pair.Notes.Select(one => (JsonNode)one)]),
            })]),
            ["leftOut"] = new JsonArray([.. read.Select(one => one.Logs).Distinct().SelectMany(logs => RunLines.LeftOut(logs).Select(one => one!.DeepClone()))]),
        };
        if (ComparedCases.Json(imageTests) is { } images)
            document["mcNemar"] = images;
        return document;
    }

    private static string Methods(IReadOnlyList<Comparison> pairs, ReadLogs logs, Measure measure) =>
        $"Runs are judged by {measure.Name} ({logs.Judged}); differences of means have 95% intervals by "
        + $"{(pairs.All(pair => pair.Paired) ? "Student's t test of runs paired by seed" : pairs.Any(pair => pair.Paired) ? "Welch's t test, or Student's of runs paired by seed," : "Welch's t test")}"
        + $"{(pairs.Count > 1 ? " and p values are corrected by Holm's method" : "")}, beside "
        + $"{(pairs.All(pair => pair.Permutation.Exact) ? "an exact permutation test" : "a permutation test")}. "
        + string.Join(' ', pairs.Select(pair => pair.Sentence));
}
