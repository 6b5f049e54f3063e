using System.CommandLine;
using LastBit.Experiments;
using LastBit.Reports;
using LastBit.Runs;
using LastBit.Statistics;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit nonlinear`: the non-linear PDE, Figure 4 left.</summary>
internal static class NonLinearCommand
{
    private static readonly NonLinearPdeSettings Paper = new();

    internal static Command Create()
    {
        Option<double[]> learningRate = OptionTypes.Numbers("--learning-rate", Paper.LearningRates, "Learning rates dt, one run each.");
        Option<double> weightDecay = OptionTypes.Number("--weight-decay", Paper.WeightDecay, "Weight decay alpha.");
        Option<int> iterations = OptionTypes.Count("--iterations", Paper.Iterations, "Gradient steps a run.");
        Option<int> sharpnessEvery = OptionTypes.Count("--sharpness-every", Paper.SharpnessEvery,
            "Steps between two values of the sharpness (largest eigenvalue of the loss's Hessian); 0 leaves it out.", least: 0);
        Command command = LiveView.AddTo(new Command("nonlinear", "Figure 4, left: the non-linear PDE oscillates without blowing up (restrained instability).")
        {
            learningRate, weightDecay, iterations, sharpnessEvery,
        }.WithImageOptions().WithCommonOptions());
        command.SetAction(parse =>
        {
            var settings = new NonLinearPdeSettings
            {
                LearningRates = parse.GetRequiredValue(learningRate),
                WeightDecay = parse.GetValue(weightDecay),
                Iterations = parse.GetValue(iterations),
                SharpnessEvery = parse.GetValue(sharpnessEvery),
                Image = ImageOptions.Read(parse),
                KernelSize = parse.GetValue(ImageOptions.KernelSize),
            };
            NonLinearPde.Check(settings);
            using CommandRun run = CommandRun.Open(parse, "nonlinear", settings);
            NonLinearPdeResult result = run.Run(context => NonLinearPde.Run(settings, context));
            Figure4Left.Draw(run.Folder);
            return run.Finish(result.ToJson(), console => Tables.Write(console, Tables.NonLinear(console, result)), [Figure4Left.Name],
                ("lastbit amplify" + ImageOptions.Words(parse), "what these oscillations do to a rounding error"));
        });
        return command.Example("lastbit nonlinear", "the eight learning rates of the paper")
            .Example("lastbit nonlinear --learning-rate 0.099,0.1,0.101", "close to the threshold 2/alpha");
    }
}
