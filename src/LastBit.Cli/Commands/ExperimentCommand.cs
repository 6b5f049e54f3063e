using System.CommandLine;
using LastBit.Cli.Execution;
using LastBit.Experiments;
using LastBit.Reports;
using LastBit.Reports.Results;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>
/// The command of an experiment: what it says in help and what it prints. All else is read from the list of experiments and from the
/// reports.
/// </summary>
internal abstract class ExperimentCommand
{
    /// <summary>One for each experiment, in the order in which help shows them.</summary>
    internal static IReadOnlyList<ExperimentCommand> All { get; } =
    [
        HeatCommand.Command,
        LinearCommand.Command,
        NonLinearCommand.Command,
        AmplifyCommand.Command,
        BoundsCommand.Command,
        TrainCommand.Command,
        AccuracyCommand.Command,
        DivergenceCommand.Command,
        EdgeCommand.Command,
        SharpnessCommand.Command,
    ];

    /// <summary>The experiment.</summary>
    internal abstract Experiment Experiment { get; }

    /// <summary>Makes the command.</summary>
    internal abstract Command Create();

    /// <summary>Makes sure that the experiment can run as a part of `reproduce`: that its data is there.</summary>
    /// <exception cref="InputException">It cannot.</exception>
    internal abstract void CheckAt(ReproductionSettings scale);

    /// <summary>Runs the experiment as a part of `reproduce`.</summary>
    /// <returns>The tables to print, made for the console that they are printed on.</returns>
    internal abstract Func<IAnsiConsole, Table[]> RunAt(ReproductionSettings scale, ExperimentContext context);
}

/// <summary>What is known when an experiment has ended.</summary>
/// <param name="Settings">Its settings.</param>
/// <param name="Result">Its results.</param>
/// <param name="Folder">The result folder.</param>
/// <param name="ImageWords">The options that named image, kernel and constants, as they are typed again; empty where none did.</param>
/// <param name="Words">The options that were given and that a filter of their names lets pass, as they are typed again.</param>
/// <param name="IsResumed">Whether it was resumed, so that the options given do not say its settings.</param>
internal sealed record Ended<TSettings, TResult>(TSettings Settings, TResult Result, string Folder, string ImageWords,
    Func<Func<string, bool>, string> Words, bool IsResumed)
{
    /// <summary>The command that makes the page of the folder.</summary>
    internal string ReportLine => $"lastbit report {ShellWord.Quote(Folder)}";
}

/// <inheritdoc/>
/// <typeparam name="TSettings">The record of its settings.</typeparam>
/// <typeparam name="TResult">The record of its results.</typeparam>
/// <param name="experiment">The experiment.</param>
/// <param name="description">What help says it is.</param>
internal sealed class ExperimentCommand<TSettings, TResult>(Experiment<TSettings, TResult> experiment, string description)
    : ExperimentCommand
    where TSettings : class, new()
{
    /// <inheritdoc/>
    internal override Experiment Experiment => experiment;

    /// <summary>The results in numbers.</summary>
    internal required Func<IAnsiConsole, TResult, Table[]> Tables { get; init; }

    /// <summary>Prints the results, where they are more than tables.</summary>
    internal Action<IAnsiConsole, Ended<TSettings, TResult>>? Print { get; init; }

    /// <summary>A command to try next, with what it does.</summary>
    internal required Func<Ended<TSettings, TResult>, (string Line, string What)?> Next { get; init; }

    /// <summary>What a command line means beyond its single options.</summary>
    internal Func<ParseResult, SettingOptions<TSettings>, TSettings, TSettings> Complete { get; init; } = (_, _, settings) => settings;

    /// <summary>Options beside those of the settings: what no bit of a result depends on.</summary>
    internal Option[] Own { get; init; } = [];

    /// <summary>What they mean.</summary>
    internal Func<ParseResult, ExperimentContext, ExperimentContext> InContext { get; init; } = (_, context) => context;

    /// <summary>Whether a run in a folder can be resumed by --resume.</summary>
    internal bool CanBeResumed { get; init; }

    /// <summary>Whether `reproduce` prints its tables.</summary>
    internal bool IsPrintedByReproduce { get; init; }

    /// <summary>Lines to type, with what they do.</summary>
    internal required (string Line, string What)[] Examples { get; init; }

    /// <inheritdoc/>
    internal override Command Create()
    {
        var options = new SettingOptions<TSettings>(experiment);
        Option[] resume = CanBeResumed ? [TrainingOptions.Resume] : [];
        Command command = LiveView.AddTo(options.Command(description, [.. Own, .. resume]));
        if (experiment is ICellsOfFolder)
            ExecutorOptions.AddTo(command);
        command.WithCommonOptions().SetAction(parse => Execute(parse, options));
        foreach ((string line, string what) in Examples)
            command.Example(line, what);
        return command;
    }

    /// <inheritdoc/>
    internal override void CheckAt(ReproductionSettings scale) => experiment.Prepare(experiment.AtScale(scale), EngineList.Create);

    /// <inheritdoc/>
    internal override Func<IAnsiConsole, Table[]> RunAt(ReproductionSettings scale, ExperimentContext context)
    {
        TResult result = experiment.Run(experiment.AtScale(scale), context);
        return console => IsPrintedByReproduce ? Tables(console, result) : [];
    }

    private int Execute(ParseResult parse, SettingOptions<TSettings> options)
    {
        TSettings settings = Complete(parse, options, TrainingOptions.Read(parse, options));
        Func<ExperimentContext, TResult> prepared = experiment.Prepare(settings, EngineList.Create);
        if (settings is ICellSettings<TSettings> cells)
            return CellRun.Execute(parse, experiment.Name, cells.Document, cells.Asked, cells.Cells(), Setting.GrowingOf(typeof(TSettings)),
                Check, Finish);
        Check();
        Func<string, string>? goOn = CanBeResumed ? folder => $"lastbit {experiment.Name} --resume {ShellWord.Quote(folder)}" : null;
        using CommandRun run = CommandRun.Open(parse, experiment.Name, settings, goOn: goOn);
        return Finish(run);

        void Check() => EngineList.CheckDevice(settings);

        int Finish(CommandRun run)
        {
            TResult result = run.Run(context => prepared(InContext(parse, context)));
            var ended = new Ended<TSettings, TResult>(settings, result, run.Folder,
                options.Words(parse, "image", "image-size", "kernel-size", "beta", "a"),
                wanted => options.Words(parse, [.. options.Given(parse).Select(setting => setting.Name).Where(wanted)]),
                CanBeResumed && parse.GetValue(TrainingOptions.Resume) is not null);
            return run.Finish(Runs.ResultJson.Document(result), console =>
            {
                if (Print is null)
                    Cli.Tables.Write(console, Tables(console, result));
                else
                    Print(console, ended);
            }, () => Report.Of(experiment)?.Draw(run.Folder) ?? [], Next(ended));
        }
    }
}
