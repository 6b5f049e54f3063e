using System.CommandLine;
using System.Text.Json.Nodes;
using LastBit.Data;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit info`: what is installed here and what it runs on.</summary>
internal static class InfoCommand
{
    internal static Command Create()
    {
        var command = new Command("info", "Shows versions, processor, vector width in use, threads and the data cache.") { CommonOptions.Json };
        command.SetAction(parse => Run(parse.GetValue(CommonOptions.Json)));
        return command.Example("lastbit info --json", "the same for a script");
    }

    private static int Run(bool json)
    {
        MachineInfo machine = MachineInfo.Current;
        string? data = DataFolder();
        bool complete = data is not null && Cifar10.SeemsComplete(data);
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
                ["dataCache"] = data,
                ["dataComplete"] = complete,
            }));
            return CommandLine.Done;
        }

        Console.Out.Write(Tables.Facts(
            ("LastBit", $"{machine.Version}, commit {machine.ShortCommit}"),
            ("Runs on", $"{machine.Framework}, {machine.System}, {machine.Architecture}"),
            ("Processor", machine.Processor),
            ("Vectors", machine.VectorText),
            ("Threads", $"{machine.Threads}"),
            ("Data", data is null ? "no place for a cache (set LASTBIT_CACHE)" : complete ? data : $"{data}, where CIFAR-10 is missing (lastbit data fetch)")));
        return CommandLine.Done;
    }
    private static string? DataFolder()
    {
        try
        {
            return DataCache.Cifar10Folder;
        }
        catch (InputException)
        {
            return null; // A user without a home may still ask what runs here.
        }
    }
}
