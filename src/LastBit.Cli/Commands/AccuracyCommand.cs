using System.CommandLine;
using LastBit.Cli.Execution;
using LastBit.Experiments.Accuracy;
using LastBit.Experiments.Reproduction;
using LastBit.Reports.Accuracy;
using LastBit.Reports.Results;
using LastBit.Runs;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit accuracy`: Table 1, seeds by perturbations.</summary>
internal static class AccuracyCommand
{
    internal static Command Create()
    {
        var options = new SettingOptions<AccuracySettings>(RunKind.Accuracy);
        const string Description = "Table 1: how far test accuracies spread over seeds, and over rounding alone.";
        Command command = CellRun.Complete(options.Command(Description, TrainingOptions.Resume));
        command.SetAction(parse =>
        {
            AccuracySettings settings = TrainingOptions.Read(parse, options, (there, plan) => there.With(plan));
            AccuracyExperiment.Check(settings);
            return CellRun.Execute(parse, AccuracyExperiment.Kind, ResultJson.ToObject(settings), settings.Asked, AccuracyExperiment.CellNames(settings), run => Here(run, settings));
        });
        return command
            .Example("lastbit accuracy --network resnet20 --epochs 20 --train-size 10000 --seeds 1..3 --out runs/table1",
                "three seeds by six k on a fifth of CIFAR-10")
            .Example("lastbit accuracy --resume runs/table1 --seeds 4..6", "three more seeds, in the same folder; another process may be at work on others")
            .Example("lastbit accuracy --resume runs/table1 --perturbation ulp,stochastic,order,input", "does the spread depend on which rounding was changed?")
            .Example("lastbit accuracy --network resnet8 --data sample --epochs 4 --seeds 1,2 --k 1,3", "a minute on the sample that comes with the program");
    }

    private static int Here(CommandRun run, AccuracySettings settings)
    {
        AccuracyResult result = run.Run(context => AccuracyExperiment.Run(settings, context));
        Table1.Draw(run.Folder);
        return run.Finish(result.ToJson(), console => Print(result, console), [Table1.Name],
            ($"lastbit report {ShellWord.Quote(run.Folder)}", "the same as a page to send to a colleague"));
    }

    /// <summary>Prints the table of the finished runs.</summary>
    internal static void Print(AccuracyResult result, IAnsiConsole console)
    {
        if (result.ToSummary() is { } summary)
            SummarizeCommand.Show(summary, console);
        else
            console.WriteLine(result.Notes.Length > 0 ? string.Join(Environment.NewLine, result.Notes) : "No run has finished yet.");
    }
}
