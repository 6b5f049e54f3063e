using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using LastBit.Reports.Claims;
using LastBit.Reports.Sections;

namespace LastBit.Cli;

/// <summary>How JSON is written.</summary>
internal static class Json
{
    private static readonly JsonSerializerOptions Options =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A document as indented text.</summary>
    internal static string Text(JsonNode document) => document.ToJsonString(Options);

    /// <summary>The claims of the paper that a folder can answer, with what decides each.</summary>
    internal static JsonArray Claims(IEnumerable<ReportSection> claims) => new([.. claims.Select(claim => new JsonObject
    {
        ["place"] = claim.Claim.Place,
        ["claim"] = claim.Claim.Title,
        ["verdict"] = claim.Finding.Verdict == Verdict.Confirmed ? "confirmed" : "not confirmed",
        ["decides"] = claim.Finding.Decides,
    })]);
}
