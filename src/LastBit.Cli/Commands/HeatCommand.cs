using LastBit.Experiments.Heat;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit heat`: the heat equation, Figure 1.</summary>
internal static class HeatCommand
{
    internal static ExperimentCommand<HeatEquationSettings, HeatEquationResult> Command { get; } = new(HeatEquation.Experiment,
        "Figure 1: the heat equation with a stable and an unstable time step.")
    {
        Tables = (console, result) => [Table(console, result)],
        Next = _ => ("lastbit linear", "the same kind of bound for gradient descent on one layer"),
        Examples = [("lastbit heat", "the two time steps of the paper"), ("lastbit heat --dt 0.5,0.51", "on both sides of the bound")],
    };

    /// <summary>Figure 1 in numbers.</summary>
    private static Table Table(IAnsiConsole console, HeatEquationResult result)
    {
        Table table = Tables.Create(console, "Heat equation (Figure 1)",
            "#dt", "condition dt ≤ 1/2", "largest |u| at the last snapshot", "first above 1,000", "no longer finite");
        foreach (HeatEquationRun run in result.Runs)
        {
            HeatSnapshot last = run.Snapshots[^1];
            table.AddRow(NumberText.Exact(run.Dt), run.Stable ? "holds: stable" : "violated",
                $"{Tables.Number(last.U.Max(Math.Abs))} at t = {Tables.Number(last.Time)}", Step(run.FirstStepAbove1000),
                Step(run.FirstStepNotFinite));
        }
        return table;

        static string Step(int? step) => step is { } value ? $"step {NumberText.Count(value)}" : "never";
    }
}
