using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using LastBit.Files;

namespace LastBit.Traces;

/// <summary>
/// Reads a trace step by step (docs/diff.md has the format): lines of JSON, in members of gzip or plain. Memory is for one step, whatever
/// a file says of itself. A killed run leaves a file that ends early: every whole line counts, and <see cref="Cut"/> says so.
/// </summary>
public sealed partial class TraceReader : IDisposable
{
    private const int MostLine = 1 << 24, MostRecords = 200_000, MostDimensions = 64;
    private const long MostStep = 1 << 28;
    private const string Wanted = "give a trace as `Trace` in lastbit_torch or a training of LastBit writes it";

    private static readonly string[] s_words = [.. TraceKey.Words];

    private readonly Stream _stream;
    private byte[] _buffer = new byte[1 << 16];
    private int _from, _to;
    private bool _isAtEnd;
    private long _line;
    private TraceRecord? _next;
    private long _last = -1;

    private TraceReader(string path, Stream stream) => (Path, _stream) = (path, stream);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>What wrote it: "torch 1.13.1".</summary>
    public string Program { get; private set; } = "";

    /// <summary>What its head says of versions, machine, environment and flags; null where nothing is set.</summary>
    public IReadOnlyDictionary<string, string?> Settings { get; private set; } = new Dictionary<string, string?>();

    /// <summary>Why the file ends before its end, in words that follow its name; null as long as it does not.</summary>
    public string? Cut { get; private set; }

