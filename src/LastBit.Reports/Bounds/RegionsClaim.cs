using LastBit.Experiments.Bounds;
using LastBit.Reports.Claims;

namespace LastBit.Reports.Bounds;

/// <summary>
/// Table 3: of the three regions only the transitioning one needs a least weight decay, and the paper's formula for it is on the safe side.
/// </summary>
public static class RegionsClaim
{
    /// <summary>How far the paper's formula may be off, as a part of the upper bound.</summary>
    public const double Slack = 1e-9;

    /// <summary>The claim and its rule.</summary>
    public static Claim Claim { get; } = new(
        "table3", "Table 3", "Only where activations switch does stability need weight decay",
        "Where activations are fully on or off, any weight decay up to about $2/Δt$ is stable. Where they are in transition there is a "
        + "lower bound too: weights that wander into transition become unstable, are driven out, and stability returns. That is what "
        + "restrains "
        + "the instability.",
        "Only the transitioning region has a lower bound; by the eigenvalues, exact for the kernel's finite support, it is above 0 and "
        + "below the upper bound; and the paper's formula calls no weight decay stable that is not "
        + $"(to {NumberText.Exact(Slack)} of $α_max$). Not tested where the constants and the image leave no lower bound.",
        "lastbit bounds");

    /// <summary>Applies the rule.</summary>
    /// <param name="bounds">The bounds by formula and by eigenvalues.</param>
    /// <returns>The verdict and the number that decides it.</returns>
    public static Finding Judge(StabilityBoundsResult bounds)
    {
        if (!(bounds.AlphaMin > 0))
            return Finding.NotTested(
                $"The exact lower bound is {Finding.Bound(bounds.AlphaMin)}: with these constants the transition needs no weight decay.");
        double slack = Slack * Math.Abs(bounds.AlphaMax);
        bool only = bounds.Regions.All(region => region.Region == "transitioning" ? region.AlphaMin > 0 : !(region.AlphaMin > 0));
        bool safe = bounds.FourierAlphaMin >= bounds.AlphaMin - slack && bounds.FourierAlphaMax <= bounds.AlphaMax + slack;
        string exact = bounds.AlphaMin > bounds.AlphaMax
            ? $"In transition no weight decay is stable: the least, {Finding.Bound(bounds.AlphaMin)}, is above the greatest, "
                + $"{Finding.Bound(bounds.AlphaMax)}"
            : $"In transition the weight decays from {Finding.Bound(bounds.AlphaMin)} to {Finding.Bound(bounds.AlphaMax)} are stable";
        bool isEmpty = bounds.FourierAlphaMin > bounds.FourierAlphaMax;
        return Finding.Decide(only && safe && bounds.AlphaMin < bounds.AlphaMax,
            $"{exact} (exact); the paper's formula asks for at least {Finding.Bound(bounds.FourierAlphaMin)}"
            + (isEmpty ? ", which is above its own upper bound: for so small a kernel it leaves nothing stable." : ".")) with
        {
            But = isEmpty ? "by exact eigenvalues; the paper's formula leaves nothing stable here" : null,
        };
    }
}
