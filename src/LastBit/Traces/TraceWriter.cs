using System.Globalization;
using System.IO.Compression;
using System.Text.Json;

namespace LastBit.Traces;

/// <summary>
/// Writes a trace (docs/diff.md has the format). Each step is a member of gzip of its own and on disk when it is over, so that a run that
/// is killed leaves a trace of all steps before. It therefore does not appear whole or not at all, as other files do.
/// </summary>
public sealed class TraceWriter : IDisposable
{
    private readonly FileStream _file;
    private readonly MemoryStream _member = new();

    /// <summary>Begins the file with its head.</summary>
    /// <param name="path">The file; its folder is created, and an older trace replaced.</param>
    /// <param name="program">What writes it, with its version.</param>
    /// <param name="settings">What is known of machine and settings, by name; null where nothing is set.</param>
    /// <exception cref="InputException">It cannot be written, or there is a file that is no trace.</exception>
    public TraceWriter(string path, string program, IEnumerable<KeyValuePair<string, string?>> settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        Path = path;
        RefuseForeign(path);
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!);
            _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw Cannot(error);
        }
        Line(json =>
        {
            json.WriteNumber("trace", 1);
            json.WriteString("program", program);
            json.WriteStartObject("settings");
            foreach ((string name, string? value) in settings)
                json.WriteString(name, value);
            json.WriteEndObject();
        });
        EndStep();
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Adds a record of the step.</summary>
    public void Write(TraceRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        Line(json =>
        {
            json.WriteNumber("step", record.Step);
            json.WriteString("kind", record.Key.Word);
            json.WriteString("name", record.Key.Name);
            json.WriteNumber("call", record.Key.Call);
            json.WriteString("phase", record.Key.Phase);
            json.WriteNumber("index", record.Key.Index);
            if (record.Value is { } value)
                WriteNumber(json, "value", value);
            if (record.State is { } state)
                json.WriteString("digest", Hex(state));
            if (record.Tensor is { } tensor)
                WriteTensor(json, tensor);
            if (record.Samples is { } samples)
                WriteList(json, "samples", samples, 16);
        });
    }

    /// <summary>Ends a step: what was written so far is on disk and can be read.</summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    public void EndStep()
    {
        try
        {
            using (var gzip = new GZipStream(_file, CompressionLevel.Optimal, leaveOpen: true))
                _member.WriteTo(gzip);
            _file.Flush();
        }
        catch (IOException error)
        {
            throw Cannot(error);
        }
        _member.SetLength(0);
    }

    /// <summary>Closes the file; what belongs to a step that was not ended is lost.</summary>
    public void Dispose()
    {
        _file.Dispose();
        _member.Dispose();
    }

    // What somebody else has written is not lost to a mistyped name.
    private static void RefuseForeign(string path)
    {
        if (!File.Exists(path) || new FileInfo(path).Length == 0)
            return;
        try
        {
            TraceReader.Open(path).Dispose();
        }
        catch (InputException error)
        {
            throw new InputException($"{path}: is there and is no trace; name another file, or delete this one", error);
        }
    }

    private InputException Cannot(Exception error) => new(
        $"{Path}: cannot be written ({error.Message.ReplaceLineEndings(" ")}); name a file in a folder that is writable and has "
            + "room", error);

    private void Line(Action<Utf8JsonWriter> members)
    {
        using (var json = new Utf8JsonWriter(_member))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }
        _member.WriteByte((byte)'\n');
    }

    private static void WriteTensor(Utf8JsonWriter json, TraceTensor tensor)
    {
        json.WriteStartArray("shape");
        foreach (int extent in tensor.Shape)
            json.WriteNumberValue(extent);
        json.WriteEndArray();
        if (tensor.Stride is { } stride)
        {
            json.WriteStartArray("stride");
            foreach (long distance in stride)
                json.WriteNumberValue(distance);
            json.WriteEndArray();
        }
        json.WriteString("dtype", tensor.Dtype);
        json.WriteString("digest", Hex(tensor.Digest));
        json.WriteString("blocks", string.Concat(tensor.Blocks.Select(block => block.ToString("x16", CultureInfo.InvariantCulture))));
        WriteNumber(json, "l1", tensor.L1);
        WriteNumber(json, "l2", tensor.L2);
        WriteNumber(json, "max", tensor.Max);
        if (tensor.Nan > 0)
            json.WriteNumber("nan", tensor.Nan);
        WriteList(json, "sample", tensor.Sample, 2 * (TraceNumbers.Of(tensor.Dtype)?.Bytes ?? 8));
    }

    private static void WriteList(Utf8JsonWriter json, string name, IReadOnlyList<ulong> values, int digits)
    {
        json.WriteStartArray(name);
        foreach (ulong value in values)
            json.WriteStringValue(value.ToString($"x{digits}", CultureInfo.InvariantCulture));
        json.WriteEndArray();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumber(name, value);
        else
            json.WriteString(name, value.ToString(CultureInfo.InvariantCulture));
    }

    private static string Hex(UInt128 digest) => digest.ToString("x32", CultureInfo.InvariantCulture);
}
