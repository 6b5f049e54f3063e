using System.CommandLine;
using System.CommandLine.Parsing;
using LastBit.Experiments.Accuracy;
using LastBit.Imports;
using LastBit.Statistics;

namespace LastBit.Cli;

/// <summary>
/// The options that say how logs are read and which number a run is judged by; `noise`, `compare` and `summarize` have them.
/// </summary>
internal static class LogOptions
{
    private static readonly Option<string?> Metric =
        OptionTypes.PathTo("--metric", "NAME", "The metric, a column, a key or a tag of the logs; several with commas between them.",
            "recognised, or the candidates are listed");

    private static readonly Option<string?> Seed = OptionTypes.PathTo("--seed-column", "NAME", "The column or parameter with the seed.",
        "recognised");

    private static readonly Option<string?> K = OptionTypes.PathTo("--k-column", "NAME", "The column or parameter with the perturbation.",
        "recognised");

    private static readonly Option<string?> Fold =
        OptionTypes.PathTo("--fold-column", "NAME", "The column or parameter with the fold or data split.", "recognised");

    private static readonly Option<string?> Group = OptionTypes.PathTo("--group", "NAME", "The column or parameter that tells trainings "
        + "apart.", "recognised");

    private static readonly Option<string?> Step = OptionTypes.PathTo("--step", "NAME", "The column that counts steps or epochs; row "
        + "where rows do.", "recognised");

    private static readonly Option<string?> Runs =
        OptionTypes.PathTo("--runs", "PATTERN", "How paths name runs, as 'logs/{group}/seed{seed}/k{k}'.", "recognised");

    private static readonly Option<string?> Pattern =
        OptionTypes.PathTo("--pattern", "LINE", "How lines of a text name their numbers, as 'step {step}: val loss {val_loss}'.",
            "recognised");

    private static readonly Option<string?> Higher = Direction("--higher-is-better", "More");

    private static readonly Option<string?> Lower = Direction("--lower-is-better", "Less");

    /// <summary>Which number a run is judged by.</summary>
    internal static Option<string> Value { get; } = OptionTypes.Choice("--value", "mean10", ["mean10", "last", "best"],
        "The number of a run: the mean of its last ten recorded steps, the last one, or the best one.");

    /// <summary>What `noise` asks the mean to meet.</summary>
    internal static Option<string?> Target { get; } = OptionTypes.PathTo("--target", "VALUE",
        "Asks whether the mean meets a target: 3.28, or val_loss=3.28,time=160 of several metrics; ends with 0 if it does, 5 if it "
            + "misses it, 4 if the runs do not decide.");

    /// <summary>The difference that would matter.</summary>
    internal static Option<double?> Difference { get; } = OptionalNumber("--difference", "The difference that would matter, in the "
        + "metric's own unit.");

    /// <summary>Prints the table and a sentence in LaTeX.</summary>
    internal static Option<bool> Latex { get; } = OptionTypes.Switch("--latex", "Prints the table and a sentence for the methods section "
        + "in LaTeX.");

    static LogOptions()
    {
        // What they were called first.
        Seed.Aliases.Add("--seed");
        K.Aliases.Add("--k");
    }

    /// <summary>Adds the options that say how logs are read.</summary>
    internal static Command WithLogOptions(this Command command)
    {
        foreach (Option option in new Option[] { Metric, Seed, K, Fold, Group, Step, Runs, Pattern, Higher, Lower, Value })
            command.Add(option);
        return command;
    }

    /// <summary>The metrics that were named: by --metric, or else by the targets or the directions that are said of them.</summary>
    /// <exception cref="InputException">One is named twice.</exception>
    internal static string[] MetricsOf(ParseResult parse)
    {
        string[] metrics = Words(parse.GetValue(Metric));
        if (metrics.Length == 0 && parse.GetResult(Target) is not null)
        {
            metrics = [.. Words(parse.GetValue(Target)).Select(part => part[..Math.Max(part.LastIndexOf('='), 0)])
                .Where(name => name.Length > 0)];
        }
        if (metrics.Length == 0)
        {
            return [.. new[] { Higher, Lower }.SelectMany(option =>
                Said(parse, option) is { } text && !IsPath(text) ? Words(text) : []).Distinct()];
        }
        return metrics.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new InputException($"--metric: {twice.Key} is named twice; name each once") : metrics;
    }

