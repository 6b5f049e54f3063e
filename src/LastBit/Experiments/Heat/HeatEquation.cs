using System.Globalization;
using LastBit.Experiments.OneLayer;
using LastBit.Files;
using LastBit.Pde;
using LastBit.Runs;

namespace LastBit.Experiments.Heat;

/// <summary>Settings of Figure 1.</summary>
public sealed record HeatEquationSettings
{
    /// <summary>Time steps dt, one run each. Stable up to 0.5.</summary>
    [Setting("Time steps, one run each; stable up to 0.5.", Name = "dt")]
    public double[] TimeSteps { get; init; } = [0.4, 0.8];
}

/// <summary>The rod at one time.</summary>
/// <param name="Time">t = Step * dt, exactly; the step nearest to the time of Figure 1.</param>
/// <param name="Step">Steps taken.</param>
/// <param name="U">31 temperatures, all finite.</param>
public sealed record HeatSnapshot(double Time, int Step, double[] U);

/// <summary>One time step's run.</summary>
/// <param name="Dt">The time step.</param>
/// <param name="Stable">Whether von Neumann's condition dt &lt;= dx^2/2 holds.</param>
/// <param name="FirstStepAbove1000">The first step after which some |u| exceeds 1e3; null when none does.</param>
/// <param name="FirstStepNotFinite">The first step after which some u is not finite; null when none is.</param>
/// <param name="Snapshots">The snapshots that are finite, by time.</param>
public sealed record HeatEquationRun(double Dt, bool Stable, int? FirstStepAbove1000, int? FirstStepNotFinite, HeatSnapshot[] Snapshots);

/// <summary>Figure 1 as numbers; heat.json.</summary>
/// <param name="Runs">One run a time step, in the order of the settings.</param>
public sealed record HeatEquationResult(HeatEquationRun[] Runs) : ICheckedDocument
{
    /// <summary>The name of the document in its folder.</summary>
    public const string FileName = "heat.json";

    /// <summary>The document that --json prints and heat.json holds.</summary>
    public string ToJson() => ResultJson.Document(this);

    /// <inheritdoc/>
    public string? Problem() => Runs.Any(run => !(run.Dt > 0)) ? "a dt is not positive"
        : Runs.Any(run =>
            run.FirstStepAbove1000 < 0 || run.FirstStepNotFinite < 0 || run.Snapshots.Any(one => one.Step < 0 || !(one.Time >= 0)))
            ? "a step is less than 0"
        : Runs.Any(run => run.Snapshots.Any(one => one.U.Length != HeatRod.Points)) ? $"a snapshot does not have {HeatRod.Points} points"
        : null;
}

/// <summary>Figure 1: the heat equation u_t = u_xx by explicit Euler with a stable and an unstable time step.</summary>
public static class HeatEquation
{
    /// <summary>Runs every time step and writes heat.json.</summary>
    public static Experiment<HeatEquationSettings, HeatEquationResult> Experiment { get; } =
        new("heat", Check, Compute) { Document = HeatEquationResult.FileName, Part = "figure1", Title = "the heat equation" };

    /// <summary>The longest stable time step, dx^2/2 with dx = 1.</summary>
    public const double StableTimeStep = HeatRod.StableTimeStep;

    private const double Large = 1e3;

    // An unstable run blows up long before, unless dt is only just above the limit, where 31 points are still stable.
    private const int MostSteps = 1_000_000;

    private static readonly double[] s_times = [0, 0.8, 2.4, 4], s_lateTimes = [100, 200, 800];

    private static void Check(HeatEquationSettings settings) =>
        OneLayerSetup.CheckList(nameof(settings.TimeSteps), settings.TimeSteps, OneLayerSetup.CheckPositive);

    private static HeatEquationResult Compute(HeatEquationSettings settings, ExperimentContext context)
    {
        var runs = new HeatEquationRun[settings.TimeSteps.Length];
        OneLayerSetup.ForEach(runs.Length, context, i => runs[i] = RunOne(settings.TimeSteps[i], context));
        var result = new HeatEquationResult(runs);
        AtomicFile.WriteAllText(Path.Combine(context.Folder, HeatEquationResult.FileName), result.ToJson());
        return result;
    }

    private static HeatEquationRun RunOne(double dt, ExperimentContext context)
    {
        bool stable = dt <= StableTimeStep;
        int[] snapshotSteps =
            [.. (stable ? s_times.Concat(s_lateTimes) : s_times).Select(time => Math.Round(time / dt)).Where(step => step < MostSteps)
            .Select(step => (int)step).Distinct()];
        string task = string.Create(CultureInfo.InvariantCulture, $"dt {dt}");
        context.Observer.Begin(task, snapshotSteps[^1] + 1, "steps");

        double[] u = HeatRod.Initial();
        var snapshots = new List<HeatSnapshot>();
        int? above = null, notFinite = null;
        int end = stable ? snapshotSteps[^1] : MostSteps;
        for (int step = 0; step <= end && notFinite is null; step++)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            if (step > 0)
                HeatRod.Step(u, dt);
            double greatest = u.Max(Math.Abs);
            if (Array.Exists(u, value => !double.IsFinite(value)))
                notFinite = step;
            if (notFinite is not null || greatest > Large)
                above ??= step;
            if (notFinite is null && snapshotSteps.Contains(step))
            {
                snapshots.Add(new HeatSnapshot(step * dt, step, [.. u]));
                context.Observer.Advance(task, step + 1);
            }
        }
        context.Observer.End(task,
            above is null ? "bounded" : $"exceeds {NumberText.Exact(Large)} at step {NumberText.Count(above.Value)}");
        return new HeatEquationRun(dt, stable, above, notFinite, [.. snapshots]);
    }
}
