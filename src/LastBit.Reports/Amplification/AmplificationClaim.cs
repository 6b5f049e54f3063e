using LastBit.Experiments.Reproduction;
using LastBit.Reports.Claims;
using LastBit.Reports.NonLinear;

namespace LastBit.Reports.Amplification;

/// <summary>
/// Figure 4 right: in the restrained instability a difference of rounding grows to order 1; where the loss settles it vanishes.
/// </summary>
public static class AmplificationClaim
{
    /// <summary>Learning rates up to this settle.</summary>
    public const double MostSettling = 0.03;

    /// <summary>Learning rates from this on, below the threshold 2/alpha, oscillate.</summary>
    public const double LeastOscillating = 0.05;

    /// <summary>The averaged difference of runs that stay together never reaches this.</summary>
    public const double StaysBelow = 1e-14;

    /// <summary>
    /// A difference of rounding begins below this: not 1e-15, for at 0.05 one step cancels nearly all of the kernel, and what is left has
    /// fewer digits.
    /// </summary>
    public const double BeginsBelow = 1e-12;

    /// <summary>A difference of order one is above this.</summary>
    public const double EndsAbove = 0.1;

    /// <summary>The greatest relative L1 difference that there can be.</summary>
    public const double Greatest = 2;

    /// <summary>The claim and its rule.</summary>
    public static Claim Claim { get; } = new(
        "figure4-right", "Figure 4, right", "The restrained instability amplifies rounding to order one",
        "Two copies that differ only in how one step is rounded stay together where the loss settles, and drift as far apart as two "
        + "unrelated kernels where it oscillates.",
        $"With the paper's image, kernel and weight decay and at least {RunCurve.FewestIterations} iterations: at learning rates up to "
        + $"{NumberText.Exact(MostSettling)} the relative $L_1$ difference, averaged over {RunCurve.Window} iterations as in the figure, "
        + "never reaches "
        + $"{NumberText.Exact(StaysBelow)}, and the difference itself is 0 at the end; from {NumberText.Exact(LeastOscillating)} on it "
        + "begins below "
        + $"{NumberText.Exact(BeginsBelow)}, and its mean over the last tenth of the run is above {NumberText.Exact(EndsAbove)}; there is "
        + "at least one run "
        + $"of each kind. ({NumberText.Exact(BeginsBelow)} and not 10⁻¹⁵, for at {NumberText.Exact(LeastOscillating)} one step cancels "
        + "nearly all of the "
        + "kernel, and what is left has fewer digits.)",
        "lastbit amplify");

    /// <summary>Applies the rule.</summary>
    /// <param name="runs">Relative L1 differences; the parameter is the learning rate.</param>
    /// <param name="weightDecay">alpha.</param>
    /// <param name="isPapersImage">Whether image and kernel size are the paper's, whose learning rates these are.</param>
    /// <returns>The verdict and the number that decides it.</returns>
    public static Finding Judge(IReadOnlyList<RunCurve> runs, double weightDecay, bool isPapersImage)
    {
        if (RestrainedClaim.NotThePapers(weightDecay, isPapersImage) is { } other)
            return other;
        RunCurve[] small = [.. runs.Where(run => run.Parameter <= MostSettling && run.IsLongEnough)];
        RunCurve[] large =
            [.. runs.Where(run => run.Parameter >= LeastOscillating && run.Parameter < 2 / PaperSetting.WeightDecay && run.IsLongEnough)];
        if (small.Length == 0 || large.Length == 0)
        {
            return Finding.NotTested($"The folder does not have both a run up to {NumberText.Exact(MostSettling)} and a run from "
                + $"{NumberText.Exact(LeastOscillating)} on with at least {RunCurve.FewestIterations} iterations.");
        }

        double average = small.Max(run => RunCurve.MovingAverage(run.Values).Max());
        bool vanishes = average < StaysBelow && small.All(run => run.Values[^1] == 0);
        bool grows = large.All(run => run.Values[0] < BeginsBelow && run.MeanOfLastTenth > EndsAbove);
        return Finding.Decide(vanishes && grows,
            $"At learning rates {Finding.Listed(small.Select(run => run.Parameter))} the difference, averaged over {RunCurve.Window} "
            + $"iterations, never exceeds {Finding.Text(average)} and ends at "
            + $"{Finding.Text(small.Max(run => run.Values[^1]))}; at {Finding.Listed(large.Select(run => run.Parameter))} it begins at "
            + $"{Finding.Text(large.Max(run => run.Values[0]))} or less and ends "
            + $"at {Finding.Text(large.Min(run => run.MeanOfLastTenth))} or more (mean of the last tenth; "
            + $"it is at most {NumberText.Exact(Greatest)}).");
    }
}
