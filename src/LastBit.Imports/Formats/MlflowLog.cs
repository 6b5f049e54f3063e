using System.Globalization;
using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>MLflow's file store: mlruns/EXPERIMENT/RUN/ with meta.yaml, a file a metric (timestamp, value, step) and a file a parameter.</summary>
internal static class MlflowLog
{
    /// <summary>The folder of the run that a file belongs to, if it is a metric's; null otherwise.</summary>
    public static string? RunOf(string file)
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
    public static bool IsOfStore(string file)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        return Path.GetFileName(file) == "meta.yaml"
            || Path.GetFileName(folder) is "params" or "tags" && File.Exists(Path.Combine(Path.GetDirectoryName(folder)!, "meta.yaml"));
    }

    /// <summary>Reads a metric file.</summary>
    /// <exception cref="InputException">A parameter that is named by hand is not there.</exception>
    public static void Read(string file, string shown, ReadingContext context)
    {
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
        RawRun run = context.Run(Shown(file, shown, folder), "");
        int number = 0;
        // MLflow ends every line: one without its end may be cut in the middle of a number.
        int cut = EncodedText.EndsInLineBreak(file) ? 0 : File.ReadLines(file).Count();
        foreach (string line in File.ReadLines(file))
        {
            number++;
            string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length == 0)
                continue;
            if (number == cut || parts.Length is not (2 or 3) || !Foreign.TryNumber(parts[1], false, out double value)
                || !double.TryParse(parts.Length == 3 ? parts[2] : "0", NumberStyles.Float, CultureInfo.InvariantCulture, out double step) || !double.IsFinite(step))
            {
                context.LeaveRowOut(file, "it is not a timestamp, a value and a step, as a line that is still being written", number);
                continue;
            }
            run.Add(step, value, number);
        }
        Describe(run, folder, context.Options);
    }

    /// <summary>The run's folder as the user would write it: as much of the path as was given, less what is below the run.</summary>
    private static string Shown(string file, string shown, string folder)
    {
        int below = Path.GetFullPath(file).Length - folder.Length;
        return below < shown.Length ? shown[..^below] : folder;
    }

    private static void Describe(RawRun run, string folder, ImportOptions options)
    {
        run.IsTold = true;
        Dictionary<string, string> meta = Yaml(Path.Combine(folder, "meta.yaml"));
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
        foreach ((string name2, string value) in run.Params)
        {
            switch (ColumnRoles.Of(name2, options))
            {
                case ColumnRole.Seed: run.Seed = value; break;
                case ColumnRole.K: run.K = value; break;
                case ColumnRole.Group when name2 == options.Group: run.Group = value; break;
                default: break;
            }
        }
    }

    /// <summary>The scalars of a flat YAML file, which is all that MLflow and Lightning write there.</summary>
    internal static Dictionary<string, string> Yaml(string file)
    {
        var scalars = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in File.ReadLines(file))
        {
            int colon = line.IndexOf(": ", StringComparison.Ordinal);
            if (colon > 0 && line[0] is not (' ' or '#' or '-'))
                scalars[line[..colon]] = line[(colon + 2)..].Trim().Trim('\'', '"');
        }
        return scalars;
    }
}
