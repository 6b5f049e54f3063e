using System.CommandLine;
using System.Globalization;
using LastBit.Experiments.Reproduction;
using LastBit.Experiments.Train;
using LastBit.Reports.Results;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit train`: one network, one k.</summary>
internal static class TrainCommand
{
    internal static Command Create()
    {
        var options = new SettingOptions<TrainingRunSettings>(RunKind.Train);
        Command command = LiveView.AddTo(options.Command("Trains one network with one k, every rounding accounted for.", TrainingOptions.Resume)).WithCommonOptions();
        command.SetAction(parse =>
        {
            TrainingRunSettings settings = TrainingOptions.Read(parse, options);
            TrainingRun.Check(settings);
            using CommandRun run = CommandRun.Open(parse, options.Kind, settings, goOn: path => $"lastbit train --resume {ShellWord.Quote(path)}");
            TrainingRunResult result = run.Run(context => TrainingRun.Run(settings, context));
            return run.Finish(result.ToJson(), console => Print(console, result), [],
                result.DivergedAtStep is not null ? null : ("lastbit accuracy", "the same with six k and several seeds: how much of the accuracy is rounding"));
        });
        return command.Example("lastbit train --network resnet20 --epochs 20 --out runs/resnet20", "ResNet-20 on all of CIFAR-10")
            .Example("lastbit train --network resnet8 --data sample --epochs 2", "a minute on the sample that comes with the program")
            .Example("lastbit train --resume runs/resnet20", "resumes a run that was stopped, and ends in the same bits");
    }

    private static void Print(IAnsiConsole console, TrainingRunResult result)
    {
        Table table = Tables.Create(console, "Training", "#epoch", "#training loss", "#training accuracy", "#test loss", "#test accuracy");
        foreach (TrainingEpoch epoch in result.Epochs)
            table.AddRow(Text(epoch.Epoch), Number(epoch.TrainLoss), Percent(epoch.TrainAccuracy), Number(epoch.TestLoss), Percent(epoch.TestAccuracy));
        if (result.Epochs.Count > 0)
            Tables.Write(console, table);
        if (result.DivergedAtStep is { } step)
        {
            console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"The training diverged: {result.DivergedBecause ?? "the training loss"} was no longer finite at step {step}. From there on its numbers mean nothing."));
        }
        if (result.Data is { } data)
            console.WriteLine($"Data:    {data}");
        console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Digest:  {result.Digest}"));
        if (result.SecondsPerStep > 0)
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"A step took {result.SecondsPerStep * 1e3:F1} ms."));

        static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
        static string Number(double? value) => value is { } finite ? NumberText.Of(finite) : "not finite";
        static string Percent(double value) => value.ToString("F2", CultureInfo.InvariantCulture) + "%";
    }
}
