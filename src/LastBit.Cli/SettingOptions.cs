using System.CommandLine;
using System.Text.RegularExpressions;
using LastBit.Experiments;
using LastBit.Pde;
using LastBit.Reports.Results;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Cli;

/// <summary>The options that set a record's settings: names, help and defaults are those that the record declares.</summary>
/// <typeparam name="TSettings">The record.</typeparam>
internal sealed class SettingOptions<TSettings>
    where TSettings : class, new()
{
    private readonly Experiment<TSettings> _kind;
    private readonly SettingOption[] _all;

    internal SettingOptions(Experiment<TSettings> kind)
    {
        _kind = kind;
        TSettings defaults = kind.New();
        _all = [.. Setting.Of(typeof(TSettings)).Select(setting => SettingOption.Of(setting, defaults))];
    }

    /// <summary>What the command is called.</summary>
    internal string Kind => _kind.Name;

    /// <summary>The option of a setting.</summary>
    /// <param name="name">The setting's name.</param>
    internal Option this[string name] => _all.Single(one => one.Setting.Name == name).Option;

    /// <summary>A command with these options and its own.</summary>
    /// <param name="description">What its help says.</param>
    /// <param name="own">What the command has beside these options.</param>
    internal Command Command(string description, params Option[] own)
    {
        var command = new Command(_kind.Name, description);
        foreach (Option option in _all.Select(one => one.Option).Concat(own))
            command.Add(option);
        return command;
    }

    /// <summary>Whether there is such a setting.</summary>
    internal bool Has(string name) => _all.Any(one => one.Setting.Name == name);

    /// <summary>Whether a setting is given.</summary>
    internal bool IsGiven(ParseResult parse, string name) => parse.GetResult(this[name]) is { Implicit: false };

    /// <summary>The settings that are given.</summary>
    internal IEnumerable<Setting> Given(ParseResult parse) =>
        _all.Where(one => parse.GetResult(one.Option) is { Implicit: false }).Select(one => one.Setting);

    /// <summary>Those of some settings that are given, as they are typed again: " --image 'my cat.png' --kernel-size 16".</summary>
    internal string Words(ParseResult parse, params string[] names) => string.Concat(names.Where(name => Has(name) && IsGiven(parse, name))
        .Select(name => $" {this[name].Name} {ShellWord.Quote(parse.GetResult(this[name])!.Tokens[0].Value)}"));

    /// <summary>The settings that the command line describes.</summary>
    /// <param name="parse">The command line.</param>
    /// <param name="onto">What the other settings are, a record of the caller's own; null for those of a new run.</param>
    /// <exception cref="InputException">Two options set the same, or one names a file that cannot be read.</exception>
    internal TSettings Read(ParseResult parse, TSettings? onto = null)
    {
        TSettings settings = onto ?? _kind.New();
        foreach (var ways in _all.Where(one => IsGiven(parse, one.Setting.Name)).GroupBy(one => one.Setting.Property))
        {
            SettingOption[] given = [.. ways];
            if (given.Length > 1 && ways.Key.PropertyType != typeof(Perturbation[]))
                throw new InputException($"{given[1].Option.Name}: sets the same as {given[0].Option.Name}; give one or the other");
            object?[] values = [.. given.Select(one => one.Value(parse))];
            ways.Key.SetValue(settings,
                values is [var only] ? only : values.Cast<Perturbation[]>().SelectMany(list => list).Distinct().ToArray());
        }
        return settings;
    }

    /// <summary>Whether an option says what a run is, which a folder that is there has said already.</summary>
    internal bool IsFixed(Option option) => _all.Any(one => one.Option == option && !one.Setting.IsOfCells);
}

