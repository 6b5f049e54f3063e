using System.CommandLine;
using System.Text.Json.Nodes;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit info`: what is installed here and what it runs on.</summary>
internal static class InfoCommand
{
    internal static Command Create()
    {
        var command = new Command("info", "Shows versions, processor, vector width in use and threads.") { CommonOptions.Json };
        command.SetAction(parse => Run(parse.GetValue(CommonOptions.Json)));
        return command.Example("lastbit info --json", "the same for a script");
    }

    private static int Run(bool json)
    {
        MachineInfo machine = MachineInfo.Current;
        if (json)
        {
            Console.Out.WriteLine(Json.Text(new JsonObject
            {
                ["version"] = machine.Version,
                ["commit"] = machine.Commit,
                ["framework"] = machine.Framework,
                ["system"] = machine.System,
                ["architecture"] = machine.Architecture,
                ["processor"] = machine.Processor,
                ["vectorBits"] = machine.VectorBits,
                ["threads"] = machine.Threads,
            }));
            return CommandLine.Done;
        }

        Console.Out.Write(Tables.Facts(
            ("LastBit", $"{machine.Version}, commit {machine.ShortCommit}"),
            ("Runs on", $"{machine.Framework}, {machine.System}, {machine.Architecture}"),
            ("Processor", machine.Processor),
            ("Vectors", machine.VectorText),
            ("Threads", $"{machine.Threads}")));
        return CommandLine.Done;
    }
}
