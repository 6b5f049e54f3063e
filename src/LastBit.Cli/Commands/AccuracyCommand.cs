using LastBit.Experiments.Accuracy;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit accuracy`: Table 1, seeds by perturbations.</summary>
internal static class AccuracyCommand
{
    internal static ExperimentCommand<AccuracySettings, AccuracyResult> Command { get; } = new(AccuracyExperiment.Experiment,
        "Table 1: how far test accuracies spread over seeds, and over rounding alone.")
    {
        CanBeResumed = true,
        Tables = (console, result) => result.ToSummary() is { } summary ? SummarizeCommand.TablesOf(summary, console) : [],
        IsPrintedByReproduce = true,
        Print = (console, ended) =>
        {
            if (ended.Result.ToSummary() is { } summary)
                SummarizeCommand.Show(summary, console);
            else
                console.WriteLine(ended.Result.Notes.Length > 0
                    ? string.Join(Environment.NewLine, ended.Result.Notes) : "No run has finished yet.");
        },
        Next = ended => (ended.ReportLine, "the same as a page to send to a colleague"),
        Examples =
        [
            ("lastbit accuracy --network resnet20 --epochs 20 --train-size 10000 --seeds 1..3 --out runs/table1",
                "three seeds by six k on a fifth of CIFAR-10"),
            ("lastbit accuracy --resume runs/table1 --seeds 4..6",
                "three more seeds, in the same folder; another process may be at work on others"),
            ("lastbit accuracy --resume runs/table1 --perturbation ulp,stochastic,order,input",
                "does the spread depend on which rounding was changed?"),
            ("lastbit accuracy --network resnet8 --data sample --epochs 4 --seeds 1,2 --k 1,3",
                "a minute on the sample that comes with the program"),
        ],
    };

}
