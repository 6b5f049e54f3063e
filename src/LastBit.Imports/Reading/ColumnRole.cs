using System.Text.RegularExpressions;

namespace LastBit.Imports.Reading;

/// <summary>What a column or a key of a row is for.</summary>
internal enum ColumnRole
{
    /// <summary>A metric if its cells are numbers, and otherwise what else there is to say of a run.</summary>
    Value,
    Step,
    Run,
    Seed,
    K,
    Fold,
    Group,

    /// <summary>The name of the metric whose value stands in the column of role <see cref="MetricValue"/>.</summary>
    MetricName,
    MetricValue,

    /// <summary>Training, validation or test: part of the metric's name.</summary>
    Split,
    Passed,
    Trials,

    /// <summary>How a run of Weights &amp; Biases ended.</summary>
    State,

    /// <summary>A clock, a learning rate, an index: a number that is no metric unless it is named.</summary>
    Ignored,
}

/// <summary>Tells roles by name.</summary>
internal static partial class ColumnRoles
{
    /// <summary>Columns that count, the finest first: of several in a row the first of this list is taken.</summary>
    private static readonly string[] Steps =
        ["step", "global_step", "trainer_global_step", "iteration", "iter", "training_iteration", "time_total_timesteps",
            "total_timesteps", "timesteps_total", "epoch", "round"];

    private static readonly Dictionary<string, ColumnRole> Usual = new(StringComparer.Ordinal)
    {
        ["run"] = ColumnRole.Run,
        ["run_id"] = ColumnRole.Run,
        ["run_name"] = ColumnRole.Run,
        ["runid"] = ColumnRole.Run,
        ["trial"] = ColumnRole.Run,
        ["trial_id"] = ColumnRole.Run,
        ["replicate"] = ColumnRole.Run,
        ["repeat"] = ColumnRole.Run,
        ["seed"] = ColumnRole.Seed,
        ["random_seed"] = ColumnRole.Seed,
        ["rng_seed"] = ColumnRole.Seed,
        ["random_state"] = ColumnRole.Seed,
        ["k"] = ColumnRole.K,
        ["perturbation"] = ColumnRole.K,
        ["fold"] = ColumnRole.Fold,
        ["cv_fold"] = ColumnRole.Fold,
        ["fold_id"] = ColumnRole.Fold,
        ["data_split"] = ColumnRole.Fold,
        ["group"] = ColumnRole.Group,
        ["method"] = ColumnRole.Group,
        ["recipe"] = ColumnRole.Group,
        ["variant"] = ColumnRole.Group,
        ["model"] = ColumnRole.Group,
        ["algorithm"] = ColumnRole.Group,
        ["algo"] = ColumnRole.Group,
        ["split"] = ColumnRole.Split,
        ["phase"] = ColumnRole.Split,
        ["passed"] = ColumnRole.Passed,
        ["passes"] = ColumnRole.Passed,
        ["successes"] = ColumnRole.Passed,
        ["n_correct"] = ColumnRole.Passed,
        ["num_correct"] = ColumnRole.Passed,
        ["n_passed"] = ColumnRole.Passed,
        ["trials"] = ColumnRole.Trials,
        ["total"] = ColumnRole.Trials,
        ["n"] = ColumnRole.Trials,
        ["attempts"] = ColumnRole.Trials,
        ["state"] = ColumnRole.State,
        ["status"] = ColumnRole.State,
    };

    private static readonly HashSet<string> Clocks = new(StringComparer.Ordinal)
    {
        "", "unnamed_0", "index", "id", "time", "wall_time", "walltime", "timestamp", "runtime", "elapsed", "elapsed_s", "duration",
            "seconds", "date", "created",
        "lr", "learning_rate", "batch", "batch_size", "epochs", "max_epochs", "weight_decay", "momentum", "num_workers", "gpu", "rank",
            "total_flos",
        "seconds_per_step", "batch_idx", "lastbit_log", "experiment_id", "start_time", "end_time",
        "time_fps", "time_iterations", "time_episodes", "time_time_elapsed", "time_elapsed", "time_this_iter_s", "time_total_s",
            "time_since_restore", "data_time",
        "datetime_start", "datetime_complete", "pid", "hostname", "node_ip", "iterations_since_restore",
    };

    /// <summary>Letters and digits, in lower case, with one underscore between words: "_step", "Step" and "trainer/global_step" by one
    /// spelling.</summary>
    public static string Plain(string name)
    {
        Span<char> plain = stackalloc char[Math.Min(name.Length, 200)];
        int length = 0;
        foreach (char letter in name.AsSpan(0, plain.Length))
        {
            if (char.IsAsciiLetterOrDigit(letter))
                plain[length++] = char.ToLowerInvariant(letter);
            else if (length > 0 && plain[length - 1] != '_')
                plain[length++] = '_';
        }
        while (length > 0 && plain[length - 1] == '_')
            length--;
        return plain[..length].ToString();
    }

    /// <summary>What a column is for: what is said by hand first, then what its name says.</summary>
    public static ColumnRole Of(string name, ImportOptions options)
    {
        if (name == options.Metric)
            return ColumnRole.Value;
        if (name == options.Seed)
            return ColumnRole.Seed;
        if (name == options.K)
            return ColumnRole.K;
        if (name == options.Fold)
            return ColumnRole.Fold;
        if (name == options.Group)
            return ColumnRole.Group;
        if (name == options.Step)
            return ColumnRole.Step;
        string plain = Plain(name);
        if (Steps.Contains(plain))
            return options.Step is null ? ColumnRole.Step : ColumnRole.Ignored;
        if (Setting().Match(name) is { Success: true } setting)
        {
            // A setting of the run, as MLflow's table and configurations in JSON have it: the seed and k are known by their names, and none
            // is a metric.
            return Usual.GetValueOrDefault(Plain(setting.Groups[1].Value)) switch
            {
                ColumnRole.Seed when options.Seed is null => ColumnRole.Seed,
                ColumnRole.K when options.K is null => ColumnRole.K,
                _ => ColumnRole.Ignored,
            };
        }
        if (Usual.TryGetValue(plain, out ColumnRole role))
        {
            return role switch
            {
                ColumnRole.Seed when options.Seed is not null => ColumnRole.Value,
                ColumnRole.K when options.K is not null => ColumnRole.Value,
                ColumnRole.Fold when options.Fold is not null => ColumnRole.Value,
                ColumnRole.Group when options.Group is not null => ColumnRole.Value,
                _ => role,
            };
        }
        return Clocks.Contains(plain) ? ColumnRole.Ignored : ColumnRole.Value;
    }

    /// <summary>How long something took, or how much of it there was: beside metrics in results, and none by itself.</summary>
    public static bool IsTiming(string name) => name.EndsWith("_runtime", StringComparison.Ordinal)
        || name.EndsWith("_per_second", StringComparison.Ordinal)
        || name.EndsWith("_samples", StringComparison.Ordinal) || name is "total_flos" or "grad_norm";

    [GeneratedRegex(@"^(?:(?:params|config|hparams|args|cfg)[./]|(?:params|user_attrs|system_attrs)_)(.+)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Setting();

    /// <summary>How fine a step column counts; less is finer.</summary>
    public static int StepOrder(string name, ImportOptions options) =>
        name == options.Step ? -1 : Array.IndexOf(Steps, Plain(name)) is >= 0 and int order ? order : Steps.Length;
}
