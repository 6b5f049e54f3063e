using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>A correctness matrix as CSV: a row a run, a column an image, beside columns that say which run it is.</summary>
internal sealed class CorrectnessCsv : ILogFormat
{
    /// <summary>The name of the metric that a correctness matrix has: each run's share of images classified correctly.</summary>
    public const string Metric = "accuracy";

    private const int FewestImages = 10;

    /// <inheritdoc/>
    public Type Family => typeof(CsvFile);

    /// <inheritdoc/>
    public LogFile? Recognise(FoundFile file, ImportOptions options)
    {
        if (options.Metric is not null || options.Runs is not null || file.Csv is not { Rows.Length: > 0 } header)
            return null;
        int[] values = header.Values(options);
        return values.Length >= FewestImages && header.Rows
            .All(row => row.Length == header.Names.Length && values.All(i => Cell(row[i].Trim()) is not null))
            ? new LogFile(file, this, $"correctness matrix in {header.Program}") { Csv = header } : null;
    }

    /// <summary>Reads all rows; a row with a cell that is neither 0 nor 1 is refused, for the images of the others would not be the
    /// same.</summary>
    /// <exception cref="InputException">A cell is neither 0 nor 1.</exception>
    public void Read(LogFile log, ReadingContext context)
    {
        context.Candidate(Metric);
        if (!context.Wants(Metric))
            return;
        CsvHeader header = log.Csv!;
        ColumnRole[] roles = [.. header.Names.Select(name => ColumnRoles.Of(name, context.Options))];
        int[] images = header.Values(context.Options);
        int rows = 0;
        CsvFile.Rows(header, context, (row, line) =>
        {
            RawRun run = context.Run(log.Path, FormattableString.Invariant($"row {++rows}"));
            run.IsTold = true;
            byte[] correct = new byte[images.Length];
            for (int i = 0; i < images.Length; i++)
            {
                correct[i] = Cell(row[images[i]].Span.Trim()) ?? throw new InputException(
                    $"{log.Path}:{line}: image {i + 1} is {Foreign.Quote(row[images[i]].Span.Trim())}; 1 for correct and 0 for wrong are "
                        + "right");
            }
            for (int i = 0; i < roles.Length; i++)
                run.Describe(roles[i], row[i].ToString());
            run.Add(1, 100.0 * correct.Sum(image => image) / correct.Length, line);
            context.Correctness.Add(new CorrectnessRow(run, correct));
            return true;
        });
    }

    private static byte? Cell(ReadOnlySpan<char> text) =>
        text switch { "1" or "True" or "true" => 1, "0" or "False" or "false" => 0, _ => null };
}
