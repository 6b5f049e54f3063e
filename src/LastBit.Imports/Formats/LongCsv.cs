using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>CSV and TSV in long form: a row is a step of a run and a column is a metric, as Lightning, Keras, TensorBoard's page, Optuna
/// and most scripts write it.</summary>
internal sealed class LongCsv : ILogFormat
{
    private const string RunsTable = "Weights & Biases runs table";

    /// <inheritdoc/>
    public Type Family => typeof(CsvFile);

    /// <inheritdoc/>
    public LogFile? Recognise(FoundFile file, ImportOptions options) => file.Csv is { } header
        ? new LogFile(file, this, ProgramOf(header)) { Csv = header } : null;

    /// <inheritdoc/>
    public void Read(LogFile log, ReadingContext context)
    {
        CsvHeader header = log.Csv!;
        string[] plain = [.. header.Names.Select(ColumnRoles.Plain)];
        var table = new Table(log.Path, context) { CommaEvidence = () => CsvFile.DecimalComma(header, context) };
        for (int i = 0; i < plain.Length; i++)
        {
            Column column = table.Add(header.Names[i]);
            if (column.Name == context.Options.Metric || column.Name == context.Options.Group)
                continue;
            if (log.Program == RunsTable && plain[i] == "name" || plain[i] == "number" && plain.Contains("state")
                && plain.Contains("value"))
                column.Role = ColumnRole.Run;
            else if (log.Program == RunsTable && column.Role == ColumnRole.Step)
                // In the runs table the step is that of a run's last value: it counts no rows.
                column.Role = ColumnRole.Ignored;
        }
        Read(header, table, context);
    }

    /// <summary>Reads all rows of a table.</summary>
    internal static void Read(CsvHeader header, Table table, ReadingContext context)
    {
        CsvFile.Rows(header, context, (row, line) =>
        {
            List<Column> columns = table.Columns;
            for (int i = 0; i < columns.Count; i++)
            {
                if (columns[i].IsRead)
                    columns[i].Set(row[i].Span);
            }
            table.EndRow(line);
            return !table.IsSurveyed;
        });
        table.Finish();
        context.NoteEmpty(header.File, table.Empty, table.Rows, "row");
    }

    private static string ProgramOf(CsvHeader header)
    {
        string[] plain = [.. header.Names.Select(ColumnRoles.Plain)];
        if (plain.Contains("name") && plain.Contains("state")
            && (plain.Contains("created") || plain.Contains("runtime") || plain.Contains("user")))
            return RunsTable;
        if (plain.Contains("epoch") && plain.Contains("step") && header.Rows.Any(row => row.Any(cell => cell.Length == 0)))
            return "PyTorch Lightning CSVLogger";
        if (plain.SequenceEqual(["wall_time", "step", "value"]))
            return "TensorBoard's CSV";
        return plain[0] == "epoch" && plain.Contains("loss") && header.Rows is [{ Length: > 0 } row0, ..] && row0[0] == "0"
            && plain.Skip(1).SequenceEqual(plain.Skip(1).Order(StringComparer.Ordinal)) ? "Keras CSVLogger" : header.Program;
    }
}
