using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using LastBit.Arithmetic;
using LastBit.Cli.Execution;
using LastBit.Cli.PaperItems;
using LastBit.Experiments.Accuracy;
using LastBit.Experiments.Divergence;
using LastBit.Experiments.Edge;
using LastBit.Experiments.Reproduction;
using LastBit.Reports;
using LastBit.Reports.Sections;
using LastBit.Runs;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit reproduce`: every figure and table, in one folder.</summary>
internal static class ReproduceCommand
{
    internal static Command Create()
    {
        var options = new SettingOptions<ReproductionSettings>(RunKind.Reproduce);
        Option<string[]> only = OptionTypes.Choices("--only", [.. PaperItem.All.Select(part => part.Name).Order(StringComparer.Ordinal)], "Runs only these parts");
        const string Description = "Runs every figure and table at a scale and writes figures, results and a report into one folder.";
        Command command = ExecutorOptions.AddTo(LiveView.AddTo(options.Command(Description, only).WithCommonOptions()));
        command.SetAction(parse =>
        {
            ReproductionSettings settings = options.Read(parse);
            settings = settings with { Convolution = TrainingOptions.Convolution(parse, options, settings.Convolution) };
            string[] names = parse.GetRequiredValue(only);
            IExecutor executor = ExecutorOptions.Of(parse);
            string path = CommonOptions.FolderOf(parse, "reproduce");
            string[] gather = ["reproduce", "--scale", settings.Scale, "--only", string.Join(',', names), "--out", Path.GetFullPath(path)];
            return executor.Execute(new CellRun(path, CellsOf(settings, names), () => Prepare(settings, names, path), gather, () => Run(parse, settings, names)));
        });
        return command.Example("lastbit reproduce", "everything that fits into a few minutes")
            .Example("lastbit reproduce --only figure3,table3 --out runs/bounds",
                "the linearized PDE and its bounds; more parts can be added to the folder later");
    }

    /// <summary>The cells of the parts that are made of some; the others take seconds, and are done when the cells are put together.</summary>
    private static string[] CellsOf(ReproductionSettings settings, string[] names) =>
    [
        .. names.Contains(TrainingItems.Figure2.Name)
            ? DivergenceExperiment.CellNames(TrainingItems.DivergenceAt(settings)).Select(cell => RunCells.NameIn("reproduce", DivergenceExperiment.Kind, cell)) : [],
        .. names.Contains(TrainingItems.EdgeOfStability.Name)
            ? EdgeExperiment.CellNames(TrainingItems.EdgeAt(settings)).Select(cell => RunCells.NameIn("reproduce", EdgeExperiment.Kind, cell)) : [],
        .. names.Contains(TrainingItems.Table1.Name)
            ? AccuracyExperiment.CellNames(TrainingItems.AccuracyAt(settings)).Select(cell => RunCells.NameIn("reproduce", AccuracyExperiment.Kind, cell)) : [],
    ];

    private static void Prepare(ReproductionSettings settings, string[] names, string folder)
    {
        RunFolder.Open(folder, "reproduce", ResultJson.ToObject(settings), MachineInfo.Current.Threads).Dispose();
        if (names.Contains(TrainingItems.Figure2.Name))
            CellStore.Plan(folder, DivergenceExperiment.Kind, TrainingItems.DivergenceAt(settings).Asked);
        if (names.Contains(TrainingItems.EdgeOfStability.Name))
            CellStore.Plan(folder, EdgeExperiment.Kind, TrainingItems.EdgeAt(settings).Asked);
        if (names.Contains(TrainingItems.Table1.Name))
            CellStore.Plan(folder, AccuracyExperiment.Kind, TrainingItems.AccuracyAt(settings).Asked);
    }

    private static int Run(ParseResult parse, ReproductionSettings settings, string[] names)
    {
        PaperItem[] parts = [.. PaperItem.All.Where(part => names.Contains(part.Name))];

        using CommandRun run = CommandRun.Open(parse, "reproduce", settings);
        var results = new List<PaperItemResult>();
        var seconds = new List<double>();
        foreach (PaperItem part in parts)
        {
            run.Say($"[{results.Count + 1}/{parts.Length}] {part.Name}: {part.Title}");
            long begun = Stopwatch.GetTimestamp();
            results.Add(run.Run(context => part.Run(new PaperItemRun(settings, context))));
            seconds.Add(Math.Round(Stopwatch.GetElapsedTime(begun).TotalSeconds, 3));
            Interruption.Current.Token.ThrowIfCancellationRequested();
        }

        run.RunFolder.RecordTime();
        string report = Report.Write(run.Folder);
        IReadOnlyList<ReportSection> claims = Report.Answered(run.Folder);
        var document = new JsonObject
        {
            ["folder"] = run.Folder,
            ["scale"] = settings.Scale,
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
