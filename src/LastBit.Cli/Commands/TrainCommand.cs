using System.CommandLine;
using System.Globalization;
using LastBit.Experiments.Accuracy;
using LastBit.Experiments.Train;
using LastBit.Traces;
using LastBit.Training;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit train`: one network, one k.</summary>
internal static class TrainCommand
{
    private static readonly Option<string?> Trace = OptionTypes.PathTo("--trace", "FILE",
        "Records the first steps to the last bit, for `lastbit diff`.", "no record");

    private static readonly Option<string?> TraceBatches = OptionTypes.PathTo("--trace-batches", "DIR",
        "Writes the batches of these steps as x-STEP.npy and y-STEP.npy, for PyTorch to take the same steps.", "no files");

    private static readonly Option<int> TraceSteps = OptionTypes.Count("--trace-steps", 50, "How many steps that is.");

    internal static ExperimentCommand<TrainingRunSettings, TrainingRunResult> Command { get; } = new(TrainingRun.Experiment,
        "Trains one network with one k, every rounding accounted for.")
    {
        CanBeResumed = true,
        Own = [Trace, TraceBatches, TraceSteps],
        Complete = (_, _, settings) => settings.WithInitialFile(),
        InContext = (parse, context) => context with { Trace = TraceOf(parse) },
        Tables = (console, result) => [Table(console, result)],
        Print = (console, ended) => Print(console, ended.Result),
        Next = ended =>
            // A command that resumes does not name the settings, so the next one would be that of another network.
            ended.Result.DivergedAtStep is not null || ended.IsResumed
                ? null : ($"lastbit accuracy{ended.Words(IsOfAccuracy)}",
                    "the same with six k and several seeds: how much of the accuracy is rounding"),
        Examples =
        [
            ("lastbit train --network resnet20 --epochs 20 --out runs/resnet20", "ResNet-20 on all of CIFAR-10"),
            ("lastbit train --network resnet8 --data sample --epochs 2", "a minute on the sample that comes with the program"),
            ("lastbit train --network resnet20 --trace a.trace", "with a record of the first 50 steps, for lastbit diff"),
            ("lastbit train --resume runs/resnet20", "resumes a run that was stopped, and ends in the same bits"),
        ],
    };

    private static TraceSettings? TraceOf(ParseResult parse)
    {
        string? file = parse.GetResult(Trace) is null ? null : parse.GetValue(Trace);
        string? batches = parse.GetResult(TraceBatches) is null ? null : parse.GetValue(TraceBatches);
        if (file is null && batches is null && parse.GetResult(TraceSteps) is { Implicit: false })
            throw new InputException("--trace-steps: says how many steps are recorded; give --trace FILE too, or leave it out");
        return file is null && batches is null ? null : new TraceSettings(file, batches, parse.GetValue(TraceSteps));
    }

    /// <summary>Whether `accuracy` has an option too, but for those that it has a list of.</summary>
    private static bool IsOfAccuracy(string option) =>
        option is not ("k" or "perturbation") && Setting.Of(typeof(AccuracySettings)).Any(setting => setting.Name == option);

    private static Table Table(IAnsiConsole console, TrainingRunResult result)
    {
        Table table = Tables.Create(console, "Training", "#epoch", "#training loss", "#training accuracy", "#test loss", "#test accuracy");
        foreach (TrainingEpoch epoch in result.Epochs)
            table.AddRow($"{epoch.Epoch}", Number(epoch.TrainLoss), Percent(epoch.TrainAccuracy), Number(epoch.TestLoss),
                Percent(epoch.TestAccuracy));
        return table;

        static string Number(double? value) => value is { } finite ? NumberText.Of(finite) : "not finite";
        static string Percent(double value) => value.ToString("F2", CultureInfo.InvariantCulture) + "%";
    }

    private static void Print(IAnsiConsole console, TrainingRunResult result)
    {
        if (result.Epochs.Count > 0)
            Tables.Write(console, Table(console, result));
        if (result.DivergedAtStep is { } step)
        {
            RunLines.Wrapped(console,
                $"The training diverged: {new DivergedTraining(step, result.DivergedBecause ?? "the training loss").Sentence}. From there "
                    + "on its numbers mean nothing.");
        }
        RunLines.Wrapped(console, string.Create(CultureInfo.InvariantCulture, $"Digest:  {result.Digest}"));
        if (result.SecondsPerStep > 0)
            RunLines.Wrapped(console, string.Create(CultureInfo.InvariantCulture, $"A step took {result.SecondsPerStep * 1e3:F1} ms."));
    }
}
