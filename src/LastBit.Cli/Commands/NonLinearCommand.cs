using LastBit.Experiments.NonLinear;
using LastBit.Reports.Claims;
using LastBit.Reports.NonLinear;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit nonlinear`: the non-linear PDE, Figure 4 left.</summary>
internal static class NonLinearCommand
{
    internal static ExperimentCommand<NonLinearPdeSettings, NonLinearPdeResult> Command { get; } = new(NonLinearPde.Experiment,
        "Figure 4, left: the non-linear PDE oscillates without blowing up (restrained instability).")
    {
        Tables = (console, result) => [Table(console, result)],
        Next = ended => ("lastbit amplify" + ended.ImageWords, "what these oscillations do to a rounding error"),
        Examples =
        [
            ("lastbit nonlinear", "the eight learning rates of the paper"),
            ("lastbit nonlinear --learning-rate 0.099,0.1,0.101", "close to the threshold 2/alpha"),
        ],
    };

    /// <summary>Figure 4 left in numbers.</summary>
    private static Table Table(IAnsiConsole console, NonLinearPdeResult result)
    {
        Table table = Tables.Create(console, $"Non-linear PDE, alpha = {NumberText.Exact(result.WeightDecay)} (Figure 4, left)",
            "#dt", "#first loss", "#lowest", "#last", "log-log", "the loss", "#λ dt/2");
        string[] curves = Tables.Curves(console, [.. result.Runs.Select(run => run.Loss)], result.Iterations);
        for (int i = 0; i < result.Runs.Length; i++)
        {
            NonLinearPdeRun run = result.Runs[i];
            string course = RestrainedClaim.Course(RunCurve.Of(run.LearningRate, run.Loss, result.Iterations), result.WeightDecay);
            table.AddRow(NumberText.Exact(run.LearningRate), Tables.First(run.Loss), Tables.Lowest(run.Loss),
                Tables.Last(run.Loss, run.Finite, result.Iterations), curves[i], course, Tables.Sharpness(run.Sharpness, run.Threshold));
        }
        return table;
    }
}
