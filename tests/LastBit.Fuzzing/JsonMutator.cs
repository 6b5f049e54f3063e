using System.Text;
using System.Text.Json.Nodes;

namespace LastBit.Fuzzing;

/// <summary>
/// Makes well-formed but wrong documents: another value or type, a member that is missing, there twice, new, or of another place, lists cut
/// or grown.
/// </summary>
internal static class JsonMutator
{
    private const string Place = "@place@";

    private static readonly string[] s_values =
    [
        "null", "true", "false", "0", "-1", "1", "2", "3.5", "-0.0", "100", "105", "1e308", "-1e308", "1e400", "1e-400", "2147483648",
        "-2147483649",
        "9223372036854775808", "18446744073709551616", "\"\"", "\"x\"", "\"1\"", "\"NaN\"", "\"\\ud800\"", "\"\\u001b[2J\\u0007\"",
        "\"\\u0000\"",
        "\"../../../etc/passwd\"", "\"/dev/zero\"", "\"resnet8\"", "[]", "{}", "[null]", "[[]]", "[1,2,3]", "[\"a\"]", "{\"1\":null}",
        "{\"x\":1}", "{\"1\":{\"3\":[50]}}",
    ];

    /// <summary>One to four changes to one of the documents.</summary>
    /// <param name="random">The random numbers.</param>
    /// <param name="seeds">Valid documents.</param>
    public static byte[] Next(System.Random random, IReadOnlyList<byte[]> seeds)
    {
        JsonNode document = Parse(seeds[random.Next(seeds.Count)]);
        string text = document.ToJsonString();
        for (int changes = random.Next(4) == 0 ? random.Next(2, 5) : 1; changes > 0; changes--)
        {
            text = Change(random, document);
            // What is no longer JSON (1e400, a member twice) is not changed further.
            if (changes > 1 && !TryParse(text, out document!))
                break;
        }
        return Encoding.UTF8.GetBytes(text);
    }

    private static string Change(System.Random random, JsonNode document)
    {
        List<JsonNode> holders = [];
        Collect(document, holders);
        if (holders.Count == 0 || random.Next(40) == 0)
            return s_values[random.Next(s_values.Length)];
        JsonNode holder = holders[random.Next(holders.Count)];
        string value = random.Next(4) == 0 ? holders[random.Next(holders.Count)].ToJsonString() : s_values[random.Next(s_values.Length)];
        if (holder is JsonObject members)
        {
            string[] names = [.. members.Select(member => member.Key)];
            string name = names.Length > 0 ? names[random.Next(names.Length)] : "new";
            switch (random.Next(6))
            {
                case 0:
                    members.Remove(name);
                    return document.ToJsonString();
                case 1:
                    string twice = $"{members[name]?.ToJsonString() ?? "null"},{JsonValue.Create(name)!.ToJsonString()}:{value}";
                    return Put(document, () => members[name] = Place, twice);
                case 2:
                    return Put(document, () => members[random.Next(3) == 0 ? "new" : name.ToUpperInvariant()] = Place, value);
                default:
                    return Put(document, () => members[name] = Place, value);
            }
        }
        var list = (JsonArray)holder;
        switch (random.Next(5))
        {
            case 0 when list.Count > 0:
                list.RemoveAt(random.Next(list.Count));
                return document.ToJsonString();
            case 1 when list.Count > 0:
                JsonNode? one = list[random.Next(list.Count)];
                for (int copies = random.Next(1, random.Next(8) == 0 ? 2000 : 4); copies > 0; copies--)
                    list.Add(one?.DeepClone());
                return document.ToJsonString();
            case 2:
                return Put(document, () => list.Insert(random.Next(list.Count + 1), Place), value);
            default:
                return list.Count == 0
                    ? Put(document, () => list.Add(Place), value) : Put(document, () => list[random.Next(list.Count)] = Place, value);
        }
    }

    private static string Put(JsonNode document, Action place, string value)
    {
        place();
        return document.ToJsonString().Replace($"\"{Place}\"", value, StringComparison.Ordinal);
    }

    private static void Collect(JsonNode? node, List<JsonNode> holders)
    {
        if (node is JsonObject members)
        {
            holders.Add(node);
            foreach ((_, JsonNode? member) in members)
                Collect(member, holders);
        }
        else if (node is JsonArray list)
        {
            holders.Add(node);
            foreach (JsonNode? one in list)
                Collect(one, holders);
        }
    }

    private static JsonNode Parse(byte[] text) => JsonNode.Parse(text)!;

    private static bool TryParse(string text, out JsonNode? node)
    {
        node = null;
        try
        {
            node = JsonNode.Parse(text, documentOptions: new() { AllowDuplicateProperties = false });
            // Halves of surrogate pairs are found when a text is asked for.
            _ = node?.ToJsonString();
            return node is not null;
        }
        catch (Exception error) when (error is System.Text.Json.JsonException or InvalidOperationException)
        {
            return false;
        }
    }
}
