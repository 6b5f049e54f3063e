using System.CommandLine;
using System.Text.Json.Nodes;
using LastBit.Arithmetic;
using LastBit.Data;
using LastBit.Files;
using LastBit.Models;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit info`: what is installed here and what it runs on.</summary>
internal static class InfoCommand
{
    internal static Command Create()
    {
        var outFolder = OptionTypes.PathTo("--out", "DIR", "A folder for info.json.", "none");
        var command = new Command("info", "Shows versions, processor, vector width in use, threads and the data cache.")
        {
            outFolder, CommonOptions.Threads, CommonOptions.Json, CommonOptions.Quiet,
        };
        command.SetAction(parse => Run(parse, parse.GetValue(outFolder)));
        return command.Example("lastbit info --json", "the same for a script");
    }

    private static int Run(ParseResult parse, string? outFolder)
    {
        MachineInfo machine = MachineInfo.Current;
        int threads = CommonOptions.ThreadsOf(parse);
        string? data = DataFolder();
        bool complete = data is not null && Cifar10.SeemsComplete(data);
        string json = Json.Text(new JsonObject
        {
            ["version"] = machine.Version,
            ["commit"] = machine.Commit,
            ["framework"] = machine.Framework,
            ["system"] = machine.System,
            ["architecture"] = machine.Architecture,
            ["processor"] = machine.Processor,
            ["vectorBits"] = machine.VectorBits,
            ["threads"] = threads,
            ["networks"] = NetworkSettings.Names,
            ["losses"] = new JsonArray([.. SettingOption.WordsOf<Loss>()]),
            ["dataCache"] = data,
            ["dataComplete"] = complete,
        });
        if (outFolder is not null)
            AtomicFile.WriteAllText(Path.Combine(outFolder, "info.json"), json + "\n");
        if (parse.GetValue(CommonOptions.Json))
        {
            Terminal.OutWriter.WriteLine(json);
            return CommandLine.Done;
        }
        Terminal.OutWriter.Write(Tables.Facts(
            ("LastBit", $"{machine.Version}, commit {machine.ShortCommit}"),
            ("Runs on", $"{machine.Framework}, {machine.System}, {machine.Architecture}"),
            ("Processor", machine.Processor),
            ("Vectors", machine.VectorText),
            ("Threads", $"{threads}"),
            ("Networks", NetworkSettings.Names),
            ("Losses", string.Join(", ", SettingOption.WordsOf<Loss>())),
            ("Data", data is null
                ? "no place for a cache (set LASTBIT_CACHE)"
                : complete ? data : $"{data}, where CIFAR-10 is missing (lastbit data fetch)")));
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
