using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace LastBit.Runs;

/// <summary>The one JSON document of an experiment: what <c>--json</c> prints and what the result folder holds, byte for byte.</summary>
public static class ResultJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false), new FiniteNumber() },
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowDuplicateProperties = false,
    };

    /// <summary>
    /// Turns a result record into its document: member names in camelCase, one line, every number with all of its digits.
    /// </summary>
    /// <param name="result">The record; its numbers must be finite (a record leaves out what is not, or holds null).</param>
    public static string Serialize<T>(T result) => JsonSerializer.Serialize(result, Options);

    /// <summary>The version of all documents, their first member; docs/noise.md says when it rises.</summary>
    public const int Schema = 1;

    /// <summary>What <see cref="Serialize"/> returns, with the version as the first member and a checksum as the last.</summary>
    /// <param name="result">The record.</param>
    public static string Document<T>(T result) => DocumentFile.WithChecksum(Serialize(result));

    /// <summary>The document as an object to compare or to put into another one.</summary>
    /// <param name="result">The record.</param>
    public static JsonObject ToObject<T>(T result) => (JsonObject)JsonNode.Parse(Serialize(result))!;

    /// <summary>
    /// Reads a document back. Every member that the record needs must be there, once, and be of its type; numbers must be finite.
    /// </summary>
    /// <param name="json">What <see cref="Serialize"/> returned.</param>
    /// <exception cref="JsonException">The text is not such a document.</exception>
    public static T Deserialize<T>(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Options) ?? throw new JsonException("The document is empty.");
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException or NotSupportedException or ArgumentException
            or OverflowException)
        {
            // Lone surrogates and members that are there twice surface as these.
            throw new JsonException(error.Message, error);
        }
    }

    /// <summary>A number of a document, whatever .NET type it was made from; NaN where it is none.</summary>
    internal static double Number(JsonNode? node) => node?.GetValueKind() == JsonValueKind.Number
        && double.TryParse(node.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture, out double number) ? number : double.NaN;

    /// <summary>Looks at every text of a document, so that one that is no Unicode is found now and not where it is used.</summary>
    /// <exception cref="InvalidOperationException">A text is no Unicode.</exception>
    internal static void CheckText(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                foreach ((_, JsonNode? member) in members)
                    CheckText(member);
                break;
            case JsonArray items:
                foreach (JsonNode? item in items)
                    CheckText(item);
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                value.GetValue<string>();
                break;
        }
    }

    /// <summary>Refuses 1e400, which would be read as infinity.</summary>
    private sealed class FiniteNumber : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            if (reader.TokenType != JsonTokenType.Number)
                throw new JsonException();
            double value = reader.GetDouble();
            return double.IsFinite(value) ? value : throw new JsonException();
        }

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
    }
}