    /// <summary>Opens a trace and reads its head.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InputException">It is not there, cannot be read, or is no trace.</exception>
    public static TraceReader Open(string path)
    {
        FileStream? file = null;
        try
        {
            if (Directory.Exists(path))
                throw new InputException($"{path}: is a folder; {Wanted}");
            if (!FolderWalk.IsOrdinary(path) && File.Exists(path))
                throw new InputException($"{path}: is not an ordinary file; {Wanted}");
            file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return Open(path, file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            file?.Dispose();
            throw new InputException($"{path}: cannot be read ({InputFile.Reason(error)}); {Wanted}", error);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    /// <summary>The same of a stream that can be sought; <paramref name="path"/> names it in errors.</summary>
    internal static TraceReader Open(string path, Stream file)
    {
        int magic = file.ReadByte();
        file.Position = 0;
        var reader = new TraceReader(path, magic == 0x1f ? new GZipStream(file, CompressionMode.Decompress) : file);
        try
        {
            reader.ReadHead();
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>The records of the next step; null at the end.</summary>
    /// <exception cref="InputException">A line is not what belongs there, or a step is larger than any trace's.</exception>
    public TraceStep? NextStep()
    {
        TraceRecord? first = _next ?? ReadRecord(out _);
        _next = null;
        if (first is null)
            return null;
        if (first.Step <= _last)
            throw Bad($"step {first.Step} follows step {_last}; the steps of a trace rise");
        _last = first.Step;
        List<TraceRecord> records = [first];
        long bytes = 0;
        while (ReadRecord(out int length) is { } record)
        {
            if (record.Step != first.Step)
            {
                _next = record;
                break;
            }
            records.Add(record);
            bytes += length;
            if (records.Count > MostRecords || bytes > MostStep)
                throw Bad($"step {first.Step} has more than {MostRecords} records or {MostStep} bytes; at most that many can be read");
        }
        return new TraceStep(first.Step, records);
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private void ReadHead()
    {
        if (!TryLine(out ReadOnlySpan<byte> line))
            throw new InputException($"{Path}: is empty; {Wanted}");
        try
        {
            JsonElement head = Parse(line);
            if (head.ValueKind != JsonValueKind.Object || !head.TryGetProperty("trace", out JsonElement version)
                || version.ValueKind != JsonValueKind.Number)
                throw new InputException($"{Path}: does not begin with the head of a trace; {Wanted}");
            if (!version.TryGetInt32(out int number) || number != 1)
                throw new InputException($"{Path}: is a trace of version {ForeignText.Cut(version.GetRawText())}; version 1 can be read");
            Program = head.TryGetProperty("program", out JsonElement program) ? TextOf(program) ?? "" : "";
            if (head.TryGetProperty("settings", out JsonElement settings) && settings.ValueKind == JsonValueKind.Object)
                Settings = settings.EnumerateObject().DistinctBy(one => one.Name).ToDictionary(one => one.Name, one => TextOf(one.Value));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new InputException($"{Path}: does not begin with the head of a trace; {Wanted}", error);
        }
    }

    private static string? TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        _ => value.GetRawText(),
    };

    /// <summary>The next record of a kind that is known; null at the end. What a later version adds is passed over.</summary>
    private TraceRecord? ReadRecord(out int length)
    {
        while (TryLine(out ReadOnlySpan<byte> line))
        {
            length = line.Length;
            if (line.Trim(" \r\t"u8).IsEmpty)
                continue;
            try
            {
                JsonElement element = Parse(line);
                int kind = element.ValueKind != JsonValueKind.Object ? throw Bad("is not a record")
                    : Array.IndexOf(s_words, Text(element, "kind", "") is { Length: > 0 } word ? word : throw Bad("has no kind"));
                if (kind >= 0)
                    return Record(element, (TraceKind)kind);
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or OverflowException)
            {
                // The last line of a file that was cut is no line.
                if (_isAtEnd && _from == _to)
                {
                    Cut ??= $"ends within line {_line}";
                    return null;
                }
                throw Bad($"is not a record of a trace ({ForeignText.Cut(error.Message.TrimEnd('.'), 120)})");
            }
        }
        length = 0;
        return null;
    }

    private TraceRecord Record(JsonElement line, TraceKind kind)
    {
        var key = new TraceKey(kind, Text(line, "name", ""), (int)Whole(line, "call", 0, int.MaxValue),
            Text(line, "phase", TraceKey.Forward), (int)Whole(line, "index", 0, int.MaxValue));
        var record = new TraceRecord(line.TryGetProperty("step", out _) ? Whole(line, "step", 0, long.MaxValue) : throw Bad("has no step"),
            key);
        if (line.TryGetProperty("samples", out JsonElement samples))
            record = record with { Samples = [.. samples.EnumerateArray().Select(one => Hex(one.GetString()))] };
        if (line.TryGetProperty("value", out JsonElement value) && value.ValueKind != JsonValueKind.Null)
            record = record with { Value = Number(value) };
        if (line.TryGetProperty("shape", out JsonElement shape))
            return record with { Tensor = Tensor(line, shape) };
        return line.TryGetProperty("digest", out JsonElement state) ? record with { State = Digest(state.GetString()) } : record;
    }

    private TraceTensor Tensor(JsonElement line, JsonElement shape)
    {
        int[] extents = [.. shape.EnumerateArray().Select(one => one.GetInt32())];
        if (extents.Length > MostDimensions || extents.Any(extent => extent < 0))
            throw Bad("has a shape that no tensor has");
        string blocks = Text(line, "blocks", "");
        if (blocks.Length % 16 != 0 || blocks.Length > 16 * TraceTensor.MostBlocks)
            throw Bad($"has {blocks.Length} digits of blocks; at most {TraceTensor.MostBlocks} times 16 belong there");
        ulong[] sample = line.TryGetProperty("sample", out JsonElement values)
            ? [.. values.EnumerateArray().Select(one => Hex(one.GetString()))] : [];
        if (sample.Length > TraceTensor.MostValues)
            throw Bad($"has {sample.Length} values; at most {TraceTensor.MostValues} belong there");
        return new TraceTensor(extents, Text(line, "dtype", "float32"), Digest(Text(line, "digest", "")))
        {
            Stride = line.TryGetProperty("stride", out JsonElement stride) && stride.ValueKind == JsonValueKind.Array
                ? [.. stride.EnumerateArray().Select(one => one.GetInt64())] : null,
            Blocks = [.. blocks.Chunk(16).Select(digits => Hex(new string(digits)))],
            L1 = Norm(line, "l1"),
            L2 = Norm(line, "l2"),
            Max = Norm(line, "max"),
            Nan = Whole(line, "nan", 0, long.MaxValue),
            Sample = sample,
        };
    }

    private double Norm(JsonElement line, string name) => !line.TryGetProperty(name, out JsonElement value)
        || value.ValueKind == JsonValueKind.Null ? 0
        : Number(value) is var norm and >= 0 ? norm : double.IsNaN(Number(value)) ? 0 : throw Bad($"has a {name} below 0");

    private static double Number(JsonElement value) => value.ValueKind == JsonValueKind.String
        ? double.Parse(value.GetString()!, NumberStyles.Float, CultureInfo.InvariantCulture) : value.GetDouble();

    private string Text(JsonElement line, string name, string missing) => !line.TryGetProperty(name, out JsonElement value) ? missing
        : value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Bad($"has a {name} that is no text");

    private long Whole(JsonElement line, string name, long missing, long most) =>
        !line.TryGetProperty(name, out JsonElement value) ? missing
        : value.TryGetInt64(out long number) && number >= 0 && number <= most ? number : throw Bad($"has a {name} that cannot be");

    private UInt128 Digest(string? text) => text is { Length: 32 } ? new UInt128(Hex(text[..16]), Hex(text[16..]))
        : throw Bad("has a digest that is not 32 hexadecimal digits");

    private ulong Hex(string? text) =>
        text is { Length: > 0 and <= 16 } && ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture,
            out ulong bits)
            ? bits : throw Bad($"has '{ForeignText.Cut(text)}' where at most 16 hexadecimal digits belong");

    private InputException Bad(string what) =>
        new($"{Path}:{_line}: {what}; record the training again, or cut the file off before this line");

    /// <summary>A document; Python writes NaN and Infinity, which are not JSON, and are read as texts.</summary>
    private static JsonElement Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonElement.Parse(line);
        }
        catch (JsonException) when (line.IndexOf("NaN"u8) >= 0 || line.IndexOf("Infinity"u8) >= 0)
        {
            return JsonElement.Parse(NotFinite().Replace(Encoding.UTF8.GetString(line), "\"$1\""));
        }
    }

    private bool TryLine(out ReadOnlySpan<byte> line)
    {
        int scanned = _from;
        while (true)
        {
            int end = _buffer.AsSpan(scanned, _to - scanned).IndexOf((byte)'\n');
            if (end >= 0)
            {
                line = _buffer.AsSpan(_from, scanned + end - _from);
                _from = scanned + end + 1;
                _line++;
                return true;
            }
            scanned = _to;
            if (_isAtEnd)
            {
                line = _buffer.AsSpan(_from, _to - _from);
                _from = _to;
                _line++;
                return !line.IsEmpty;
            }
            if (_from > 0)
            {
                _buffer.AsSpan(_from, _to - _from).CopyTo(_buffer);
                (scanned, _to, _from) = (scanned - _from, _to - _from, 0);
            }
            if (_to == _buffer.Length)
            {
                if (_to >= MostLine)
                    throw new InputException($"{Path}:{_line + 1}: is longer than {MostLine} bytes; {Wanted}");
                Array.Resize(ref _buffer, 2 * _buffer.Length);
            }
            Fill();
        }
    }

    private void Fill()
    {
        try
        {
            int count = _stream.Read(_buffer, _to, _buffer.Length - _to);
            _isAtEnd = count == 0;
            _to += count;
        }
        catch (Exception error) when (error is InvalidDataException or IOException)
        {
            Cut = "ends early: the rest of its compressed data is missing or damaged";
            _isAtEnd = true;
        }
    }

    [GeneratedRegex(@"(?<=[:\[,]\s*)(NaN|-?Infinity)(?=\s*[,\]}])", RegexOptions.CultureInvariant)]
    private static partial Regex NotFinite();
}
