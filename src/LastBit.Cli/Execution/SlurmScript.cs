using System.Globalization;
using System.Text;
using LastBit.Reports.Results;
using LastBit.Runs;

namespace LastBit.Cli.Execution;

/// <summary>What the user wants of Slurm.</summary>
/// <param name="Directives">Options for sbatch, as "--time=2:00:00".</param>
/// <param name="Setup">Lines to run before the program.</param>
/// <param name="CellsPerTask">How many cells a task computes.</param>
/// <param name="ArrayLimit">How many tasks may run at once; null for all.</param>
/// <param name="Engine">The options by which a task computes on another engine than the CPU's: " --engine opencl"; or nothing.</param>
internal sealed record SlurmSettings(string[] Directives, string[] Setup, int CellsPerTask, int? ArrayLimit, string Engine = "");

/// <summary>Writes the scripts that Slurm runs. They can be read, changed and submitted by hand.</summary>
internal static class SlurmScript
{
    /// <summary>The file of the job array, below the result folder.</summary>
    internal const string ArrayFile = RunFolder.JobsFolder + "/array.sh";

    /// <summary>The file of the job that puts the cells together.</summary>
    internal const string GatherFile = RunFolder.JobsFolder + "/gather.sh";

    /// <summary>The cells of each task.</summary>
    internal static string[][] Tasks(IEnumerable<string> cells, SlurmSettings settings) => [.. cells.Chunk(settings.CellsPerTask)];

    /// <summary>The log of a task: requeued, it goes on in the same file.</summary>
    internal static string LogOf(string folder, string job, string task) => Path.Combine(folder, RunFolder.JobsFolder, $"{job}-{task}.log");

