using System.CommandLine;
using LastBit.Cli.Execution;
using LastBit.Experiments;
using LastBit.Reports;
using LastBit.Runs;
using LastBit.Training;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit accuracy`: Table 1, seeds by perturbations.</summary>
internal static class AccuracyCommand
{
    private static readonly AccuracySettings Paper = new();

    internal static Command Create()
    {
        Option<int[]> seeds = OptionTypes.Counts("--seeds", Paper.Seeds, "Seeds, the columns of the table; more can be added to a folder later.", least: 0);
        Option<int[]> k = OptionTypes.Counts("--k", [.. Paper.Perturbations.Select(one => (int)one.K)], "Perturbations, the rows of the table; likewise.");
        Option<bool> correctness = OptionTypes.Switch("--correctness", "Also saves which test image each run classifies correctly at its end, for `lastbit noise`; of runs that are computed from here on.");
        Option<Perturbation[]> other = TrainingOptions.PerturbationList("More rows of the table, beside --k where that is given");
        var options = new ScheduledTrainingOptions(Paper);
        Command command = ExecutorOptions.AddTo(
            options.Command("accuracy", "Table 1: how far test accuracies spread over seeds, and over rounding alone.", seeds, k, other, correctness));
        command.SetAction(parse =>
        {
            AccuracySettings settings = TrainingOptions.Resumed<AccuracySettings>(parse, "accuracy", seeds, k, other, correctness) ?? options.Fill(parse, new AccuracySettings());
            string? folder = parse.GetValue(TrainingOptions.Resume);
            settings = (settings with { Correctness = parse.GetValue(correctness) }).With(
                folder is null ? [] : CellStore.ReadPlan(folder, Accuracy.Kind),
                folder is null || parse.GetResult(seeds) is { Implicit: false } ? parse.GetRequiredValue(seeds) : null,
                TrainingOptions.Perturbations(parse, k, other, folder is not null));
            Accuracy.Check(settings);
            IExecutor executor = ExecutorOptions.Of(parse);
            string path = CommonOptions.FolderOf(parse, Accuracy.Kind);
            return executor.Execute(new CellRun(path, Accuracy.CellNames(settings), () => Prepare(settings, path), ["accuracy", "--resume", Path.GetFullPath(path)],
                () => Here(parse, settings)));
        });
        return command
            .Example("lastbit accuracy --network resnet20 --epochs 20 --train-size 10000 --seeds 1..3 --out runs/table1",
                "three seeds by six k on a fifth of CIFAR-10")
            .Example("lastbit accuracy --resume runs/table1 --seeds 4..6", "three more seeds, in the same folder; another process may be at work on others")
            .Example("lastbit accuracy --resume runs/table1 --perturbation ulp,stochastic,order,input", "does the spread depend on which rounding was changed?")
            .Example("lastbit accuracy --network resnet8 --data sample --epochs 4 --seeds 1,2 --k 1,3", "a minute on the sample that comes with the program");
    }

    /// <summary>Puts on disk what any process needs to compute a cell.</summary>
    private static void Prepare(AccuracySettings settings, string folder)
    {
        RunFolder.Open(folder, Accuracy.Kind, ResultJson.ToObject(settings), MachineInfo.Current.Threads, shared: true, settings.Asked).Dispose();
        CellStore.Plan(folder, Accuracy.Kind, settings.Asked);
    }

    private static int Here(ParseResult parse, AccuracySettings settings)
    {
        using CommandRun run = CommandRun.Open(
            parse, Accuracy.Kind, settings, shared: true, goOn: path => $"lastbit accuracy --resume {ShellWord.Quote(path)}", cells: settings.Asked);
        AccuracyResult result = run.Run(context => Accuracy.Run(settings, context));
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
            console.WriteLine(string.Join(Environment.NewLine, result.Notes.Append(
                result.Diverged is { } diverged && result.TestAccuracy.All(seed => seed.Value.Keys.All(k => diverged.TryGetValue(seed.Key, out var runs) && runs.ContainsKey(k)))
                    ? "Every run diverged; a smaller learning rate or weight decay may help." : "No run has finished yet.")));
    }
}
