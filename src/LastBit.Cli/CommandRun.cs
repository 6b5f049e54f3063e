using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using LastBit.Experiments;
using LastBit.Experiments.Reproduction;
using LastBit.Reports.Results;
using LastBit.Runs;
using Spectre.Console;

namespace LastBit.Cli;

/// <summary>One call of a command that fills a result folder, from the options to the last line printed.</summary>
internal sealed class CommandRun : IDisposable
{
    private readonly ParseResult _parse;
    private readonly RunFolder _folder;
    private readonly bool _json;
    private readonly bool _quiet;
    private readonly LiveView? _live;

    private CommandRun(ParseResult parse, RunFolder folder, int threads, LiveView? live)
    {
        _parse = parse;
        _folder = folder;
        _json = parse.GetValue(CommonOptions.Json);
        _quiet = parse.GetValue(CommonOptions.Quiet);
        _live = live;
        Threads = threads;
    }

    /// <summary>The result folder's path.</summary>
    internal string Folder => _folder.Path;

    /// <summary>The open folder.</summary>
    internal RunFolder RunFolder => _folder;

    /// <summary>How many threads may work.</summary>
    internal int Threads { get; }

    /// <summary>Where text for people goes: standard output, or standard error when that is for JSON.</summary>
    internal IAnsiConsole Text => _json ? Terminal.Error : Terminal.Out;

    /// <summary>The cells that this call asks for; null for all of the folder.</summary>
    internal IReadOnlyList<string>? Asked { get; set; }

    /// <summary>Opens the folder that --out names.</summary>
    /// <param name="parse">The parsed command line; the command has the common options.</param>
    /// <param name="command">The command's name, as run.json holds it.</param>
    /// <param name="settings">The settings record: everything that decides a bit of the results.</param>
    /// <param name="shared">Whether several processes may fill the folder at once, each its own part.</param>
    /// <param name="goOn">How to resume after a stop, as a command line, from the folder; by default the same command with the folder
    /// named.</param>
    /// <param name="cells">Which cells are asked for, where the experiment is made of cells.</param>
    /// <param name="growing">Members of the settings of which a folder can be given more.</param>
    internal static CommandRun Open<TSettings>(ParseResult parse, string command, TSettings settings, bool shared = false,
        Func<string, string>? goOn = null, JsonObject? cells = null, IReadOnlyList<string>? growing = null)
    {
        int threads = CommonOptions.ThreadsOf(parse);
        string path = CommonOptions.FolderOf(parse, command);
        // Before the folder: a port that is taken leaves no folder behind.
        LiveView? live = LiveView.Start(parse);
        RunFolder? folder = null;
        try
        {
            folder = RunFolder.Open(path, command, ResultJson.ToObject(settings), threads, shared, cells, growing: growing);
            Interruption.Current.WhatToDo = $"What is finished is in {path}. To resume:\n{goOn?.Invoke(path) ?? SameCommand(parse, path)}";
            live?.SayWhere();
            return new CommandRun(parse, folder, threads, live);
        }
        catch
        {
            folder?.Dispose();
            live?.Dispose();
            throw;
        }
    }

    /// <summary>Runs an experiment while its progress is shown.</summary>
    internal T Run<T>(Func<ExperimentContext, T> experiment)
    {
        CancellationToken cancellation = Interruption.Current.Token;
        return Progress.Show(_quiet,
            observer => experiment(new ExperimentContext(Folder, Threads, _live?.Beside(observer) ?? observer, cancellation)
            {
                Record = _folder.Record,
                Engines = EngineList.Create,
            }));
    }

    private static string Few(string[] cells) => string.Join(", ", cells.Take(5)) + (cells.Length > 5 ? ", ..." : "");

    /// <summary>A sentence for the user, on standard error; nothing under --quiet.</summary>
    internal void Say(string text)
    {
        if (!_quiet)
            RunLines.Wrapped(Terminal.Error, text);
    }

    /// <summary>
    /// Ends the run: prints the results as JSON or as text, and then draws its figures, which are no reason for it to fail.
    /// </summary>
    /// <param name="json">The document of the results.</param>
    /// <param name="print">Prints the tables; not called under --quiet with --json.</param>
    /// <param name="draw">Draws the figures; for each why it was not drawn, or null.</param>
    /// <param name="next">A command to try next, with what it does.</param>
    /// <param name="report">The page, where there is one.</param>
    /// <returns>The exit code: 0, or 1 where another process is still at work on a cell that was asked for.</returns>
    internal int Finish(
        string json, Action<IAnsiConsole> print, Func<IReadOnlyList<(string Name, string? WhyNot)>> draw, (string Line, string What)? next,
        string? report = null)
    {
        IReadOnlyList<string> open = AllExperiments.CellsLeftIn(Folder);
        string[] missing = [.. open.Where(cell => Asked?.Contains(cell) != false)];
        int code = missing.Length == 0 ? CommandLine.Done : CommandLine.Failed;
        if (open.Count == 0)
            _folder.Finish();
        _live?.Say($"The results are in {Folder}{(report is null ? "" : $", the report is {report}")}.");
        if (_json)
            Terminal.OutWriter.WriteLine(json.TrimEnd());
        // A result is printed once under --quiet: as the document where that was asked for.
        if (!_quiet || !_json)
            print(Text);
        IReadOnlyList<(string Name, string? WhyNot)> figures = draw();
        if (missing.Length > 0)
            Say($"Not computed yet: {Few(missing)}. `lastbit status {ShellWord.Quote(Folder)}` says why.");
        if (open.Count > missing.Length)
            Say($"Not computed, and not asked for in this call: {Few([.. open.Except(missing)])}. `--resume` without more computes it.");
        if (_quiet)
            return code;

        Text.WriteLine();
        string[] drawn = [.. figures.Where(figure => figure.WhyNot is null).Select(figure => figure.Name)];
        if (drawn.Length > 0)
        {
            string names = drawn.Length == 1 ? drawn[0] : $"{{{string.Join(',', drawn)}}}";
            Line(drawn.Length == 1 ? "Figure" : "Figures", $"{Path.Combine(Folder, "figures", names)}.{{png,svg}}");
        }
        foreach ((string name, string? why) in figures.Where(figure => figure.WhyNot is not null))
            Line("No", $"{name}: {why}");
        if (report is not null)
            Line("Report", report);
        Line("Results", Folder);
        if (next is { } command)
            Line("Next", $"{command.Line}   ({command.What})");
        return code;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _live?.Dispose();
        _folder.Dispose();
    }

    private void Line(string name, string value) =>
        Text.Profile.Out.Writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name + ":",-9}{value}"));

    private static string SameCommand(ParseResult parse, string path)
    {
        IEnumerable<string> words = parse.Tokens.Select(token => token.Value);
        if (parse.GetValue(CommonOptions.Out) is null)
            words = words.Append("--out").Append(path);
        return string.Join(' ', words.Prepend("lastbit").Select(ShellWord.Quote));
    }
}
