using System.Globalization;
using System.Text.RegularExpressions;

namespace LastBit.Imports.Reading;

/// <summary>
/// Numbers with commas, of which no cell can say whether 1,012 is 1012 or 1.012: they are kept as they are written until the whole column
/// is known. A point behind the comma, or two commas, say thousands; any number of digits but three behind the only comma, or a zero before
/// it, says decimals.
/// </summary>
/// <param name="file">The file of the column.</param>
/// <param name="column">Its name.</param>
internal sealed partial class CommaNumbers(string file, string column)
{
    private readonly List<(RawRun Run, int Index, string Text)> _cells = [];

    /// <summary>Whether a text is a number with commas, in one reading or the other.</summary>
    public static bool IsOne(ReadOnlySpan<char> text) => text.Length <= 64 && Bare(text) is var bare
        && (Thousands().IsMatch(bare) || Decimals().IsMatch(bare));

    /// <summary>A step: it counts, so that its comma separates thousands wherever that is possible.</summary>
    public static double Step(string text) => Value(text, isDecimal: !Thousands().IsMatch(Bare(text)));

    /// <summary>Keeps a cell; its run gets a value that <see cref="Resolve"/> puts right.</summary>
    public void Add(RawRun run, double step, string text, int line)
    {
        _cells.Add((run, run.Values.Count, text));
        run.Add(step, double.NaN, line);
    }

    /// <summary>Gives every cell its number.</summary>
    /// <param name="runs">All runs of the column.</param>
    /// <param name="evidence">What the other columns of the file say: true for a decimal comma, false for a decimal point, null for
    /// nothing.</param>
    /// <exception cref="InputException">The column has numbers of both kinds, or may be read in two ways.</exception>
    public void Resolve(IEnumerable<RawRun> runs, Func<bool?>? evidence)
    {
        if (_cells.Count == 0)
            return;
        // Of -1, 0 and 1: only thousands, either, only decimals.
        int[] says = [.. _cells.Select(cell => Says(cell.Text))];
        int point = Array.IndexOf(says, -1), comma = Array.IndexOf(says, 1);
        if (point >= 0 && comma >= 0)
            throw Both(_cells[comma], _cells[point].Text);
        var own = _cells.Select(cell => (cell.Run, cell.Index)).ToHashSet();
        List<(RawRun Run, int Index)> plain = [.. runs.SelectMany(run => Enumerable.Range(0, run.Values.Count).Select(i => (run, i)))
            .Where(cell => double.IsFinite(cell.run.Values[cell.i]) && !own.Contains(cell))];
        int whole = plain.FindIndex(cell => Math.Abs(cell.Run.Values[cell.Index]) >= 1 && !double.IsInteger(cell.Run.Values[cell.Index]));
        bool? isDecimal = comma >= 0 ? true : point >= 0 || whole >= 0 ? false
            // With three digits behind every comma, 1,020 would be written 1,02 where 987 is written 987.
            : plain.Count > 0 && _cells.Exists(cell => cell.Text.EndsWith('0'))
                || !_cells.Exists(cell => cell.Text.Contains(',', StringComparison.Ordinal)) ? false
            : evidence?.Invoke();
        if (isDecimal == true && whole >= 0 && double.IsInteger(1000 * plain[whole].Run.Values[plain[whole].Index]))
            throw Both(_cells[Math.Max(comma, 0)], plain[whole].Run.Values[plain[whole].Index].ToString(CultureInfo.InvariantCulture));
        if (isDecimal is null)
        {
            (RawRun run, int index, string text) = _cells[0];
            throw new InputException(
                $"{run.At(index)}: {Foreign.Quote(text)} in {Foreign.Quote(column)} may be {Text(Value(text, false))} or "
                    + $"{Text(Value(text, true))}, "
                + "and no other number says which; write numbers with a decimal point and without separators of thousands");
        }
        foreach ((RawRun run, int index, string text) in _cells)
            run.Values[index] = Value(text, isDecimal.Value);

        InputException Both((RawRun Run, int Index, string Text) cell, string other) => new(
            $"{cell.Run.At(cell.Index)}: {Foreign.Quote(column)} has a decimal comma in {Foreign.Quote(cell.Text)} and a decimal point in "
                + $"{Foreign.Quote(other)}; {file} should have one of them");

        static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>What one text says of the numbers of its file: -1 that the point is decimal, 1 that the comma is, 0 nothing.</summary>
    public static int Says(string text)
    {
        string bare = Bare(text);
        if (bare.AsSpan().IndexOfAny(',', '.') < 0)
            return 0;
        return Plain().IsMatch(bare) ? -1 : !Thousands().IsMatch(bare) ? Decimals().IsMatch(bare) ? 1 : 0 : Decimals().IsMatch(bare) ? 0
            : -1;
    }

    private static double Value(string text, bool isDecimal)
    {
        string bare = Bare(text);
        return double.Parse(isDecimal ? bare.Replace(".", "", StringComparison.Ordinal).Replace(',', '.')
            : bare.Replace(",", "", StringComparison.Ordinal),
            NumberStyles.Float, CultureInfo.InvariantCulture);
    }

    /// <summary>Without what separates thousands and nothing else, and without a percent sign.</summary>
    private static string Bare(ReadOnlySpan<char> text) => Separators().Replace(text.ToString().TrimEnd('%', ' '), "");

    [GeneratedRegex(@"(?<=[0-9])[ '\u2019\u00A0\u2009\u202F](?=[0-9]{3}(?![0-9]))", RegexOptions.CultureInvariant)]
    private static partial Regex Separators();

    [GeneratedRegex(@"^[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?|[0-9]+(?:\.[0-9]*)?)$", RegexOptions.CultureInvariant)]
    private static partial Regex Thousands();

    [GeneratedRegex(@"^[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]*),[0-9]+(?:[eE][+-]?[0-9]{1,3})?$", RegexOptions.CultureInvariant)]
    private static partial Regex Decimals();

    [GeneratedRegex(@"^[+-]?[0-9]+\.[0-9]+$", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();
}
