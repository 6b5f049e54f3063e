using System.Text.RegularExpressions;
using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>
/// Texts with numbers behind their names: lines of key:value, key=value or key value pairs with units, as nanoGPT, its speedrun, torchtune,
/// MMEngine and timm print them, or of a pattern that the user gives. A line counts where the first of its pairs is a step.
/// </summary>
internal sealed partial class TextLog : ILogFormat
{
    // Some scripts print themselves first.
    private const int MostLines = 20_000, FewestLines = 2, MostWords = 3;

    /// <summary>Units that are powers of ten of another one.</summary>
    private static readonly Dictionary<string, string> Powers = new(StringComparer.Ordinal)
    {
        ["ns"] = "e-9",
        ["us"] = "e-6",
        ["µs"] = "e-6",
        ["ms"] = "e-3",
        ["K"] = "e3",
        ["k"] = "e3",
        ["M"] = "e6",
        ["B"] = "e9",
    };

    /// <inheritdoc/>
    public int Rank => 2;

    /// <inheritdoc/>
    public RepeatRule? Repeats => RepeatRule.Resumed;

    /// <inheritdoc/>
    public LogFile? Recognise(FoundFile file, ImportOptions options)
    {
        if (!file.MayBe(".log", ".txt", ".out", ".stdout", ".err") || file.Head.Contains((byte)0))
            return null;
        Func<string, List<(string Name, double? Value, string Text)>> pairs = Reader(options);
        int least = file.IsNamed || options.Pattern is not null ? 1 : FewestLines;
        return EncodedText.FirstLines(file.Path, MostLines).Where(line => IsRow(line, pairs(line), options)).Take(least).Count() == least
            ? new LogFile(file, this, options.Pattern is null ? "text with numbers behind their names" : "text with lines of the pattern")
                : null;
    }

    /// <inheritdoc/>
    public void Read(LogFile log, ReadingContext context)
    {
        var table = new Table(log.Path, context);
        var columns = new Dictionary<string, Column>(StringComparer.Ordinal);
        Func<string, List<(string Name, double? Value, string Text)>> pairs = Reader(context.Options);
        EncodedText.Read(log.Path, context, text =>
        {
            int number = 0;
            double? epoch = null;
            List<(string Name, double? Value, string Text)> evaluation = [];
            while (text.ReadLine() is { } line)
            {
                number++;
                context.Cancellation.ThrowIfCancellationRequested();
                if (epoch is { } reached && context.Options.Pattern is null && Evaluation(line, reached) is { } running)
                {
                    // The last line of an evaluation has the averages over all of it.
                    if (evaluation.Count > 0 && evaluation[^1].Name != running[^1].Name)
                        EndRow(evaluation, number - 1);
                    evaluation = running;
                    continue;
                }
                List<(string Name, double? Value, string Text)> found = pairs(line);
                if (!IsRow(line, found, context.Options))
                    continue;
                EndRow(evaluation, number - 1);
                evaluation = [];
                epoch = found[0].Name == "epoch" ? found[0].Value : epoch;
                EndRow(found, number);
            }
            EndRow(evaluation, number);
        });
        table.Finish();
        if (!context.IsSurvey && EncodedText.FirstLines(log.Path, 1) is [var first] && RunSettings.SeedIn(first) is { } seed)
            context.Run(log.Path, "").Seed ??= seed;

        void EndRow(List<(string Name, double? Value, string Text)> pairs, int number)
        {
            if (pairs.Count == 0)
                return;
            foreach (Column column in table.Columns)
                (column.Kind, column.Text) = (CellKind.Missing, null);
            foreach ((string name, double? value, string written) in pairs)
            {
                if (!columns.TryGetValue(name, out Column? column))
                    columns.Add(name, column = table.Add(name));
                if (column.IsName || value is null)
                    (column.Kind, column.Text) = (CellKind.Word, written);
                else
                    (column.Kind, column.Number) = (CellKind.Number, value.Value);
            }
            table.EndRow(number);
        }
    }

    /// <summary>
    /// The averages of a line of an evaluation, as timm and torchvision's reference scripts print them, at the end of the epoch that was
    /// trained: Test: [ 78/78]  Loss:  0.58 (0.61)  Acc@1: 85.9 (84.2). Null for any other line.
    /// </summary>
    /// <param name="line">The line.</param>
    /// <param name="epoch">The epoch of the last line of training, with the part of it that was done.</param>
    internal static List<(string Name, double? Value, string Text)>? Evaluation(string line, double epoch)
    {
        if (EvaluationHead().Match(line) is not { Success: true } head)
            return null;
        string before = head.Groups["ema"].Success ? "test_ema_" : "test_";
        List<(string Name, double? Value, string Text)> pairs = [("epoch", Math.Floor(epoch) + 1, "")];
        foreach (Match average in Average().Matches(line, head.Index + head.Length))
        {
            if (Foreign.TryNumber(average.Groups["average"].Value, out double value))
                pairs.Add((before + average.Groups["name"].Value, value, average.Groups["average"].Value));
        }
        return pairs.Count > 1 ? pairs : null;
    }

    private static bool IsRow(string line, List<(string Name, double? Value, string Text)> pairs, ImportOptions options) =>
        options.Pattern is not null ? pairs.Count > 0
        // The dictionaries that Hugging Face's Trainer prints have their epoch at the end.
        : pairs.Count > 1 && pairs.FindIndex(pair => ColumnRoles.Of(pair.Name, options) == ColumnRole.Step) is var step
            && (step == 0 || step > 0 && line.StartsWith('{'))
            && pairs.Exists(pair => ColumnRoles.Of(pair.Name, options) == ColumnRole.Value || pair.Name == options.Metric);

