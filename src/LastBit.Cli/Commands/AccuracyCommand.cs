using System.CommandLine;
using System.Text.Json.Nodes;
using LastBit.Experiments;
using LastBit.Reports;
using LastBit.Runs;
using LastBit.Statistics;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit accuracy`: Table 1, seeds by perturbations.</summary>
internal static class AccuracyCommand
{
    private static readonly AccuracySettings Paper = new();

    internal static Command Create()
    {
        Option<int[]> seeds = OptionTypes.Counts("--seeds", Paper.Seeds, "Seeds, the columns of the table; more can be added to a folder later.", least: 0);
        Option<int[]> k = OptionTypes.Counts("--k", Paper.K, "Perturbations, the rows of the table; likewise.");
        var options = new ScheduledTrainingOptions(Paper);
        Command command = options.Command("accuracy", "Table 1: how far test accuracies spread over seeds, and over rounding alone.", seeds, k);
        command.SetAction(parse =>
        {
            AccuracySettings settings = TrainingOptions.Resumed<AccuracySettings>(parse, "accuracy", seeds, k) ?? options.Fill(parse, new AccuracySettings());
            (int[] Seeds, int[] K) begun = parse.GetValue(TrainingOptions.Resume) is { } folder ? Accuracy.CellsOf(folder) : ([], []);
            settings = settings with { Seeds = Chosen(seeds, begun.Seeds), K = Chosen(k, begun.K) };
            settings.ToTraining(settings.Seeds[0]);
            using Session session = Session.Open(parse, "accuracy", settings, shared: true, goOn: path => $"lastbit accuracy --resume {ShellWord.Quote(path)}");
            AccuracyResult result = session.Run(context => Accuracy.Run(settings, context));
            (int[] Seeds, int[] K) cells = Accuracy.CellsOf(session.Folder);
            session.RunFolder.Record("cells", new JsonObject { ["seeds"] = Json(cells.Seeds), ["k"] = Json(cells.K) });
            Table1.Draw(session.Folder);
            return session.Finish(result.ToJson(), console => Print(result, console), [Table1.Name],
                ($"lastbit report {ShellWord.Quote(session.Folder)}", "the same as a page to send to a colleague"));

            // What is asked for; or, when a run is resumed, all that was asked for before.
            int[] Chosen(Option<int[]> option, int[] ofFolder) =>
                ofFolder.Length > 0 && parse.GetResult(option) is not { Implicit: false } ? ofFolder : parse.GetRequiredValue(option);
        });
        return command
            .Example("lastbit accuracy --network resnet20 --epochs 20 --train-size 10000 --seeds 1..3 --out runs/table1",
                "three seeds by six k on a fifth of CIFAR-10")
            .Example("lastbit accuracy --resume runs/table1 --seeds 4..6", "three more seeds, in the same folder; another process may be working on others")
            .Example("lastbit accuracy --network resnet8 --data sample --epochs 4 --seeds 1,2 --k 1,3", "a minute, on the sample that comes with the program");

        static JsonArray Json(int[] values) => new([.. values.Select(value => (JsonNode)value)]);
    }

    /// <summary>Prints the table of the finished runs.</summary>
    internal static void Print(AccuracyResult result, IAnsiConsole console)
    {
        if (result.ToSummary() is { } summary)
            SummarizeCommand.Show(summary, console);
        else
            console.WriteLine("No run has finished yet.");
    }
}
