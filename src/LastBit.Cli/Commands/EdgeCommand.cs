using System.Globalization;
using LastBit.Data;
using LastBit.Experiments.Edge;
using LastBit.Training;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit edge`: sharpness, its threshold, and how far copies drift apart that differ by rounding.</summary>
internal static class EdgeCommand
{
    internal static ExperimentCommand<EdgeSettings, EdgeResult> Command { get; } = new(EdgeExperiment.Experiment,
        "The edge of stability: the sharpness of the loss along gradient descent, beside how far copies that differ only in rounding "
            + "drift apart.")
    {
        CanBeResumed = true,
        // The sample does not have as many images as the literature takes.
        Complete = (parse, options, settings) =>
            settings.Data == Cifar10.Sample && parse.GetValue(TrainingOptions.Resume) is null && !options.IsGiven(parse, "train-size")
                ? settings with { TrainSize = null } : settings,
        Tables = (console, result) => [Table(console, result)],
        IsPrintedByReproduce = true,
        Print = (console, ended) =>
        {
            Tables.Write(console, Table(console, ended.Result));
            RunLines.Wrapped(console, ended.Result.VerificationInWords());
        },
        Next = ended => (ended.ReportLine, "the same as a page, with what it says of the claims"),
        Examples =
        [
            ("lastbit edge --loss mse --learning-rate 0.01,0.02 --out runs/edge", "two learning rates, 5000 images of CIFAR-10"),
            ("lastbit edge --resume runs/edge --weight-decay 0.5,1", "weight decay moves the crossing; more runs in the same folder"),
            ("lastbit edge --resume runs/edge --iterations 4000", "the same runs go on"),
            ("lastbit edge --data sample --train-size 100 --iterations 200", "a minute on the sample that comes with the program"),
        ],
    };

    private static Table Table(IAnsiConsole console, EdgeResult result)
    {
        Table table = Tables.Create(console,
            $"{result.Network}: {(result.BatchSize == 0 ? "" : "batch ")}sharpness beside its threshold, and the difference of copies "
                + "that differ by rounding",
            "#learning rate", "#weight decay", "#threshold", "#first sharpness", "#largest", "#last", "#crossed at", "copy",
            "#first difference", "#largest", "#last", "#last loss");
        foreach (EdgeRun run in result.Runs.Where(run => run.Loss.Length > 0 && run.Sharpness.Length > 0))
        {
            foreach ((Perturbation one, EdgeCopy copy) in run.Copies)
            {
                table.AddRow(
                    Text($"{run.LearningRate:0.######}"), Text($"{run.WeightDecay:0.######}"), NumberText.Of(run.JudgedThreshold),
                    NumberText.Of(run.Sharpness[0].Judged), NumberText.Of(run.Sharpness.Max(point => point.Judged)),
                    NumberText.Of(run.Sharpness[^1].Judged),
                    run.CrossedAt is { } crossing ? Text($"{crossing}") : "never",
                    one.Name, NumberText.Of(copy.RelativeL1[0]), NumberText.Of(copy.RelativeL1.Max()), NumberText.Of(copy.RelativeL1[^1]),
                    run.DivergedAtIteration is { } at ? NumberText.NotFinite(at) : NumberText.Of(run.Loss[^1]));
            }
        }
        return table;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
