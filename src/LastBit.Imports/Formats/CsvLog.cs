using System.Globalization;
using System.Text.RegularExpressions;
using LastBit.Imports.Reading;
using nietras.SeparatedValues;

namespace LastBit.Imports.Formats;

/// <summary>How a CSV file is laid out.</summary>
internal enum CsvShape
{
    /// <summary>A row is a step of a run, a column is a metric.</summary>
    Long,

    /// <summary>A row is a step, a column is a run.</summary>
    Wide,

    /// <summary>Weights &amp; Biases' export of a chart: columns RUN - METRIC, with __MIN and __MAX.</summary>
    WandbChart,

    /// <summary>A row is a run, a column is a test image.</summary>
    Correctness,
}

/// <summary>The header of a CSV file and what it tells.</summary>
/// <param name="File">The file.</param>
/// <param name="Separator">Comma, semicolon, tab or bar.</param>
/// <param name="Names">One a column, each once.</param>
/// <param name="HasHeader">False where the first row holds numbers alone.</param>
/// <param name="Shape">How it is laid out.</param>
/// <param name="Program">Who wrote it.</param>
internal sealed record CsvHeader(string File, char Separator, string[] Names, bool HasHeader, CsvShape Shape, string Program);

/// <summary>CSV and TSV: long, wide, and as Lightning, Keras, TensorBoard's page and Weights &amp; Biases write it.</summary>
internal static partial class CsvLog
{
    private const int FewestImages = 10;
    private const double MostBroken = 0.1;

    /// <summary>Reads the header and a few rows, and says what the file is; null where it is no table with a number in it.</summary>
    public static CsvHeader? Recognise(string file, ImportOptions options)
    {
        List<string> lines = EncodedText.FirstLines(file, 20);
        if (lines.Count == 0 || lines[0].Contains('\0', StringComparison.Ordinal))
            return null;
        char separator = "\t;,|".FirstOrDefault(candidate => Fields(lines[0], candidate).Length > 1
            && (lines.Count == 1 || Fields(lines[1], candidate).Length == Fields(lines[0], candidate).Length));
        if (separator == 0)
            separator = "\t;,|".MaxBy(candidate => lines[0].Count(letter => letter == candidate));
        string[] first = Fields(lines[0], separator);
        bool decimalComma = separator != ',';
        bool hasHeader = !first.All(cell => Foreign.IsMissing(cell) || Foreign.TryNumber(cell, decimalComma, out _)) || IsNumbered(first);
        if (!hasHeader && first.All(cell => Foreign.IsMissing(cell)))
            return null;
        string[] names = Unique(hasHeader ? first : [.. first.Select((_, i) => FormattableString.Invariant($"column {i + 1}"))]);
        if (!lines.Skip(hasHeader ? 1 : 0).Any(line => Fields(line, separator).Any(cell => Foreign.TryNumber(cell, decimalComma, out _))))
            return null;
        string[][] rows = [.. lines.Skip(hasHeader ? 1 : 0).Select(line => Fields(line, separator))];
        (CsvShape shape, string program) = ShapeOf(names, rows, options, separator);
        return new CsvHeader(file, separator, names, hasHeader, shape, program);
    }

    /// <summary>Reads all rows into the context.</summary>
    public static void Read(CsvHeader header, ReadingContext context)
    {
        switch (header.Shape)
        {
            case CsvShape.Wide:
                ReadColumns(header, context, WideRuns(header, context));
                break;
            case CsvShape.WandbChart:
                ReadColumns(header, context, WandbRuns(header, context));
                break;
            case CsvShape.Correctness:
                CorrectnessCsv.Read(header, context);
                break;
            default:
                ReadLong(header, context);
                break;
        }
    }

    /// <summary>The run and the metric that a column of Weights &amp; Biases' chart names; null where it is no such column.</summary>
    private static (string Run, string Metric, string Suffix)? Wandb(string name)
    {
        Match match = WandbColumn().Match(name);
        return match.Success ? (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value) : null;
    }

