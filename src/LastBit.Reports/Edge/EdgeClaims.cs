using LastBit.Reports.Claims;

namespace LastBit.Reports.Edge;

/// <summary>One run of the edge of stability as its claims see it.</summary>
/// <param name="Name">What the page calls it.</param>
/// <param name="LearningRate">The learning rate.</param>
/// <param name="Threshold">What the sharpness is compared with.</param>
/// <param name="At">Iterations at which the sharpness is known.</param>
/// <param name="Sharpness">The sharpness there.</param>
/// <param name="Difference">The difference of the pair after each iteration.</param>
/// <param name="Accuracy">Percent of the training images classified correctly at the end; with batches, of those of the last epoch before
/// each step.</param>
/// <param name="IsFinite">Whether it stayed finite.</param>
/// <param name="Crossed">The iteration, also between two of <paramref name="At"/>, at which the sharpness came to the threshold from below
/// for the first time; null where that was not seen.</param>
public sealed record EdgeCurve(
    string Name, double LearningRate, double Threshold, int[] At, double[] Sharpness, double[] Difference, double Accuracy, bool IsFinite,
    int? Crossed = null)
{
    /// <summary>The first iteration at which the sharpness reaches the threshold; null where it never does.</summary>
    public int? Crossing => Array.FindIndex(Sharpness, one => one >= Threshold) switch
    {
        0 => At[0],
        var i => Crossed ?? (i > 0 ? At[i] : null),
    };

    /// <summary>
    /// The first iteration at which the sharpness has risen to the threshold. A network without normalisation may begin above it, at a
    /// sharpness that its first steps take away: then the rise after that fall counts. Where none follows, this is <see cref="Crossing"/>.
    /// </summary>
    public int? Rise => RiseAfterFall is not { } i ? Crossing : Crossed > At[i - 1] && Crossed <= At[i] ? Crossed : At[i];

    /// <summary>
    /// Where in <see cref="Sharpness"/> one that begins above the threshold, and falls, reaches it again; null for any other.
    /// </summary>
    internal int? RiseAfterFall
    {
        get
        {
            int fallen = Sharpness.Length > 0 && Sharpness[0] >= Threshold
                ? Array.FindIndex(Sharpness, one => one < EdgeClaims.Fallen * Threshold) : -1;
            return fallen >= 0 && Array.FindIndex(Sharpness, fallen, one => one >= Threshold) is >= 0 and var risen ? risen : null;
        }
    }

    /// <summary>Whether it begins well below the threshold, so that a rise can be seen.</summary>
    public bool BeginsBelow => Sharpness.Length > 0 && Sharpness[0] < EdgeClaims.WellBelow * Threshold;

    /// <summary>Whether it has gone on long enough from an iteration on.</summary>
    public bool IsLongEnoughFrom(int iteration) =>
        Difference.Length - iteration >= EdgeClaims.FewestIterations || Accuracy >= EdgeClaims.Learnt;

    /// <summary>The greatest difference up to an iteration.</summary>
    public double GreatestUpTo(int iteration) => Difference.Take(iteration).DefaultIfEmpty(0).Max();

    /// <summary>The greatest difference from an iteration on.</summary>
    public double GreatestFrom(int iteration) => Difference.Skip(iteration).DefaultIfEmpty(0).Max();
}

/// <summary>
/// The edge of stability (the journal version of the paper, and Cohen et al. 2021): gradient descent drives the sharpness to its threshold,
/// and copies that differ by rounding drift apart from there on.
/// </summary>
public static class EdgeClaims
{
    /// <summary>A sharpness below this share of the threshold has room to rise.</summary>
    public const double WellBelow = 0.9;

    /// <summary>A sharpness that begins above the threshold has fallen when it is below this share of it.</summary>
    public const double Fallen = 0.5;

    /// <summary>A sharpness hovers at the threshold if its median is at least this share of it.</summary>
    public const double HoverLow = 0.8;

    /// <summary>And at most this multiple.</summary>
    public const double HoverHigh = 1.25;

    /// <summary>A run is judged after so many iterations, or when it has learnt its images.</summary>
    public const int FewestIterations = 1000;

    /// <summary>Percent of training images that a network classifies which has learnt them.</summary>
    public const double Learnt = 99;

    /// <summary>A relative L1 difference up to this is rounding that has added up.</summary>
    public const double RoundingLevel = 1e-4;

    /// <summary>A difference grows by powers of ten if it grows by this factor.</summary>
    public const double Growth = 1000;

    /// <summary>The growth has begun when all differences before are exceeded by this factor.</summary>
    public const double Onset = 10;

    /// <summary>Within so many iterations of the crossing the growth must begin.</summary>
    public const int OnsetWithin = 200;

    /// <summary>
    /// Thresholds that differ by less than this share are not two; a sharpness is known to a hundredth of it. (It was 0.05 before there
    /// were runs: that takes a weight decay of a tenth of every weight at each step, with which nothing is learnt.)
    /// </summary>
    public const double DifferentThresholds = 0.01;

