using System.Text.Json.Nodes;
using LastBit.Experiments;
using LastBit.Experiments.Reproduction;
using LastBit.Experiments.Train;
using LastBit.Runs;

namespace LastBit.Cli.Execution;

/// <summary>The cells of a folder, whatever has filled it. In a folder of reproduce their names begin with the experiment's.</summary>
internal static class RunCells
{
    private static IEnumerable<(string Name, ICellsOfFolder Cells)> Kinds =>
        AllExperiments.List.Where(one => one is ICellsOfFolder).Select(one => (one.Name, (ICellsOfFolder)one));

    /// <summary>The name of a cell in a folder of a command.</summary>
    internal static string NameIn(string command, string kind, string cell) => command == kind ? cell : $"{kind}/{cell}";

    /// <summary>What the cells of a folder are doing; of a run that has no cells, what the run is doing.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="orNone">Whether a folder that holds no run is one without cells.</param>
    /// <exception cref="InputException">The folder holds no run, or its files are damaged.</exception>
    internal static IReadOnlyList<CellStatus> StatusOf(string folder, bool orNone = false)
    {
        if (RunFolder.Read(folder) is not { } run)
            return orNone ? [] : throw new InputException($"{folder}: there is no run.json in it; give a folder that a run has filled");
        string command = run["command"]?.ToString() ?? "";
        CellStatus[] cells = [.. Kinds.Where(kind => command == kind.Name || Directory.Exists(Path.Combine(folder, "cells", kind.Name)))
            .SelectMany(kind => kind.Cells.StatusOf(folder).Select(cell => cell with { Name = NameIn(command, kind.Name, cell.Name) }))];
        return cells.Length > 0 ? cells : [Whole(folder, command, run)];
    }

    /// <summary>Computes one cell, without touching what belongs to the whole folder.</summary>
    /// <exception cref="InputException">There is no such cell, or it cannot be computed.</exception>
    internal static void Compute(string name, ExperimentContext context)
    {
        JsonObject run = RunFolder.Read(context.Folder)
            ?? throw new InputException($"{context.Folder}: there is no run.json in it; give a folder that a run has filled");
        string command = run["command"]?.ToString() ?? "";
        using IDisposable watch = RunFolder.Watch(context.Folder, run);
        foreach ((string Name, ICellsOfFolder Cells) kind in Kinds)
        {
            string prefix = NameIn(command, kind.Name, "");
            if (name.StartsWith(prefix, StringComparison.Ordinal)
                && kind.Cells.StatusOf(context.Folder).Any(cell => cell.Name == name[prefix.Length..]))
            {
                kind.Cells.Compute(run, name[prefix.Length..], context);
                return;
            }
        }
        throw new InputException($"{context.Folder}: there is no cell '{name}'; `status` names those there are");
    }

    private static CellStatus Whole(string folder, string command, JsonObject run)
    {
        if (run["finished"] is JsonValue finished && finished.TryGetValue(out bool done) && done)
            return new CellStatus(command, CellState.Done, 1, null, null, null);
        using Lease? free = Lease.TryTake(folder, ".lock");
        return new CellStatus(command, free is null ? CellState.Running : CellState.Waiting, ShareOf(folder, run), null, null, null);
    }

    /// <summary>By the epochs of train.json; the documents of the others appear when they are done.</summary>
    private static double ShareOf(string folder, JsonObject run)
    {
        string file = Path.Combine(folder, TrainingRunResult.FileName);
        return File.Exists(file) && run["settings"]?["epochs"] is JsonValue value && value.TryGetValue(out int epochs) && epochs > 0
            ? Math.Min(1, (double)DocumentFile.Read<TrainingRunResult>(file).Epochs.Count / epochs) : 0;
    }
}
