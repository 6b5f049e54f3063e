using System.Globalization;
using System.Text.Json.Nodes;
using LastBit.Files;
using LastBit.Reports.Results;
using LastBit.Runs;

namespace LastBit.Cli.Execution;

/// <summary>A Slurm job array computes the cells, and a job that depends on it makes tables, figures and report.</summary>
internal sealed class SlurmExecutor(SlurmSettings settings, bool dryRun, bool json, bool quiet) : IExecutor
{
    /// <inheritdoc/>
    public int Execute(CellRun run)
    {
        string folder = Path.GetFullPath(run.Folder);
        if (folder.Any(letter => char.IsWhiteSpace(letter) || letter is '%' or '\\'))
            throw new InputException(
                $"--out {run.Folder}: Slurm takes no blanks, percent signs or backslashes in a path; name another folder");
        string name = $"lastbit-{Path.GetFileName(Path.TrimEndingDirectorySeparator(folder))}";
        if (!dryRun)
        {
            // Said before anything is written.
            SlurmCommand.Require("sbatch");
            run.Prepare();
        }
        var done = RunCells.StatusOf(folder, orNone: true).Where(cell => cell.State == CellState.Done).Select(cell => cell.Name)
            .ToHashSet();
        string[][] tasks = SlurmScript.Tasks(run.Cells.Where(cell => !done.Contains(cell)), settings);
        string array = tasks.Length > 0 ? SlurmScript.Array(folder, name, tasks, settings) : "";
        string gather = SlurmScript.Gather(folder, $"{name}-gather", run.Gather, settings);
        if (dryRun)
        {
            Terminal.OutWriter.Write(array.Length > 0 ? array : gather);
            return CommandLine.Done;
        }

        // Written beside the results, so that what ran can be read later.
        if (array.Length > 0)
            AtomicFile.WriteAllText(Path.Combine(folder, SlurmScript.ArrayFile), array);
        AtomicFile.WriteAllText(Path.Combine(folder, SlurmScript.GatherFile), gather);
        string? job = null;
        if (array.Length > 0)
        {
            job = SlurmCommand.Submit(Path.Combine(folder, SlurmScript.ArrayFile));
            // The array is in the queue: a query must find it, whatever becomes of the second job.
            SlurmJobs.Put(folder, new SlurmSubmission(job, null, tasks));
        }
        Interruption.Current.Token.ThrowIfCancellationRequested();
        string last = SlurmCommand.Submit([.. job is null ? (string[])[] : [$"--dependency=afterok:{job}"],
            Path.Combine(folder, SlurmScript.GatherFile)]);
        SlurmJobs.Put(folder, new SlurmSubmission(job ?? last, last, tasks));
        Say(run.Folder, job, last, tasks.Length);
        return CommandLine.Done;
    }

    private void Say(string folder, string? job, string last, int tasks)
    {
        if (json)
            Terminal.OutWriter.WriteLine(
                Json.Text(new JsonObject { ["folder"] = folder, ["job"] = job, ["gather"] = last, ["tasks"] = tasks }));
        if (quiet || json)
            return;
        if (job is not null)
            Terminal.OutWriter.WriteLine(
                string.Create(CultureInfo.InvariantCulture, $"Job:     {job}, {tasks} {(tasks == 1 ? "task" : "tasks")}"));
        Terminal.OutWriter.WriteLine($"Then:    {last} (tables, figures and report)");
        Terminal.OutWriter.WriteLine($"Results: {folder}");
        Terminal.OutWriter.WriteLine($"Next:    lastbit status {ShellWord.Quote(folder)}   (what the tasks are doing)");
    }
}
