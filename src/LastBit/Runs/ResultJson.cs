using System.Text.Json;
using System.Text.Json.Serialization;
using LastBit.Experiments;

namespace LastBit.Runs;

/// <summary>The one JSON document of an experiment: what <c>--json</c> prints and what the result folder holds, byte for byte.</summary>
public static class ResultJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Turns a result record into its document: member names in camelCase, one line, every number with all of its digits.</summary>
    /// <param name="result">The record; its numbers must be finite (a record leaves out what is not, or holds null).</param>
    public static string Serialize<T>(T result) => JsonSerializer.Serialize(result, Options);

    /// <summary>Reads a document back.</summary>
    /// <param name="json">What <see cref="Serialize"/> returned.</param>
    /// <exception cref="JsonException">The text is not such a document.</exception>
    public static T Deserialize<T>(string json) =>
        JsonSerializer.Deserialize<T>(json, Options) ?? throw new JsonException("The document is empty.");
}
