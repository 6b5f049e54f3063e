using System.CommandLine;
using LastBit.Experiments.Linear;
using LastBit.Experiments.Reproduction;
using LastBit.Reports.Linear;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit linear`: the linearized PDE, Figure 3.</summary>
internal static class LinearCommand
{
    internal static Command Create()
    {
        var options = new SettingOptions<LinearizedPdeSettings>(RunKind.Linear);
        Command command = LiveView.AddTo(options.Command("Figure 3: the linearized PDE is stable only between two weight decays.").WithCommonOptions());
        command.SetAction(parse =>
        {
            LinearizedPdeSettings settings = options.Read(parse);
            LinearizedPde.Check(settings);
            using CommandRun run = CommandRun.Open(parse, options.Kind, settings);
            LinearizedPdeResult result = run.Run(context => LinearizedPde.Run(settings, context));
            Figure3.Draw(run.Folder);
            return run.Finish(result.ToJson(), console => Tables.Write(console, Tables.Linear(console, result)), [Figure3.Name],
                ("lastbit bounds" + options.Words(parse, "image", "image-size", "kernel-size"), "where the two weight decays come from"));
        });
        return command.Example("lastbit linear", "the seven weight decays of the paper")
            .Example("lastbit linear --alpha 1.29e7,1.3e7 --iterations 2000 --out runs/edge", "on both sides of the lower bound");
    }
}
