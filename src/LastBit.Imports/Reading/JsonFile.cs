using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace LastBit.Imports.Reading;

/// <summary>Documents in JSON, and the numbers in them.</summary>
internal static partial class JsonFile
{
    /// <summary>The root of a document.</summary>
    /// <exception cref="InputException">It is not JSON.</exception>
    public static JsonElement Parse(string file)
    {
        try
        {
            byte[] bytes = File.ReadAllBytes(file);
            ReadOnlyMemory<byte> json = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes.AsMemory(3) : bytes;
            JsonElement root;
            try
            {
                root = JsonElement.Parse(json.Span);
            }
            catch (JsonException) when (json.Span.IndexOf("NaN"u8) >= 0 || json.Span.IndexOf("Infinity"u8) >= 0)
            {
                // Python writes NaN and Infinity, which are not JSON; in quotes they are, and are read as numbers below.
                root = JsonElement.Parse(NotFinite().Replace(Encoding.UTF8.GetString(json.Span), "\"$1\""));
            }
            // Halves of surrogate pairs would be found where a text is used.
            CheckText(root);
            return root;
        }
        catch (InvalidOperationException error)
        {
            throw new InputException($"{file}: holds text that is not Unicode (half of a surrogate pair, as \\ud800); write it out again",
                error);
        }
        catch (JsonException error)
        {
            throw new InputException($"{file}: is damaged JSON or ends early, at line {(error.LineNumber ?? 0) + 1}, byte "
                + $"{(error.BytePositionInLine ?? 0) + 1}; give the file as its program wrote it", error);
        }
    }

    /// <summary>A number, or one that is not finite and stands in quotes.</summary>
    public static bool TryNumber(JsonElement element, out double value)
    {
        value = 0;
        return element.ValueKind switch
        {
            JsonValueKind.Number => element.TryGetDouble(out value),
            JsonValueKind.String => element.GetString() is "NaN" or "Infinity" or "-Infinity"
                && Foreign.TryNumber(element.GetString(), out value),
            _ => false,
        };
    }

    /// <summary>Whether a value is a list of numbers.</summary>
    public static bool IsCurve(JsonElement value) => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
        && value.EnumerateArray().All(element => TryNumber(element, out _));

    /// <summary>The numbers of a list.</summary>
    public static double[] Curve(JsonElement value) => [.. value.EnumerateArray()
        .Select(element => TryNumber(element, out double number) ? number : double.NaN)];

    /// <summary>Whether an object has a member of some kind.</summary>
    public static bool Has(JsonElement root, string name, JsonValueKind kind) => root.TryGetProperty(name, out JsonElement value)
        && value.ValueKind == kind;

    /// <summary>The values of a document that are neither objects nor lists, by their names; those of objects inside are
    /// OUTER.INNER.</summary>
    public static IEnumerable<(string Name, JsonElement Value)> Flat(JsonElement root, string prefix = "") =>
        root.EnumerateObject().SelectMany(
        member => member.Value.ValueKind switch
        {
            JsonValueKind.Object => Flat(member.Value, $"{prefix}{member.Name}."),
            JsonValueKind.Array or JsonValueKind.Null => [],
            _ => [(prefix + member.Name, member.Value)],
        });

    private static void CheckText(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement one in element.EnumerateArray())
                    CheckText(one);
                break;
            case JsonValueKind.Object:
                foreach (JsonProperty member in element.EnumerateObject())
                {
                    _ = member.Name;
                    CheckText(member.Value);
                }
                break;
            default:
                break;
        }
    }

    [GeneratedRegex(@"(?<=[:\[,]\s*)(NaN|-?Infinity)(?=\s*[,\]}])", RegexOptions.CultureInvariant)]
    private static partial Regex NotFinite();
}
