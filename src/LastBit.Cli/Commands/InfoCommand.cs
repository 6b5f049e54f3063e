using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using LastBit.Arithmetic;
using LastBit.Data;
using LastBit.Engines.OpenCl;
using LastBit.Files;
using LastBit.Models;
using LastBit.Runs;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit info`: what is installed here and what it runs on.</summary>
internal static class InfoCommand
{
    internal static Command Create()
    {
        var outFolder = OptionTypes.PathTo("--out", "DIR", "A folder for info.json.", "none");
        var devices = OptionTypes.Switch("--devices", "Tests which devices of OpenCL compute the bits of the CPU; it takes seconds each.");
        var command = new Command("info", "Shows versions, processor, vector width in use, threads, devices of OpenCL and the data cache.")
        {
            outFolder, devices, CommonOptions.Threads, CommonOptions.Json, CommonOptions.Quiet,
        };
        command.SetAction(parse => Run(parse, parse.GetValue(outFolder), parse.GetValue(devices)));
        return command.Example("lastbit info --json", "the same for a script").Example("lastbit info --devices", "which GPU can train");
    }

    private static int Run(ParseResult parse, string? outFolder, bool testsDevices)
    {
        IReadOnlyList<DeviceFacts> devices = DeviceFacts.All(DataCache.RootIfAny, testsDevices);
        MachineInfo machine = MachineInfo.Current;
        int threads = CommonOptions.ThreadsOf(parse);
        string? data = DataCache.RootIfAny is null ? null : DataCache.Cifar10Folder;
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
            ["devices"] = JsonNode.Parse(ResultJson.Serialize(devices)),
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
        [
            ("LastBit", $"{machine.Version}, commit {machine.ShortCommit}"),
            ("Runs on", $"{machine.Framework}, {machine.System}, {machine.Architecture}"),
            ("Processor", machine.Processor),
            ("Vectors", machine.VectorText),
            ("Threads", $"{threads}"),
            .. devices.Select(device => ("OpenCL", Text(device))).DefaultIfEmpty(("OpenCL", "no device (docs/gpu.md)")),
            ("Networks", NetworkSettings.Names),
            ("Losses", string.Join(", ", SettingOption.WordsOf<Loss>())),
            ("Data", data is null
                ? "no place for a cache (set LASTBIT_CACHE)"
                : complete ? data : $"{data}, where CIFAR-10 is missing (lastbit data fetch)"),
        ]));
        return CommandLine.Done;
    }

    private static string Text(DeviceFacts device) => string.Create(CultureInfo.InvariantCulture,
        $"{device.Number}: {device.Name}, {device.Platform}, driver {device.Driver}, {device.Memory / 1e9:0.#} GB, "
        + $"subnormal numbers {(device.KeepsSubnormals ? "kept" : "not kept")}: {device.Verdict}");
}
