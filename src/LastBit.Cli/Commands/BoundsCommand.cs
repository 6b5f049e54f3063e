using System.CommandLine;
using LastBit.Experiments;
using LastBit.Runs;
using LastBit.Statistics;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit bounds`: Tables 2 and 3 as numbers for any image.</summary>
internal static class BoundsCommand
{
    private static readonly StabilityBoundsSettings Paper = new();

    internal static Command Create()
    {
        Option<double> learningRate = OptionTypes.Number("--learning-rate", Paper.LearningRate, "Learning rate dt.");
        Option<double> a = OptionTypes.Number("--a", Paper.A, "The constant a of the linearization.");
        Option<double> beta = OptionTypes.Number("--beta", Paper.Beta, "The slope beta of Swish.");
        const string Description = "Tables 2 and 3: between which weight decays gradient descent is stable, for any image.";
        Command command = new Command("bounds", Description) { learningRate, a, beta }.WithImageOptions().WithCommonOptions();
        command.SetAction(parse =>
        {
            var settings = new StabilityBoundsSettings
            {
                LearningRate = parse.GetValue(learningRate),
                A = parse.GetValue(a),
                Beta = parse.GetValue(beta),
                Image = ImageOptions.Read(parse),
                KernelSize = parse.GetValue(ImageOptions.KernelSize),
            };
            StabilityBounds.Check(settings);
            using CommandRun run = CommandRun.Open(parse, "bounds", settings);
            StabilityBoundsResult result = run.Run(context => StabilityBounds.Run(settings, context));
            return run.Finish(result.ToJson(), console => Tables.Write(console, Tables.Bounds(console, result), Tables.Regions(console, result)), [],
                ("lastbit linear" + ImageOptions.Words(parse), "the loss on both sides of the bounds"));
        });
        return command.Example("lastbit bounds", "the paper's checkerboard: 12,960,000 to 200,000,000")
            .Example("lastbit bounds --image cat.png --kernel-size 16 --json", "another image, for a script");
    }
}
