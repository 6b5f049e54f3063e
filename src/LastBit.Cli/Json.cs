using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LastBit.Reports.Claims;
using LastBit.Reports.Sections;
using LastBit.Runs;

namespace LastBit.Cli;

/// <summary>How JSON is written.</summary>
internal static class Json
{
    private static readonly JsonSerializerOptions Indented =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonSerializerOptions OneLine = new() { Encoder = Indented.Encoder };

    /// <summary>A document as text, with its version.</summary>
    /// <param name="document">The document.</param>
    /// <param name="isOneLine">Whether it is one of several, a line each.</param>
    internal static string Text(JsonObject document, bool isOneLine = false)
    {
        document.Insert(0, "schema", ResultJson.Schema);
        return document.ToJsonString(isOneLine ? OneLine : Indented);
    }

    /// <summary>The claims of the paper that a folder can answer, with what decides each.</summary>
    internal static JsonArray Claims(IEnumerable<ReportSection> claims) => new([.. claims.Select(claim => new JsonObject
    {
        ["place"] = claim.Claim.Place,
        ["claim"] = claim.Claim.Title,
        ["verdict"] = claim.Finding.Verdict == Verdict.Confirmed ? "confirmed" : "not confirmed",
        ["decides"] = claim.Finding.Decides,
    })]);
}
