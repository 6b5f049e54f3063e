using System.Text.Json;
using LastBit.Imports.Reading;
using LastBit.Runs;

namespace LastBit.Imports.Formats;

/// <summary>A folder of LastBit says all in one document; what lies beside and below it is the same in other forms.</summary>
internal static class OwnFolder
{
    /// <summary>Whether a file lies in the folder of a document.</summary>
    public static bool IsBelow(LogFile log, string file) =>
        Path.GetFullPath(file).StartsWith(Path.GetDirectoryName(Path.GetFullPath(log.Path)) + Path.DirectorySeparatorChar,
            StringComparison.Ordinal);

    /// <summary>The object of a log that is a document of LastBit.</summary>
    /// <exception cref="InputException">It was changed after it was written.</exception>
    public static JsonElement Document(LogFile log) => Checked(log.Path, log.File.Json!.Value);

    /// <summary>The settings in run.json beside a document; null where there are none.</summary>
    /// <exception cref="InputException">The file was changed after it was written.</exception>
    public static JsonElement? Settings(LogFile log)
    {
        string file = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(log.Path))!, "run.json");
        return File.Exists(file) && JsonFile.Parse(file) is { ValueKind: JsonValueKind.Object } root
            && Checked(file, root).TryGetProperty("settings", out JsonElement settings)
            && settings.ValueKind == JsonValueKind.Object ? settings : null;
    }

    // Documents of older versions have no checksum, and those of other programs are read as they are.
    private static JsonElement Checked(string file, JsonElement root)
    {
        if (root.TryGetProperty(DocumentFile.Checksum, out _))
            DocumentFile.ReadObject(file);
        return root;
    }
}
