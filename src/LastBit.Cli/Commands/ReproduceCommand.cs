using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using LastBit.Cli.Execution;
using LastBit.Cli.PaperItems;
using LastBit.Experiments;
using LastBit.Reports;
using LastBit.Runs;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit reproduce`: every figure and table, in one folder.</summary>
internal static class ReproduceCommand
{
    /// <summary>What decides the bits of a reproduction; which parts are run does not, so that parts can be added to a folder.</summary>
    private sealed record Settings(string Scale);

    internal static Command Create()
    {
        Option<string> scale = OptionTypes.Choice("--scale", "demo", ["demo", "laptop", "paper"],
            "demo: minutes, no download. laptop: all of CIFAR-10 and a smaller network. paper: the paper's sizes. "
            + "The one-layer experiments are the paper's at any scale.");
        Option<string[]> only = OptionTypes.Choices("--only", [.. PaperItem.All.Select(part => part.Name).Order(StringComparer.Ordinal)], "Runs some parts only");
        const string Description = "Runs every figure and table at a scale and writes figures, results and a report into one folder.";
        Command command = ExecutorOptions.AddTo(LiveView.AddTo(new Command("reproduce", Description) { scale, only }.WithCommonOptions()));
        command.SetAction(parse =>
        {
            (string at, string[] names) = (parse.GetRequiredValue(scale), parse.GetRequiredValue(only));
            IExecutor executor = ExecutorOptions.Of(parse);
            string path = CommonOptions.FolderOf(parse, "reproduce");
            string[] gather = ["reproduce", "--scale", at, "--only", string.Join(',', names), "--out", Path.GetFullPath(path)];
            return executor.Execute(new CellRun(path, CellsOf(at, names), () => Prepare(at, names, path), gather, () => Run(parse, at, names)));
        });
        return command.Example("lastbit reproduce", "everything that fits into a few minutes")
            .Example("lastbit reproduce --only figure3,table3 --out runs/bounds",
                "the linearized PDE and its bounds; more parts can be added to the folder later");
    }

    /// <summary>The cells of the parts that are made of some; the others take seconds, and are done when the cells are put together.</summary>
    private static string[] CellsOf(string scale, string[] names) =>
    [
        .. names.Contains(TrainingItems.Figure2.Name)
            ? Divergence.CellNames(TrainingItems.DivergenceAt(scale)).Select(cell => RunCells.NameIn("reproduce", Divergence.Kind, cell)) : [],
        .. names.Contains(TrainingItems.Table1.Name)
            ? Accuracy.CellNames(TrainingItems.AccuracyAt(scale)).Select(cell => RunCells.NameIn("reproduce", Accuracy.Kind, cell)) : [],
    ];

    private static void Prepare(string scale, string[] names, string folder)
    {
        RunFolder.Open(folder, "reproduce", ResultJson.ToObject(new Settings(scale)), MachineInfo.Current.Threads).Dispose();
        if (names.Contains(TrainingItems.Figure2.Name))
            CellStore.Plan(folder, Divergence.Kind, TrainingItems.DivergenceAt(scale).Asked);
        if (names.Contains(TrainingItems.Table1.Name))
            CellStore.Plan(folder, Accuracy.Kind, TrainingItems.AccuracyAt(scale).Asked);
    }

    private static int Run(ParseResult parse, string scale, string[] names)
    {
        PaperItem[] parts = [.. PaperItem.All.Where(part => names.Contains(part.Name))];

        using CommandRun run = CommandRun.Open(parse, "reproduce", new Settings(scale));
        var results = new List<PaperItemResult>();
        var seconds = new List<double>();
        foreach (PaperItem part in parts)
        {
            run.Say($"[{results.Count + 1}/{parts.Length}] {part.Name}: {part.Title}");
            long begun = Stopwatch.GetTimestamp();
            results.Add(run.Run(context => part.Run(new PaperItemRun(scale, context))));
            seconds.Add(Math.Round(Stopwatch.GetElapsedTime(begun).TotalSeconds, 3));
            Interruption.Current.Token.ThrowIfCancellationRequested();
        }

        run.RunFolder.RecordTime();
        string report = Report.Write(run.Folder);
        IReadOnlyList<ReportSection> claims = Report.Answered(run.Folder);
        var document = new JsonObject
        {
            ["folder"] = run.Folder,
            ["scale"] = scale,
            ["parts"] = new JsonArray([.. parts.Select((part, i) => new JsonObject
            {
                ["name"] = part.Name,
                ["seconds"] = seconds[i],
                ["documents"] = Names(results[i].Documents),
                ["figures"] = Names(results[i].Figures),
            })]),
            ["claims"] = Json.Claims(claims),
            ["report"] = report,
        };
        return run.Finish(Json.Text(document), Print, [.. results.SelectMany(result => result.Figures)],
            ("lastbit nonlinear --learning-rate 0.04,0.05", "where the oscillation begins"), ("Report", report));

        void Print(IAnsiConsole console)
        {
            Tables.Write(console, [.. results.SelectMany(result => result.Tables(console))]);
            if (claims.Count > 0)
                Tables.Write(console, Tables.Claims(console, claims));
        }
    }

    private static JsonArray Names(IEnumerable<string> names) => new([.. names.Select(name => JsonValue.Create(name))]);
}
