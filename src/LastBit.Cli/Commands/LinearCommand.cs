using System.CommandLine;
using LastBit.Experiments;
using LastBit.Reports;
using LastBit.Runs;
using LastBit.Statistics;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit linear`: the linearized PDE, Figure 3.</summary>
internal static class LinearCommand
{
    private static readonly LinearizedPdeSettings Paper = new();

    internal static Command Create()
    {
        Option<double[]> alpha = OptionTypes.Numbers("--alpha", Paper.Alphas, "Weight decays, one run each.");
        Option<double> learningRate = OptionTypes.Number("--learning-rate", Paper.LearningRate, "Learning rate dt.");
        Option<int> iterations = OptionTypes.Count("--iterations", Paper.Iterations, "Gradient steps a run.");
        const string Description = "Figure 3: the linearized PDE is stable only between two weight decays.";
        Command command = LiveView.AddTo(new Command("linear", Description) { alpha, learningRate, iterations }
            .WithImageOptions().WithCommonOptions());
        command.SetAction(parse =>
        {
            var settings = new LinearizedPdeSettings
            {
                Alphas = parse.GetRequiredValue(alpha),
                LearningRate = parse.GetValue(learningRate),
                Iterations = parse.GetValue(iterations),
                Image = ImageOptions.Read(parse),
                KernelSize = parse.GetValue(ImageOptions.KernelSize),
            };
            LinearizedPde.Check(settings);
            using CommandRun run = CommandRun.Open(parse, "linear", settings);
            LinearizedPdeResult result = run.Run(context => LinearizedPde.Run(settings, context));
            Figure3.Draw(run.Folder);
            return run.Finish(result.ToJson(), console => Tables.Write(console, Tables.Linear(console, result)), [Figure3.Name],
                ("lastbit bounds" + ImageOptions.Words(parse), "where the two weight decays come from"));
        });
        return command.Example("lastbit linear", "the seven weight decays of the paper")
            .Example("lastbit linear --alpha 1.29e7,1.3e7 --iterations 2000 --out runs/edge", "on both sides of the lower bound");
    }
}
