using System.CommandLine;
using System.CommandLine.Parsing;

namespace LastBit.Cli;

/// <summary>Puts what the parser found wrong into one line that names the option.</summary>
internal static class UsageErrors
{
    /// <summary>The first error, in words.</summary>
    /// <param name="parse">A parse with at least one error.</param>
    internal static string Describe(ParseResult parse)
    {
        // An argument that no one takes also shows as an error of the parser, in words that do not say what would be right.
        if (parse.UnmatchedTokens.Count > 0)
            return Unknown(parse.UnmatchedTokens[0], parse.CommandResult.Command);

        ParseError error = parse.Errors[0];
        return error.SymbolResult switch
        {
            OptionResult { Tokens.Count: 0 } option when option.Errors.Any() && option.Option.Arity.MinimumNumberOfValues > 0 =>
                $"{option.Option.Name}: a value is missing; give {option.Option.Name} {HelpPage.ValueName(option.Option)}",
            OptionResult { IdentifierTokenCount: > 1 } option =>
                $"{option.Option.Name}: is given {option.IdentifierTokenCount} times; give it once (lists are comma-separated)",
            CommandResult { Command.Subcommands.Count: > 0 } command when command.Command.Action is null =>
                $"a command is missing; give one of {string.Join(", ", command.Command.Subcommands.Select(sub => sub.Name))}",
            ArgumentResult { Tokens.Count: 0 } argument => Missing(parse.CommandResult.Command, argument.Argument),
            _ => error.Message.ReplaceLineEndings(" ").TrimEnd('.'),
        };
    }

    /// <summary>That an argument is missing, with a right call of the command.</summary>
    internal static string Missing(Command command, Argument argument) => $"{argument.Name.TrimEnd('.')} is missing"
        + (HelpPage.ExampleOf(command) is { } example ? $"; write it as in `{example}`" : "");

    /// <summary>
    /// What is wrong where a word that was taken for a path begins with two dashes and is none: a mistyped option. Behind -- every word is
    /// a path.
    /// </summary>
    /// <param name="parse">A parse without errors.</param>
    /// <returns>Null where nothing is.</returns>
    internal static string? Mistyped(ParseResult parse)
    {
        int end = parse.Tokens.Select(token => token.Type).ToList().IndexOf(TokenType.DoubleDash);
        Token? token = (end < 0 ? parse.Tokens : parse.Tokens.Take(end)).FirstOrDefault(one =>
            one.Type == TokenType.Argument && one.Value.StartsWith("--", StringComparison.Ordinal) && one.Value.Length > 2
                && !Path.Exists(one.Value)
            && parse.CommandResult.Children.OfType<ArgumentResult>().Any(argument => argument.Tokens.Contains(one)));
        return token is null ? null : Unknown(token.Value, parse.CommandResult.Command);
    }

    private static string Unknown(string token, Command command)
    {
        if (!token.StartsWith('-'))
        {
            return command.Subcommands.Count > 0
                ? $"unknown command '{token}'{DidYouMean(token, command.Subcommands.Select(sub => sub.Name))}"
                : $"unexpected argument '{token}'; options begin with two dashes, and lists are comma-separated without spaces";
        }
        string name = token.Split('=', ':')[0];
        return $"unknown option {name}{DidYouMean(name, HelpPage.Options(command).Select(option => option.Name))}";
    }

    private static string DidYouMean(string word, IEnumerable<string> names)
    {
        (string name, int distance) = names.Select(name => (name, Distance(word, name))).MinBy(pair => pair.Item2);
        return name is not null && distance <= word.TrimStart('-').Length / 2 ? $"; did you mean {name}?" : "";
    }

    /// <summary>The number of letters to insert, delete or replace to get from one word to the other (Levenshtein).</summary>
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(above, row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[b.Length];
    }
}
