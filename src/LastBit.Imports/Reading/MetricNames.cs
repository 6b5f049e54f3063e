using System.Text.RegularExpressions;
using LastBit.Statistics;

namespace LastBit.Imports.Reading;

/// <summary>What the name of a metric says of it: whether more of it is better, whether it is a share, whether it was measured on held-out
/// data.</summary>
internal static partial class MetricNames
{
    /// <summary>Words of metrics of which less is better.</summary>
    private static readonly HashSet<string> Lower = new(StringComparer.Ordinal)
    {
        "loss", "losses", "err", "error", "errors", "perplexity", "ppl", "mae", "mse", "rmse", "wer", "cer", "fid", "nll", "bpb", "bpc",
            "bpd", "mape", "smape", "wape", "mase", "nrmse",
        "rmsle", "msle", "logloss", "xent", "ece", "mce", "brier", "eer", "der", "ter", "kid", "lpips", "epe", "absrel", "mpjpe", "ade",
            "fde", "chamfer", "hausdorff", "hd95", "kl",
        "kld", "deviance", "regret", "cost", "costs", "latency", "time", "runtime", "walltime", "duration", "seconds", "fvd", "fad",
            "crps", "violations", "collisions",
        "failures",
    };

    private static readonly HashSet<string> Higher = new(StringComparer.Ordinal)
    {
        "acc", "accuracy", "precision", "recall", "f1", "fbeta", "auc", "auroc", "auprc", "ap", "map", "iou", "miou", "dice", "bleu",
            "rouge", "meteor", "cider", "spice", "chrf", "comet",
        "reward", "rewards", "return", "returns", "score", "scores", "r2", "psnr", "ssim", "pass", "passed", "success", "successes", "win",
            "wins", "winrate", "elo", "match", "em", "ndcg",
        "mrr", "hit", "hits", "kappa", "mcc", "spearman", "pearson", "spearmanr", "pearsonr", "corr", "correlation", "likelihood", "elbo",
            "throughput", "fps", "mfu", "top1", "top5",
        "top", "correct", "sensitivity", "specificity", "gain", "utility", "profit", "coverage", "rew", "speedup",
    };

    /// <summary>Whether less is better; null where the name says nothing.</summary>
    public static bool? IsLowerBetter(string metric)
    {
        string plain = string.Join('_', Word().Matches(metric).Select(word => word.Value.ToLowerInvariant()));
        string[] words = plain.Split('_');
        // scikit-learn's scores neg_* are losses with the sign of a score.
        if (words.Contains("neg") && !plain.Contains("neg_log_likelihood", StringComparison.Ordinal))
            return false;
        if (Phrase().IsMatch(plain) || metric.Contains("loss", StringComparison.OrdinalIgnoreCase))
            return true;
        if (plain.Contains("per_second", StringComparison.Ordinal) || plain.Contains("log_likelihood", StringComparison.Ordinal))
            return false;
        return words.Any(Lower.Contains) ? true : words.Any(Higher.Contains) || Accuracy().IsMatch(metric) ? false : null;
    }

    /// <summary>Whether it is a share of cases that were right.</summary>
    public static bool IsAccuracy(string metric) => Accuracy().IsMatch(metric);

    /// <summary>Whether it was measured on data that were held out.</summary>
    public static bool IsHeldOut(string metric) => HeldOut().IsMatch(metric);

    /// <summary>The unit, from the name of the metric and its values in all runs.</summary>
    /// <exception cref="InputException">Some runs are in percent and others in fractions.</exception>
    public static MeasureUnit Unit(string metric, IReadOnlyList<ImportedRun> runs)
    {
        if (!Share().IsMatch(metric) || runs.Any(run => run.Values.Min() < 0 || run.Values.Max() > 100))
            return MeasureUnit.Plain;
        ImportedRun[] fractions = [.. runs.Where(run => run.Values.Max() <= 1)];
        if (fractions.Length == runs.Count)
            return MeasureUnit.Fraction;
        // A run at the level of chance may have one percent of 100 classes for a while, but not half of one.
        ImportedRun? fraction = fractions.FirstOrDefault(run => run.Values.Any(value => value > 0)
            && run.Values.Any(value => value is > 0 and < 0.5 or > 0.5 and < 1));
        if (fraction is not null)
        {
            ImportedRun percent = runs.First(run => run.Values.Max() > 1);
            throw new InputException(
                $"{fraction.Source}: {Foreign.Quote(metric)} is at most 1 here and up to {percent.Values.Max():0.##} in {percent.Source}; "
                + "runs in fractions and runs in percent cannot be compared");
        }
        return MeasureUnit.Percent;
    }

    /// <summary>Words, also those that begin with a capital letter: valMape is val and mape.</summary>
    [GeneratedRegex("[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z]+[0-9]*|[0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex Word();

    [GeneratedRegex("neg(?:ative)?_log_likelihood|abs_rel|sq_rel|bits_(?:per|byte|char|dim)|nats_per|s_mape|"
        + "log_loss|hausdorff|cross_entropy|word_error|time_to", RegexOptions.CultureInvariant)]
    private static partial Regex Phrase();

    [GeneratedRegex(@"acc(?:uracy)?(?![a-z])|accuracy|top[-_]?[15](?![0-9])|exact_match|pass(?:ed|_rate|@)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Accuracy();

    [GeneratedRegex(@"(?:^|[^a-z])(?:test|val|valid|validation|eval|dev|held_?out)(?![a-z])"
        + @"|^(?:test|val|eval)[A-Z]|(?:test|eval|valid)[-_ ]?acc", RegexOptions.CultureInvariant)]
    private static partial Regex HeldOut();

    [GeneratedRegex(@"acc(?:uracy)?|top[-_]?[0-9]+|exact_match|pass|precision|recall"
        + @"|(?:^|[^a-z])(?:f1|auc|auroc|map|miou|iou|dice|err|error|rate|wer|cer)(?![a-z])|error_rate|percent",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Share();
}
