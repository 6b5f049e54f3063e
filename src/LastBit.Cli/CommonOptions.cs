using System.CommandLine;
using LastBit.Arithmetic;
using LastBit.Runs;

namespace LastBit.Cli;

/// <summary>The options that every command has.</summary>
internal static class CommonOptions
{
    /// <summary>Where the results go.</summary>
    internal static Option<string?> Out { get; } =
        OptionTypes.PathTo("--out", "DIR", "The folder for the results; made if there is none.", "runs/COMMAND-TIMESTAMP");

    /// <summary>How many threads to use.</summary>
    internal static Option<int> Threads { get; } =
        OptionTypes.Count("--threads", MachineInfo.Current.Threads, "How many threads to use; the results do not depend on it.",
            defaultText: "all cores that may be used");

    /// <summary>Results as one JSON document.</summary>
    internal static Option<bool> Json { get; } =
        OptionTypes.Switch("--json", "Prints the results as one JSON document on standard output, everything else on standard error.");

    /// <summary>No progress.</summary>
    internal static Option<bool> Quiet { get; } =
        OptionTypes.Switch("--quiet", "Shows results alone: no progress, no messages and no notes.");

    /// <summary>Adds --out, --threads, --json and --quiet to a command that fills a folder.</summary>
    internal static TCommand WithCommonOptions<TCommand>(this TCommand command)
        where TCommand : Command
    {
        command.Add(Out);
        command.Add(Threads);
        command.Add(Json);
        command.Add(Quiet);
        return command;
    }

    /// <summary>
    /// How many threads are to work: what was asked for, but no more than the process may use. More would only wait for each other, and
    /// thousands would bring the machine to a standstill.
    /// </summary>
    internal static int ThreadsOf(ParseResult parse)
    {
        int asked = parse.GetValue(Threads), most = MachineInfo.Current.Threads;
        if (asked > most && !parse.GetValue(Quiet))
            Terminal.ErrorWriter.WriteLine(
                $"lastbit: --threads {asked}: this process may use {most} {(most == 1 ? "core" : "cores")}, so "
                    + $"{NumberText.Count(most, "thread")} {(most == 1 ? "is" : "are")} used");
        return Math.Min(asked, most);
    }

    /// <summary>The folder that was asked for, or the default one.</summary>
    internal static string FolderOf(ParseResult parse, string command) =>
        parse.GetValue(Out)
        ?? (parse.GetResult(TrainingOptions.Resume) is null ? null : parse.GetValue(TrainingOptions.Resume))
        ?? RunFolder.DefaultPath(command, DateTime.Now);
}
