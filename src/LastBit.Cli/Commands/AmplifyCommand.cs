using LastBit.Experiments.Amplification;
using LastBit.Reports.Claims;
using LastBit.Training;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit amplify`: two copies that differ by rounding only, Figure 4 right.</summary>
internal static class AmplifyCommand
{
    internal static ExperimentCommand<ErrorAmplificationSettings, ErrorAmplificationResult> Command { get; } =
        new(ErrorAmplification.Experiment,
        "Figure 4, right: how far two copies that differ only in rounding drift apart.")
        {
            Tables = (console, result) => [Table(console, result)],
            Next = _ => ("lastbit amplify --k 2", "a power of two changes no bit, so nothing is amplified"),
            Examples =
        [
            ("lastbit amplify", "the five learning rates of the paper, k = 3"),
            ("lastbit amplify --k 5 --learning-rate 0.05,0.06", "another perturbation"),
        ],
        };

    /// <summary>Figure 4 right in numbers.</summary>
    private static Table Table(IAnsiConsole console, ErrorAmplificationResult result)
    {
        Table table = Tables.Create(console,
            $"Relative L1 difference of {Perturbation.None.Name} and {result.Perturbation.Name}, alpha = "
                + $"{NumberText.Exact(result.WeightDecay)} (Figure 4, right)",
            "#dt", "#after 1 step", "#largest", "#last tenth", "log-log, 10⁻¹⁸ to 2", "#λ dt/2");
        string[] curves = Sparkline.Draw(console, result.Runs.Select(run => run.RelativeL1), Math.Max(2, result.Iterations), 1e-18, 2);
        for (int i = 0; i < result.Runs.Length; i++)
        {
            ErrorAmplificationRun run = result.Runs[i];
            double[] difference = run.RelativeL1;
            table.AddRow(NumberText.Exact(run.LearningRate), Tables.First(difference),
                difference.Length == 0 ? "" : Tables.Number(difference.Max()),
                difference.Length == 0 || run.Finite < result.Iterations
                    ? Tables.Ended(run.Finite) : Tables.Number(new RunCurve(run.LearningRate, difference).MeanOfLastTenth), curves[i],
                Tables.Sharpness(run.Sharpness, run.Threshold));
        }
        return table;
    }
}