    /// <summary>With fewer training images nothing is said about networks.</summary>
    public const int FewestTrainImages = 1000;

    private const string Place = "Journal version";

    // Two rates of docs/edge.md: their thresholds are reached with more than a thousand iterations to come.
    private const string Squared = "lastbit edge --loss mse --learning-rate 0.02,0.025 --iterations 2500 --every 51";

    private static readonly string Size = $"Tested with at least {NumberText.Count(FewestTrainImages)} training images.";

    /// <summary>The sharpness rises to the threshold.</summary>
    public static Claim Rises { get; } = new("edge-rises", Place, "Gradient descent drives the sharpness to its threshold",
        "The largest eigenvalue of the Hessian of the training loss rises along gradient descent until it reaches $2/η$, above which a "
            + "step overshoots.",
        $"Of the runs whose sharpness begins below {NumberText.Exact(WellBelow)} of the threshold, or begins above it, falls below "
            + $"{NumberText.Exact(Fallen)} of it and rises again, "
        + "at least one reaches it; without one that does, "
        + $"at least one has {NumberText.Count(FewestIterations)} iterations or {NumberText.Exact(Learnt)}% training accuracy. {Size}",
        Squared);

    /// <summary>It hovers there.</summary>
    public static Claim Hovers { get; } = new("edge-hovers", Place, "The sharpness stays at the threshold",
        "Once there, the sharpness neither rises on nor falls back: it hovers at the threshold.",
        $"In every run that reaches the threshold (one that begins above it and falls below {NumberText.Exact(Fallen)} of it: after that "
            + "fall) and goes on for "
        + $"{NumberText.Count(FewestIterations)} iterations or to {NumberText.Exact(Learnt)}% training accuracy, the "
        + $"median of sharpness over threshold after the crossing is between {NumberText.Exact(HoverLow)} and "
        + $"{NumberText.Exact(HoverHigh)}. {Size}",
        Squared);

    /// <summary>The pair drifts apart after the crossing and not before.</summary>
    public static Claim Pair { get; } = new("edge-pair", Place, "A difference of rounding grows from the crossing on",
        "Copies that differ by rounding alone stay together while the sharpness is below the threshold, and drift apart by powers of ten "
            + "once it is there.",
        "In every run that begins below the threshold and reaches it, the relative $L_1$ difference is at most "
            + $"{NumberText.Exact(RoundingLevel)} up to the crossing, and "
        + $"later at least {NumberText.Exact(Growth)} times the greatest up to there. {Size}",
        Squared);

    /// <summary>Weight decay moves the crossing.</summary>
    public static Claim Decay { get; } = new("edge-decay", Place, "Weight decay moves the threshold as predicted",
        "Weight decay adds itself to every eigenvalue, so that the threshold of the loss alone is lower by it, and the growth begins at "
            + "that lower one.",
        $"Of one learning rate, at least two weight decays whose thresholds differ by {NumberText.Exact(100 * DifferentThresholds)}%: in "
            + "each of these runs the difference exceeds "
        + $"{NumberText.Exact(Onset)} times all before within {OnsetWithin} iterations after the sharpness has reached its own threshold. "
        + $"{Size}",
        "lastbit edge --loss cross-entropy --learning-rate 0.2 --weight-decay 0,0.1 --iterations 500 --every 5");

    /// <summary>Below the threshold nothing grows.</summary>
    public static Claim Below { get; } = new("edge-below", Place, "Below the threshold a difference of rounding does not grow",
        "At a learning rate so small that the sharpness never meets its threshold, the copies stay together.",
        $"In every run of at least {NumberText.Count(FewestIterations)} iterations or {NumberText.Exact(Learnt)}% training accuracy whose "
            + "sharpness stays below the threshold, the relative $L_1$ difference never "
        + $"exceeds {NumberText.Exact(RoundingLevel)}. {Size}",
        $"lastbit edge --loss mse --learning-rate 0.01 --iterations {FewestIterations}");

    /// <summary>Applies the rule of <see cref="Rises"/>.</summary>
    public static Finding JudgeRises(IReadOnlyList<EdgeCurve> runs, int trainImages)
    {
        EdgeCurve[] low = [.. runs.Where(run => run.BeginsBelow || run.RiseAfterFall is not null)];
        bool reached = low.Any(run => run.Rise is not null);
        string decides =
            string.Join(" ", low.Select(run => $"{run.Name}: from {Finding.Text(run.Sharpness[0])} " + (run.RiseAfterFall is { } i
                ? $"down to {Finding.Text(run.Sharpness.Take(i).Min())} and up to {Finding.Text(run.Sharpness.Skip(i).Max())}"
                : $"to at most {Finding.Text(run.Sharpness.Max())}")
            + $", threshold {Finding.Text(run.Threshold)}"
            + (run.Rise is { } at ? $", reached at iteration {NumberText.Count(at)}." : ", never reached.")));
        return TooFew(trainImages, decides) ?? (low.Length == 0 || (!reached && !low.Any(run => run.IsLongEnoughFrom(0)))
            ? Finding.NotTested($"{decides} No run begins below the threshold and is long enough.".TrimStart())
            : Finding.Decide(reached, decides));
    }

