using System.CommandLine;
using LastBit.Experiments;
using LastBit.Reports;
using LastBit.Runs;
using LastBit.Statistics;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit amplify`: two copies that differ by rounding only, Figure 4 right.</summary>
internal static class AmplifyCommand
{
    private static readonly ErrorAmplificationSettings Paper = new();

    internal static Command Create()
    {
        Option<double[]> learningRate = OptionTypes.Numbers("--learning-rate", Paper.LearningRates, "Learning rates dt, one pair of runs each.");
        Option<int> k = OptionTypes.Count("--k", Paper.K, "Perturbation of the second copy: its step is (dt*k)*(g/k).");
        Option<double> weightDecay = OptionTypes.Number("--weight-decay", Paper.WeightDecay, "Weight decay alpha.");
        Option<int> iterations = OptionTypes.Count("--iterations", Paper.Iterations, "Gradient steps a run.");
        Option<int> sharpnessEvery = OptionTypes.Count("--sharpness-every", Paper.SharpnessEvery,
            "Steps between two values of the sharpness (largest eigenvalue of the loss's Hessian); 0 leaves it out.", least: 0);
        Option<bool> mat = OptionTypes.Switch("--mat", "Also writes every kernel as a .mat file, as the authors' scripts do (thousands of small files).");
        Command command = LiveView.AddTo(new Command("amplify", "Figure 4, right: how far two copies drift apart that differ by rounding only.")
        {
            learningRate, k, weightDecay, iterations, sharpnessEvery, mat,
        }.WithImageOptions().WithCommonOptions());
        command.SetAction(parse =>
        {
            var settings = new ErrorAmplificationSettings
            {
                LearningRates = parse.GetRequiredValue(learningRate),
                K = parse.GetValue(k),
                WeightDecay = parse.GetValue(weightDecay),
                Iterations = parse.GetValue(iterations),
                SharpnessEvery = parse.GetValue(sharpnessEvery),
                Mat = parse.GetValue(mat),
                Image = ImageOptions.Read(parse),
                KernelSize = parse.GetValue(ImageOptions.KernelSize),
            };
            ErrorAmplification.Check(settings);
            using CommandRun run = CommandRun.Open(parse, "amplify", settings);
            ErrorAmplificationResult result = run.Run(context => ErrorAmplification.Run(settings, context));
            Figure4Right.Draw(run.Folder);
            Figure4Sharpness.Draw(run.Folder);
            return run.Finish(result.ToJson(), console => Tables.Write(console, Tables.Amplify(console, result)), [Figure4Right.Name],
                ("lastbit amplify --k 2", "a power of two changes no bit, so nothing is amplified"));
        });
        return command.Example("lastbit amplify", "the five learning rates of the paper, k = 3")
            .Example("lastbit amplify --k 5 --learning-rate 0.05,0.06", "another perturbation");
    }
}