/// <summary>The option of one setting.</summary>
/// <param name="Setting">The setting.</param>
/// <param name="Option">Its option.</param>
/// <param name="Value">What was given, as the property holds it.</param>
internal sealed partial record SettingOption(Setting Setting, Option Option, Func<ParseResult, object?> Value)
{
    /// <summary>Makes the option of a setting.</summary>
    /// <param name="setting">The setting.</param>
    /// <param name="defaults">The record with the defaults.</param>
    internal static SettingOption Of(Setting setting, object defaults)
    {
        SettingAttribute said = setting.Said;
        object? value = setting.Property.GetValue(defaults);
        Type type = Nullable.GetUnderlyingType(setting.Property.PropertyType) ?? setting.Property.PropertyType;
        string name = $"--{setting.Name}", help = SettingInHelp().Replace(said.Help, "--$1");
        return value switch
        {
            bool => Made(OptionTypes.Switch(name, help)),
            double number => Made(OptionTypes.Number(name, number, help, said.Default)),
            ulong number => Made(OptionTypes.Seed(name, number, help)),
            double[] numbers => Made(OptionTypes.Numbers(name, numbers, help)),
            int[] numbers => Made(OptionTypes.Counts(name, numbers, help, said.Least)),
            Enum word => Made(Words(word), text => Enum.GetValues(type).Cast<object>().Single(one => WordOf(one) == text)),
            Perturbation { K: var k } when said.Whole => Made(OptionTypes.Count(name, (int)k, help), number => Perturbation.OfK(number)),
            Perturbation { K: var k } => Made(OptionTypes.Number(name, k, help), number => Perturbation.OfK(number)),
            Perturbation[] list when setting.Name == "k" =>
                Made(OptionTypes.Counts(name, [.. list.Select(one => (int)one.K)], help), Perturbation.EachOfK),
            Perturbation[] list => Made(OptionTypes.Perturbations(name, list, help, said.Default)),
            KernelSize size => Made(OptionTypes.Sides(name, size, help)),
            GreyImage image when said.Value is null => Made(OptionTypes.Count(name, image.Height, help), GreyImage.Checkerboard),
            GreyImage => Made(OptionTypes.PathTo(name, said.Value!, help, said.Default), file => Loaded(file!)),
            _ when type == typeof(double) => Made(OptionTypes.Number(name, value as double? ?? 0, help, said.Default)),
            _ when type == typeof(int) => Made(OptionTypes.Count(name, value as int? ?? 0, help, said.Least, said.Default)),
            _ when type == typeof(IReadOnlyList<double>) => Made(OptionTypes.EachChannel(name, help, said.Default)),
            string text when said.Choices is { } choices => Made(OptionTypes.Choice(name, text, [.. choices.Cast<string>()], help)),
            _ when type == typeof(string) => Made(OptionTypes.PathTo(name, said.Value!, help, said.Default ?? value as string)),
            _ => throw new NotSupportedException($"{name}: there is no option for a {type}"),
        };

        // Documents and people who type call a value the same.
        Option<string> Words(Enum word) =>
            OptionTypes.Choice(name, WordOf(word), [.. (said.Choices ?? [.. Enum.GetValues(type).Cast<object>()]).Select(WordOf)], help,
                said.Default ?? (said.Choices?.Contains(word) == false ? "as the network's name says" : null));
        SettingOption Made<T>(Option<T> option, Func<T, object?>? convert = null)
        {
            if (said.Alias is { } alias)
                option.Aliases.Add($"--{alias}");
            return new(setting, option, parse => convert is null ? parse.GetValue(option) : convert(parse.GetValue(option)!));
        }
    }

    private static GreyImage Loaded(string file)
    {
        GreyImage image = GreyImage.Load(file);
        if (image.Warning is { } warning)
            RunLines.Wrapped(Terminal.Error, warning);
        return image;
    }

    /// <summary>What people call the values of an enumeration; documents call them the same.</summary>
    internal static string[] WordsOf<T>()
        where T : struct, Enum => [.. Enum.GetValues<T>().Select(value => WordOf(value))];

    private static string WordOf(object value) => ResultJson.Serialize(value).Trim('"');

    [GeneratedRegex(@"\{([a-z-]+)\}")]
    private static partial Regex SettingInHelp();
}
