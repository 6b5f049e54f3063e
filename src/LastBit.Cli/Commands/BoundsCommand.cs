using System.CommandLine;
using LastBit.Experiments.Bounds;
using LastBit.Experiments.Reproduction;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit bounds`: Tables 2 and 3 as numbers for any image.</summary>
internal static class BoundsCommand
{
    internal static Command Create()
    {
        var options = new SettingOptions<StabilityBoundsSettings>(RunKind.Bounds);
        Command command = options.Command("Tables 2 and 3: between which weight decays gradient descent is stable, for any image.").WithCommonOptions();
        command.SetAction(parse =>
        {
            StabilityBoundsSettings settings = options.Read(parse);
            StabilityBounds.Check(settings);
            using CommandRun run = CommandRun.Open(parse, options.Kind, settings);
            StabilityBoundsResult result = run.Run(context => StabilityBounds.Run(settings, context));
            return run.Finish(result.ToJson(), console => Tables.Write(console, Tables.Bounds(console, result), Tables.Regions(console, result)), [],
                ("lastbit linear" + options.Words(parse, "image", "image-size", "kernel-size"), "the loss on both sides of the bounds"));
        });
        return command.Example("lastbit bounds", "the paper's checkerboard: 12,960,000 to 200,000,000")
            .Example("lastbit bounds --image cat.png --kernel-size 16 --json", "another image, for a script");
    }
}
