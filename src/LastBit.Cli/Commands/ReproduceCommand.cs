using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using LastBit.Arithmetic;
using LastBit.Cli.Execution;
using LastBit.Data;
using LastBit.Experiments;
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
        var options = new SettingOptions<ReproductionSettings>(AllExperiments.Reproduction);
        Option<string[]> only = OptionTypes.Choices("--only",
            [.. AllExperiments.Parts.Select(part => part.Key).Order(StringComparer.Ordinal)], "Runs only these parts");
        Option<bool> fetch = OptionTypes.Switch("--fetch", "Gets CIFAR-10 first (170 MB), where a part needs it and it is not there.");
        const string Description = "Runs every figure and table at a scale and writes figures, results and a report into one folder.";
        Command command = ExecutorOptions.AddTo(LiveView.AddTo(options.Command(Description, only, fetch).WithCommonOptions()));
        command.SetAction(parse =>
        {
            ReproductionSettings settings = options.Read(parse);
            settings = settings with { Convolution = TrainingOptions.Convolution(parse, options, settings.Convolution) };
            string[] names = parse.GetRequiredValue(only);
            if (parse.GetValue(fetch))
                Fetch(names, settings, parse.GetValue(CommonOptions.Quiet));
            IExecutor executor = ExecutorOptions.Of(parse);
            string path = CommonOptions.FolderOf(parse, "reproduce");
            string[] gather = ["reproduce", "--scale", settings.Scale, "--only", string.Join(',', names), "--out", Path.GetFullPath(path)];
            return executor.Execute(
                new CellRun(path, CellsOf(settings, names), () => Prepare(settings, names, path), gather,
                    () => Run(parse, settings, names)));
        });
        return command.Example("lastbit reproduce", "everything that fits into a few minutes")
            .Example("lastbit reproduce --only figure3,table3 --out runs/bounds",
                "the linearized PDE and its bounds; more parts can be added to the folder later");
    }

    private static void Fetch(string[] names, ReproductionSettings settings, bool quiet)
    {
        try
        {
            foreach (Experiment experiment in In(names))
                Check(experiment, settings);
        }
        catch (InputException error) when (error.InnerException is InputException { Setting: "data" })
        {
            Interruption.Current.WhatToDo = "What was downloaded is kept; the same command resumes.";
            Progress.Show(quiet, observer => DataSets.Find("cifar10")!.Fetch(null, observer, Interruption.Current.Token).GetAwaiter()
                .GetResult());
        }
    }

    /// <summary>`reproduce` has no option for the data, which is the paper's: what is missing is fetched, or kept elsewhere.</summary>
    private static void Check(Experiment experiment, ReproductionSettings settings)
    {
        try
        {
            CommandOf(experiment).CheckAt(settings);
        }
        catch (InputException error) when (error.Setting == "data")
        {
            string what = (error.Problem ?? error.Message).TrimStart(':', ' ').Split(';')[0];
            throw new InputException($"{what}; give --fetch to get it, or set LASTBIT_CACHE to the folder that has it", error);
        }
    }

    private static IEnumerable<Experiment> In(string[] names) => AllExperiments.List.Where(one => names.Contains(one.Part));

    /// <summary>
    /// The cells of the experiments that are made of some; the others take seconds, and are done when the cells are put together.
    /// </summary>
    private static string[] CellsOf(ReproductionSettings settings, string[] names) =>
        [.. In(names)
            .SelectMany(one =>
                one is ICellsOfFolder cells ? cells.CellsAt(settings).Select(cell => RunCells.NameIn("reproduce", one.Name, cell)) : [])];

    private static void Prepare(ReproductionSettings settings, string[] names, string folder)
    {
        using RunFolder run = RunFolder.Open(folder, "reproduce", ResultJson.ToObject(settings), MachineInfo.Current.Threads);
        run.Record(RunFolder.PartOfTime, true);
        foreach (ICellsOfFolder cells in In(names).OfType<ICellsOfFolder>())
            cells.PlanAt(settings, folder);
    }

    private static int Run(ParseResult parse, ReproductionSettings settings, string[] names)
    {
        IGrouping<string, Experiment>[] parts = [.. AllExperiments.Parts.Where(part => names.Contains(part.Key))];

        // Before anything runs: what is missing for the last part is better known now than in an hour.
        foreach (Experiment experiment in In(names))
            Check(experiment, settings);
        using CommandRun run = CommandRun.Open(parse, "reproduce", settings);
        var expected = new ExpectedTime(parts, settings.Scale);
        run.Say($"{NumberText.Count(parts.Length, "part")}, about {ExpectedTime.Text(expected.Left)} in all on two cores with AVX-512.");
        var tables = new List<Func<IAnsiConsole, Table[]>>();
        var computed = new List<(IGrouping<string, Experiment> Part, double Seconds)>();
        using var drawing = new FigureQueue(run.Folder);
        foreach (IGrouping<string, Experiment> part in parts)
        {
            run.Say($"[{computed.Count + 1}/{parts.Length}] {part.Key}: {string.Join(" and ", part.Select(one => one.Title))}"
                + (computed.Count > 0 && expected.Left.TotalMinutes >= 1 ? $"; about {ExpectedTime.Text(expected.Left)} left in all" : ""));
            long begun = Stopwatch.GetTimestamp();
            foreach (Experiment experiment in part)
            {
                tables.Add(run.Run(context => CommandOf(experiment)
                    .RunAt(settings, context with { Record = Record(context, experiment.Name) })));
                drawing.Add(experiment);
            }
            TimeSpan time = Stopwatch.GetElapsedTime(begun);
            expected.Done(part, time);
            computed.Add((part, time.TotalSeconds));
            Interruption.Current.Token.ThrowIfCancellationRequested();
        }

        drawing.Finish();
        run.RunFolder.RecordTime();
        string report = Report.Write(run.Folder);
        IReadOnlyList<ReportSection> claims = Report.Answered(run.Folder);
        var document = new JsonObject
        {
            ["folder"] = run.Folder,
            ["scale"] = settings.Scale,
            ["parts"] = new JsonArray([.. computed.Select(one => new JsonObject
            {
                ["name"] = one.Part.Key,
                ["seconds"] = Math.Round(one.Seconds, 3),
                ["documents"] = Names(one.Part.Select(experiment => experiment.Document!)),
                ["figures"] = Names(one.Part.SelectMany(drawing.Of).Where(figure => figure.WhyNot is null).Select(figure => figure.Name)),
            })]),
            ["claims"] = Json.Claims(claims),
            ["report"] = report,
        };
        return run.Finish(Json.Text(document), Print, () => [.. In(names).SelectMany(drawing.Of)],
            ("lastbit nonlinear --learning-rate 0.04,0.05", "where the oscillation begins"), report);

        void Print(IAnsiConsole console)
        {
            Tables.Write(console, [.. tables.SelectMany(made => made(console))]);
            if (claims.Count > 0)
                Tables.Write(console, Tables.Claims(console, claims));
        }
    }

    /// <summary>About how long the parts take that are left: what they take elsewhere, by how this machine compares so far.</summary>
    private sealed class ExpectedTime(IEnumerable<IGrouping<string, Experiment>> parts, string scale)
    {
        private readonly List<IGrouping<string, Experiment>> _left = [.. parts];
        private double _expected, _taken;

        internal TimeSpan Left => TimeSpan.FromMinutes(_left.Sum(Of) * (_expected > 0.5 ? _taken / _expected : 1));

        internal static string Text(TimeSpan time) => time switch
        {
            { TotalDays: >= 2 } => $"{time.TotalDays:0} days",
            { TotalHours: >= 2 } => $"{time.TotalHours:0} hours",
            { TotalMinutes: >= 2 } => $"{time.TotalMinutes:0} minutes",
            _ => $"{Math.Max(10, Math.Ceiling(time.TotalSeconds / 10) * 10):0} seconds",
        };

        // A part that was there already says nothing of the machine.
        internal void Done(IGrouping<string, Experiment> part, TimeSpan time)
        {
            _left.Remove(part);
            if (time.TotalMinutes > Of(part) / 10)
                (_expected, _taken) = (_expected + Of(part), _taken + time.TotalMinutes);
        }

        // A second for each experiment: start, files and figures.
        private double Of(IGrouping<string, Experiment> part) => part.Sum(one => one.Minutes(scale) + (1.0 / 60));
    }

    /// <summary>Draws figures one after the other while the next part computes.</summary>
    private sealed class FigureQueue(string folder) : IDisposable
    {
        private readonly Dictionary<Experiment, IReadOnlyList<(string Name, string? WhyNot)>> _drawn = [];
        private Task _last = Task.CompletedTask;

        public void Add(Experiment experiment)
        {
            Task before = _last;
            _last = Task.Run(async () =>
            {
                await before.ConfigureAwait(false);
                _drawn[experiment] = Report.Of(experiment)?.Draw(folder) ?? [];
            });
        }

        public IReadOnlyList<(string Name, string? WhyNot)> Of(Experiment experiment) => _drawn[experiment];

        public void Finish() => _last.GetAwaiter().GetResult();

        // A run that was stopped leaves no figure half drawn; its fault is told already.
        public void Dispose() => ((IAsyncResult)_last).AsyncWaitHandle.WaitOne();
    }

    /// <summary>What is recorded of the data stands under the experiment that it is of.</summary>
    private static Action<string, JsonNode?> Record(ExperimentContext context, string experiment) => (name, value) =>
    {
        if (name == "data")
        {
            var data = RunFolder.Read(context.Folder)?[name]?.DeepClone() as JsonObject ?? [];
            data[experiment] = value;
            value = data;
        }
        context.Record?.Invoke(name, value);
    };

    private static ExperimentCommand CommandOf(Experiment experiment) => ExperimentCommand.All.First(one => one.Experiment == experiment);

    private static JsonArray Names(IEnumerable<string> names) => new([.. names.Select(name => JsonValue.Create(name))]);
}
