using System.CommandLine;
using System.Globalization;
using LastBit.Cli.Execution;
using LastBit.Data;
using LastBit.Experiments.Edge;
using LastBit.Experiments.Reproduction;
using LastBit.Reports.Edge;
using LastBit.Reports.Results;
using LastBit.Training;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit edge`: sharpness, its threshold, and how far copies drift apart that differ by rounding.</summary>
internal static class EdgeCommand
{
    internal static Command Create()
    {
        var options = new SettingOptions<EdgeSettings>(RunKind.Edge);
        const string Description = "The edge of stability: the sharpness of the loss along gradient descent, beside how far copies that differ only in rounding drift apart.";
        Command command = CellRun.Complete(options.Command(Description, TrainingOptions.Resume));
        command.SetAction(parse =>
        {
            EdgeSettings settings = TrainingOptions.Read(parse, options, (there, plan) => there.With(plan));
            // The sample does not have as many images as the literature takes.
            if (settings.Data == Cifar10.Sample && parse.GetValue(TrainingOptions.Resume) is null && !options.IsGiven(parse, "train-size"))
                settings = settings with { TrainSize = null };
            EdgeExperiment.Check(settings);
            return CellRun.Execute(parse, EdgeExperiment.Kind, settings.Document, settings.Asked, EdgeExperiment.CellNames(settings), run => Here(run, settings));
        });
        return command.Example("lastbit edge --loss mse --learning-rate 0.01,0.02 --out runs/edge", "two learning rates, 5000 images of CIFAR-10")
            .Example("lastbit edge --resume runs/edge --weight-decay 0.5,1", "weight decay moves the crossing; more runs in the same folder")
            .Example("lastbit edge --data sample --train-size 100 --iterations 200", "a minute on the sample that comes with the program");
    }

    private static int Here(CommandRun run, EdgeSettings settings)
    {
        EdgeResult result = run.Run(context => EdgeExperiment.Run(settings, context));
        EdgeOfStability.Draw(run.Folder);
        return run.Finish(result.ToJson(), console =>
        {
            Tables.Write(console, ResultTable(result, console));
            console.WriteLine(result.VerificationInWords());
        }, [EdgeOfStability.Name],
            ($"lastbit report {ShellWord.Quote(run.Folder)}", "the same as a page, with what it says of the claims"));
    }

    /// <summary>The runs in numbers.</summary>
    internal static Table ResultTable(EdgeResult result, IAnsiConsole console)
    {
        Table table = Tables.Create(console, $"{result.Network}: {(result.BatchSize == 0 ? "" : "batch ")}sharpness beside its threshold, and the difference of copies that differ by rounding",
            "#learning rate", "#weight decay", "#threshold", "#first sharpness", "#largest", "#last", "#crossed at", "copy", "#first difference", "#largest", "#last", "#last loss");
        foreach (EdgeRun run in result.Runs.Where(run => run.Loss.Length > 0 && run.Sharpness.Length > 0))
        {
            foreach ((Perturbation one, EdgeCopy copy) in run.Copies)
            {
                table.AddRow(
                    Text($"{run.LearningRate:0.######}"), Text($"{run.WeightDecay:0.######}"), NumberText.Of(run.JudgedThreshold),
                    NumberText.Of(run.Sharpness[0].Judged), NumberText.Of(run.Sharpness.Max(point => point.Judged)), NumberText.Of(run.Sharpness[^1].Judged),
                    run.Sharpness.FirstOrDefault(point => point.Judged >= run.JudgedThreshold) is { } crossing ? Text($"{crossing.Iteration}") : "never",
                    one.Name, NumberText.Of(copy.RelativeL1[0]), NumberText.Of(copy.RelativeL1.Max()), NumberText.Of(copy.RelativeL1[^1]),
                    run.DivergedAtIteration is { } at ? $"not finite at {NumberText.Count(at)}" : NumberText.Of(run.Loss[^1]));
            }
        }
        return table;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