    private static Func<string, List<(string Name, double? Value, string Text)>> Reader(ImportOptions options)
    {
        if (options.Pattern is null)
            return Pairs;
        (Regex pattern, string[] places) = RunPattern.CompileLine(options.Pattern);
        return line => pattern.Match(line) is { Success: true } match
            ? [.. places.Select(place => (place, InUnits(match.Groups[place].Value, match.Groups[place + "_unit"].Value),
                match.Groups[place].Value))] : [];
    }

    /// <summary>Times are read in seconds, and 10.65M is 10,650,000; other units change nothing.</summary>
    private static double? InUnits(string text, string unit)
    {
        unit = unit.Split('/')[0].Trim();
        // The power of ten belongs to the number that is read: 40.1 over 1000 is not the number nearest to 0.0401.
        return Powers.TryGetValue(unit, out string? power) && Foreign.TryNumber(text + power, out double value) ? value
            : Foreign.TryNumber(text, out value) ? value * unit switch { "min" => 60, "h" => 3600, _ => 1 } : null;
    }

    /// <summary>The numbers of a line with the words before each; of a number n of N the N is passed over, and so are numbers without a
    /// name.</summary>
    internal static List<(string Name, double? Value, string Text)> Pairs(string line)
    {
        List<(string, double?, string)> pairs = [];
        List<string> words = [];
        int at = 0;
        // The epoch with an iteration in it is one step: timm's from 0, MMEngine's from 1.
        if (line.Contains('[', StringComparison.Ordinal) && EpochAndIteration().Match(line) is { Success: true } both)
        {
            double epoch = double.Parse(both.Groups["epoch"].ValueSpan,
                System.Globalization.CultureInfo.InvariantCulture) - (both.Groups["one"].Success ? 1 : 0);
            epoch += double.Parse(both.Groups["i"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture)
                / Math.Max(1, double.Parse(both.Groups["n"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture));
            pairs.Add(("epoch", epoch, ""));
            at = both.Index + both.Length;
        }
        while (at < line.Length)
        {
            char letter = line[at];
            if ((char.IsAsciiDigit(letter) || letter is '+' or '-' or '.' or 'n' or 'N' or 'i' or 'I')
                && Number().Match(line, at) is { Success: true } number
                && (words.Count > 0 || number.Groups["finite"].Success))
            {
                at += number.Length;
                if (words.Count > 0 && InUnits(number.Groups["number"].Value.Replace(",", "", StringComparison.Ordinal),
                    number.Groups["unit"].Value) is { } value)
                {
                    string name = string.Join('_', words.TakeLast(MostWords));
                    if (!pairs.Exists(pair => pair.Item1 == name))
                        pairs.Add((name, value, number.Groups["number"].Value));
                }
                words.Clear();
            }
            else if ((char.IsAsciiLetter(letter) || letter == '_') && Word().Match(line, at) is { Success: true } word)
            {
                // What stands before a colon or a sign of equality with no number behind it is a sentence or a heading.
                int before = at - 1;
                while (before >= 0 && line[before] == ' ')
                    before--;
                if (before >= 0 && line[before] is ':' or '=')
                    words.Clear();
                words.Add(word.Groups[1].Value);
                at += word.Length;
            }
            else
            {
                if (letter is not (' ' or '\t' or ':' or '=' or '[' or '#' or '\'' or '"'))
                    words.Clear();
                at++;
            }
        }
        return pairs;
    }

    /// <summary>A number with its unit, and what it is a part of: 250/1600, 98ms, 5.21%.</summary>
    [GeneratedRegex(@"\G(?<number>(?<finite>[+-]?(?:[0-9]+(?:,[0-9]{3})*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
        + @"|[+-]?(?:nan|inf(?:inity)?)(?=[a-z]{0,2}(?![A-Za-z0-9_])))"
        + @"(?:\s*/\s*[0-9]+)?(?<unit>(?:\s?(?:ns|us|µs|ms|secs?|seconds|s|min|h|%|[KMGT]i?B)"
        + @"|[kKMB])(?:/[a-z]+)?(?![A-Za-z0-9_]))?(?![A-Za-z0-9_])", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Number();

    /// <summary>A word of a name; what stands in parentheses right behind it is left away: Epoch(val).</summary>
    [GeneratedRegex(@"\G([A-Za-z_][A-Za-z0-9_./@-]*)(?:\([a-z]+\))?", RegexOptions.CultureInvariant)]
    private static partial Regex Word();

    [GeneratedRegex(@"\bTest(?<ema>\s*\(EMA\))?:\s*\[\s*[0-9]+/\s*[0-9]+\]", RegexOptions.CultureInvariant)]
    private static partial Regex EvaluationHead();

    [GeneratedRegex(@"(?<name>[A-Za-z][A-Za-z0-9_@.-]*):\s*[0-9.eE+-]+\s*\(\s*(?<average>[0-9.eE+-]+)\s*\)", RegexOptions.CultureInvariant)]
    private static partial Regex Average();

    [GeneratedRegex(@"(?:\bTrain:?\s+|\bEpoch(?<one>\([a-z]+\))?:?\s*\[\s*)(?<epoch>[0-9]+)\]?"
        + @"\s*\[\s*(?<i>[0-9]+)/\s*(?<n>[0-9]+)(?:\s*\([^)]*\))?\]?", RegexOptions.CultureInvariant)]
    private static partial Regex EpochAndIteration();
}
