using System.CommandLine;
using LastBit.Experiments.Heat;
using LastBit.Experiments.Reproduction;
using LastBit.Reports.Heat;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit heat`: the heat equation, Figure 1.</summary>
internal static class HeatCommand
{
    internal static Command Create()
    {
        var options = new SettingOptions<HeatEquationSettings>(RunKind.Heat);
        Command command = options.Command("Figure 1: the heat equation with a stable and an unstable time step.").WithCommonOptions();
        command.SetAction(parse =>
        {
            HeatEquationSettings settings = options.Read(parse);
            HeatEquation.Check(settings);
            using CommandRun run = CommandRun.Open(parse, options.Kind, settings);
            HeatEquationResult result = run.Run(context => HeatEquation.Run(settings, context));
            Figure1.Draw(run.Folder);
            return run.Finish(result.ToJson(), console => Tables.Write(console, Tables.Heat(console, result)), [Figure1.Name],
                ("lastbit linear", "the same kind of bound for gradient descent on one layer"));
        });
        return command.Example("lastbit heat", "the two time steps of the paper").Example("lastbit heat --dt 0.5,0.51", "on both sides of the bound");
    }
}
