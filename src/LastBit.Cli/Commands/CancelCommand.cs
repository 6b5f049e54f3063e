using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using LastBit.Cli.Execution;
using LastBit.Runs;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit cancel DIR`: ends what is at work on a run folder; what is computed stays.</summary>
internal static class CancelCommand
{
    internal static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "A folder of a run made of cells, here or on a cluster." };
        var command = new Command("cancel", "Ends the jobs and processes that are at work on a run; what they have computed stays.")
        {
            folder, OptionTypes.PathTo("--out", "DIR", "Nothing is written; every command takes it."), CommonOptions.Threads,
            CommonOptions.Json, CommonOptions.Quiet,
        };
        command.SetAction(parse =>
        {
            string path = parse.GetRequiredValue(folder);
            IReadOnlyList<CellStatus> cells = RunCells.StatusOf(path);
            List<string> said = [];
            SlurmSubmission[] submissions = SlurmJobs.Read(path);
            if (submissions.Length > 0)
            {
                string[] jobs = [.. submissions.SelectMany(one => new[] { one.Job, one.Gather }).OfType<string>().Distinct()];
                // Jobs that have ended are no error to scancel.
                SlurmCommand.Call("scancel", ["--quiet", .. jobs]);
                said.Add($"Cancelled: job {string.Join(", ", jobs)}");
            }
            foreach (string owner in cells.Where(cell => cell.State == CellState.Running).Select(cell => cell.Owner).OfType<string>()
                .Distinct())
            {
                if (submissions.Length == 0)
                    said.Add(Stop(owner));
            }
            if (parse.GetValue(CommonOptions.Json))
                Terminal.OutWriter.WriteLine(
                    Json.Text(new System.Text.Json.Nodes.JsonObject { ["cancelled"] = new System.Text.Json.Nodes.JsonArray([.. said]) }));
            else
            {
                foreach (string line in said.DefaultIfEmpty("Nothing is at work on it that could be cancelled from here."))
                    Terminal.OutWriter.WriteLine(line);
            }
            return CommandLine.Done;
        });
        return command.Example("lastbit cancel runs/table1",
            "takes Table 1 out of the queue; `lastbit accuracy --resume runs/table1` resumes it");
    }

    /// <summary>Asks a process of this machine to write its checkpoint and end.</summary>
    private static string Stop(string owner)
    {
        if (owner.Split(' ') is not [string machine, string number]
            || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            return $"{ForeignText.Cut(owner)}: is not known as a process; end it where it runs";
        if (machine != Environment.MachineName)
            return $"Process {id} runs on {ForeignText.Cut(machine)}; cancel it there";
        if (OperatingSystem.IsWindows())
        {
            // Windows has no way to ask a process of another console; its last checkpoint is at most a minute old.
            Process.GetProcessById(id).Kill();
            return $"Ended: process {id}";
        }
        using Process kill = Process.Start("kill", ["-TERM", number]);
        kill.WaitForExit();
        return kill.ExitCode == 0 ? $"Asked to stop: process {id}" : $"Process {id} could not be asked to stop";
    }
}
