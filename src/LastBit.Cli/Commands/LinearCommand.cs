using LastBit.Experiments.Linear;
using LastBit.Reports.Claims;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit linear`: the linearized PDE, Figure 3.</summary>
internal static class LinearCommand
{
    internal static ExperimentCommand<LinearizedPdeSettings, LinearizedPdeResult> Command { get; } = new(LinearizedPde.Experiment,
        "Figure 3: the linearized PDE is stable only between two weight decays.")
    {
        Tables = (console, result) => [Table(console, result)],
        Next = ended => ("lastbit bounds" + ended.ImageWords + BoundsCommand.LearningRate(ended.Settings.LearningRate),
            "where the two weight decays come from"),
        Examples =
        [
            ("lastbit linear", "the seven weight decays of the paper"),
            ("lastbit linear --weight-decay 1.29e7,1.3e7 --iterations 2000 --out runs/edge", "on both sides of the lower bound"),
        ],
    };

    /// <summary>Figure 3 in numbers.</summary>
    private static Table Table(IAnsiConsole console, LinearizedPdeResult result)
    {
        Table table = Tables.Create(console, $"Linearized PDE, dt = {NumberText.Exact(result.LearningRate)} (Figure 3)",
            "#alpha", "#first loss", "#lowest", "#last", "log-log", "the loss");
        string[] curves = Tables.Curves(console, [.. result.Runs.Select(run => run.Loss)], result.Iterations);
        for (int i = 0; i < result.Runs.Length; i++)
        {
            LinearizedPdeRun run = result.Runs[i];
            table.AddRow(NumberText.Exact(run.Alpha), Tables.First(run.Loss), Tables.Lowest(run.Loss),
                Tables.Last(run.Loss, run.Finite, result.Iterations), curves[i], Course(run, result.Iterations));
        }
        return table;

        static string Course(LinearizedPdeRun run, int iterations) => RunCurve.Of(run.Alpha, run.Loss, iterations).Diverges ? "diverges"
            : run.Loss[^1] > 0.5 * run.Loss[0] ? "stays" : "falls";
    }
}
