using LastBit.Reports.Claims;

namespace LastBit.Reports.Amplification;

/// <summary>The one-layer PDE: pairs drift apart only at learning rates whose loss is sharper than 2/dt somewhere along the run.</summary>
public static class CrossingClaim
{
    /// <summary>The claim and its rule.</summary>
    public static Claim Claim { get; } = new(
        "figure4-sharpness", "Figure 4, and the journal version", "Pairs drift apart only where the sharpness has crossed 2/Δt",
        "The largest eigenvalue of the Hessian of the one-layer loss, beside $2/Δt$, tells the learning rates at which a difference of "
            + "rounding grows from those at which it vanishes.",
        $"With at least {RunCurve.FewestIterations} iterations and the sharpness recorded: every pair whose difference ends above "
            + $"{NumberText.Exact(AmplificationClaim.EndsAbove)} (mean of "
        + "the last tenth) has had a sharpness above $2/Δt$; every pair whose sharpness never was above ends below "
        + $"{NumberText.Exact(AmplificationClaim.BeginsBelow)}; there is "
        + "at least one pair of each kind. A pair that has crossed and stays together contradicts neither: the crossing is necessary, and "
        + "need not suffice.",
        "lastbit amplify");

    /// <summary>Applies the rule.</summary>
    /// <param name="runs">Relative L1 differences; the parameter is the learning rate.</param>
    /// <param name="greatest">The greatest sharpness of each run over 2/dt; null where it was not recorded.</param>
    /// <returns>The verdict and the numbers that decide it.</returns>
    public static Finding Judge(IReadOnlyList<RunCurve> runs, IReadOnlyList<double?> greatest)
    {
        (RunCurve Run,
            double Ratio)[] known = [.. runs.Zip(greatest).Where(one => one.Second is not null && one.First.IsLongEnough)
                .Select(one => (one.First, one.Second!.Value))];
        (RunCurve Run, double Ratio)[] apart =
            [.. known.Where(one => !one.Run.IsFinite || one.Run.MeanOfLastTenth > AmplificationClaim.EndsAbove)];
        (RunCurve Run, double Ratio)[] below = [.. known.Where(one => one.Ratio <= 1)], between =
            [.. known.Where(one => one.Ratio > 1).Except(apart)];
        string decides = string.Join(" ",
            known.Select(one => $"Δt = {NumberText.Exact(one.Run.Parameter)}: sharpness up to {Finding.Text(one.Ratio)} of 2/Δt, "
            + $"the difference ends at {Finding.Text(one.Run.MeanOfLastTenth)}."))
            + (between.Length > 0 ? $" Crossed, and together at the end: {Finding.Listed(between.Select(one => one.Run.Parameter))}." : "");
        return apart.Length == 0 || below.Length == 0
            ? Finding.NotTested((decides + " The folder does not have both a pair that drifts apart "
                + "and one whose sharpness never was above 2/Δt.").TrimStart())
            : Finding.Decide(apart.All(one => one.Ratio > 1)
                && below.All(one => one.Run.IsFinite && one.Run.MeanOfLastTenth < AmplificationClaim.BeginsBelow), decides);
    }
}
