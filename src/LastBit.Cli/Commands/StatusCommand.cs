using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using LastBit.Cli.Execution;
using LastBit.Files;
using LastBit.Runs;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit status DIR`: what the cells of a run folder are doing.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    internal static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "A folder of any run, here or on a cluster." };
        Option<bool> watch = OptionTypes.Switch("--watch", "Repeats every five seconds until all cells are done or have failed.");
        var outFolder = OptionTypes.PathTo("--out", "DIR", "Also writes status.json into this folder.", "none");
        var command = new Command("status", "Says which cells of a run are done, running, waiting or failed, and how long they will take.")
        {
            folder, watch, outFolder, CommonOptions.Threads, CommonOptions.Json, CommonOptions.Quiet,
        };
        command.SetAction(parse =>
        {
            string path = parse.GetRequiredValue(folder);
            while (true)
            {
                CellView[] cells = Read(path);
                if (parse.GetValue(outFolder) is { } other)
                    AtomicFile.WriteAllText(Path.Combine(other, "status.json"), Json.Text(Document(cells)));
                if (parse.GetValue(CommonOptions.Json))
                    Terminal.OutWriter.WriteLine(Json.Text(Document(cells), isOneLine: parse.GetValue(watch)));
                else
                    Show(cells);
                if (!parse.GetValue(watch) || cells.All(cell => cell.State is CellState.Done or CellState.Failed)
                    || Interruption.Current.Token.WaitHandle.WaitOne(Pause))
                    return cells.Any(cell => cell.State == CellState.Failed) ? CommandLine.Failed : CommandLine.Done;
            }
        });
        return command.Example("lastbit status runs/table1 --watch", "how far Table 1 is, here or on a cluster")
            .Example("lastbit status runs/table1 --json", "the same for a script");
    }

    /// <summary>A cell as its folder and Slurm show it.</summary>
    private sealed record CellView(string Name, CellState State, double Progress, double? SecondsLeft, string? Why, SlurmState? Slurm,
        string? Owner);

    private static CellView[] Read(string folder)
    {
        Dictionary<string, (SlurmState State, string Log)> slurm = SlurmQueue.Of(Path.GetFullPath(folder), SlurmJobs.Read(folder));
        return [.. RunCells.StatusOf(folder).Select(cell =>
        {
            if (!slurm.TryGetValue(cell.Name, out (SlurmState State, string Log) task))
                return new CellView(cell.Name, cell.State, cell.Progress, cell.SecondsLeft, cell.Why, null, cell.Owner);
            // What the folder shows decides; Slurm knows of tasks that died before they could say so, and that what failed begins again.
            CellState state = cell.State == CellState.Done ? CellState.Done
                : task.State.IsOver && cell.State != CellState.Running ? CellState.Failed
                : task.State.State == "PENDING" ? CellState.Waiting
                : cell.State;
            string? why =
                state == CellState.Failed ? cell.Why ?? SlurmQueue.LastLine(task.Log) : cell.State == CellState.Done ? cell.Why : null;
            return new CellView(cell.Name, state, cell.Progress, state == CellState.Running ? cell.SecondsLeft : null, why, task.State,
                cell.Owner);
        })];
    }

    private static JsonObject Document(CellView[] cells) => new()
    {
        ["cells"] = new JsonArray([.. cells.Select(cell =>
        {
            var document = new JsonObject
            {
                ["name"] = cell.Name,
                ["state"] = NameOf(cell.State),
                ["progress"] = Math.Round(cell.Progress, 4),
                ["secondsLeft"] = cell.SecondsLeft is { } left && double.IsFinite(left) ? Math.Round(left, 1) : null,
            };
            if (cell.Why is not null)
                document["why"] = cell.Why;
            if (cell.Slurm is not null)
                document["slurm"] = cell.Slurm.State;
            return document;
        })]),
    };

    private static void Show(CellView[] cells)
    {
        IAnsiConsole console = Terminal.Out;
        Table table = Tables.Create(console, "Cells", "cell", "state", "#done", "#time left", "where, why");
        foreach (CellView cell in cells)
        {
            table.AddRow(
                Markup.Escape(ForeignText.Printable(cell.Name)), NameOf(cell.State), Text($"{100 * cell.Progress:0}%"),
                cell.SecondsLeft is { } left && double.IsFinite(left) ? Progress.TimeText(TimeSpan.FromSeconds(Math.Min(1e8, left))) : "",
                Markup.Escape(
                    ForeignText.Cut(
                        string.Join("; ", new[] { cell.Slurm?.Text ?? cell.Owner, cell.Why }.Where(part => part is { Length: > 0 })),
                        300)));
        }
        Tables.Write(console, table);
        int Count(CellState state) => cells.Count(cell => cell.State == state);
        string whole = WholeTime(cells) is { } time ? $", about {Progress.TimeText(time)} left" : "";
        Terminal.OutWriter.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Count(CellState.Done)} done, {Count(CellState.Running)} running, {Count(CellState.Waiting)} waiting, "
                + $"{Count(CellState.Failed)} failed{whole}"));
    }

    /// <summary>By the pace of the cells that run: what they lack, and what waits, over as many as run.</summary>
    private static TimeSpan? WholeTime(CellView[] cells)
    {
        CellView[] paced = [.. cells.Where(cell => cell.SecondsLeft is { } left && double.IsFinite(left) && cell.Progress < 1)];
        if (paced.Length == 0)
            return null;
        double one = paced.Average(cell => cell.SecondsLeft!.Value / (1 - cell.Progress));
        double work = paced.Sum(cell => cell.SecondsLeft!.Value)
            + cells.Where(cell => cell.State == CellState.Waiting).Sum(cell => (1 - cell.Progress) * one);
        return TimeSpan.FromSeconds(Math.Min(1e8, Math.Max(paced.Max(cell => cell.SecondsLeft!.Value), work / paced.Length)));
    }

    private static string NameOf(CellState state) => state.ToString().ToLowerInvariant();

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
