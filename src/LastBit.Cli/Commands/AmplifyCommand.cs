using System.CommandLine;
using LastBit.Experiments.Amplification;
using LastBit.Experiments.Reproduction;
using LastBit.Reports.Amplification;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit amplify`: two copies that differ by rounding only, Figure 4 right.</summary>
internal static class AmplifyCommand
{
    internal static Command Create()
    {
        var options = new SettingOptions<ErrorAmplificationSettings>(RunKind.Amplify);
        Command command = LiveView.AddTo(options.Command("Figure 4, right: how far two copies that differ only in rounding drift apart.").WithCommonOptions());
        command.SetAction(parse =>
        {
            ErrorAmplificationSettings settings = options.Read(parse);
            ErrorAmplification.Check(settings);
            using CommandRun run = CommandRun.Open(parse, options.Kind, settings);
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
