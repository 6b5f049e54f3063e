namespace LastBit.Experiments;

/// <summary>Settings of Figure 1.</summary>
public sealed record HeatEquationSettings
{
    /// <summary>Time steps dt, one run each; option --dt. Stable up to 0.5.</summary>
    public double[] TimeSteps { get; init; } = [0.4, 0.8];
}

/// <summary>The rod at one time.</summary>
/// <param name="Time">t = Step * dt.</param>
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
public sealed record HeatEquationResult(HeatEquationRun[] Runs)
{
    /// <summary>The document that --json prints and heat.json holds.</summary>
    public string ToJson() => ResultJson.Serialize(this);
}

/// <summary>Figure 1: the heat equation u_t = u_xx by explicit Euler with a stable and an unstable time step.</summary>
public static class HeatEquation
{
    /// <summary>Runs every time step and writes heat.json.</summary>
    /// <param name="settings">The time steps.</param>
    /// <param name="context">Folder, threads, observer.</param>
    /// <exception cref="InputException">A setting is not possible; the message names the option.</exception>
    public static HeatEquationResult Run(HeatEquationSettings settings, ExperimentContext context) => throw new NotImplementedException();
}
