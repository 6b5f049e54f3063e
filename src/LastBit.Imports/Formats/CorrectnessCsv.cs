using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>A correctness matrix as CSV: a row a run, a column an image, beside columns that say which run it is.</summary>
internal static class CorrectnessCsv
{
    /// <summary>The name of the metric that a correctness matrix has: each run's share of images classified correctly.</summary>
    public const string Metric = "accuracy";

    /// <summary>Reads all rows; a row with a cell that is neither 0 nor 1 is refused, for the images of the others would not be the same.</summary>
    /// <exception cref="InputException">A cell is neither 0 nor 1.</exception>
    public static void Read(CsvHeader header, ReadingContext context)
    {
        context.Candidate(Metric);
        if (context.IsSurvey || !context.Wants(Metric))
            return;
        ColumnRole[] roles = [.. header.Names.Select(name => ColumnRoles.Of(name, context.Options))];
        int[] images = [.. Enumerable.Range(0, roles.Length).Where(i => roles[i] == ColumnRole.Value)];
        int rows = 0;
        CsvLog.Rows(header, context, (row, line) =>
        {
            RawRun run = context.Run(header.File, FormattableString.Invariant($"row {++rows}"));
            run.IsTold = true;
            byte[] correct = new byte[images.Length];
            for (int i = 0; i < images.Length; i++)
            {
                correct[i] = row[images[i]].Span.Trim() switch
                {
                    "1" or "True" or "true" => 1,
                    "0" or "False" or "false" => 0,
                    var other => throw new InputException($"{header.File}:{line}: image {i + 1} is {Foreign.Quote(other)}; "
                        + "1 for correct and 0 for wrong are right"),
                };
            }
            for (int i = 0; i < roles.Length; i++)
            {
                string text = row[i].ToString();
                if (text.Length == 0)
                    continue;
                switch (roles[i])
                {
                    case ColumnRole.Seed: run.Seed = text; break;
                    case ColumnRole.K: run.K = text; break;
                    case ColumnRole.Group: run.Group = text; break;
                    case ColumnRole.Run: run.Name = text; break;
                    default: break;
                }
            }
            run.Add(1, 100.0 * correct.Sum(image => image) / correct.Length, line);
            context.Correctness.Add(new CorrectnessRow(run, correct));
            return true;
        });
    }
}
