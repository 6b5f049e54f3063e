using System.CommandLine;
using System.Text.Json.Nodes;
using LastBit.Reports.Trainings;
using LastBit.Statistics;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>
/// `lastbit compare A=PATH B=PATH ...`: is one training better than the other, or would another seed have said the opposite?
/// </summary>
internal static class CompareCommand
{
    /// <summary>Under --exit-code: the runs show no difference.</summary>
    internal const int NoDifferenceSeen = 3;

    /// <summary>Under --exit-code, --not-worse and --target: there are too few runs to tell.</summary>
    internal const int TooFewRuns = 4;

    /// <summary>Under --exit-code and --not-worse: B is worse. Under --target: it is missed.</summary>
    internal const int Worse = 5;

    private static readonly string[] HolmHeading = ["#p (Holm)"];

    private static readonly Option<string> Paired = OptionTypes.Choice("--paired", "auto", ["auto", "yes", "no"],
        "Whether to compare runs in pairs: auto does where both sides ran on the same folds of the data, yes by folds or seeds.");

    private static readonly Option<bool> ExitCode = OptionTypes.Switch("--exit-code",
        "Ends with 0 if B is better, 3 if no difference is seen, 4 if there are too few runs, 5 if B is worse; A, named first, is the "
            + "reference.");

    private static readonly Option<double?> NotWorse = LogOptions.OptionalNumber("--not-worse",
        "Asks whether B is worse than A by more than this: ends with 0 if that is excluded, 5 if it is so, 4 if the runs do not decide.",
        mayBeZero: true);

    private static readonly Option<ulong> RandomSeed = OptionTypes.Seed("--random-seed", 0, "The seed of resampling.");

    internal static Command Create()
    {
        var trainings = new Argument<string[]>("NAME=PATH...")
        {
            Description = "Two or more trainings, each a name and where its logs are; or paths alone, named by their folders; or one log "
                + "that tells trainings "
                + "apart (see --group); or - for a document on standard input.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Command command = new Command("compare", "Is one training better than another? Says real, no difference seen, or too few runs, "
            + "and how many more would decide.")
        {
            trainings, Paired, LogOptions.Difference, NotWorse, ExitCode, RandomSeed, LogOptions.Latex,
        }.WithLogOptions().WithCommonOptions();
        command.SetAction(parse => RunsQuestions.Answer(parse, LogOptions.PathsOf(parse, trainings), Answer, AllCodes, "compare.json"));
        return command.Example("lastbit compare A=logs/baseline B=logs/warmup", "is B better than A?")
            .Example("lastbit compare sgd=sgd.csv adam=adam.csv lion=lion.csv --metric val_acc --value last",
                "three trainings, with Holm's correction")
            .Example("lastbit compare A=a.csv B=b.csv --exit-code --json", "for CI: 0 B is better, 3 no difference seen, 4 "
                + "too few runs, 5 B is worse")
            .Example("lastbit compare released=v1/ next=v2/ --not-worse 0.3", "before a release: is next worse by more than 0.3?");
    }

    /// <summary>
    /// The code of several answers: worse if one is, better if all are, else no difference if one shows none, else too few runs.
    /// </summary>
    private static int AllCodes(IReadOnlyList<int> codes) =>
        codes.Contains(Worse) ? Worse
        : codes.All(code => code == CommandLine.Done) ? CommandLine.Done
        : codes.Contains(NoDifferenceSeen) ? NoDifferenceSeen : TooFewRuns;

    /// <summary>What the pairs of the reference say of the exit code; the other pairs say nothing of it.</summary>
    private static int CodeOf(ParseResult parse, IReadOnlyList<Comparison> pairs)
    {
        string reference = pairs[0].A;
        Comparison[] own = [.. pairs.Where(pair => pair.A == reference)];
        if (own[0].NotWorse is not null)
        {
            return AllCodes([.. own.Select(pair => pair.NotWorse!.Verdict switch
            {
                NotWorseVerdict.NotWorse => CommandLine.Done,
                NotWorseVerdict.Worse => Worse,
                _ => TooFewRuns,
            })]);
        }
        return !parse.GetValue(ExitCode) ? CommandLine.Done : AllCodes([.. own.Select(pair => pair switch
        {
            { Better: { } better } => better == reference ? Worse : CommandLine.Done,
            { Verdict: ComparisonVerdict.TooFewRuns } => TooFewRuns,
            _ => NoDifferenceSeen,
        })]);
    }