    private static (CsvShape, string) ShapeOf(string[] names, string[][] rows, ImportOptions options, char separator)
    {
        string program = separator == '\t' ? "TSV" : "CSV";
        if (names.Any(name => Wandb(name) is { Suffix: "" } column && names.Contains($"{column.Run} - {column.Metric}__MIN")))
            return (CsvShape.WandbChart, "Weights & Biases chart export");
        string[] plain = [.. names.Select(ColumnRoles.Plain)];
        if (plain.Contains("name") && plain.Contains("state") && (plain.Contains("created") || plain.Contains("runtime") || plain.Contains("user")))
            return (CsvShape.Long, "Weights & Biases runs table");
        int[] values = [.. Enumerable.Range(0, names.Length).Where(i => ColumnRoles.Of(names[i], options) == ColumnRole.Value)];
        if (options.Metric is null && options.Runs is null && values.Length >= FewestImages && rows.Length > 0
            && rows.All(row => row.Length == names.Length && values.All(i => row[i].Trim() is "0" or "1" or "True" or "False" or "true" or "false")))
            return (CsvShape.Correctness, $"correctness matrix in {program}");
        if (RunColumns.Are([.. values.Select(i => names[i])], options))
            return (CsvShape.Wide, $"{program} with one column per run");
        if (plain.Contains("epoch") && plain.Contains("step") && rows.Any(row => row.Any(cell => cell.Length == 0)))
            return (CsvShape.Long, "PyTorch Lightning CSVLogger");
        if (plain.SequenceEqual(["wall_time", "step", "value"]))
            return (CsvShape.Long, "TensorBoard's CSV");
        if (plain[0] == "epoch" && plain.Contains("loss") && rows is [{ Length: > 0 } row0, ..] && row0[0] == "0"
            && plain.Skip(1).SequenceEqual(plain.Skip(1).Order(StringComparer.Ordinal)))
            return (CsvShape.Long, "Keras CSVLogger");
        return (CsvShape.Long, program);
    }

    private static void ReadLong(CsvHeader header, ReadingContext context)
    {
        var table = new Table(header.File, context);
        foreach (string name in header.Names)
        {
            Column column = table.Add(name);
            if (header.Program.StartsWith("Weights", StringComparison.Ordinal) && ColumnRoles.Plain(name) == "name" && context.Options.Group != name)
                column.Role = ColumnRole.Run;
            else if (header.Program.StartsWith("Weights", StringComparison.Ordinal) && column.Role == ColumnRole.Step)
                // In the runs table the step is that of a run's last value: it counts no rows.
                column.Role = ColumnRole.Ignored;
        }
        bool decimalComma = header.Separator != ',';
        Rows(header, context, (row, line) =>
        {
            List<Column> columns = table.Columns;
            for (int i = 0; i < columns.Count; i++)
            {
                Column column = columns[i];
                if (column.IsRead)
                    Fill(column, row[i].Span, decimalComma);
            }
            table.EndRow(line);
            return !table.IsSurveyed;
        });
        table.Finish();
        if (table.Empty > 0 && !context.IsSurvey)
        {
            context.Note($"{header.File}: {table.Empty.ToString(CultureInfo.InvariantCulture)} of its {NumberText.Count(table.Rows, "row")} "
                + $"{(table.Empty == 1 ? "has" : "have")} no value of {Foreign.Quote(context.Metric)}, as where training and validation are logged in rows of their own.");
        }
    }

    private static void Fill(Column column, ReadOnlySpan<char> text, bool decimalComma)
    {
        text = text.Trim();
        if (Foreign.IsMissing(text))
        {
            column.Kind = CellKind.Missing;
            column.Text = null;
            return;
        }
        bool isName = column.Role is not (ColumnRole.Value or ColumnRole.Step or ColumnRole.MetricValue or ColumnRole.Passed or ColumnRole.Trials);
        if (!isName && Foreign.TryNumber(text, decimalComma, out double number))
        {
            column.Kind = CellKind.Number;
            column.Number = number;
            return;
        }
        column.Kind = CellKind.Word;
        if (column.Last is null || !text.SequenceEqual(column.Last))
            column.Last = text.ToString();
        column.Text = column.Last;
    }

    /// <summary>Reads a table whose columns are runs.</summary>
    /// <param name="header">The header.</param>
    /// <param name="context">Gets the values.</param>
    /// <param name="runs">For each column its run, or null for one that is not wanted.</param>
    private static void ReadColumns(CsvHeader header, ReadingContext context, RawRun?[] runs)
    {
        if (context.IsSurvey)
            return;
        bool decimalComma = header.Separator != ',';
        int step = header.Names.Select((name, i) => (Role: ColumnRoles.Of(name, context.Options), Name: name, Index: i))
            .Where(column => column.Role == ColumnRole.Step && runs[column.Index] is null)
            .OrderBy(column => ColumnRoles.StepOrder(column.Name, context.Options)).Select(column => column.Index).FirstOrDefault(-1);
        int number = 0;
        long summaries = 0;
        (int Low, int High)[] bounds = Bounds(header);
        foreach (RawRun run in runs.OfType<RawRun>())
            (run.IsTold, run.CountsRows) = (true, step < 0);
        Rows(header, context, (row, line) =>
        {
            number++;
            double at = number;
            if (step >= 0 && !(Foreign.TryNumber(row[step].Span, decimalComma, out at) && double.IsFinite(at)))
            {
                context.LeaveRowOut(header.File, $"it has no {header.Names[step]}", line);
                return true;
            }
            for (int i = 0; i < runs.Length; i++)
            {
                if (runs[i] is not { } run)
                    continue;
                ReadOnlySpan<char> text = row[i].Span.Trim();
                if (Foreign.IsMissing(text))
                    continue;
                if (Foreign.TryNumber(text, decimalComma, out double value))
                {
                    run.Add(at, value, line);
                    if (bounds[i] is { Low: >= 0, High: >= 0 } bound && Foreign.TryNumber(row[bound.Low].Span, decimalComma, out double low)
                        && Foreign.TryNumber(row[bound.High].Span, decimalComma, out double high) && low < high)
                        summaries++;
                }
                else
                    context.LeaveRowOut(header.File, $"the value in the column {Foreign.Quote(header.Names[i])} is a word where a number should be", line);
            }
            return true;
        });
        if (summaries > 0)
        {
            context.Note($"{header.File}: {NumberText.Count(summaries, "point")} of the chart {(summaries == 1 ? "stands" : "stand")} for several values (__MIN is less than __MAX): "
                + "lines of a group are means over its runs, and long runs are thinned; export runs one by one, ungrouped, to have them whole.");
        }
    }

