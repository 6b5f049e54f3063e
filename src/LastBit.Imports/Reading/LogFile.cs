using System.Text;
using System.Text.Json;

namespace LastBit.Imports.Reading;

/// <summary>A file that may be a log, and what its beginning holds; nothing is read before it is asked for.</summary>
/// <param name="path">As the user can find it; an ordinary file.</param>
/// <param name="isNamed">True where the user named it, so that its name's ending does not matter.</param>
internal sealed class FoundFile(string path, bool isNamed)
{
    private byte[]? _head;
    private List<string>? _lines;
    private JsonElement? _document;
    private string? _damage;
    private bool _hasDocument, _hasCsv;
    private CsvHeader? _csv;

    public string Path { get; } = path;

    public bool IsNamed { get; } = isNamed;

    /// <summary>True where it was named by its own path and not by a pattern.</summary>
    public bool IsAlone { get; init; }

    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>The ending of its name, in lower case, with its point.</summary>
    public string Ending => System.IO.Path.GetExtension(Path).ToLowerInvariant();

    public long Length => new FileInfo(Path).Length;

    /// <summary>The first bytes, at most 16.</summary>
    public ReadOnlySpan<byte> Head
    {
        get
        {
            if (_head is null)
            {
                byte[] head = new byte[16];
                using FileStream stream = new(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                _head = head[..stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
            }
            return _head;
        }
    }

    /// <summary>The first lines, at most 20.</summary>
    public IReadOnlyList<string> Lines => _lines ??= EncodedText.FirstLines(Path, 20);

    /// <summary>True where the user named it or its name ends in one of these.</summary>
    public bool MayBe(params ReadOnlySpan<string> endings) => IsNamed || endings.Contains(Ending);

    /// <summary>The header of a table as CSV, TSV or Parquet; null for anything else.</summary>
    public CsvHeader? Csv
    {
        get
        {
            if (!_hasCsv && (IsNamed ? Ending != ".json" : Ending is ".csv" or ".tsv" or ".parquet" or ".pq"))
                _csv = CsvFile.Header(Path, Lines);
            _hasCsv = true;
            return _csv;
        }
    }

    /// <summary>The object of a document in JSON; null for anything else.</summary>
    public JsonElement? Json => Document is { ValueKind: JsonValueKind.Object } root ? root : null;

    /// <summary>A document in JSON, an object or a list; null for anything else.</summary>
    public JsonElement? Document
    {
        get
        {
            if (!_hasDocument && MayBe(".json", ".jsonl", ".ndjson")
                && Encoding.UTF8.GetString(Head).TrimStart('\uFEFF').TrimStart() is ['{' or '[', ..])
            {
                try
                {
                    _document = JsonFile.Parse(Path);
                }
                catch (InputException error)
                {
                    // It is damaged, or no document: lines of JSON, or something else.
                    _damage = error.Message[(Path.Length + ": ".Length)..];
                }
            }
            _hasDocument = true;
            return _document;
        }
    }

    /// <summary>Why a file that should be a document in JSON is none, as the end of a sentence; null for any other file.</summary>
    public string? DamageOfJson => Ending == ".json" && Document is null ? _damage : null;
}

/// <summary>A file, and what its content says that it is.</summary>
/// <param name="File">The file.</param>
/// <param name="Format">Which format reads it.</param>
/// <param name="Program">Who wrote it.</param>
internal sealed record LogFile(FoundFile File, ILogFormat Format, string Program)
{
    /// <summary>As the user can find it.</summary>
    public string Path => File.Path;

    /// <summary>The source of its runs: the file, or the folder of a run of many files.</summary>
    public string Source { get; init; } = File.Path;

    /// <summary>True for a file that belongs to the logs beside it and is none by itself.</summary>
    public bool IsCompanion { get; init; }

    /// <summary>Why nobody but its program can read it, as the end of a sentence; null for a log.</summary>
    public string? Problem { get; init; }

    /// <summary>The header of a table; null for other formats.</summary>
    public CsvHeader? Csv { get; init; }

    /// <summary>Reads the file into the context.</summary>
    /// <param name="context">Gets candidates in the first reading, values in the second.</param>
    public void Read(ReadingContext context)
    {
        context.Begin(this);
        try
        {
            Format.Read(this, context);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{Path}: cannot be read ({Files.InputFile.Reason(error)}); name a file that can be", error);
        }
    }
}
