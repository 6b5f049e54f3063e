using System.Globalization;
using System.Text;
using LastBit.Reports.Results;

namespace LastBit.Cli.Execution;

/// <summary>What the user wants of Slurm.</summary>
/// <param name="Directives">Options for sbatch, as "--time=2:00:00".</param>
/// <param name="Setup">Lines to run before the program.</param>
/// <param name="CellsPerTask">How many cells a task computes.</param>
/// <param name="ArrayLimit">How many tasks may run at once; null for all.</param>
internal sealed record SlurmSettings(string[] Directives, string[] Setup, int CellsPerTask, int? ArrayLimit);

/// <summary>Writes the scripts that Slurm runs. They can be read, changed and submitted by hand.</summary>
internal static class SlurmScript
{
    /// <summary>The file of the job array, below the result folder.</summary>
    internal const string ArrayFile = "slurm/array.sh";

    /// <summary>The file of the job that puts the cells together.</summary>
    internal const string GatherFile = "slurm/gather.sh";

    /// <summary>The cells of each task.</summary>
    internal static string[][] Tasks(IEnumerable<string> cells, SlurmSettings settings) => [.. cells.Chunk(settings.CellsPerTask)];

    /// <summary>The log of a task: requeued, it goes on in the same file.</summary>
    internal static string LogOf(string folder, string job, string task) => Path.Combine(folder, "slurm", $"{job}-{task}.log");

    /// <summary>The job array: a task takes its cells, and ends in time to be requeued.</summary>
    /// <param name="folder">The result folder, a full path.</param>
    /// <param name="name">What the queue shows.</param>
    /// <param name="tasks">The cells of each task.</param>
    /// <param name="settings">What the user wants.</param>
    internal static string Array(string folder, string name, string[][] tasks, SlurmSettings settings)
    {
        string limit = settings.ArrayLimit is { } most ? string.Create(CultureInfo.InvariantCulture, $"%{most}") : "";
        var text = new StringBuilder();
        Head(text, name, settings, [
            string.Create(CultureInfo.InvariantCulture, $"--array=0-{tasks.Length - 1}{limit}"),
            $"--output={LogOf(folder, "%A", "%a")}",
            "--open-mode=append",
            "--requeue",
            "--signal=B:USR1@120",
        ]);
        text.Append("cells=(\n");
        foreach (string[] task in tasks)
            text.Append(CultureInfo.InvariantCulture, $"  '{string.Join(' ', task)}'\n");
        text.Append(")\n\n");
        text.Append(CultureInfo.InvariantCulture, $$"""
            {{Program()}} cell {{ShellWord.Quote(folder)}} ${cells[$SLURM_ARRAY_TASK_ID]} &
            worker=$!

            # USR1 comes two minutes before the time is up, TERM when Slurm wants the node back. Either way the task writes a checkpoint and ends.
            again=
            trap 'again=yes; kill -TERM "$worker" 2>/dev/null' USR1
            trap 'kill -TERM "$worker" 2>/dev/null' TERM
            while kill -0 "$worker" 2>/dev/null; do
              wait "$worker"
            done
            wait "$worker"
            code=$?

            # Slurm requeues what it has preempted, and what was on a node that failed. What has run out of time asks for it, also where only TERM has
            # said so, and so does what was killed (code 137: out of memory, say), a few times.
            task=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
            if [ "$code" -eq 137 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 5 ]; then
              again=yes
            fi
            if [ "$code" -ne 0 ] && [ -z "$again" ] && [ "$(squeue --noheader --jobs="$task" --format=%L 2>/dev/null)" = 0:00 ]; then
              again=yes
            fi
            if [ "$code" -ne 0 ] && [ -n "$again" ]; then
              scontrol requeue "$task"
              sleep 60
            fi
            exit "$code"

            """);
        return text.ToString().ReplaceLineEndings("\n");
    }

    /// <summary>The job that runs when every task has succeeded.</summary>
    /// <param name="folder">The result folder, a full path.</param>
    /// <param name="name">What the queue shows.</param>
    /// <param name="gather">The arguments of the command that puts the cells together.</param>
    /// <param name="settings">What the user wants.</param>
    internal static string Gather(string folder, string name, string[] gather, SlurmSettings settings)
    {
        var text = new StringBuilder();
        Head(text, name, settings, [$"--output={Path.Combine(folder, "slurm", "%j.log")}", "--open-mode=append", "--kill-on-invalid-dep=yes"]);
        text.Append(CultureInfo.InvariantCulture, $"{Program()} {string.Join(' ', gather.Select(ShellWord.Quote))} --quiet &&\n");
        text.Append(CultureInfo.InvariantCulture, $"  {Program()} report {ShellWord.Quote(folder)}\n");
        return text.ToString();
    }

    private static void Head(StringBuilder text, string name, SlurmSettings settings, string[] own)
    {
        text.Append("#!/bin/bash\n");
        foreach (string directive in (string[])[$"--job-name={name}", .. own, .. settings.Directives])
            text.Append(CultureInfo.InvariantCulture, $"#SBATCH {directive}\n");
        text.Append('\n');
        foreach (string line in settings.Setup)
            text.Append(line).Append('\n');
        if (settings.Setup.Length > 0)
            text.Append('\n');
    }

    /// <summary>How a node calls the program that runs here: a file of its own, or an assembly for dotnet.</summary>
    private static string Program()
    {
        string process = Environment.ProcessPath!;
        if (!Path.GetFileNameWithoutExtension(process).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
            return ShellWord.Quote(process);
        return $"{ShellWord.Quote(process)} {ShellWord.Quote(Path.Combine(AppContext.BaseDirectory, "LastBit.Cli.dll"))}";
    }
}
