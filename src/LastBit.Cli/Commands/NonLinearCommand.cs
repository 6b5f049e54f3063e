using System.CommandLine;
using LastBit.Experiments.NonLinear;
using LastBit.Experiments.Reproduction;
using LastBit.Reports.NonLinear;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit nonlinear`: the non-linear PDE, Figure 4 left.</summary>
internal static class NonLinearCommand
{
    internal static Command Create()
    {
        var options = new SettingOptions<NonLinearPdeSettings>(RunKind.NonLinear);
        Command command = LiveView.AddTo(options.Command("Figure 4, left: the non-linear PDE oscillates without blowing up (restrained instability).").WithCommonOptions());
        command.SetAction(parse =>
        {
            NonLinearPdeSettings settings = options.Read(parse);
            NonLinearPde.Check(settings);
            using CommandRun run = CommandRun.Open(parse, options.Kind, settings);
            NonLinearPdeResult result = run.Run(context => NonLinearPde.Run(settings, context));
            Figure4Left.Draw(run.Folder);
            return run.Finish(result.ToJson(), console => Tables.Write(console, Tables.NonLinear(console, result)), [Figure4Left.Name],
                ("lastbit amplify" + options.Words(parse, "image", "image-size", "kernel-size"), "what these oscillations do to a rounding error"));
        });
        return command.Example("lastbit nonlinear", "the eight learning rates of the paper")
            .Example("lastbit nonlinear --learning-rate 0.099,0.1,0.101", "close to the threshold 2/alpha");
    }
}
