using LastBit.Imports.Reading;
using LastBit.Imports.TensorBoard;

namespace LastBit.Imports.Formats;

/// <summary>A file, and what its content says that it is.</summary>
/// <param name="Path">As the user can find it.</param>
/// <param name="Family">Which reader reads it; the files of one answer are of one family.</param>
/// <param name="Program">Who wrote it.</param>
/// <param name="Csv">The header of a table; null for other families.</param>
internal sealed record LogFile(string Path, string Family, string Program, CsvHeader? Csv = null)
{
    private const string Table = "table", Lines = "JSON Lines", Events = "TensorBoard event file", Metrics = "MLflow metric file", Array = "NumPy array";

    /// <summary>True for a file that belongs to the logs beside it and is none by itself.</summary>
    public bool IsCompanion { get; init; }

    /// <summary>Recognises a file by its content; null where it is no log.</summary>
    /// <param name="path">The file.</param>
    /// <param name="named">True where the user named it, so that its name's ending does not matter.</param>
    /// <param name="options">What is said by hand.</param>
    /// <exception cref="InputException">It is a log that cannot be read by anyone but its program.</exception>
    public static LogFile? Recognise(string path, bool named, ImportOptions options)
    {
        string name = System.IO.Path.GetFileName(path);
        string ending = System.IO.Path.GetExtension(name).ToLowerInvariant();
        Span<byte> head = stackalloc byte[16];
        int length;
        using (FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
            length = stream.ReadAtLeast(head, 16, throwOnEndOfStream: false);
        head = head[..length];
        if (head.StartsWith("SQLite format 3\0"u8))
        {
            if (!named && !name.Contains("mlflow", StringComparison.OrdinalIgnoreCase))
                return null;
            throw new InputException($"{path}: is a database, as newer versions of MLflow keep their runs in; write them out with "
                + "`mlflow experiments csv`, or give the folder mlruns of a file store");
        }
        if (head.StartsWith("\x93NUMPY"u8) || head is [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', ..])
        {
            // A correctness matrix beside logs belongs to them; only where there are no others it is the log.
            bool companion = name.EndsWith(".correct.npy", StringComparison.Ordinal) || name == "labels.npy" || name.EndsWith(".labels.npy", StringComparison.Ordinal);
            return new LogFile(path, Array, companion ? "correctness of each image" : "NumPy array") { IsCompanion = companion };
        }
        if (length >= 12 && (named || name.Contains("tfevents", StringComparison.Ordinal)) && TfRecord.Recognise(path))
            return new LogFile(path, Events, Events);
        if (MlflowLog.RunOf(path) is not null)
            return new LogFile(path, Metrics, "MLflow file store");
        if (length == 0)
            return named ? throw new InputException($"{path}: is empty; a log has at least one value") : null;
        if ((named || ending is ".jsonl" or ".ndjson" or ".json") && JsonLinesLog.IsCertain(path))
            return new LogFile(path, Lines, Lines);
        if ((named || ending == ".json") && JsonLog.Recognise(path) is { } document)
        {
            bool isLists = document.StartsWith("JSON", StringComparison.Ordinal);
            bool isHistory = name.Contains("history", StringComparison.OrdinalIgnoreCase) || name.Contains("metrics", StringComparison.OrdinalIgnoreCase);
            return isLists && !named && !isHistory ? null : new LogFile(path, document, document);
        }
        if ((named || ending is ".jsonl" or ".ndjson" or ".json") && JsonLinesLog.Recognise(path))
            return new LogFile(path, Lines, Lines);
        if ((named && ending is not ".json") || ending is ".csv" or ".tsv")
            return CsvLog.Recognise(path, options) is { } header ? new LogFile(path, Table, header.Program, header) : null;
        return null;
    }

    /// <summary>Reads the file into the context.</summary>
    /// <param name="context">Gets candidates in the first reading, values in the second.</param>
    /// <param name="isOnlyLog">True where a correctness matrix is all there is.</param>
    public void Read(ReadingContext context, bool isOnlyLog)
    {
        try
        {
            switch (Family)
            {
                case Table: CsvLog.Read(Csv!, context); break;
                case Lines: JsonLinesLog.Read(Path, context); break;
                case Events: TensorBoardLog.Read(Path, context); break;
                case Metrics: MlflowLog.Read(Path, Path, context); break;
                case Array: NpyLog.Read(Path, isOnlyLog, context); break;
                default: JsonLog.Read(Path, Program, context); break;
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{Path}: cannot be read ({error.Message.ReplaceLineEndings(" ")}); name a file that can be", error);
        }
    }
}
