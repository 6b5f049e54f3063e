using LastBit.Experiments;
using LastBit.Runs;
using LastBit.Statistics;

namespace LastBit.Reports;

public static partial class Claims
{
    /// <summary>The rule of <see cref="HeatStability"/> in words.</summary>
    public const string HeatRule =
        "Every run with Δt ≤ Δx²/2 = 0.5 keeps |u| at or below its start in every snapshot, every run with a larger Δt exceeds 1000; at "
        + "least one run on either side.";

    /// <summary>Figure 1: explicit Euler on the heat equation is stable up to dt = dx^2/2 and blows up beyond.</summary>
    /// <param name="runs">The runs, dx = 1.</param>
    /// <returns>The verdict and the number that decides it.</returns>
    public static Finding HeatStability(IReadOnlyList<HeatEquationRun> runs)
    {
        if (!runs.Any(run => run.Dt <= 0.5) || !runs.Any(run => run.Dt > 0.5))
            return NotTested("The folder does not have a run on either side of Δt = 0.5.");

        static double Largest(HeatSnapshot snapshot) => snapshot.U.Max(Math.Abs);
        static bool StaysBelowItsStart(HeatEquationRun run) =>
            run.Snapshots.All(snapshot => Largest(snapshot) <= Largest(run.Snapshots[0]) * (1 + 1e-12));
        bool holds = runs.All(run => run.Dt <= 0.5
            ? run.FirstStepAbove1000 is null && run.FirstStepNotFinite is null && StaysBelowItsStart(run)
            : run.FirstStepAbove1000 is not null);
        return Decide(holds, "The largest |u| " + string.Join("; ", runs.OrderBy(run => run.Dt).Select(run => run.FirstStepAbove1000 is { } step
            ? $"at Δt = {Text(run.Dt)} exceeds 1000 after {step} steps" + (run.FirstStepNotFinite is { } last ? $" and is not finite after {last}" : "")
            : $"at Δt = {Text(run.Dt)} goes from {Text(Largest(run.Snapshots[0]))} to {Text(Largest(run.Snapshots[^1]))} "
                + $"at t = {Text(run.Snapshots[^1].Time)}")) + ".");
    }

    /// <summary>The rule of <see cref="LossesDivergeOutsideTheBounds"/> in words.</summary>
    public const string BoundsRule =
        "A loss diverges if it stops being finite or ends at more than 10 times its lowest value. Every run with α inside the computed "
        + "[αmin, αmax] must not, every run outside must; "
        + "runs outside whose predicted growth |1 − Δt(α − bound)|²ⁿ over n iterations is below 10⁶ are left out, for they had no time "
        + "to show it; at least one run inside and one outside.";

    /// <summary>Table 2 and Figure 3: the linearized PDE diverges exactly where weight decay is outside the bounds of the analysis.</summary>
    /// <param name="runs">Loss curves; the parameter is alpha.</param>
    /// <param name="alphaMin">Computed lower bound of stability.</param>
    /// <param name="alphaMax">Computed upper bound of stability.</param>
    /// <param name="learningRate">dt of the runs.</param>
    /// <returns>The verdict and the number that decides it.</returns>
    public static Finding LossesDivergeOutsideTheBounds(IReadOnlyList<RunCurve> runs, double alphaMin, double alphaMax, double learningRate)
    {
        int inside = 0, outside = 0;
        List<double> wrong = [];
        foreach (RunCurve run in runs)
        {
            // Rounding of the bound itself: a weight decay on the bound is inside.
            double beyond = Math.Max(alphaMin - run.Parameter, run.Parameter - alphaMax);
            bool isInside = beyond <= 1e-9 * alphaMax;
            if (!isInside && run.IsFinite && 2 * run.Values.Length * Math.Log10(1 + (learningRate * beyond)) < 6)
                continue;
            _ = isInside ? inside++ : outside++;
            double lowest = run.Values.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Min();
            bool diverges = !run.IsFinite || !(run.Values[^1] <= 10 * lowest);
            if (diverges == isInside)
                wrong.Add(run.Parameter);
        }
        if (inside == 0 || outside == 0)
            return NotTested("The folder does not have a run inside and a run outside of the bounds that is long enough to show it.");

        string bounds = $"The bounds are αmin = {Text(alphaMin)} and αmax = {Text(alphaMax)}; ";
        return Decide(wrong.Count == 0, bounds + $"{inside + outside - wrong.Count} of {inside + outside} runs are on the side that they predict"
            + (wrong.Count == 0 ? "." : $"; not so: α = {Listed(wrong)}."));
    }

