using System.Globalization;
using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>MLflow's file store: mlruns/EXPERIMENT/RUN/ with meta.yaml, a file a metric (timestamp, value, step) and a file a
/// parameter.</summary>
internal sealed class MlflowLog : ILogFormat
{
    /// <inheritdoc/>
    public RepeatRule? Repeats => RepeatRule.Resumed;

    /// <inheritdoc/>
    public LogFile? Recognise(FoundFile file, ImportOptions options) =>
        RunOf(file.Path) is { } folder ? new LogFile(file, this, "MLflow file store") { Source = Shown(file.Path, folder) } : null;

    /// <inheritdoc/>
    public bool Covers(LogFile log, string file) => IsOfStore(file);

    /// <summary>The folder of the run that a file belongs to, if it is a metric's; null otherwise.</summary>
    private static string? RunOf(string file)
    {
        string? folder = Path.GetDirectoryName(Path.GetFullPath(file));
        // A metric's name may hold slashes, which are folders.
        for (int depth = 0; folder is not null && depth < 6; depth++)
        {
            string? parent = Path.GetDirectoryName(folder);
            if (Path.GetFileName(folder) == "metrics" && parent is not null && File.Exists(Path.Combine(parent, "meta.yaml")))
                return parent;
            folder = parent;
        }
        return null;
    }

    /// <summary>Whether a file is what the store says of its runs and experiments beside their metrics.</summary>
    private static bool IsOfStore(string file)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        return Path.GetFileName(file) == "meta.yaml"
            || Path.GetFileName(folder) is "params" or "tags" && File.Exists(Path.Combine(Path.GetDirectoryName(folder)!, "meta.yaml"));
    }

    /// <inheritdoc/>
    public void Read(LogFile log, ReadingContext context)
    {
        string file = log.Path;
        string folder = RunOf(file)!;
        string metric = Path.GetRelativePath(Path.Combine(folder, "metrics"), Path.GetFullPath(file)).Replace('\\', '/');
        if (metric.StartsWith("system/", StringComparison.Ordinal))
            return;
        if (context.IsSurvey)
        {
            context.Candidate(metric);
            return;
        }
        if (!context.Wants(metric))
            return;
        RawRun run = context.Run(log.Source, "");
        int number = 0;
        // MLflow ends every line: one without its end may be cut in the middle of a number.
        int cut = EncodedText.EndsInLineBreak(file) ? 0 : File.ReadLines(file).Count();
        foreach (string line in File.ReadLines(file))
        {
            number++;
            string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length == 0)
                continue;
            if (number == cut || parts.Length is not (2 or 3) || !Foreign.TryNumber(parts[1], out double value)
                || !double.TryParse(parts.Length == 3 ? parts[2] : "0", NumberStyles.Float, CultureInfo.InvariantCulture, out double step)
                    || !double.IsFinite(step))
            {
                context.LeaveRowOut(file, "it is not a timestamp, a value and a step, as a line that is still being written", number);
                continue;
            }
            run.Add(step, value, number);
        }
        Describe(run, folder, context.Options);
    }

    /// <summary>The run's folder as the user would write it: as much of the path as was given, less what is below the run.</summary>
    private static string Shown(string file, string folder)
    {
        int below = Path.GetFullPath(file).Length - folder.Length;
        return below < file.Length ? file[..^below] : folder;
    }

    private static void Describe(RawRun run, string folder, ImportOptions options)
    {
        run.IsTold = true;
        Dictionary<string, string> meta = RunSettings.Yaml(Path.Combine(folder, "meta.yaml"));
        run.Name = meta.GetValueOrDefault("run_name") is { Length: > 0 } name ? name : Path.GetFileName(folder);
        run.Bad = meta.GetValueOrDefault("lifecycle_stage") == "deleted" ? "it was deleted in MLflow"
            : meta.GetValueOrDefault("status") switch
            {
                "1" or "RUNNING" => "MLflow has it as still running",
                "4" or "FAILED" => "MLflow has it as failed",
                "5" or "KILLED" => "MLflow has it as killed",
                _ => null,
            };
        string parameters = Path.Combine(folder, "params");
        if (Directory.Exists(parameters))
        {
            foreach (string file in Directory.EnumerateFiles(parameters, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
                run.Params[Path.GetRelativePath(parameters, file).Replace('\\', '/')] = File.ReadAllText(file).Trim();
        }
        foreach ((string parameter, string value) in run.Params)
        {
            if (ColumnRoles.Of(parameter, options) is var role && (role != ColumnRole.Group || parameter == options.Group)
                && role != ColumnRole.Run)
                run.Describe(role, value);
        }
    }
}
