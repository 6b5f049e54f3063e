using System.CommandLine;
using System.Globalization;
using LastBit.Experiments.Accuracy;
using LastBit.Experiments.Authors;
using LastBit.Runs;
using LastBit.Statistics;
using LastBit.Training;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit summarize DIR`: Table 1 with its statistics, from a result folder.</summary>
internal static class SummarizeCommand
{
    internal static Command Create()
    {
        var folder = new Argument<string>("PATH")
        {
            Description = "A folder of `lastbit accuracy`, or of the authors' scripts (any level down to seed*/test*.npy), or whatever "
                + "`lastbit noise` reads.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var testImages = OptionTypes.Count("--test-images", Summary.CifarTestImages, "Size of the test set, for results that do not say.");
        var outFolder = OptionTypes.PathTo("--out", "DIR", "The folder for summary.json.", "the result folder");
        var unit = OptionTypes.Choice("--unit", "auto", ["auto", "percent", "fraction"],
            "What the accuracies of the authors' scripts are: percent (0 to 100) or fractions (0 to 1); auto: fractions where none is "
                + "above 1.");
        Command command = new Command("summarize",
            "Prints Table 1 of a result folder with its standard deviations, their intervals and tests; of other logs, their noise.")
        {
            folder, testImages, unit, outFolder, CommonOptions.Threads, CommonOptions.Json, CommonOptions.Quiet,
        }.WithLogOptions();
        command.SetAction(parse =>
        {
            int? images = parse.GetResult(testImages) is { Implicit: false } ? parse.GetValue(testImages) : null;
            string path = LogOptions.PathsOf(parse, folder) is [var only] ? only
                : throw new InputException("one folder or log at a time is right");
            string? output = parse.GetValue(outFolder);
            // Table 1 is of seeds by k of our own making; all else is read as `noise` reads it.
            bool isTable = parse.GetValue(LogOptions.Value) != "best" && AccuracyCurves.IsIn(path);
            AccuracyUnit units = Enum.Parse<AccuracyUnit>(parse.GetRequiredValue(unit), ignoreCase: true);
            if (!isTable)
            {
                if (units != AccuracyUnit.Auto)
                    throw InputException.Of("unit", "other logs than the authors' are read as they are; leave it out");
                return RunsQuestions.Answer(parse, [path], question => NoiseCommand.Answer(question, images, null, null),
                    codes => codes.Max(),
                    Summary.FileName, output ?? (Directory.Exists(path) ? path : RunFolder.DefaultPath("summarize", DateTime.Now)));
            }
            Summary summary = Summary.Run(path, images, output, parse.GetValue(LogOptions.Value) == "last" ? 1 : Summary.LastEpochs, units);
            if (parse.GetValue(CommonOptions.Json))
                Terminal.OutWriter.WriteLine(summary.ToJson());
            else
                Show(summary, Terminal.Out);
            return CommandLine.Done;
        });
        return command.Example("lastbit summarize runs/accuracy-20260101-120000",
            "the table, the intervals of its spreads, and what follows from them")
            .Example("lastbit summarize result/accuracy/cifar10_resnet_sgd --json", "the results of the authors' scripts, for a script")
            .Example("lastbit summarize acc.csv --value last", "somebody's log, judged by the last epoch");
    }

    /// <summary>The summary as a person reads it: table, statistics, notes, and the sentences that it comes to.</summary>
    internal static void Show(Summary summary, IAnsiConsole console)
    {
        Tables.Write(console, TablesOf(summary, console));
        foreach (string text in summary.Notes.Append(summary.Comparison).Append(summary.Sentence))
            RunLines.Say(console, text);
    }

    /// <summary>Table 1 and its statistics.</summary>
    internal static Table[] TablesOf(Summary summary, IAnsiConsole console) =>
        [AccuracyTable(summary, console), StatisticsTable(summary.Statistics, console)];

    private static Table AccuracyTable(Summary summary, IAnsiConsole console)
    {
        string mean = summary.FinalEpochs == 1 ? "last epoch" : Text($"last {summary.FinalEpochs} epochs");
        Table table = Tables.Create(console, $"Test accuracy in percent, {mean} (Table 1)",
            ["k", .. summary.Final.Keys.Select(seed => Text($"#seed {seed}")), "#std over seeds"]);
        foreach (Perturbation one in summary.Final.Values.SelectMany(runs => runs.Keys).Distinct().Order())
        {
            table.AddRow([
                one.Word,
                .. summary.Final.Values.Select(runs => runs.TryGetValue(one, out double accuracy) ? Text($"{accuracy:0.00}") : "-"),
                summary.StdOverSeeds.TryGetValue(one, out double std) ? Text($"{std:0.000}") : "-"]);
        }
        table.AddRow([
            "std over k",
            .. summary.Final.Keys.Select(seed => summary.StdOverK.TryGetValue(seed, out double std) ? Text($"{std:0.000}") : "-"),
            ""]);
        return table;
    }

    private static Table StatisticsTable(SummaryStatistics statistics, IAnsiConsole console)
    {
        Table table =
            Tables.Create(console, "The spreads and their intervals, in percentage points", "of what", "#estimate", "#95% interval");
        SamplingSpread sampling = statistics.Sampling;
        Add("spread over rounding, pooled", statistics.Rounding);
        Add("spread over seeds (rounding included)", statistics.Seeds);
        Add("rounding : seeds", statistics.Ratio);
        if (statistics.LeastDifference is { } difference)
            table.AddRow("95% of pairs differ by rounding less than", Text($"{difference:0.000}"), "");
        table.AddRow(Text($"unavoidable if calibrated, {sampling.TestImages} test images"), "",
            Text($"{sampling.CalibratedStdLow:0.000} to {sampling.CalibratedStdHigh:0.000}"));
        table.AddRow("binomial spread of fresh test sets", Text($"{sampling.BinomialStd:0.000}"), "");
        if (sampling is { CalibratedOverRoundingLow: { } low, CalibratedOverRoundingHigh: { } high })
            table.AddRow("variance of a calibrated ensemble : rounding variance", "", Text($"{low:0.00} to {high:0.00}"));
        if (sampling.BinomialOverRounding is { } ratio)
            table.AddRow("binomial variance : rounding variance", Text($"{ratio:0.00}"), "");
        foreach ((Perturbation one, Estimate spread) in statistics.Roundings?.Spread ?? [])
            Add($"spread of a run by {one.Name}", spread);
        if (statistics.KEffect is { } effect)
            table.AddRow("do the rows differ in their means?", Text($"p = {effect.P:0.000}"), "");
        return table;

        void Add(string name, Estimate? estimate)
        {
            if (estimate is not null)
                table.AddRow(name, Text($"{estimate.Value:0.000}"), Text($"{estimate.Low:0.000} to {estimate.High:0.000}"));
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
