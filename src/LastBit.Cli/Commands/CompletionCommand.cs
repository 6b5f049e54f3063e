using System.CommandLine;
using System.CommandLine.Completions;
using System.Text;

namespace LastBit.Cli.Commands;

/// <summary>
/// `lastbit completion SHELL`: a script that completes commands, options and their values. It holds all of them itself, so
/// that pressing Tab starts no process.
/// </summary>
internal static class CompletionCommand
{
    private static readonly string[] Shells = ["bash", "zsh", "fish"];

    internal static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish." };
        shell.CompletionSources.Add(_ => Shells.Select(name => new CompletionItem(name)));
        shell.Validators.Add(result =>
        {
            if (!Shells.Contains(result.Tokens[0].Value))
                result.AddError($"SHELL: '{ForeignText.Cut(result.Tokens[0].Value)}' is unknown; give one of {string.Join(", ", Shells)}");
        });
        var command = new Command("completion", "Prints a script that completes commands and options in bash, zsh or fish.") { shell };
        command.SetAction(parse =>
        {
            Command root = parse.RootCommandResult.Command;
            Terminal.OutWriter.Write(parse.GetRequiredValue(shell) switch
            {
                "bash" => Bash(root),
                "zsh" => Zsh(root),
                _ => Fish(root),
            });
            return CommandLine.Done;
        });
        return command.Example("source <(lastbit completion bash)", "in bash; put the line into ~/.bashrc to keep it")
            .Example("lastbit completion zsh > ~/.zfunc/_lastbit", "in zsh, with ~/.zfunc in fpath")
            .Example("lastbit completion fish > ~/.config/fish/completions/lastbit.fish", "in fish");
    }

    /// <summary>A command with the words that lead to it: ("data fetch", the command).</summary>
    private static IEnumerable<(string Path, Command Command)> All(Command command, string path = "") =>
        command.Subcommands.Where(sub => !sub.Hidden).SelectMany(sub =>
        {
            string name = path.Length == 0 ? sub.Name : $"{path} {sub.Name}";
            return All(sub, name).Prepend((name, sub));
        });

    private static IEnumerable<string> Names(Command command) =>
        HelpPage.Options(command).Where(option => !option.Hidden).SelectMany(option => option.Aliases.Append(option.Name))
            .Where(name => name.StartsWith("--", StringComparison.Ordinal)).Distinct();

    private static IEnumerable<string> Words(Command command) => command.Subcommands.Where(sub => !sub.Hidden).Select(sub => sub.Name);

    private static string[] Values(Option option) => [.. option.GetCompletions(CompletionContext.Empty).Select(item => item.Label)];

    private static bool TakesValue(Option option) => option.ValueType != typeof(bool) && option.Arity.MaximumNumberOfValues > 0;

    private static bool IsPath(Option option) => option.HelpName is "DIR" or "FILE";

    private static string[] Values(Command command) =>
        [.. command.Arguments.SelectMany(argument => argument.GetCompletions(CompletionContext.Empty)).Select(item => item.Label)];

    private static string Bash(Command root)
    {
        var script = new StringBuilder("""
            # Completion of lastbit in bash: source <(lastbit completion bash)
            _lastbit() {
              local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} path='' words='' word i
              for ((i = 1; i < COMP_CWORD; i++)); do
                word=${COMP_WORDS[i]}
                case " COMMANDS " in *" ${path:+$path/}$word "*) path=${path:+$path/}$word ;; esac
              done
              case "$path $prev" in

            """.Replace("COMMANDS", string.Join(' ', All(root).Select(pair => pair.Path.Replace(' ', '/'))), StringComparison.Ordinal));
        foreach ((string path, Command command) in All(root))
        {
            foreach (Option option in HelpPage.Options(command).Where(TakesValue))
            {
                string action =
                    Values(option) is { Length: > 0 } values ? $"COMPREPLY=($(compgen -W '{string.Join(' ', values)}' -- \"$cur\"))"
                    : IsPath(option) ? "COMPREPLY=($(compgen -f -- \"$cur\"))" : "COMPREPLY=()";
                script.Append($"    '{path.Replace(' ', '/')} {option.Name}') {action}; return ;;\n");
            }
        }
        script.Append("  esac\n  case \"$path\" in\n");
        script.Append($"    '') words='{string.Join(' ', Words(root).Concat(Names(root)))}' ;;\n");
        foreach ((string path, Command command) in All(root))
            script.Append(
                $"    '{path.Replace(' ', '/')}') "
                    + $"words='{string.Join(' ', Words(command).Concat(Values(command)).Concat(Names(command)))}' ;;\n");
        script.Append("""
              esac
              COMPREPLY=($(compgen -W "$words" -- "$cur"))
              if [[ ${#COMPREPLY[@]} -eq 0 && $cur != -* ]]; then COMPREPLY=($(compgen -f -- "$cur")); fi
            }
            complete -o filenames -F _lastbit lastbit ./lastbit

            """);
        return script.ToString();
    }

    private static string Zsh(Command root)
    {
        var script = new StringBuilder("#compdef lastbit\n# Completion of lastbit in zsh: lastbit completion zsh > ~/.zfunc/_lastbit\n");
        foreach ((string path, Command command) in All(root).Prepend(("", root)))
        {
            script.Append($"\n{Function(path)}() {{\n");
            var specs = HelpPage.Options(command).Where(option => !option.Hidden).Select(option => Spec(option)).ToList();
            if (command.Subcommands.Count > 0)
            {
                script.Append("  local context state line curcontext=$curcontext\n  local -a commands\n  commands=(\n");
                foreach (Command sub in command.Subcommands.Where(sub => !sub.Hidden))
                    script.Append($"    {Quote($"{sub.Name}:{sub.Description?.Replace(":", "\\:", StringComparison.Ordinal)}")}\n");
                script.Append("  )\n  _arguments -C \\\n");
                specs.ForEach(spec => script.Append($"    {spec} \\\n"));
                script.Append("    '1:command:->command' '*::arguments:->arguments'\n  case $state in\n"
                    + "    command) _describe command commands ;;\n    arguments)\n      case $words[1] in\n");
                foreach (Command sub in command.Subcommands.Where(sub => !sub.Hidden))
                    script.Append($"        {sub.Name}) {Function(path.Length == 0 ? sub.Name : $"{path} {sub.Name}")} ;;\n");
                script.Append("      esac ;;\n  esac\n}\n");
                continue;
            }
            script.Append("  _arguments \\\n");
            specs.ForEach(spec => script.Append($"    {spec} \\\n"));
            string argument = Values(command) is { Length: > 0 } values
                ? $"1:{command.Arguments[0].Name}:({string.Join(' ', values)})"
                : "1:path:_files";
            script.Append(command.Arguments.Count == 0 ? "    && return 0\n}\n" : $"    {Quote(argument)}\n}}\n");
        }
        return script.Append("\n_lastbit \"$@\"\n").ToString();

        static string Function(string path) => path.Length == 0 ? "_lastbit" : "_lastbit_" + path.Replace(' ', '_').Replace('-', '_');

        static string Spec(Option option)
        {
            string description = (option.Description ?? "")
                .Replace("[", "\\[", StringComparison.Ordinal)
                .Replace("]", "\\]", StringComparison.Ordinal)
                .Replace(":", "\\:", StringComparison.Ordinal);
            string value = !TakesValue(option) ? ""
                : Values(option) is { Length: > 0 } values ? $":value:({string.Join(' ', values)})"
                : IsPath(option) ? ":path:_files" : $":{HelpPage.ValueName(option)}: ";
            return Quote($"{option.Name}[{description}]{value}");
        }
    }

    private static string Fish(Command root)
    {
        var script = new StringBuilder(
            "# Completion of lastbit in fish: lastbit completion fish > ~/.config/fish/completions/lastbit.fish\n"
            + "complete -c lastbit -f\n");
        Complete("__fish_use_subcommand", root);
        foreach ((string path, Command command) in All(root))
        {
            string[] words = path.Split(' ');
            Complete(string.Join("; and ", words.Select(word => $"__fish_seen_subcommand_from {word}")), command);
        }
        return script.ToString();

        void Complete(string condition, Command command)
        {
            foreach (Command sub in command.Subcommands.Where(sub => !sub.Hidden))
                script.Append($"complete -c lastbit -n {Quote(condition)} -a {sub.Name} -d {Quote(sub.Description ?? "")}\n");
            foreach (string value in Values(command))
                script.Append($"complete -c lastbit -n {Quote(condition)} -a {value}\n");
            if (command.Arguments.Count > 0 && Values(command).Length == 0)
                script.Append($"complete -c lastbit -n {Quote(condition)} -F\n");
            foreach (Option option in HelpPage.Options(command).Where(option => !option.Hidden))
            {
                string value = !TakesValue(option) ? ""
                    : Values(option) is { Length: > 0 } values ? $" -x -a {Quote(string.Join(' ', values))}"
                    : IsPath(option) ? " -r -F" : " -x";
                script.Append(
                    $"complete -c lastbit -n {Quote(condition)} -l {option.Name.TrimStart('-')}{value} -d "
                        + $"{Quote(option.Description ?? "")}\n");
            }
        }
    }

    private static string Quote(string text) => $"'{text.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