    private static RunsAnswer Answer(RunsQuestion question)
    {
        ParseResult parse = question.Parse;
        Pairing pairing = parse.GetValue(Paired) switch { "yes" => Pairing.Yes, "no" => Pairing.No, _ => Pairing.Auto };
        List<ComparedTraining> read = Read(question);
        Measure measure = OneMeasure(read);
        var settings = new ComparisonSettings(
            measure, pairing, LogOptions.Given(parse, LogOptions.Difference), NotWorse: LogOptions.Given(parse, NotWorse),
                RandomSeed: parse.GetValue(RandomSeed));
        IReadOnlyList<Comparison> pairs = Comparison.OfAll([.. read.Select(one => new ComparedGroup(
            one.Name, one.Runs, one.Logs.Result.LeftOut.Count(left => left.HasDiverged)))], settings);
        NoiseAnalysis[] noise = [.. read.Select(one => NoiseAnalysis.Of(one.Runs, measure))];
        string? by = pairs.Select(pair => pair.PairedBy).Distinct().Count() == 1 ? pairs[0].PairedBy : null;
        List<ShownTable> tables = [PairsTable(pairs, measure, by), GroupsTable(read, noise)];
        IReadOnlyList<ImageTest> imageTests = ComparedCases.ImageTests(read);
        if (ComparedCases.ImageTable(imageTests) is { } images)
            tables.Add(images);
        if (ComparedCases.RatesTable(read) is { } rates)
            tables.Add(rates);
        string methods = Methods(pairs, read[0].Logs, measure);
        Ranking? ranking = read.Count > 2 ? Ranking.Of([.. read.Select(one => one.Name)], pairs) : null;
        string[] first = [.. pairs.Select(pair => pair.NotWorse?.Sentence).OfType<string>(), ranking is null ? pairs[0].Sentence
            : ranking.Sentence];
        string[] notes =
        [
            .. ranking is null ? [] : pairs.Select(pair => pair.Sentence),
            .. pairs.SelectMany(pair => pair.Notes.Select(note => pairs.Count == 1 ? note : $"{pair.A} and {pair.B}: {note}")).Distinct(),
            .. Bootstraps(pairs),
        ];
        var page = new RunsPageContent(
            "compare", question.CommandLine, Title(read), first, notes,
            [.. read.DistinctBy(one => one.Logs).SelectMany(one => one.Logs.Said.Select(line => read.All(other => other.Logs == one.Logs)
                ? line : $"{one.Name}: {line}"))], measure,
            [.. read.Select((one, i) => RunLines.Shown(one.Name, one.Logs, noise[i].Mean, noise[i].MeanInterval,
                [.. one.Runs.Select(run => run.Name)]))], tables, methods)
        {
            Differences = [.. pairs.Where(pair => pair.Paired).Select(pair => new ShownDifferences($"{pair.B} - {pair.A}",
                pair.Differences, pair.Difference, Ends(pair.Test)))],
        };
        return new RunsAnswer(Document(read, noise, pairs, ranking, imageTests, measure), first, Show, notes,
            RunLines.Latex(tables[0], methods), page, CodeOf(parse, pairs));

        void Show(IAnsiConsole console, bool quiet)
        {
            if (!quiet)
                RunLines.Write(console,
                    ["", .. DotPlot.Lines(console, [.. read.Select(one => (one.Name, one.Runs.Select(run => run.Value).ToArray()))])]);
            Tables.Write(console, [.. tables.Select(table => RunLines.Table(console, table))]);
        }
    }

    private static double[]? Ends(DifferenceTest? test) => test is null ? null : [test.Low, test.High];

