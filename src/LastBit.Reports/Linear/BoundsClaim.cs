using LastBit.Reports.Claims;

namespace LastBit.Reports.Linear;

/// <summary>Table 2 and Figure 3: the linearized PDE diverges exactly where weight decay is outside the bounds of the analysis.</summary>
public static class BoundsClaim
{
    /// <summary>A run outside the bounds has had time to show it once its predicted growth is this power of ten.</summary>
    public const int PowerOfGrowth = 6;

    /// <summary>A weight decay as near to a bound as this share of the upper one is on it.</summary>
    public const double OnTheBound = 1e-9;

    /// <summary>The claim and its rule.</summary>
    public static Claim Claim { get; } = new(
        "figure3", "Table 2 and Figure 3", "Stability needs a weight decay between two bounds",
        "Linearized where the activations are in transition, gradient descent on one convolution is stable exactly for weight "
        + "decays between $α_min$ and $α_max$; outside, the loss diverges.",
        $"A loss diverges if it stops being finite or ends at more than {NumberText.Exact(RunCurve.Divergence)} times its lowest value. "
            + "Every run with "
        + "$α$ inside the computed bounds $α_min$ to $α_max$ must not diverge, and every run outside must. Left out are runs outside "
        + "whose predicted growth "
        + $"$|1 − Δt(α − α_bound)|²ⁿ$ over $n$ iterations is below {NumberText.PowerOfTen(PowerOfGrowth)}, for they had no time to show "
        + "it, and runs on a bound, where rounding decides. "
        + "There is at least one run inside and one outside.",
        "lastbit reproduce --only figure3,table3");

    /// <summary>Applies the rule.</summary>
    /// <param name="runs">Loss curves; the parameter is alpha.</param>
    /// <param name="alphaMin">Computed lower bound of stability.</param>
    /// <param name="alphaMax">Computed upper bound of stability.</param>
    /// <param name="learningRate">dt of the runs.</param>
    /// <returns>The verdict and the number that decides it.</returns>
    public static Finding Judge(IReadOnlyList<RunCurve> runs, double alphaMin, double alphaMax, double learningRate)
    {
        int inside = 0, outside = 0;
        List<double> wrong = [];
        foreach (RunCurve run in runs)
        {
            double beyond = Math.Max(alphaMin - run.Parameter, run.Parameter - alphaMax);
            // On the bound itself rounding decides.
            if (Math.Abs(beyond) <= OnTheBound * alphaMax)
                continue;
            bool isInside = beyond < 0;
            if (!isInside && run.IsFinite && 2 * run.Values.Length * Math.Log10(1 + (learningRate * beyond)) < PowerOfGrowth)
                continue;
            _ = isInside ? inside++ : outside++;
            if (run.Diverges == isInside)
                wrong.Add(run.Parameter);
        }
        if (inside == 0 || outside == 0)
            return Finding.NotTested(
                "The folder does not have both a run inside the bounds and a run outside that is long enough to show it.");

        return Finding.Decide(wrong.Count == 0,
            $"The bounds are $α_min = {Finding.Bound(alphaMin)}$ and $α_max = {Finding.Bound(alphaMax)}$; "
            + $"{inside + outside - wrong.Count} of {inside + outside} runs do what the bounds predict"
            + (wrong.Count == 0 ? "." : $", but not $α = {Finding.Listed(wrong)}$."));
    }
}