    private static string[] Words(string? text) => [.. (text ?? "").Split(',').Select(name => name.Trim()).Where(name => name.Length > 0)];

    private static string? Said(ParseResult parse, Option<string?> option) =>
        parse.GetResult(option)?.Tokens is [{ Value: var text }] ? text : null;

    private static bool IsPath(string text) =>
        text == RunsQuestions.StandardInput || text.AsSpan().ContainsAny("*?=/\\") || Path.Exists(text);

    /// <summary>What is said by hand.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="metric">The one metric that is asked for; null where it is to be recognised.</param>
    internal static ImportOptions Of(ParseResult parse, string? metric) => new()
    {
        Metric = metric,
        Seed = parse.GetValue(Seed),
        K = parse.GetValue(K),
        Fold = parse.GetValue(Fold),
        Group = parse.GetValue(Group),
        Step = parse.GetValue(Step),
        Runs = parse.GetValue(Runs),
        Pattern = parse.GetValue(Pattern),
        LowerIsBetter = IsLowerBetter(parse, metric),
    };

    /// <summary>The words that are paths, in their order. The parser gives the word behind --lower-is-better to that option, be it a path
    /// or metrics.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="paths">The argument that takes the paths.</param>
    /// <exception cref="InputException">There is none, or a direction is said of a metric that nobody asks about.</exception>
    internal static string[] PathsOf(ParseResult parse, Argument paths)
    {
        List<Token> own = [.. parse.GetResult(paths)?.Tokens ?? []];
        foreach (Option<string?> option in new[] { Higher, Lower })
        {
            if (NamesIn(parse, option) is null && parse.GetResult(option)?.Tokens is [var word])
                own.Add(word);
        }
        return own.Count == 0 ? throw new InputException(UsageErrors.Missing(parse.CommandResult.Command, paths))
            : [.. parse.Tokens.Where(token => own.Exists(one => ReferenceEquals(one, token))).Select(token => token.Value)];
    }

    private static bool? IsLowerBetter(ParseResult parse, string? metric)
    {
        (bool Is, bool ByName) higher = Says(Higher), lower = Says(Lower);
        if (higher.Is && lower.Is && higher.ByName == lower.ByName)
        {
            throw new InputException($"--lower-is-better: stands beside --higher-is-better{(lower.ByName ? $" for {metric}" : "")}; give "
                + "one of them");
        }
        // What is said of this metric goes before what is said of all.
        return higher.Is && lower.Is ? lower.ByName : higher.Is ? false : lower.Is ? true : null;

        (bool Is, bool ByName) Says(Option<string?> option) => NamesIn(parse, option) is { } names ? (names.Contains(metric), true)
            : (parse.GetResult(option) is not null, false);
    }

    /// <summary>The metrics that a direction names; null where it is said of all, or not at all.</summary>
    private static string[]? NamesIn(ParseResult parse, Option<string?> option)
    {
        if (Said(parse, option) is not { } text)
            return null;
        string[] metrics = MetricsOf(parse), names = Words(text);
        if (names.Length > 0 && names.All(metrics.Contains))
            return names;
        if (IsPath(text))
            return null;
        string unknown = ForeignText.Cut(names.FirstOrDefault(name => !metrics.Contains(name)) ?? text);
        throw new InputException($"{option.Name}: '{unknown}' is neither a path nor one of the metrics that --metric names"
            + $"{(metrics.Length > 0 ? $" ({string.Join(", ", metrics)})" : "")}; name metrics as in --metric acc,loss {option.Name} acc");
    }

    private static Option<string?> Direction(string name, string more) => new(name)
    {
        Description = $"{more} is better, whatever the metric's name says: of every metric, or of those that are named.",
        HelpName = "[METRICS]",
        Arity = ArgumentArity.ZeroOrOne,
    };