    private static List<ComparedTraining> Read(RunsQuestion question)
    {
        List<ComparedTraining> read = [];
        string[] words = [.. question.Paths.Select(one => one.Path)];
        (string Name, string Path)[] named = [.. question.Paths.Select(one => one.Name is { } name ? (name, one.Path) : NamedIn(one.Path))];
        // Paths alone are trainings of their own, unless their logs tell trainings apart.
        ReadLogs[] alone = [];
        if (named.Length > 1 && named.All(one => one.Name.Length == 0) && !LogOptions.TellsGroups(question.Parse))
        {
            alone = [.. words.Select((word, i) => question.Read([word], isFirst: i == 0))];
            if (alone.All(logs => logs.Result.Runs.All(run => run.Group is null)))
                named = [.. FolderNames(words).Zip(words)];
        }
        foreach (var training in named.GroupBy(one => one.Name))
        {
            (string Name, string Path)[] own = [.. training];
            ReadLogs logs = own.Length == 1 && alone.Length > 0 ? alone[Array.IndexOf(words, own[0].Path)]
                : question.Read([.. own.Select(one => one.Path)], own.Length > 1 && training.Key.Length > 0
                    ? $"{string.Join(" and ", own.Select(one => one.Path))} are taken together, for both are called {training.Key}." : null,
                    isFirst: read.Count == 0);
            question.Say(logs, training.Key.Length > 0 ? training.Key : null);
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
            throw new InputException($"{string.Join(' ', words)} {(words.Length == 1 ? "holds" : "hold")} one training, and compare needs "
                + "two: write A=PATH B=PATH, or name the column that tells trainings apart with --group");
        }
        if (read.GroupBy(one => one.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new InputException($"two trainings are called {twice.Key}; give each a name of its own");
        return read;
    }

    /// <summary>What paths are called: what tells them apart, their folder or their file without what all have in common.</summary>
    internal static string[] FolderNames(string[] paths)
    {
        string[][] parts = [.. paths.Select(path => (Directory.Exists(path) ? Path.GetFullPath(path)
            : Path.ChangeExtension(Path.GetFullPath(path), null))
            .Replace('\\', '/').TrimEnd('/').Split('/'))];
        int front = 0, back = 0;
        while (parts.All(part => part.Length > front + 1 && part[front] == parts[0][front]))
            front++;
        while (parts.All(part => part.Length - front > back + 1 && part[^(back + 1)] == parts[0][^(back + 1)]))
            back++;
        return [.. parts.Select(part => string.Join('/', part[front..^back]))];
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
                throw new InputException($"{first} is measured by {logs.Measure.Name} and {name} by {other.Measure.Name}; name the one "
                    + "metric that both have");
            if (other.Measure.Unit != logs.Measure.Unit)
            {
                throw new InputException($"{logs.Measure.Name} is {RunLines.Unit(logs.Measure)} in {first} and "
                    + $"{RunLines.Unit(other.Measure)} in {name}; "
                    + "both must have one unit");
            }
        }
        return logs.Measure;
    }

    private static string Title(List<ComparedTraining> read) =>
        read.Count == 2 ? $"Is {read[1].Name} better than {read[0].Name}?"
            : $"Which of {string.Join(", ", read.Select(one => one.Name))} is better?";

    private static string Text(ComparisonVerdict verdict) => verdict switch
    {
        ComparisonVerdict.Real => "real",
        ComparisonVerdict.TooFewRuns => "too few runs",
        _ => "no difference seen",
    };

    private static ShownTable PairsTable(IReadOnlyList<Comparison> pairs, Measure measure, string? by) => new(
        $"{measure.Description}, pair by pair{(by is null ? "" : $", runs paired by {by}")}",
        ["pair", "#difference", "#95% interval", "#p", .. pairs.Count > 1 ? HolmHeading : [], "#p by permutation", pairs.Count == 1
            ? $"#P({pairs[0].B} better)" : "#P(better)", "#its interval", "verdict"],
        [
            .. pairs.Select(pair =>
            {
                double scale = pair.Test?.StandardError ?? Math.Abs(pair.Difference) / 100;
                return (string[])
                [
                    $"{pair.B} - {pair.A}{(pair.Paired && by is null ? $", paired by {pair.PairedBy}" : "")}",
                    Measure.Number(pair.Difference, scale),
                    pair.Test is { } test ? $"{Measure.Number(test.Low, scale)} to {Measure.Number(test.High, scale)}" : "-",
                    PText(pair.P),
                    .. pairs.Count > 1 ? new[] { PText(pair.PAdjusted) } : [],
                    PText(pair.Permutation.P) + (pair.Permutation.Exact ? "" : " (sampled)"),
                    $"{(pairs.Count == 1 ? "" : $"{pair.B} ")}{Measure.Number(pair.BBetter.Value, 0.1)}",
                        $"{Measure.Number(pair.BBetter.Low, 0.1)} to {Measure.Number(pair.BBetter.High, 0.1)}",
                    Text(pair.Verdict),
                ];
            }),
        ]);

    /// <summary>A p in a column of p: "0.023", "&lt; 0.0001".</summary>
    private static string PText(double? p) => p is { } known ? Measure.P(known)[2..].TrimStart('=', ' ') : "-";

    /// <summary>The bootstrap's intervals, in one sentence.</summary>
    private static IEnumerable<string> Bootstraps(IReadOnlyList<Comparison> pairs)
    {
        string[] intervals =
        [
            .. pairs.Where(pair => pair is { Bootstrap: not null, Test: not null }).Select(pair =>
            {
                double scale = pair.Test!.StandardError;
                return $"{Measure.Number(pair.Bootstrap!.Value.Low, scale)} to "
                    + $"{Measure.Number(pair.Bootstrap.Value.High, scale)}{(pairs.Count > 1 ? $" for {pair.B} - {pair.A}" : "")}";
            }),
        ];
        if (intervals.Length > 0)
            yield return $"The 95% interval of the difference by the bootstrap (BCa), which is too narrow with few runs: "
                + $"{string.Join("; ", intervals)}.";
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
                    noise[i].MeanInterval is [double low, double high] ? $"{Measure.Number(low, scale)} to {Measure.Number(high, scale)}"
                        : "-",
                    noise[i].Spread is { } spread ? Measure.Number(spread, spread) : "-", noise[i].Spread is not null ? noise[i].SpreadOver
                        : one.Runs.Count == 1 ? "one run" : "equal values",
                ];
            }),
        ]);

    private static JsonObject Document(
        List<ComparedTraining> read, NoiseAnalysis[] noise, IReadOnlyList<Comparison> pairs, Ranking? ranking,
        IReadOnlyList<ImageTest> imageTests, Measure measure)
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
            ["sentence"] = ranking is null ? pairs[0].Sentence : ranking.Sentence,
            ["best"] = ranking is not null ? new JsonArray([.. ranking.Best.Select(one => (JsonNode)one)])
                : new JsonArray([.. new[] { pairs[0].A, pairs[0].B }.Where(one => pairs[0].Better is null
                    || one == pairs[0].Better).Select(one => (JsonNode)one)]),
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
                ["pairedBy"] = pair.PairedBy,
                ["correlation"] = pair.Correlation?.Value,
                ["correlationInterval"] = pair.Correlation is { } correlation ? RunLines.Pair([correlation.Low, correlation.High]) : null,
                ["independentA"] = pair.IndependentA,
                ["independentB"] = pair.IndependentB,
                ["verdict"] = Text(pair.Verdict),
                ["better"] = pair.Better,
                ["notWorse"] = pair.NotWorse is not { } asked ? null : new JsonObject
                {
                    ["margin"] = asked.Margin,
                    ["bound"] = asked.Bound,
                    ["verdict"] = asked.Verdict switch { NotWorseVerdict.NotWorse => "not worse", NotWorseVerdict.Worse => "worse", _ =>
                        "too few runs" },
                    ["runsNeeded"] = asked.RunsNeeded,
                    ["sentence"] = asked.Sentence,
                },
                ["runsNeeded"] = pair.RunsNeeded,
                ["runsNeededInterval"] = pair.RunsNeededInterval.Count == 0 ? null
                    : new JsonArray([.. pair.RunsNeededInterval.Select(end => (JsonNode?)end)]),
                ["detectableDifference"] = pair.DetectableDifference,
                ["sentence"] = pair.Sentence,
                ["notes"] = new JsonArray([.. pair.Notes.Select(one => (JsonNode)one)]),
            })]),
            ["leftOut"] = new JsonArray([.. read.Select(one => one.Logs).Distinct().SelectMany(logs => RunLines.LeftOut(logs).Select(one =>
                one!.DeepClone()))]),
        };
        if (ComparedCases.Json(imageTests) is { } images)
            document["mcNemar"] = images;
        return document;
    }

    private static string Methods(IReadOnlyList<Comparison> pairs, ReadLogs logs, Measure measure)
    {
        string by = string.Join(" and ", pairs.Select(pair => pair.PairedBy).OfType<string>().Distinct());
        string test = pairs.All(pair => pair.Paired) ? $"Student's t test of runs paired by {by}"
            : by.Length > 0 ? $"Welch's t test, or Student's of runs paired by {by}," : "Welch's t test";
        return $"Runs are judged by {measure.Name} ({logs.Judged}); differences of means have 95% intervals by "
            + test
            + $"{(pairs.Count > 1 ? " and p values are corrected by Holm's method" : "")}, beside "
            + $"{(pairs.All(pair => pair.Permutation.Exact) ? "an exact permutation test" : "a permutation test")}. "
            + string.Join(' ', pairs.SelectMany(pair => new[] { pair.NotWorse?.Sentence, pair.Sentence }).OfType<string>());
    }
}
