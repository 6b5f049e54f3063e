using System.Globalization;
using nietras.SeparatedValues;

namespace LastBit.Imports.Reading;

/// <summary>The header of a table as CSV or TSV, and what it tells.</summary>
/// <param name="File">The file.</param>
/// <param name="Separator">Comma, semicolon, tab or bar.</param>
/// <param name="Names">One a column, each once.</param>
/// <param name="Written">The names as they are written, some perhaps several times.</param>
/// <param name="HasHeader">False where the first row holds numbers alone.</param>
/// <param name="Skip">How many lines stand before the header: comments, and the line sep=; of Excel.</param>
/// <param name="Rows">The first rows, for recognition.</param>
internal sealed record CsvHeader(string File, char Separator, string[] Names, string[] Written, bool HasHeader, int Skip, string[][] Rows)
{
    /// <summary>The name of the layout, for people.</summary>
    public string Program => Separator == '\t' ? "TSV" : ParquetText.IsOne(File) ? "Parquet" : "CSV";

    /// <summary>The columns whose cells are values.</summary>
    public int[] Values(ImportOptions options) => [.. Enumerable.Range(0, Names.Length)
        .Where(i => ColumnRoles.Of(Names[i], options) == ColumnRole.Value)];
}

/// <summary>Tables as CSV and TSV, whatever their columns mean.</summary>
internal static class CsvFile
{
    private const double MostBroken = 0.1;

    /// <summary>Reads the header and a few rows; null where the file is no table with a number in it.</summary>
    public static CsvHeader? Header(string file, IReadOnlyList<string> all)
    {
        if (all.Count == 0 || all[0].Contains('\0', StringComparison.Ordinal))
            return null;
        // Excel writes its separator into a line of its own.
        char separator = all[0].Trim('"') is ['s' or 'S', 'e' or 'E', 'p' or 'P', '=', var said] ? said : '\0';
        int skip = separator == 0 ? 0 : 1;
        while (skip < all.Count && all[skip].StartsWith('#') && !IsHeader(skip))
            skip++;
        string[] lines = [.. all.Skip(skip)];
        if (lines.Length == 0)
            return null;
        bool isComment = lines[0].StartsWith('#');
        if (isComment)
            lines[0] = lines[0].TrimStart('#', ' ');
        if (separator == 0)
            separator = "\t;,|".FirstOrDefault(candidate => Fields(lines[0], candidate).Length > 1
                && (lines.Length == 1 || Fields(lines[1], candidate).Length == Fields(lines[0], candidate).Length));
        if (separator == 0)
            separator = "\t;,|".MaxBy(candidate => lines[0].Count(letter => letter == candidate));
        string[] first = Fields(lines[0], separator);
        bool hasHeader = !first.All(cell => Foreign.Read(cell, out _) != CellKind.Word) || IsNumbered(first);
        if (!hasHeader && first.All(cell => Foreign.IsMissing(cell)))
            return null;
        string[] written = hasHeader ? first : [.. first.Select((_, i) => FormattableString.Invariant($"column {i + 1}"))];
        string[][] rows = [.. lines.Skip(hasHeader ? 1 : 0).Select(line => Fields(line, separator))];
        return rows.Any(row => row.Any(cell => Foreign.Read(cell, out _) is CellKind.Number or CellKind.Comma))
            ? new CsvHeader(file, separator, Unique(written), written, hasHeader, skip, rows) : null;

        // NumPy's savetxt writes the names behind a hash, and then no further comment.
        bool IsHeader(int line) => line + 1 < all.Count && !all[line + 1].StartsWith('#')
            && ",;\t".Any(candidate => Fields(all[line], candidate).Length > 1
                && Fields(all[line], candidate).Length == Fields(all[line + 1], candidate).Length
                && !all[line].Contains('{', StringComparison.Ordinal)
                    && Fields(all[line + 1], candidate).All(cell => Foreign.Read(cell, out _) != CellKind.Word));
    }

    /// <summary>What all cells of a file say of its commas: true for decimals, false for a decimal point, null for nothing.</summary>
    public static bool? DecimalComma(CsvHeader header, ReadingContext context)
    {
        bool? found = null;
        Rows(header, context, (row, _) =>
        {
            for (int i = 0; i < header.Names.Length && found is null; i++)
            {
                int says = CommaNumbers.Says(row[i].Span.Trim().ToString());
                found = says == 0 ? null : says > 0;
            }
            return found is null;
        });
        return found;
    }

