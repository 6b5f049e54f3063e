using System.CommandLine;
using System.Globalization;
using System.Numerics;
using LastBit.Pde;
using LastBit.Training;

namespace LastBit.Cli;

/// <summary>
/// The kinds of options that commands are made of. Numbers are read the same under every language setting; what cannot be
/// read is refused in a line that names the option, the value, and what would be right.
/// </summary>
internal static class OptionTypes
{
    /// <summary>One real number: "0.1", "1e-8". NaN and infinities are refused.</summary>
    internal static Option<double> Number(string name, double value, string description, string? defaultText = null) =>
        Make(name, "NUMBER", value, defaultText ?? Format(value), description, text => ParseNumber(text));

    /// <summary>One whole number of at least <paramref name="least"/>.</summary>
    internal static Option<int> Count(string name, int value, string description, int least = 1, string? defaultText = null,
        int most = int.MaxValue) =>
        Make(name, "N", value, defaultText ?? value.ToString(CultureInfo.InvariantCulture), description,
            text => (int)ParseWhole(text, least, most));

    /// <summary>Rows and columns of a kernel: "32" or "16x32".</summary>
    internal static Option<KernelSize> Sides(string name, KernelSize value, string description) =>
        Make(name, "N|HxW", value, value.ToString(), description, text => KernelSize.TryParse(text) is { Height: > 0, Width: > 0 } size
            ? size : throw new InputException($"'{ForeignText.Cut(text)}' is not the size of a kernel; write it like 32 or 16x32"));

    /// <summary>A seed: any whole number that 64 bits hold.</summary>
    internal static Option<ulong> Seed(string name, ulong value, string description) =>
        Make(name, "N", value, value.ToString(CultureInfo.InvariantCulture), description,
            text => (ulong)ParseWhole(text, 0, ulong.MaxValue));

    /// <summary>Real numbers: "0.01,0.03". Each at most once.</summary>
    internal static Option<double[]> Numbers(string name, double[] values, string description) =>
        Make(name, "LIST", values, string.Join(",", values.Select(Format)), description, text => Each(text, ParseNumber));

    /// <summary>Whole numbers of at least <paramref name="least"/>: "1,3,5" or "1..6" or "1..3,7". Each at most once.</summary>
    internal static Option<int[]> Counts(string name, int[] values, string description, int least = 1) =>
        Make(name, "LIST", values, Format(values), description, text => ParseCounts(text, least));

    /// <summary>A real number for each channel: "0.5,0.5,0.5". Unlike other lists, it may hold a number twice.</summary>
    internal static Option<double[]?> EachChannel(string name, string description, string? defaultText) =>
        Make<double[]?>(name, "LIST", null, defaultText ?? "", description, text =>
            [.. text.Split(',')
                .Select(part =>
                    double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
                ? number : throw new InputException(
                    $"'{ForeignText.Cut(text)}' is not a list of numbers; write one per channel, as 0.5,0.5,0.5"))]);

    /// <summary>Perturbations: "k=3,ulp". Each at most once.</summary>
    internal static Option<Perturbation[]> Perturbations(string name, Perturbation[] values, string description,
        string? defaultText = null) => Completed(
        Make(name, "LIST", values,
            defaultText ?? (values.Length == 0 ? "none" : string.Join(",", values.Select(one => one.IsK ? "k=" + one.Word : one.Word))),
            description,
            text => Each(text, ParsePerturbation)), ["k=3", .. Perturbation.Words]);

    /// <summary>One of a few words.</summary>
    internal static Option<string> Choice(string name, string value, string[] choices, string description, string? defaultText = null) =>
        Completed(Make(name, string.Join("|", choices), value, defaultText ?? value, description, text => ParseChoice(text, choices)),
            choices);

    /// <summary>Some of a few words, comma-separated; none given means all.</summary>
    internal static Option<string[]> Choices(string name, string[] choices, string description)
    {
        string all = $"{description}: {string.Join(", ", choices)}";
        return Completed(Make(name, "LIST", choices, "all", all, text => Each(text, word => ParseChoice(word, choices))), choices);
    }

