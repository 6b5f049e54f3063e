using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Runtime.CompilerServices;

namespace LastBit.Cli;

/// <summary>`--help`: what a command does, how it is called, every option with its default, and examples.</summary>
internal sealed class HelpPage : SynchronousCommandLineAction
{
    private const int Width = 100;
    private static readonly ConditionalWeakTable<Command, List<(string Line, string What)>> Examples = [];
    private static readonly ConditionalWeakTable<Option, string> Defaults = [];

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult) =>
        Write(parseResult.CommandResult.Command, parseResult.InvocationConfiguration.Output);

    /// <summary>Writes a command's page.</summary>
    /// <param name="command">The command.</param>
    /// <param name="output">Where to.</param>
    /// <returns>The exit code, 0.</returns>
    internal static int Write(Command command, TextWriter output)
    {
        string name = CommandLine.Name(command);
        WriteWrapped(output, command.Description ?? "", indent: 0);

        output.WriteLine();
        output.WriteLine("Usage:");
        string arguments = string.Concat(command.Arguments.Select(argument => $" <{argument.HelpName ?? argument.Name}>"));
        output.WriteLine($"  {name}{(command.Subcommands.Count > 0 ? " COMMAND" : "")}{arguments} [options]");

        if (command.Subcommands.Count > 0)
            WriteList(output, "Commands:", command.Subcommands.Where(sub => !sub.Hidden).Select(sub => (sub.Name, sub.Description ?? "")));
        if (command.Arguments.Count > 0)
            WriteList(output, "Arguments:",
                command.Arguments.Select(argument => ($"<{argument.HelpName ?? argument.Name}>", argument.Description ?? "")));
        WriteList(output, "Options:", Options(command).Where(option => !option.Hidden).Select(option => (Left(option), Right(option))));

        if (Examples.TryGetValue(command, out var examples))
        {
            output.WriteLine();
            output.WriteLine(examples.Count == 1 ? "Example:" : "Examples:");
            foreach ((string line, string what) in examples)
            {
                output.WriteLine($"  {line}");
                WriteWrapped(output, what, indent: 6);
            }
        }
        return CommandLine.Done;
    }

    /// <summary>A command's own options, then those that it has from its parents.</summary>
    internal static IEnumerable<Option> Options(Command command) =>
        command.Options.Concat(command.Parents.OfType<Command>().SelectMany(Options).Where(option => option.Recursive)).Distinct();

    /// <summary>The word that stands for an option's value: "LIST".</summary>
    internal static string ValueName(Option option) => option.HelpName ?? "VALUE";

    internal static void AddExample(Command command, string line, string what) => Examples.GetOrCreateValue(command).Add((line, what));

    /// <summary>The first example of a command; null where it has none.</summary>
    internal static string? ExampleOf(Command command) => Examples.TryGetValue(command, out var examples) ? examples[0].Line : null;

    internal static void SetDefault(Option option, string text) => Defaults.AddOrUpdate(option, text);

    private static string Left(Option option)
    {
        string names = string.Join(", ",
            option.Aliases.Where(alias => alias.StartsWith('-') && alias is not ("-?" or "/?" or "/h")).Prepend(option.Name)
            .OrderBy(alias => alias.Length).Distinct());
        return option.Arity.MaximumNumberOfValues == 0 || option.ValueType == typeof(bool) || option is HelpOption
            ? names : $"{names} {ValueName(option)}";
    }

    private static string Right(Option option) =>
        Defaults.TryGetValue(option, out string? text) ? $"{option.Description} (default {text})" : option.Description ?? "";

    private static void WriteList(TextWriter output, string title, IEnumerable<(string Left, string Right)> rows)
    {
        var list = rows.ToList();
        int column = Math.Min(30, list.Max(row => row.Left.Length) + 4);
        output.WriteLine();
        output.WriteLine(title);
        foreach ((string left, string right) in list)
        {
            string start = $"  {left}";
            bool fits = start.Length + 2 <= column;
            output.Write(fits ? start.PadRight(column) : start + Environment.NewLine + new string(' ', column));
            WriteWrapped(output, right, column, begun: true);
        }
    }

    private static void WriteWrapped(TextWriter output, string text, int indent, bool begun = false)
    {
        int at = indent;
        string gap = begun ? "" : new string(' ', indent);
        foreach (string word in text.Split(' '))
        {
            if (at > indent && at + 1 + word.Length > Width)
            {
                output.WriteLine();
                (gap, at) = (new string(' ', indent), indent);
            }
            output.Write(gap + word);
            at += word.Length + (at > indent ? 1 : 0);
            gap = " ";
        }
        output.WriteLine();
    }
}

/// <summary>What a command says of itself beyond the parser's own properties.</summary>
internal static class HelpExtensions
{
    /// <summary>Adds an example to the command's help.</summary>
    /// <typeparam name="TCommand">The command's type.</typeparam>
    /// <param name="command">The command.</param>
    /// <param name="line">The line to type.</param>
    /// <param name="what">What it does, in a few words.</param>
    /// <returns>The same command.</returns>
    internal static TCommand Example<TCommand>(this TCommand command, string line, string what)
        where TCommand : Command
    {
        HelpPage.AddExample(command, line, what);
        return command;
    }
}
