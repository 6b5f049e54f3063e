using System.IO.Compression;
using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>Files that only their own program can read, and damaged ones: they are refused with what to export instead.</summary>
internal sealed class ForeignFormats : ILogFormat
{
    /// <inheritdoc/>
    public LogFile? Recognise(FoundFile file, ImportOptions options)
    {
        ReadOnlySpan<byte> head = file.Head;
        string? problem = null;
        if (head.StartsWith("SQLite format 3\0"u8))
        {
            problem = file.IsNamed || file.Name.Contains("mlflow", StringComparison.OrdinalIgnoreCase)
                ? "is a database, as newer versions of MLflow keep their runs in; write them out with `mlflow experiments csv`, or give "
                    + "the folder mlruns of a file store"
                : file.Name.Contains("optuna", StringComparison.OrdinalIgnoreCase)
                ? "is a database of Optuna; write the trials out with `study.trials_dataframe().to_csv(FILE)`" : null;
        }
        else if (file.Ending == ".wandb")
            problem = "is the record of Weights & Biases' own program; export the chart or the table of runs as CSV on its page, or write "
                + "`run.history().to_csv(FILE)`";
        else if (head.StartsWith("PK\x03\x04"u8) && file.Ending is ".xlsx" or ".xlsm" or ".ods")
            problem = "is a spreadsheet; save the sheet with the runs as CSV";
        else if (head.StartsWith((ReadOnlySpan<byte>)[0xD0, 0xCF, 0x11, 0xE0]) && file.Ending == ".xls")
            problem = "is a spreadsheet; save the sheet with the runs as CSV";
        else if (head.StartsWith("PAR1"u8))
            problem = ProblemOfParquet(file);
        else if (head is [0x1F, 0x8B, ..] or [(byte)'B', (byte)'Z', (byte)'h', ..] or [0xFD, (byte)'7', (byte)'z', ..]
            or [0x28, 0xB5, 0x2F, 0xFD, ..])
            problem = "is compressed; unpack it, as with gunzip";
        else if (head is [0x89, (byte)'H', (byte)'D', (byte)'F', ..])
            problem = file.IsNamed ? "is in HDF5; write the curves out as CSV" : null;
        else if (file.MayBe(".pkl", ".pickle", ".p", ".joblib", ".pt", ".pth", ".ckpt") && IsPickle(file, head))
        {
            // Checkpoints of a model lie beside most logs, and nobody takes them for one.
            problem = file.IsNamed || file.Ending is ".pkl" or ".pickle" or ".p"
                ? "is a pickle, which may run any program when it is read; write the curves out as CSV or JSON from Python" : null;
        }
        return problem is null ? null : new LogFile(file, this, "a file of another program") { Problem = problem };
    }

    /// <inheritdoc/>
    public void Read(LogFile log, ReadingContext context) => throw new InputException($"{log.Path}: {log.Problem}");

    /// <summary>Why a table in Parquet is none; null where its first rows can be read.</summary>
    private static string? ProblemOfParquet(FoundFile file)
    {
        try
        {
            return file.Lines.Count > 0 ? null : "holds no row";
        }
        catch (InputException error)
        {
            return error.Message[(file.Path.Length + ": ".Length)..];
        }
    }

    private static bool IsPickle(FoundFile file, ReadOnlySpan<byte> head)
    {
        // Protocols 2 and up begin with it; PyTorch keeps one in a zip archive.
        if (head is [0x80, >= 2 and <= 5, ..])
            return true;
        if (!head.StartsWith("PK\x03\x04"u8))
            return false;
        try
        {
            using ZipArchive archive = ZipFile.OpenRead(file.Path);
            return archive.Entries.Any(entry => entry.Name == "data.pkl");
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }
}
