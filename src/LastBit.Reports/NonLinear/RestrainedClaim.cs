using LastBit.Experiments.Reproduction;
using LastBit.Reports.Claims;

namespace LastBit.Reports.NonLinear;

/// <summary>
/// Figure 4 left: beyond 2/alpha the non-linear PDE blows up; below it there is a range where it neither settles nor blows up.
/// </summary>
public static class RestrainedClaim
{
    private static readonly double[] Settling = [0.01, 0.03], Oscillating = [0.05, 0.07, 0.09], BlowingUp = [0.11, 0.13];

    /// <summary>The claim and its rule.</summary>
    public static Claim Claim { get; } = new(
        "figure4-left", "Figure 4, left", "Between settling and blowing up lies a restrained instability",
        "With the real activation there are three regimes: small learning rates settle, large ones (beyond $2/α$) blow up, and in "
        + "between the loss oscillates for ever without blowing up.",
        $"A loss blows up if it stops being finite or ends at more than {NumberText.Exact(RunCurve.BlowUp)} times its start; it has "
            + "settled if it "
        + $"varies by less than {NumberText.Exact(RunCurve.Settled)} of its mean over the last tenth of the run; otherwise it oscillates. "
        + $"With the paper's image, kernel and weight decay and at least {RunCurve.FewestIterations} iterations, "
        + $"{NumberText.List(Settling)} must settle, "
        + $"{NumberText.List(Oscillating)} oscillate, and {NumberText.List(BlowingUp)} blow up "
        + $"({NumberText.Exact(2 / PaperSetting.WeightDecay)} is the threshold "
        + "itself and is not judged); there is at least one run of each kind.",
        "lastbit nonlinear");

    /// <summary>Applies the rule.</summary>
    /// <param name="runs">Loss curves; the parameter is the learning rate.</param>
    /// <param name="weightDecay">alpha.</param>
    /// <param name="isPapersImage">Whether image and kernel size are the paper's, whose learning rates these are.</param>
    /// <returns>The verdict and the number that decides it.</returns>
    public static Finding Judge(IReadOnlyList<RunCurve> runs, double weightDecay, bool isPapersImage)
    {
        if (NotThePapers(weightDecay, isPapersImage) is { } other)
            return other;
        var judged = runs.Where(run => run.IsLongEnough && Expected(run.Parameter) is not null)
            .Select(run => (LearningRate: run.Parameter, Expected: Expected(run.Parameter)!.Value, Seen: run.Behaviour)).ToArray();
        if (judged.Select(run => run.Expected).Distinct().Count() < 3)
            return Finding.NotTested(
                $"The folder does not have a run of each of the three kinds with at least {RunCurve.FewestIterations} iterations.");

        string Seen(LossBehaviour behaviour) => Finding.Listed(judged.Where(run => run.Seen == behaviour).Select(run => run.LearningRate));
        double[] wrong = [.. judged.Where(run => run.Seen != run.Expected).Select(run => run.LearningRate)];
        return Finding.Decide(wrong.Length == 0,
            $"Learning rates that settle: {Seen(LossBehaviour.Settles)}; that oscillate: {Seen(LossBehaviour.Oscillates)}; "
            + $"that blow up: {Seen(LossBehaviour.BlowsUp)}"
            + (wrong.Length == 0 ? "." : $". Against the claim: {Finding.Listed(wrong)}."));
    }

    /// <summary>The finding for runs whose learning rates are not those that the paper speaks of; null for the paper's.</summary>
    internal static Finding? NotThePapers(double weightDecay, bool isPapersImage) =>
        weightDecay == PaperSetting.WeightDecay && isPapersImage ? null : Finding.NotTested(
        $"The claim is about these learning rates for {PaperSetting.ImageAndKernel} and weight decay "
        + $"{NumberText.Exact(PaperSetting.WeightDecay)}; these runs have "
        + (weightDecay == PaperSetting.WeightDecay ? "another image, kernel or slope." : $"weight decay {NumberText.Exact(weightDecay)}."));

    /// <summary>How a run goes, in a word or two; at 2/alpha itself rounding decides, and nothing is said.</summary>
    /// <param name="run">The loss curve; the parameter is the learning rate.</param>
    /// <param name="weightDecay">alpha.</param>
    public static string Course(RunCurve run, double weightDecay)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Math.Abs((run.Parameter * weightDecay) - 2) <= 1e-9 ? "is on the threshold" : run.Course;
    }

    private static LossBehaviour? Expected(double learningRate) =>
        Settling.Contains(learningRate) ? LossBehaviour.Settles
        : Oscillating.Contains(learningRate) ? LossBehaviour.Oscillates
        : BlowingUp.Contains(learningRate) ? LossBehaviour.BlowsUp : null;
}