    private static RawRun?[] WideRuns(CsvHeader header, ReadingContext context)
    {
        var columns = new RunColumns(header.File, context);
        RawRun?[] runs = [.. header.Names.Select(columns.Of)];
        columns.Finish(header.Names);
        return runs;
    }

    private static RawRun?[] WandbRuns(CsvHeader header, ReadingContext context)
    {
        var runs = new RawRun?[header.Names.Length];
        for (int i = 0; i < runs.Length; i++)
        {
            // A chart over steps also has a column RUN - _step for each run, which counts and measures nothing.
            if (Wandb(header.Names[i]) is not { Suffix: "" } column || ColumnRoles.Of(column.Metric, context.Options) == ColumnRole.Step)
                continue;
            if (context.IsSurvey)
                context.Candidate(column.Metric);
            else if (context.Wants(column.Metric))
            {
                RawRun run = context.Run(header.File, column.Run);
                run.Name = column.Run;
                RunPattern.ApplyUsual(column.Run, run);
                runs[i] = run;
            }
        }
        return runs;
    }

    /// <summary>The columns of the least and greatest value of each column of Weights &amp; Biases' chart; -1 where there are none.</summary>
    private static (int Low, int High)[] Bounds(CsvHeader header) =>
        [.. header.Names.Select(name => (Array.IndexOf(header.Names, name + "__MIN"), Array.IndexOf(header.Names, name + "__MAX")))];

    /// <summary>Goes through all rows that have as many fields as the header; the others are counted.</summary>
    /// <param name="header">The header.</param>
    /// <param name="context">Gets what is left out.</param>
    /// <param name="action">Gets each row and its line; says whether to go on.</param>
    /// <exception cref="InputException">More than one row in ten is broken, or the file cannot be read.</exception>
    internal static void Rows(CsvHeader header, ReadingContext context, Func<SepReader.Row, int, bool> action)
    {
        long rows = 0, broken = 0;
        int firstBroken = 0, lastLine = 0, lastLength = 0, shortest = int.MaxValue;
        try
        {
            EncodedText.Read(header.File, context, text =>
            {
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
                    if (skip)
                    {
                        skip = false;
                        continue;
                    }
                    int fields = row.ColCount;
                    if (fields == 1 && header.Names.Length > 1 && row.Span.Trim().IsEmpty)
                        continue;
                    rows++;
                    // A separator behind the last field is a habit of some programs and no further field.
                    if (fields == header.Names.Length || fields == header.Names.Length + 1 && row[fields - 1].Span.Trim().IsEmpty)
                    {
                        if (!action(row, row.LineNumberFrom))
                            return;
                        shortest = rows > 1 ? Math.Min(shortest, lastLength) : shortest;
                        (lastLine, lastLength) = (row.LineNumberFrom, row[header.Names.Length - 1].Span.Length);
                        continue;
                    }
                    if (broken++ == 0)
                        firstBroken = row.LineNumberFrom;
                    context.LeaveRowOut(header.File, FormattableString.Invariant(
                        $"it does not have the {header.Names.Length} fields of the header, as a row that is still being written"), row.LineNumberFrom);
                }
            });
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException or InvalidDataException)
        {
            throw new InputException($"{header.File}: cannot be read as a table ({ForeignText.Cut(error.Message, 200)}); a header and rows with as many fields are right", error);
        }
        // A number that is cut is a number still, and nothing but its length tells.
        if (!context.IsSurvey && lastLength > 0 && lastLength < shortest && shortest < int.MaxValue && !EncodedText.EndsInLineBreak(header.File))
        {
            context.Note(FormattableString.Invariant($"{header.File}:{lastLine}: the last row has no line break and its last field fewer characters than any before, ")
                + "as a row that is still being written; its number may be cut.");
        }
        if (broken > 1 && broken > MostBroken * rows)
        {
            throw new InputException(FormattableString.Invariant(
                $"{header.File}:{firstBroken}: {broken} of {rows} rows do not have the {header.Names.Length} fields of the header; this is not a table with one header"));
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
            if (!int.TryParse(names[i], NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number != i - start + 1 && number != i - start)
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

    [GeneratedRegex(@"^(.+) - (.+?)(__MIN|__MAX|)$", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex WandbColumn();
}
