using System.CommandLine;
using System.Text.RegularExpressions;
using LastBit.Reports.Results;

namespace LastBit.Cli.Execution;

/// <summary>The options of commands made of cells that say who computes them.</summary>
internal static partial class ExecutorOptions
{
    private static readonly Option<string> Executor = OptionTypes.Choice("--executor", "local", ["local", "slurm"],
        "Who computes: this process, or a Slurm job array with one task per cell.");
    private static readonly Option<bool> DryRun = OptionTypes.Switch("--dry-run", "Slurm: prints the script and submits nothing.");
    private static readonly Option<int> CellsPerTask =
        OptionTypes.Count("--cells-per-task", 1, "Slurm: how many cells a task computes, one after the other.");
    private static readonly Option<int> ArrayLimit =
        OptionTypes.Count("--array-limit", 0, "Slurm: how many tasks may run at once.", defaultText: "all");
    private static readonly Option<string[]> Setup =
        Lines("--setup", "Slurm: a line for the script to run first, as 'module load dotnet'; may be given more than once.");
    private static readonly Option<string[]> Sbatch =
        Lines("--sbatch", "Slurm: any other option of sbatch, as '--partition=gpu'; may be given more than once.");

    private static readonly Option<string?>[] Checked =
    [
        Text("--time", "TIME", "Slurm: the time limit of a task; it is requeued and resumes if the time does not suffice.", Time(),
            "give minutes, H:MM:SS or D-HH, as 12:00:00"),
        Text("--mem", "SIZE", "Slurm: the memory of a task, as 2G.", Memory(), "give megabytes, or a number with K, M, G or T, as 2G"),
        Text("--cpus-per-task", "N", "Slurm: the cores of a task.", Cores(), "give a whole number of at least 1"),
    ];

    /// <summary>Adds the options to a command.</summary>
    internal static TCommand AddTo<TCommand>(TCommand command)
        where TCommand : Command
    {
        foreach (Option option in All)
            command.Add(option);
        return command;
    }

    /// <summary>Who computes.</summary>
    /// <exception cref="InputException">An option of Slurm without Slurm.</exception>
    internal static IExecutor Of(ParseResult parse)
    {
        if (parse.GetValue(Executor) == "slurm")
        {
            var directives = Checked.Where(option => parse.GetValue(option) is not null)
                .Select(option => $"{option.Name}={parse.GetValue(option)}")
                .Concat(parse.GetValue(Sbatch) ?? []);
            int? limit = parse.GetResult(ArrayLimit) is { Implicit: false } ? parse.GetValue(ArrayLimit) : null;
            var settings = new SlurmSettings([.. directives], parse.GetValue(Setup) ?? [], parse.GetValue(CellsPerTask), limit,
                EngineOf(parse));
            return new SlurmExecutor(settings, parse.GetValue(DryRun), parse.GetValue(CommonOptions.Json),
                parse.GetValue(CommonOptions.Quiet));
        }
        Option? stray = All.FirstOrDefault(option => option != Executor && parse.GetResult(option) is { Implicit: false });
        return stray is null
            ? new LocalExecutor() : throw new InputException($"{stray.Name}: is for Slurm; give --executor slurm too, or leave it out");
    }

    private static IEnumerable<Option> All => [Executor, DryRun, CellsPerTask, ArrayLimit, .. Checked, Setup, Sbatch];

    // What sbatch would refuse, or read otherwise than it was meant, is refused before a script is written.
    /// <summary>What was said of the engine, as a task says it again: run.json does not keep what decides no bit.</summary>
    private static string EngineOf(ParseResult parse) => string.Concat(parse.CommandResult.Command.Options
        .Where(option => option.Name is "--engine" or "--device" or "--check-every" && parse.GetResult(option) is { Implicit: false })
        .Select(option => $" {option.Name} {ShellWord.Quote(parse.GetResult(option)!.Tokens[0].Value)}"));

    private static Option<string?> Text(string name, string what, string description, Regex pattern, string right)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = what, Arity = ArgumentArity.ExactlyOne };
        option.Validators.Add(result =>
        {
            foreach (string value in result.Tokens.Select(token => token.Value))
            {
                if (!pattern.IsMatch(value) || value.Any(char.IsControl))
                    result.AddError($"{name}: '{ForeignText.Cut(value)}' is not possible; {right}");
            }
        });
        return option;
    }

    [GeneratedRegex("^([0-9]{1,6}-)?[0-9]{1,8}(:[0-9]{1,2}){0,2}$|^(UNLIMITED|INFINITE)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Time();

    [GeneratedRegex("^[0-9]{1,12}[KMGT]?B?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Memory();

    [GeneratedRegex("^[1-9][0-9]{0,5}$")]
    private static partial Regex Cores();

    private static Option<string[]> Lines(string name, string description)
    {
        var option = new Option<string[]>(name)
        { Description = description, HelpName = "TEXT", Arity = ArgumentArity.OneOrMore, AllowMultipleArgumentsPerToken = false };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => token.Value.Any(char.IsControl)))
                result.AddError($"{name}: give one line");
        });
        return option;
    }
}