    /// <summary>The rule of <see cref="OnlyTheTransitionNeedsWeightDecay"/> in words.</summary>
    public const string RegionsRule =
        "Only the transitioning region has a lower bound; by the eigenvalues, exact for the kernel's finite support, it is above 0 and "
        + "below the upper bound; and the paper's formula calls no weight decay stable that is not "
        + "(to 10⁻⁹ of αmax). Not tested where the constants and the image leave no lower bound.";

    /// <summary>
    /// Table 3: of the three regions only the transitioning one needs a least weight decay, and the paper's formula for it is on the safe side.
    /// </summary>
    /// <param name="bounds">The bounds by formula and by eigenvalues.</param>
    /// <returns>The verdict and the number that decides it.</returns>
    public static Finding OnlyTheTransitionNeedsWeightDecay(StabilityBoundsResult bounds)
    {
        if (!(bounds.AlphaMin > 0))
            return NotTested($"The exact lower bound is {Text(bounds.AlphaMin)}: with these constants the transition needs no weight decay.");
        double slack = 1e-9 * Math.Abs(bounds.AlphaMax);
        bool only = bounds.Regions.All(region => region.Region == "transitioning" ? region.AlphaMin > 0 : !(region.AlphaMin > 0));
        bool safe = bounds.FourierAlphaMin >= bounds.AlphaMin - slack && bounds.FourierAlphaMax <= bounds.AlphaMax + slack;
        return Decide(only && safe && bounds.AlphaMin < bounds.AlphaMax,
            $"In transition a weight decay of {Text(bounds.AlphaMin)} is the least and {Text(bounds.AlphaMax)} the most that is stable "
            + $"(exact); the paper's formula asks for {Text(bounds.FourierAlphaMin)}"
            + (bounds.FourierAlphaMin > bounds.FourierAlphaMax
                ? ", which is above its own upper bound: for so small a kernel it leaves nothing stable."
                : "."));
    }

    /// <summary>The rule of <see cref="RestrainedInstability"/> in words.</summary>
    public const string RestrainedRule =
        "A loss blows up if it stops being finite or ends at more than 1000 times its start, has settled if it varies by less than 10⁻⁶ "
        + "of its mean over the last tenth of the run, and oscillates otherwise. "
        + "With the paper's image, kernel and weight decay and at least 200 iterations, 0.01 and 0.03 must settle, 0.05 to 0.09 "
        + "oscillate, 0.11 and 0.13 blow up (0.1 is the threshold itself and is not judged); at least one run of each kind.";

    /// <summary>Figure 4 left: beyond 2/alpha the non-linear PDE blows up; below it there is a range where it neither settles nor blows up.</summary>
    /// <param name="runs">Loss curves; the parameter is the learning rate.</param>
    /// <param name="weightDecay">alpha.</param>
    /// <param name="isPapersImage">Whether image and kernel size are the paper's, whose learning rates these are.</param>
    /// <returns>The verdict and the number that decides it.</returns>
    public static Finding RestrainedInstability(IReadOnlyList<RunCurve> runs, double weightDecay, bool isPapersImage)
    {
        if (weightDecay != 20 || !isPapersImage)
            return NotTested(NotThePapers(weightDecay));
        var judged = runs.Where(run => IsLongEnough(run) && Expected(run.Parameter) is not null)
            .Select(run => (LearningRate: run.Parameter, Expected: Expected(run.Parameter)!.Value, Seen: Classify(run.Values))).ToArray();
        if (judged.Select(run => run.Expected).Distinct().Count() < 3)
            return NotTested($"The folder does not have a run of each of the three kinds with at least {FewestIterations} iterations.");

        string Seen(LossBehaviour behaviour) => Listed(judged.Where(run => run.Seen == behaviour).Select(run => run.LearningRate));
        double[] wrong = [.. judged.Where(run => run.Seen != run.Expected).Select(run => run.LearningRate)];
        return Decide(wrong.Length == 0, $"Learning rates that settle: {Seen(LossBehaviour.Settles)}; that oscillate: {Seen(LossBehaviour.Oscillates)}; "
            + $"that blow up: {Seen(LossBehaviour.BlowsUp)}" + (wrong.Length == 0 ? "." : $". Against the claim: {Listed(wrong)}."));

        static LossBehaviour? Expected(double learningRate) => learningRate switch
        {
            0.01 or 0.03 => LossBehaviour.Settles,
            0.05 or 0.07 or 0.09 => LossBehaviour.Oscillates,
            0.11 or 0.13 => LossBehaviour.BlowsUp,
            _ => null,
        };
    }

