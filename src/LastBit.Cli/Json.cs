using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LastBit.Cli;

/// <summary>How JSON is written.</summary>
internal static class Json
{
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A document as indented text.</summary>
    internal static string Text(JsonNode document) => document.ToJsonString(Options);
}
