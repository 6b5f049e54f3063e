using LastBit.Imports.Reading;
using nietras.SeparatedValues;

namespace LastBit.Imports.Formats;

/// <summary>CSV and TSV in wide form: a row is a step and a column is a run.</summary>
internal sealed class WideCsv : ILogFormat
{
    /// <inheritdoc/>
    public Type Family => typeof(CsvFile);

    /// <inheritdoc/>
    public LogFile? Recognise(FoundFile file, ImportOptions options) =>
        file.Csv is { } header && RunColumns.Are([.. header.Values(options).Select(i => header.Names[i])], options)
            ? new LogFile(file, this, $"{header.Program} with one column per run") { Csv = header } : null;

    /// <inheritdoc/>
    public void Read(LogFile log, ReadingContext context)
    {
        var columns = new RunColumns(log.Path, context);
        RawRun?[] runs = [.. log.Csv!.Names.Select(columns.Of)];
        columns.Finish(log.Csv.Names);
        Read(log.Csv, context, runs, null);
    }

    /// <summary>Reads a table whose columns are runs.</summary>
    /// <param name="header">The header.</param>
    /// <param name="context">Gets the values.</param>
    /// <param name="runs">For each column its run, or null for one that is not wanted.</param>
    /// <param name="taken">Gets each value's row and column.</param>
    internal static void Read(CsvHeader header, ReadingContext context, RawRun?[] runs, Action<SepReader.Row, int>? taken)
    {
        if (context.IsSurvey)
            return;
        int step = header.Names.Select((name, i) => (Role: ColumnRoles.Of(name, context.Options), Name: name, Index: i))
            .Where(column => column.Role == ColumnRole.Step && runs[column.Index] is null)
            .OrderBy(column => ColumnRoles.StepOrder(column.Name, context.Options)).Select(column => column.Index).FirstOrDefault(-1);
        int number = 0;
        foreach (RawRun run in runs.OfType<RawRun>())
            (run.IsTold, run.CountsRows) = (true, step < 0);
        var commas = new CommaNumbers(header.File, context.Metric!);
        CsvFile.Rows(header, context, (row, line) =>
        {
            number++;
            double at = number;
            if (step >= 0)
            {
                CellKind kind = Foreign.Read(row[step].Span, out at);
                at = kind == CellKind.Comma ? CommaNumbers.Step(row[step].ToString()) : kind == CellKind.Number ? at : double.NaN;
                if (!double.IsFinite(at))
                {
                    context.LeaveRowOut(header.File, $"it has no {header.Names[step]}", line);
                    return true;
                }
            }
            for (int i = 0; i < runs.Length; i++)
            {
                if (runs[i] is not { } run)
                    continue;
                switch (Foreign.Read(row[i].Span, out double value))
                {
                    case CellKind.Number:
                        run.Add(at, value, line);
                        taken?.Invoke(row, i);
                        break;
                    case CellKind.Comma:
                        commas.Add(run, at, row[i].Span.Trim().ToString(), line);
                        break;
                    case CellKind.Word:
                        context.LeaveRowOut(header.File,
                            $"the value in the column {Foreign.Quote(header.Names[i])} is a word where a number should be", line);
                        break;
                    default:
                        break;
                }
            }
            return true;
        });
        commas.Resolve(runs.OfType<RawRun>(), () => CsvFile.DecimalComma(header, context));
    }
}
