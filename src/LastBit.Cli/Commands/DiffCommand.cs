using System.CommandLine;
using System.Text.Json.Nodes;
using LastBit.Files;
using LastBit.Reports.Traces;
using LastBit.Runs;
using LastBit.Traces;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit diff A B`: where two recorded trainings part, and whether that is rounding.</summary>
internal static class DiffCommand
{
    /// <summary>Under --exit-code: they part.</summary>
    internal const int Parted = 3;

    /// <summary>Under --exit-code: none parts, but a file is cut or has steps that another lacks.</summary>
    internal const int Undecided = 4;

    private static readonly Option<string?> Rounding = OptionTypes.PathTo("--rounding", "TRACE",
        "A trace of A's training with other rounding, as perturb(optimizer, 3) makes it: how fast does rounding grow here?");

    private static readonly Option<bool> ExitCode =
        OptionTypes.Switch("--exit-code", "Ends with 0 if all traces are equal to the last bit, 3 if they part, "
            + "4 if they are equal as far as they go and one ends early.");

    internal static Command Create()
    {
        var traces = new Argument<string[]>("TRACE...")
        {
            Description = "Two traces or more, as `Trace` in lastbit_torch or `lastbit train --trace` writes them; the first is the "
                + "reference.",
            Arity = ArgumentArity.OneOrMore,
        };
        Command command = new Command("diff", "Where do two recorded trainings part: at which step, in which operation, and is it "
            + "rounding?")
        {
            traces, Rounding, ExitCode,
        }.WithCommonOptions();
        command.SetAction(parse => Answer(parse, parse.GetRequiredValue(traces)));
        return command.Example("lastbit diff a.trace b.trace", "the step, the operation, the size, the growth and what to do")
            .Example("lastbit diff a.trace b.trace --rounding k3.trace", "the same beside a run of A with other rounding")
            .Example("lastbit diff gpu0.trace gpu1.trace gpu2.trace --exit-code --json",
                "which of several are equal; for CI: 0 equal, 3 parted");
    }

    private static int Answer(ParseResult parse, string[] files)
    {
        if (files.Length < 2)
            throw new InputException($"{files[0]}: is one trace; diff needs two");
        string? rounding = parse.GetResult(Rounding) is null ? null : parse.GetValue(Rounding);
        TraceGroups compared = TraceGroups.Of(files, rounding, Interruption.Current.Token);
        JsonObject document = Document(compared);
        string text = Json.Text(document), folder = CommonOptions.FolderOf(parse, "diff");
        AtomicFile.WriteAllText(Path.Combine(folder, "diff.json"), text + "\n");
        string page = DiffPage.Write(folder, compared, RunLines.CommandLine(parse));
        bool json = parse.GetValue(CommonOptions.Json), quiet = parse.GetValue(CommonOptions.Quiet);
        if (json)
            Terminal.OutWriter.WriteLine(text);
        if (!json || !quiet)
        {
            Print(json ? Terminal.Error : Terminal.Out, compared, quiet);
            if (!quiet)
                RunLines.Write(json ? Terminal.Error : Terminal.Out, "", $"Report:  {page}");
        }
        return !parse.GetValue(ExitCode) ? CommandLine.Done
            : compared.Groups.Count > 1 ? Parted : compared.IsWhole ? CommandLine.Done : Undecided;
    }

    private static void Print(IAnsiConsole console, TraceGroups compared, bool quiet)
    {
        bool several = compared.Files.Count > 2;
        if (several)
        {
            foreach ((int number, IReadOnlyList<string> group) in compared.Groups.Index())
                RunLines.Write(console, Line(number == 0 ? "equal" : "and", string.Join(", ", group)));
        }
        foreach (TraceDifference one in several ? [.. compared.Parted, .. compared.PartlyEqual] : compared.Pairs)
        {
            if (several)
                RunLines.Write(console, "", $"{one.Files.A} and {one.Files.B}");
            foreach ((string question, string answer) in TraceWords.Lines(one))
                RunLines.Write(console, Line(question, answer));
            if (quiet)
                continue;
            foreach (TraceAdvice advice in TraceAdvice.Of(one))
                RunLines.Write(console, Line("try", $"{advice.Remedy} ({advice.Cause}{(advice.IsTried ? "" : "; not tried here")})"));
            if (TraceAdvice.Next(one) is { } next)
                RunLines.Write(console, Line("next", next));
        }
    }

    private static string Line(string question, string answer) => $"{question,-11}{answer}";

    private static JsonObject Document(TraceGroups compared)
    {
        TraceDifference first = compared.Parted.Count > 0 ? compared.Parted[0] : compared.Pairs[0];
        var document = new JsonObject { ["command"] = "diff" };
        foreach ((string name, JsonNode? value) in Pair(first).ToArray())
            document[name] = value?.DeepClone();
        document["groups"] = new JsonArray([.. compared.Groups.Select(group => new JsonArray([.. group.Select(one => (JsonNode)one)]))]);
        if (compared.Files.Count > 2)
            document["pairs"] = new JsonArray([.. compared.Pairs.Select(Pair)]);
        return document;
    }

    private static JsonObject Pair(TraceDifference one) => new()
    {
        ["a"] = one.Files.A,
        ["b"] = one.Files.B,
        ["verdict"] = TraceWords.Verdict(one),
        ["steps"] = one.Steps.Count,
        ["onlyA"] = one.OnlySteps.A,
        ["onlyB"] = one.OnlySteps.B,
        ["cut"] = new JsonArray([.. one.Cut.Select(cut => (JsonNode)cut)]),
        ["settings"] = new JsonArray([.. one.Settings.Select(setting => new JsonObject
        {
            ["name"] = setting.Name, ["a"] = setting.A, ["b"] = setting.B,
        })]),
        ["parted"] = one.Parted is not { } parted ? null : new JsonObject
        {
            ["step"] = parted.Step,
            ["kind"] = parted.Kind,
            ["name"] = parted.Key.Name,
            ["call"] = parted.Key.Call,
            ["inputsEqual"] = parted.InputsEqual,
            ["size"] = ResultJson.Serialize(one.Size!.Value).Trim('"', '\n'),
            ["ulps"] = parted.Measured.Ulps is { } ulps && double.IsFinite(ulps) ? ulps : null,
            ["relative"] = parted.Measured.Relative is { } relative && double.IsFinite(relative) ? relative : null,
            ["why"] = parted.Why,
        },
        ["growth"] = one.Growth.First is not { } begins ? null : new JsonObject
        {
            ["tenfoldEvery"] = one.Growth.TenfoldEvery(),
            ["first"] = begins,
            ["last"] = Finite(one.Growth.Differences[^1]),
            ["besideRounding"] = one.BesideRounding,
            ["steps"] = new JsonArray([.. one.Growth.Steps.Select(step => (JsonNode)step)]),
            ["relativeL1"] = new JsonArray([.. one.Growth.Differences.Select(Finite)]),
        },
        ["advice"] = new JsonArray([.. TraceAdvice.Of(one).Select(advice => new JsonObject
        {
            ["cause"] = advice.Cause, ["remedy"] = advice.Remedy, ["source"] = advice.Source, ["tried"] = advice.IsTried,
        })]),
        ["lines"] = new JsonObject(TraceWords.Lines(one).DistinctBy(line => line.Question)
            .Select(line => KeyValuePair.Create(line.Question, (JsonNode?)line.Answer))),
    };

    private static JsonNode? Finite(double value) => double.IsFinite(value) ? value : null;
}