    /// <summary>Goes through all rows that have as many fields as the header; the others are counted.</summary>
    /// <param name="header">The header.</param>
    /// <param name="context">Gets what is left out.</param>
    /// <param name="action">Gets each row and its line; says whether to go on.</param>
    /// <exception cref="InputException">More than one row in ten is broken, or the file cannot be read.</exception>
    public static void Rows(CsvHeader header, ReadingContext context, Func<SepReader.Row, int, bool> action)
    {
        long rows = 0, broken = 0;
        int firstBroken = 0, lastLine = 0, lastLength = 0, shortest = int.MaxValue;
        try
        {
            EncodedText.Read(header.File, context, text =>
            {
                for (int i = 0; i < header.Skip; i++)
                    text.ReadLine();
                using SepReader reader = new Sep(header.Separator).Reader(options => options with
                {
                    HasHeader = false,
                    DisableColCountCheck = true,
                    Unescape = true,
                    DisableFastFloat = true,
                }).From(text);
                bool skip = header.HasHeader;
                foreach (SepReader.Row row in reader)
                {
                    context.Cancellation.ThrowIfCancellationRequested();
                    if (skip)
                    {
                        skip = false;
                        continue;
                    }
                    int fields = row.ColCount;
                    if (fields == 1 && header.Names.Length > 1 && row.Span.Trim().IsEmpty)
                        continue;
                    rows++;
                    int line = row.LineNumberFrom + header.Skip;
                    // A separator behind the last field is a habit of some programs and no further field.
                    if (fields == header.Names.Length || fields == header.Names.Length + 1 && row[fields - 1].Span.Trim().IsEmpty)
                    {
                        if (!action(row, line))
                            return;
                        shortest = rows > 1 ? Math.Min(shortest, lastLength) : shortest;
                        (lastLine, lastLength) = (line, row[header.Names.Length - 1].Span.Length);
                        continue;
                    }
                    if (broken++ == 0)
                        firstBroken = line;
                    context.LeaveRowOut(header.File, FormattableString.Invariant(
                        $"it does not have the {header.Names.Length} fields of the header, as a row that is still being written"), line);
                }
            });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException
            or InvalidDataException)
        {
            throw new InputException(
                $"{header.File}: cannot be read as a table ({ForeignText.Cut(error.Message, 200)}); a header and rows with as many fields "
                    + "are right", error);
        }
        // A number that is cut is a number still, and nothing but its length tells.
        if (!context.IsSurvey && lastLength > 0 && lastLength < shortest && shortest < int.MaxValue
            && !EncodedText.EndsInLineBreak(header.File))
        {
            context.Note(
                FormattableString.Invariant(
                    $"{header.File}:{lastLine}: the last row has no line break and its last field fewer characters than any before, ")
                + "as a row that is still being written; its number may be cut.");
        }
        if (broken > 1 && broken > MostBroken * rows)
        {
            throw new InputException(string.Create(CultureInfo.InvariantCulture,
                $"{header.File}:{firstBroken}: {broken} of {rows} rows do not have the {header.Names.Length} fields of the header; "
                    + $"this is not a table with one header"));
        }
    }

    /// <summary>The fields of one line, for recognition; quotes are honoured.</summary>
    private static string[] Fields(string line, char separator)
    {
        List<string> fields = [];
        var field = new System.Text.StringBuilder();
        bool quoted = false;
        foreach (char letter in line)
        {
            if (letter == '"')
                quoted = !quoted;
            else if (letter == separator && !quoted)
            {
                fields.Add(field.ToString().Trim());
                field.Clear();
            }
            else
                field.Append(letter);
        }
        fields.Add(field.ToString().Trim());
        if (fields.Count > 1 && fields[^1].Length == 0 && line.EndsWith(separator))
            fields.RemoveAt(fields.Count - 1);
        return [.. fields];
    }

    /// <summary>A header 1, 2, 3, ... of numbers names runs; rows of values do not count up.</summary>
    private static bool IsNumbered(string[] names)
    {
        int start = ColumnRoles.Plain(names[0]).Length == 0 ? 1 : 0;
        if (names.Length - start < 3)
            return false;
        for (int i = start; i < names.Length; i++)
        {
            if (!int.TryParse(names[i], NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number != i - start + 1
                && number != i - start)
                return false;
        }
        return true;
    }

    private static string[] Unique(string[] names)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        return [.. names.Select(name =>
        {
            int times = seen[name] = seen.GetValueOrDefault(name) + 1;
            return times == 1 ? name : FormattableString.Invariant($"{name} ({times})");
        })];
    }
}
