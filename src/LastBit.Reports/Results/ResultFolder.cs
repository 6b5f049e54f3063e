using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using LastBit.Experiments.Reproduction;
using LastBit.Files;
using LastBit.Runs;

namespace LastBit.Reports.Results;

/// <summary>A result folder: its documents, each read once and when it is asked for, and its files.</summary>
public sealed class ResultFolder
{
    private readonly ConcurrentDictionary<string, object?> _read = new();

    private readonly IReadOnlyDictionary<string, byte[]>? _documents;

    private ResultFolder(string path, IReadOnlyDictionary<string, byte[]>? documents = null)
    {
        Path = PageFolder = path;
        _documents = documents;
        Run = documents is null ? RunFolder.Read(path) : Document<JsonObject>("run.json");
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The folder that the page and its figures/ lie in: the result folder, unless they were asked for elsewhere.</summary>
    public string PageFolder { get; private init; }

    /// <summary>run.json; null when it is not there.</summary>
    public JsonObject? Run { get; }

    /// <summary>
    /// Whether the one-layer experiments ran on the paper's image and kernel size, so that what the paper says of single learning rates can
    /// be asked of them.
    /// </summary>
    public bool HasPapersImage => PaperSetting.HasImageAndKernel(Run?["settings"] as JsonObject);

    /// <summary>Opens a folder.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="documents">The names of the documents that a run can leave there.</param>
    /// <param name="pageFolder">Where the page goes; null is the folder itself.</param>
    /// <returns>The folder.</returns>
    /// <exception cref="InputException">There is no such folder, or none of the documents is in it.</exception>
    public static ResultFolder Open(string path, IEnumerable<string> documents, string? pageFolder = null)
    {
        if (!Directory.Exists(path))
            throw new InputException($"{path}: is not a folder; name a folder that a run of lastbit has filled");
        if (!documents.Any(name => System.IO.Path.Exists(System.IO.Path.Combine(path, name))))
        {
            throw new InputException(
                $"{path}: holds no results (none of {string.Join(", ", documents)}); name a folder that a run of lastbit has filled");
        }
        return new ResultFolder(path) { PageFolder = pageFolder ?? path };
    }

    /// <summary>A folder that is not on disk: its documents come with the program.</summary>
    /// <param name="path">What it is called.</param>
    /// <param name="documents">Its documents by name.</param>
    internal static ResultFolder Of(string path, IReadOnlyDictionary<string, byte[]> documents) => new(path, documents);

    /// <summary>A document of the folder.</summary>
    /// <typeparam name="T">The record that wrote it.</typeparam>
    /// <param name="name">Its name.</param>
    /// <returns>The document, or null when it is not there.</returns>
    /// <exception cref="InputException">It is damaged.</exception>
    public T? Document<T>(string name)
        where T : class => (T?)_read.GetOrAdd(name, _ => Read<T>(name));

    /// <summary>A file of the folder.</summary>
    /// <param name="name">Its name, with forward slashes.</param>
    /// <returns>Its bytes, or null when it is not there.</returns>
    public byte[]? Bytes(string name) => Bytes(Path, name);

    /// <summary>A file of <see cref="PageFolder"/>.</summary>
    /// <param name="name">Its name, with forward slashes.</param>
    /// <returns>Its bytes, or null when it is not there.</returns>
    public byte[]? Picture(string name) => Bytes(PageFolder, name);

    private static byte[]? Bytes(string folder, string name)
    {
        string file = System.IO.Path.Combine(folder, name);
        return File.Exists(file) ? InputFile.ReadAllBytes(file, Array.MaxLength, "it should be what a run of LastBit wrote") : null;
    }

    private T? Read<T>(string name)
        where T : class =>
        _documents is not null
            ? _documents.TryGetValue(name, out byte[]? bytes) ? ResultJson.Deserialize<T>(Encoding.UTF8.GetString(bytes)) : null
        : System.IO.Path.Exists(System.IO.Path.Combine(Path, name)) ? ResultFile.Read<T>(Path, name) : null;
}