    /// <summary>Applies the rule of <see cref="Hovers"/>.</summary>
    public static Finding JudgeHovers(IReadOnlyList<EdgeCurve> runs, int trainImages)
    {
        EdgeCurve[] crossed = [.. runs.Where(run => run.IsFinite && run.Rise is { } at && run.IsLongEnoughFrom(at) && run.At[^1] > at)];
        double[] medians = [.. crossed.Select(run =>
            Median([.. run.Sharpness.Where((_, i) => run.At[i] > run.Rise).Select(one => one / run.Threshold)]))];
        string decides = string.Join(" ",
            crossed.Select((run, i) => $"{run.Name}: the median after the crossing is {Finding.Text(medians[i])} of the threshold."));
        return TooFew(trainImages, decides)
            ?? (crossed.Length == 0 ? Finding.NotTested("No run reaches the threshold and goes on for long enough.")
            : Finding.Decide(medians.All(median => median is >= HoverLow and <= HoverHigh), decides));
    }

    /// <summary>Applies the rule of <see cref="Pair"/>.</summary>
    public static Finding JudgePair(IReadOnlyList<EdgeCurve> runs, int trainImages)
    {
        EdgeCurve[] crossed =
            [.. runs.Where(run => run.Crossing is > 0 and { } at && run.Difference.Length > at && run.IsLongEnoughFrom(at))];
        string decides = string.Join(" ",
            crossed.Select(run =>
                $"{run.Name}: at most {Finding.Text(run.GreatestUpTo(run.Crossing!.Value))} up to the crossing at iteration "
            + $"{NumberText.Count(run.Crossing.Value)}, up to {Finding.Text(run.GreatestFrom(run.Crossing.Value))} after it."));
        return TooFew(trainImages, decides)
            ?? (crossed.Length == 0 ? Finding.NotTested("No run begins below the threshold, reaches it and goes on for long enough.")
            : Finding.Decide(crossed.All(run => run.GreatestUpTo(run.Crossing!.Value) is var before && before <= RoundingLevel
                && run.GreatestFrom(run.Crossing.Value) >= Growth * before), decides));
    }

    /// <summary>Applies the rule of <see cref="Decay"/>.</summary>
    public static Finding JudgeDecay(IReadOnlyList<EdgeCurve> runs, int trainImages)
    {
        EdgeCurve[] swept = [.. runs.Where(run => run.Crossing is > 0).GroupBy(run => run.LearningRate)
            .Where(group => group.Max(run => run.Threshold) >= (1 + DifferentThresholds) * group.Min(run => run.Threshold))
            .SelectMany(group => group)];
        int?[] onsets = [.. swept.Select(run => run.GreatestUpTo(run.Crossing!.Value) is var before
            && Array.FindIndex(run.Difference, run.Crossing.Value, one => one >= Onset * before) is >= 0 and var at
            ? at - run.Crossing.Value : (int?)null)];
        string decides = string.Join(" ",
            swept.Select((run, i) =>
                $"{run.Name}: threshold {Finding.Text(run.Threshold)}, reached at iteration {NumberText.Count(run.Crossing!.Value)}; "
            + (onsets[i] is { } after ? $"the growth begins {NumberText.Count(after)} iterations later." : "no growth.")));
        return TooFew(trainImages, decides)
            ?? (swept.Length == 0
                ? Finding.NotTested("No learning rate has two weight decays whose thresholds can be told apart and are reached.")
            : Finding.Decide(onsets.All(after => after <= OnsetWithin), decides));
    }

    /// <summary>Applies the rule of <see cref="Below"/>.</summary>
    public static Finding JudgeBelow(IReadOnlyList<EdgeCurve> runs, int trainImages)
    {
        EdgeCurve[] below =
            [.. runs.Where(run => run.IsFinite && run.Sharpness.Length > 0 && run.Crossing is null && run.IsLongEnoughFrom(0))];
        string decides = string.Join(" ",
            below.Select(run =>
                $"{run.Name}: the sharpness is at most {Finding.Text(run.Sharpness.Max() / run.Threshold)} of the threshold, "
            + $"the difference at most {Finding.Text(run.GreatestFrom(0))}."));
        return TooFew(trainImages, decides)
            ?? (below.Length == 0 ? Finding.NotTested("No run that is long enough stays below the threshold.")
            : Finding.Decide(below.All(run => run.GreatestFrom(0) <= RoundingLevel), decides));
    }

    private static Finding? TooFew(int trainImages, string decides) => Finding.TooSmall(decides,
        Finding.Lack(trainImages < FewestTrainImages, NumberText.Count(trainImages, "training image")));

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values.Length == 0 ? double.NaN : (values[(values.Length - 1) / 2] + values[values.Length / 2]) / 2;
    }
}
