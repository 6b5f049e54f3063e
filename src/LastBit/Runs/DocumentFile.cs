using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using LastBit.Files;

namespace LastBit.Runs;

/// <summary>A document that knows more of what it may hold than its types say.</summary>
public interface ICheckedDocument
{
    /// <summary>What is wrong with the document, naming the member, in words that follow "the file: "; null when nothing is.</summary>
    string? Problem();
}

/// <summary>
/// The one door through which documents come in from run folders. People copy, cut and edit files, so a document is read as input: it
/// must be a regular file of moderate size, hold each member once, of the right type, and keep to the ranges of
/// <see cref="ICheckedDocument"/>.
/// </summary>
public static partial class DocumentFile
{
    /// <summary>The last member of every document: SHA-256 of the others, written without white space.</summary>
    public const string Checksum = "checksum";

    /// <summary>The first member of every document: <see cref="ResultJson.Schema"/>.</summary>
    private const string Schema = "schema";

    private const long Limit = 512 << 20;

    /// <summary>Reads a document into the record that wrote it.</summary>
    /// <typeparam name="T">The record.</typeparam>
    /// <param name="path">The file.</param>
    /// <param name="remedy">What the reader can do about a bad file ("delete it to compute the run again").</param>
    /// <exception cref="InputException">The file cannot be read or is no such document; the message names file and member.</exception>
    public static T Read<T>(string path, string remedy = "it should be what a run of LastBit wrote")
    {
        string text = ReadText(path, remedy);
        T document;
        try
        {
            document = ResultJson.Deserialize<T>(text);
        }
        catch (JsonException error)
        {
            throw new InputException($"{path}: is damaged ({Place(error)}); {remedy}", error);
        }
        if ((NullElement.In(document) ?? (document as ICheckedDocument)?.Problem()) is { } problem)
            throw new InputException($"{path}: {problem}; {remedy}");
        if (text.Contains($"\"{Checksum}\"", StringComparison.Ordinal) || text.Contains($"\"{Schema}\"", StringComparison.Ordinal))
            Parse(path, text, remedy);
        return document;
    }

    /// <summary>Reads a document whose members are not known beforehand.</summary>
    /// <param name="path">The file.</param>
    /// <param name="remedy">What the reader can do about a bad file.</param>
    /// <exception cref="InputException">The file cannot be read or is no object.</exception>
    public static JsonObject ReadObject(string path, string remedy = "it should be what a run of LastBit wrote") =>
        Parse(path, ReadText(path, remedy), remedy);

    /// <summary>A document with its version as the first member and its checksum as the last, in one line.</summary>
    /// <param name="json">The document as an object, with or without them.</param>
    internal static string WithChecksum(string json)
    {
        var document = (JsonObject)JsonNode.Parse(json)!;
        document.Remove(Checksum);
        document.Remove(Schema);
        document.Insert(0, Schema, ResultJson.Schema);
        document[Checksum] = ChecksumOf(document);
        return document.ToJsonString();
    }

    private static string ChecksumOf(JsonObject document) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(document.ToJsonString())));

    /// <summary>
    /// Parses a document and holds it against its checksum and its version, which older ones lack and which are taken off.
    /// </summary>
    private static JsonObject Parse(string path, string text, string remedy)
    {
        JsonObject found;
        try
        {
            // Members are looked up lazily, and a member that is there twice shows only then; the strict reader looks at once.
            JsonNode? node = JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false });
            found = node as JsonObject ?? throw new JsonException("it is not an object");
            ResultJson.CheckText(found);
        }
        catch (Exception error) when (error is JsonException or ArgumentException or InvalidOperationException)
        {
            throw new InputException($"{path}: is damaged ({Place(error)}); {remedy}", error);
        }
        if (found.Remove(Checksum, out JsonNode? sum) && sum?.ToString() != ChecksumOf(found))
        {
            throw new InputException($"{path}: was changed after it was written (its {Checksum} does not fit); {remedy}, or, if the "
                + $"change is meant, take {Checksum} out of it");
        }
        if (found.Remove(Schema, out JsonNode? schema) && ResultJson.Number(schema) != ResultJson.Schema)
        {
            throw new InputException($"{path}: is of schema {ForeignText.Cut(schema?.ToJsonString() ?? "null", 20)}, and this program "
                + $"reads {ResultJson.Schema}; use the version of LastBit that wrote it");
        }
        return found;
    }

    /// <summary>What is wrong with a text that should be a digest; null when nothing is.</summary>
    internal static string? DigestProblem(string digest) =>
        digest.Length == 64 && digest.All(char.IsAsciiHexDigitLower)
            ? null : "has a digest that is not one (64 hexadecimal digits are right)";

    private static string ReadText(string path, string remedy)
    {
        try
        {
            if (Directory.Exists(path))
                throw new InputException($"{path}: is a folder; {remedy}");
            // Devices and pipes have no length; they would be read for ever.
            string file = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
            long length = new FileInfo(file).Length;
            if (length == 0)
                throw new InputException($"{path}: is empty or not an ordinary file; {remedy}");
            if (length > Limit)
                throw new InputException($"{path}: has {length >> 20} MB, and no document of LastBit is that large; {remedy}");
            byte[] bytes = new byte[length];
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            int count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 0, count);
        }
        catch (ArgumentException error)
        {
            throw new InputException($"{path}: is damaged (it is not text in UTF-8); {remedy}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be read ({InputFile.Reason(error)}); {remedy}", error);
        }
    }

    /// <summary>Where a document goes wrong, in the file's words and not in .NET's.</summary>
    private static string Place(Exception error) => ForeignText.Cut(error switch
    {
        JsonException { Path: { Length: > 2 } member } json when member.StartsWith("$.", StringComparison.Ordinal) =>
            json.Message.StartsWith("The JSON value could not be converted", StringComparison.Ordinal)
                ? $"{member[2..]} is not of the right kind"
                : json.Message.Contains("doesn't allow", StringComparison.Ordinal)
                    && json.Message.Contains("null values", StringComparison.Ordinal)
                ? $"{member[2..]} is null"
                : $"at {member[2..]}: {Plainly(json.Message)}",
        _ => Plainly(error.Message),
    }, 200);

    private static string Plainly(string message)
    {
        string line = message.ReplaceLineEndings(" ");
        int end = line.IndexOf(" Path: ", StringComparison.Ordinal);
        line = (end < 0 ? line : line[..end]).TrimEnd('.', ' ', '|');
        return Missing().Match(line) is { Success: true } missing
            ? $"it lacks {missing.Groups[1].Value.Replace("'", "", StringComparison.Ordinal)}"
            : Twice().Match(line) is { Success: true } twice ? $"{twice.Groups[1].Value} is there twice"
            : line.Contains("UTF-16", StringComparison.Ordinal) ? "a text holds half of a surrogate pair"
            : line;
    }

    [GeneratedRegex("missing required properties including: ?(.*)$")]
    private static partial Regex Missing();

    [GeneratedRegex("^Duplicate property '(.*)' encountered")]
    private static partial Regex Twice();
}
