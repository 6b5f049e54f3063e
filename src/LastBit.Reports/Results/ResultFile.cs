using System.Text.Json;
using LastBit.Experiments;
using LastBit.Runs;
using LastBit.Statistics;

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
    {
        string path = Path.Combine(folder, name);
        try
        {
            return ResultJson.Deserialize<T>(File.ReadAllText(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new InputException($"{path}: cannot be read ({error.Message.ReplaceLineEndings(" ")}); it should be what a run of LastBit wrote", error);
        }
    }
}
