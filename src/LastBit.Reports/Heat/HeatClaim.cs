using LastBit.Experiments.Heat;
using LastBit.Reports.Claims;

namespace LastBit.Reports.Heat;

/// <summary>Figure 1: explicit Euler on the heat equation is stable up to dt = dx^2/2 and blows up beyond.</summary>
public static class HeatClaim
{
    /// <summary>The claim and its rule.</summary>
    public static Claim Claim { get; } = new(
        "figure1", "Figure 1", "A step that is too long destroys a stable equation",
        "The heat equation only ever flattens, yet its explicit Euler discretization is stable only up to $Δt = Δx²/2$; beyond, the "
        + "same equation blows up. Gradient descent is such a discretization.",
        $"Every run with $Δt ≤ Δx²/2 = {NumberText.Exact(HeatEquation.StableTimeStep)}$ keeps $|u|$ at or below its start in every "
            + "snapshot; every run with "
        + $"a longer step exceeds {NumberText.Exact(1000)}; there is at least one run of each kind.",
        "lastbit heat");

    /// <summary>Applies the rule.</summary>
    /// <param name="runs">The runs, dx = 1.</param>
    /// <returns>The verdict and the number that decides it.</returns>
    public static Finding Judge(IReadOnlyList<HeatEquationRun> runs)
    {
        if (!runs.Any(run => run.Dt <= HeatEquation.StableTimeStep) || !runs.Any(run => run.Dt > HeatEquation.StableTimeStep))
            return Finding.NotTested(
                $"The folder does not have a run on each side of $Δt = {NumberText.Exact(HeatEquation.StableTimeStep)}$.");

        static double Largest(HeatSnapshot snapshot) => snapshot.U.Max(Math.Abs);
        static bool StaysBelowItsStart(HeatEquationRun run) =>
            run.Snapshots.All(snapshot => Largest(snapshot) <= Largest(run.Snapshots[0]) * (1 + 1e-12));
        bool holds = runs.All(run => run.Dt <= HeatEquation.StableTimeStep
            ? run.FirstStepAbove1000 is null && run.FirstStepNotFinite is null && StaysBelowItsStart(run)
            : run.FirstStepAbove1000 is not null);
        return Finding.Decide(holds, "The largest $|u|$ " + string.Join("; ", runs.OrderBy(run => run.Dt).Select(run =>
            $"at $Δt = {NumberText.Exact(run.Dt)}$ " + (run.FirstStepAbove1000 is { } step
                ? $"exceeds {NumberText.Exact(1000)} after {NumberText.Count(step, "step")}"
                    + (run.FirstStepNotFinite is { } last ? $" and is not finite after {NumberText.Count(last)}" : "")
                : $"goes from {Finding.Text(Largest(run.Snapshots[0]))} to {Finding.Text(Largest(run.Snapshots[^1]))} "
                    + $"at $t = {NumberText.Exact(run.Snapshots[^1].Time)}$"))) + ".");
    }
}