    /// <summary>A file or folder, or null when it is not given.</summary>
    internal static Option<string?> PathTo(string name, string what, string description, string? defaultText = null)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = what, Arity = ArgumentArity.ExactlyOne };
        option.CustomParser = result =>
        {
            if (result.Tokens[0].Value.Length > 0)
                return result.Tokens[0].Value;
            result.AddError($"{name}: is empty; give a path");
            return null;
        };
        if (defaultText is not null)
            HelpPage.SetDefault(option, defaultText);
        return option;
    }

    /// <summary>A switch.</summary>
    internal static Option<bool> Switch(string name, string description) =>
        new(name) { Description = description, Arity = ArgumentArity.Zero };

    /// <summary>The shortest text that reads back as the same number: "1e-08" is written "1e-8".</summary>
    internal static string Format(double value)
    {
        string format = Math.Abs(value) is >= 1e6 or < 1e-3 and not 0 ? "0.################e0" : "R";
        string text = value.ToString(format, CultureInfo.InvariantCulture);
        return double.Parse(text, CultureInfo.InvariantCulture) == value ? text : value.ToString("R", CultureInfo.InvariantCulture);
    }

    private static string Format(int[] values) =>
        values.Length > 2 && values.Select((value, i) => value - i).Distinct().Count() == 1
            ? string.Create(CultureInfo.InvariantCulture, $"{values[0]}..{values[^1]}")
            : string.Join(",", values.Select(value => value.ToString(CultureInfo.InvariantCulture)));

    private static Option<T> Make<T>(string name, string what, T value, string valueText, string description, Func<string, T> parse)
    {
        var option = new Option<T>(name)
        {
            Description = description,
            HelpName = what,
            Arity = ArgumentArity.ExactlyOne,
            DefaultValueFactory = _ => value,
            CustomParser = result =>
            {
                try
                {
                    return parse(result.Tokens[0].Value);
                }
                catch (InputException error)
                {
                    result.AddError($"{name}: {error.Message}");
                    return default;
                }
            },
        };
        HelpPage.SetDefault(option, valueText);
        return option;
    }

    private static Option<T> Completed<T>(Option<T> option, string[] choices)
    {
        option.CompletionSources.Add(choices);
        return option;
    }

    private static double ParseNumber(string text)
    {
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
            throw new InputException($"'{text}' is not a number; write it like 0.1 or 1e-8");
        return double.IsFinite(value) ? value : throw new InputException($"'{text}' is not a finite number; write one like 0.1 or 1e-8");
    }

    private static int ParseCount(string text, int least) => (int)ParseWhole(text, least, int.MaxValue);

    // BigInteger reads what no machine number holds, so that "too large" can be told from "not a whole number".
    private static BigInteger ParseWhole(string text, BigInteger least, BigInteger most)
    {
        if (text.Length > 1000
            || !BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out BigInteger value))
        {
            // "1e3" is a whole number too.
            if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) || real != Math.Floor(real)
                || !double.IsFinite(real))
                throw new InputException($"'{text}' is not a whole number; give one of at least {least}");
            value = new BigInteger(real);
        }
        if (value < least)
            throw new InputException($"{text} is too small; give a whole number of at least {least}");
        return value <= most ? value : throw new InputException($"{text} is too large; give a whole number of at most {most}");
    }

    private static int[] ParseCounts(string text, int least) =>
        Distinct([.. text.Split(',').SelectMany(part => ParseRange(part, least))]);

    private static IEnumerable<int> ParseRange(string text, int least)
    {
        int dots = text.IndexOf("..", StringComparison.Ordinal);
        if (dots < 0)
            return [ParseCount(text, least)];
        int first = ParseCount(text[..dots], least);
        int last = ParseCount(text[(dots + 2)..], least);
        if (last < first)
            throw new InputException($"'{text}' runs backwards; write {last}..{first}");
        return (long)last - first < 10_000
            ? Enumerable.Range(first, last - first + 1) : throw new InputException($"'{text}' is too many; give at most 10000");
    }

    private static Perturbation ParsePerturbation(string text)
    {
        try
        {
            return Perturbation.Parse(text);
        }
        catch (InputException error)
        {
            throw new InputException(error.Problem!.TrimStart(':', ' '));
        }
    }

    private static string ParseChoice(string text, string[] choices) =>
        choices.Contains(text)
            ? text
            : throw new InputException($"'{text}' is unknown; give {(choices.Length > 1 ? "one of " : "")}{string.Join(", ", choices)}");

    private static T[] Each<T>(string text, Func<string, T> parse) => Distinct([.. text.Split(',').Select(parse)]);

    /// <summary>Two runs of one setting would write the same file at the same time.</summary>
    private static T[] Distinct<T>(T[] values)
    {
        T[] twice = [.. values.GroupBy(value => value).Where(group => group.Count() > 1).Select(group => group.Key)];
        return twice.Length == 0
            ? values
            : throw new InputException($"{string.Create(CultureInfo.InvariantCulture, $"{twice[0]}")} is given twice; give each once");
    }
}
