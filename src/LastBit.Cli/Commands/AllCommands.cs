using System.CommandLine;
using System.CommandLine.Help;

namespace LastBit.Cli.Commands;

/// <summary>Which commands there are.</summary>
internal static class AllCommands
{
    /// <summary>The tree of commands, made once.</summary>
    internal static Lazy<RootCommand> Tree { get; } = new(Create);

    /// <summary>Builds the tree of commands. A new command is one file in Commands/ and one line here.</summary>
    internal static RootCommand Create()
    {
        var root = new RootCommand("How much of a training run is rounding error? LastBit reproduces every figure and table of "
            + "\"Surprising Instabilities in Training Deep Networks and a Theoretical Analysis\" (NeurIPS 2022), "
            + "bit for bit the same on any machine.")
        {
            ReproduceCommand.Create(),
            DataCommand.Create(),
            NoiseCommand.Create(),
            CompareCommand.Create(),
            DiffCommand.Create(),
            InfoCommand.Create(),
            SummarizeCommand.Create(),
            ReportCommand.Create(),
            PytorchCommand.Create(),
            ExportCommand.Create(),
            StatusCommand.Create(),
            CancelCommand.Create(),
            CellCommand.Create(),
            CompletionCommand.Create(),
        };
        for (int i = 0; i < ExperimentCommand.All.Count; i++)
            root.Subcommands.Insert(i + 1, ExperimentCommand.All[i].Create());
        foreach (Option option in root.Options)
        {
            if (option is HelpOption help)
            {
                help.Description = "Shows how a command is used.";
                help.Action = new HelpPage();
            }
            else if (option is VersionOption version)
            {
                version.Description = "Shows the version and the commit that it was built from.";
                version.Action = new VersionAction();
                version.Aliases.Add("-v");
            }
        }
        root.SetAction(parse => HelpPage.Write(root, parse.InvocationConfiguration.Output));
        return root.Example("lastbit reproduce", "every figure and table that fits into a few minutes, in one folder");
    }
}