    /// <summary>Whether it is said by hand how trainings are told apart within logs.</summary>
    internal static bool TellsGroups(ParseResult parse) =>
        parse.GetValue(Group) is not null || parse.GetValue(Runs)?.Contains("{group}", StringComparison.Ordinal) == true;

    /// <summary>A number that need not be given; null where it was not.</summary>
    internal static double? Given(ParseResult parse, Option<double?> option) => parse.GetResult(option) is { Implicit: false }
        ? parse.GetValue(option) : null;

    /// <summary>Which number a run is judged by.</summary>
    internal static RunValueRule RuleOf(ParseResult parse) => parse.GetValue(Value) switch
    {
        "last" => RunValueRule.Last,
        "best" => RunValueRule.Best,
        _ => RunValueRule.Mean10,
    };

    /// <summary>A positive number, or 0 where that may be, that need not be given.</summary>
    internal static Option<double?> OptionalNumber(string name, string description, bool mayBeZero = false)
    {
        var option = new Option<double?>(name) { Description = description, HelpName = "NUMBER", Arity = ArgumentArity.ExactlyOne };
        option.CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (double.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture,
                out double value)
                && (value > 0 || mayBeZero && value == 0) && double.IsFinite(value))
            {
                return value;
            }
            result.AddError($"{name}: '{text}' is not {(mayBeZero ? "0 or " : "")}a positive number; write it like 0.3 or 2e-3");
            return null;
        };
        return option;
    }
}

/// <summary>Runs that were read, each with the number that it is judged by.</summary>
internal sealed class ReadLogs
{
    private const string BestNote = "Each run is judged by its best step, chosen after the fact: that flatters every run, and the more "
        + "the longer and noisier it is. "
        + "Report it only beside the last value, or choose the step on validation data.";

    internal ReadLogs(ImportResult result, RunValueRule rule)
    {
        Result = result;
        Rule = rule;
        MeasuredRun[] all = [.. result.Runs.Select(run => new MeasuredRun(
            run.Name, run.Seed?.ToString(System.Globalization.CultureInfo.InvariantCulture), run.Perturbation,
                RunValue.Of(run, rule, result.LowerIsBetter)) { Fold = run.Fold })];
        (Runs, Repeated) = MeasuredRun.Distinct(all);
    }

    /// <summary>What was read.</summary>
    internal ImportResult Result { get; }

    /// <summary>Which number a run is judged by.</summary>
    internal RunValueRule Rule { get; }

    /// <summary>The runs that count.</summary>
    internal IReadOnlyList<MeasuredRun> Runs { get; }

    /// <summary>Runs that repeat another one bit for bit, and why.</summary>
    internal IReadOnlyList<(string Run, string Why)> Repeated { get; }

    private int Longest => Result.Runs.Max(run => run.Values.Length);

    /// <summary>The metric.</summary>
    internal Measure Measure => new(Result.Metric, Result.Unit, Result.LowerIsBetter);

    /// <summary>Everything that is left out, and why.</summary>
    internal IEnumerable<(string Run, string Why)> LeftOut =>
        Result.LeftOut.Select(one => (one.What, one.Rows > 0 ? $"{NumberText.Count(one.Rows, "row")}: {one.Why}"
            : one.Why)).Concat(Repeated);

    /// <summary>What was recognised, the reader's warnings, and what is left out, in lines.</summary>
    internal IEnumerable<string> Said => new[] { Result.Recognised }.Concat(Result.Notes).Concat(Rule == RunValueRule.Best && Longest > 1
        ? [BestNote] : [])
        .Concat(LeftOut.Select(one => $"left out: {one.Run}: {one.Why}")).Where(line => line.Length > 0);

    /// <summary>The number that runs are judged by, in words.</summary>
    internal string Judged => Rule switch
    {
        _ when Longest == 1 => "one value a run",
        RunValueRule.Last => "the last recorded step",
        RunValueRule.Best => "the best recorded step (chosen after the fact)",
        _ when Longest < Summary.LastEpochs => "the mean of all recorded steps, fewer than ten",
        _ => "the mean of the last ten recorded steps",
    };
}
