using System.Text.Json;
using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>A folder of LastBit says all in one document; what lies beside and below it is the same in other forms.</summary>
internal static class OwnFolder
{
    /// <summary>Whether a file lies in the folder of a document.</summary>
    public static bool IsBelow(LogFile log, string file) =>
        Path.GetFullPath(file).StartsWith(Path.GetDirectoryName(Path.GetFullPath(log.Path)) + Path.DirectorySeparatorChar,
            StringComparison.Ordinal);

    /// <summary>The settings in run.json beside a document; null where there are none.</summary>
    public static JsonElement? Settings(LogFile log)
    {
        string file = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(log.Path))!, "run.json");
        return File.Exists(file) && JsonFile.Parse(file) is { ValueKind: JsonValueKind.Object } root
            && root.TryGetProperty("settings", out JsonElement settings)
            && settings.ValueKind == JsonValueKind.Object ? settings : null;
    }
}