    /// <summary>The job array: a task takes its cells, and ends in time to be requeued.</summary>
    /// <param name="folder">The result folder, a full path.</param>
    /// <param name="name">What the queue shows.</param>
    /// <param name="tasks">The cells of each task.</param>
    /// <param name="settings">What the user wants.</param>
    internal static string Array(string folder, string name, string[][] tasks, SlurmSettings settings)
    {
        string limit = settings.ArrayLimit is { } most ? string.Create(CultureInfo.InvariantCulture, $"%{most}") : "";
        string notice = string.Create(CultureInfo.InvariantCulture, $"{Notice(settings.Directives)}");
        var text = new StringBuilder();
        Head(text, name, settings, [
            string.Create(CultureInfo.InvariantCulture, $"--array=0-{tasks.Length - 1}{limit}"),
            $"--output={LogOf(folder, "%A", "%a")}",
            "--open-mode=append",
            "--requeue",
            $"--signal=B:USR1@{notice}",
        ], """
            # USR1 comes before the time is up, TERM when Slurm wants the node back. Either way the program writes a checkpoint and ends.
            worker=
            stop=
            told() {
              stop=$1
              echo "The task was sent $1."
              [ -z "$worker" ] || kill -TERM "$worker" 2>/dev/null
            }
            trap 'told USR1' USR1
            trap 'told TERM' TERM


            """);
        text.Append("cells=(\n");
        foreach (string[] task in tasks)
            text.Append(CultureInfo.InvariantCulture, $"  '{string.Join(' ', task)}'\n");
        text.Append(")\n\n");
        text.Append(CultureInfo.InvariantCulture, $$"""
            # Some clusters send TERM only. By then the time is up and the task has failed for Slurm:
            # it can be requeued, but the job that waits for it will be
            # given up. So the script looks at the clock too.
            task=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
            (
              trap 'kill "$!"; exit' TERM
              end=$(date -d "$(squeue --noheader --jobs="$task" --format=%e)" +%s) || exit
              sleep "$((end - $(date +%s) - {{notice}}))" &
              wait "$!" && kill -USR1 $$
            ) 2>/dev/null &
            clock=$!

            {{Program()}} cell{{settings.Engine}} {{ShellWord.Quote(folder)}} ${cells[$SLURM_ARRAY_TASK_ID]} &
            worker=$!
            [ -z "$stop" ] || kill -TERM "$worker"
            while kill -0 "$worker" 2>/dev/null; do
              wait "$worker"
            done
            wait "$worker"
            code=$?
            kill "$clock" 2>/dev/null

            # What was told to stop begins again (codes 0 and 2 are for what is done and for what cannot be done),
            # and up to five times what was killed
            # (code 137: out of memory, say). After TERM Slurm is asked why: RUNNING is a notice only,
            # TimeLimit the end of the time. Anything else
            # was cancelled, and would come back if it were requeued here, or Slurm itself requeues it.
            again=
            if [ "$code" -eq 137 ]; then
              kills={{ShellWord.Quote(Path.Combine(folder, RunFolder.JobsFolder))}}/$SLURM_ARRAY_JOB_ID-$SLURM_ARRAY_TASK_ID.kills
              date >>"$kills"
              [ "$(wc -l <"$kills")" -gt 5 ] || again=yes
            elif [ "$code" -ne 0 ] && [ "$code" -ne 2 ]; then
              case $stop in
                USR1) again=yes ;;
                TERM)
                  case $(squeue --noheader --jobs="$task" --format='%T %r' 2>/dev/null) in
                    RUNNING* | *TimeLimit) again=yes ;;
                  esac
                  ;;
              esac
            fi
            if [ -n "$again" ]; then
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
        Head(text, name, settings,
            [$"--output={Path.Combine(folder, RunFolder.JobsFolder, "%j.log")}", "--open-mode=append", "--requeue",
                "--kill-on-invalid-dep=yes"], """
            # A notice that was asked for with --signal would end the script.
            trap : USR1


            """.ReplaceLineEndings("\n"));
        text.Append(CultureInfo.InvariantCulture, $"{Program()} {string.Join(' ', gather.Select(ShellWord.Quote))} --quiet &&\n");
        text.Append(CultureInfo.InvariantCulture, $"  {Program()} report {ShellWord.Quote(folder)}\n");
        return text.ToString();
    }

    /// <summary>
    /// How many seconds before the end a task is told: two minutes, or a quarter of a time limit that is shorter than eight, for a task
    /// that is told when it begins would never compute anything. Slurm looks every half minute and may be as much earlier.
    /// </summary>
    internal static int Notice(IEnumerable<string> directives) => directives
        .Where(directive => directive.StartsWith("--time=", StringComparison.Ordinal))
        .Select(directive => Seconds(directive["--time=".Length..]))
        .LastOrDefault() is { } seconds ? (int)Math.Clamp(seconds / 4, 15, 120) : 120;

    /// <summary>
    /// A time as sbatch has it, "minutes", "minutes:seconds", "hours:minutes:seconds", "days-hours", "days-hours:minutes", ...; null for
    /// others.
    /// </summary>
    private static double? Seconds(string time)
    {
        string[] parts = time.Split('-') is [string days, string rest] ? [days, .. rest.Split(':')] : time.Split(':');
        double[] numbers = [.. parts.Select(part =>
            int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : double.NaN)];
        double seconds = (time.Contains('-', StringComparison.Ordinal), numbers) switch
        {
            (true, [double d, double h]) => (24 * d + h) * 3600,
            (true, [double d, double h, double m]) => (24 * d + h) * 3600 + 60 * m,
            (true, [double d, double h, double m, double s]) => (24 * d + h) * 3600 + 60 * m + s,
            (false, [double m]) => 60 * m,
            (false, [double m, double s]) => 60 * m + s,
            (false, [double h, double m, double s]) => 3600 * h + 60 * m + s,
            _ => double.NaN,
        };
        return double.IsNaN(seconds) || seconds == 0 ? null : seconds;
    }

    private static void Head(StringBuilder text, string name, SlurmSettings settings, string[] own, string first = "")
    {
        text.Append("#!/bin/bash\n");
        foreach (string directive in (string[])[$"--job-name={name}", .. own, .. settings.Directives])
            text.Append(CultureInfo.InvariantCulture, $"#SBATCH {directive}\n");
        // Whatever must be there before the user's lines, which may take their time.
        text.Append('\n').Append(first);
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