    /// <summary>The rule of <see cref="RoundingIsAmplified"/> in words.</summary>
    public const string AmplificationRule =
        "With the paper's image, kernel and weight decay and at least 200 iterations: at learning rates up to 0.03 the relative L1 "
        + "difference, averaged over 100 iterations as in the figure, never reaches 10⁻¹⁴, "
        + "and the difference itself is 0 at the end; at 0.05 and above it begins below 10⁻¹² and its mean over the last tenth of the "
        + "run is above 0.1; at least one run of each kind. "
        + "(10⁻¹² and not 10⁻¹⁵, for at 0.05 one step cancels nearly all of the kernel, and what is left has fewer digits.)";

    /// <summary>Figure 4 right: in the restrained instability a difference of rounding grows to order 1; where the loss settles it vanishes.</summary>
    /// <param name="runs">Relative L1 differences; the parameter is the learning rate.</param>
    /// <param name="weightDecay">alpha.</param>
    /// <param name="isPapersImage">Whether image and kernel size are the paper's, whose learning rates these are.</param>
    /// <returns>The verdict and the number that decides it.</returns>
    public static Finding RoundingIsAmplified(IReadOnlyList<RunCurve> runs, double weightDecay, bool isPapersImage)
    {
        if (weightDecay != 20 || !isPapersImage)
            return NotTested(NotThePapers(weightDecay));
        RunCurve[] small = [.. runs.Where(run => run.Parameter <= 0.03 && IsLongEnough(run))];
        RunCurve[] large = [.. runs.Where(run => run.Parameter is >= 0.05 and < 0.1 && IsLongEnough(run))];
        if (small.Length == 0 || large.Length == 0)
            return NotTested($"The folder does not have a run up to 0.03 and a run from 0.05 with at least {FewestIterations} iterations.");

        double average = small.Max(run => Figure4Right.MovingAverage(run.Values, Figure4Right.Window).Max());
        bool vanishes = average < 1e-14 && small.All(run => run.Values[^1] == 0);
        bool grows = large.All(run => run.Values[0] < 1e-12 && MeanOfLastTenth(run.Values) > 0.1);
        return Decide(vanishes && grows,
            $"At learning rates {Listed(small.Select(run => run.Parameter))} the difference, averaged over {Figure4Right.Window} "
            + $"iterations, never exceeds {Text(average)} and ends at "
            + $"{Text(small.Max(run => run.Values[^1]))}; at {Listed(large.Select(run => run.Parameter))} it begins at "
            + $"{Text(large.Max(run => run.Values[0]))} or less and ends "
            + $"at {Text(large.Min(run => MeanOfLastTenth(run.Values)))} or more (mean of the last tenth; 2 is the most there can be).");
    }

    private static string NotThePapers(double weightDecay) =>
        "The claim is about these learning rates for the checkerboard of 256×256, a kernel of 32×32 and weight decay 20; these runs have "
        + (weightDecay == 20 ? "another image or kernel." : $"weight decay {Text(weightDecay)}.");

    private static bool IsLongEnough(RunCurve run) => run.Values.Length >= FewestIterations || !run.IsFinite;

    /// <summary>The mean of the last tenth of a curve.</summary>
    /// <param name="values">At least one value.</param>
    /// <returns>The mean.</returns>
    public static double MeanOfLastTenth(ReadOnlySpan<double> values)
    {
        double sum = 0;
        ReadOnlySpan<double> tail = values[^Math.Max(1, values.Length / 10)..];
        foreach (double value in tail)
            sum += value;
        return sum / tail.Length;
    }
}
