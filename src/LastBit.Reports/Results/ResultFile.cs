using System.Text.Json.Nodes;
using LastBit.Runs;

namespace LastBit.Reports.Results;

/// <summary>Reads the result documents of a folder.</summary>
internal static class ResultFile
{
    /// <summary>Reads one document into the record that wrote it.</summary>
    /// <typeparam name="T">The record.</typeparam>
    /// <param name="folder">The result folder.</param>
    /// <param name="name">The document's file name.</param>
    /// <exception cref="InputException">The file is not there or is no such document.</exception>
    internal static T Read<T>(string folder, string name)
        where T : class
    {
        string path = Path.Combine(folder, name);
        return typeof(T) == typeof(JsonObject) ? (T)(object)DocumentFile.ReadObject(path) : DocumentFile.Read<T>(path);
    }
}
