using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using LastBit.Runs;

namespace LastBit.Cli;

/// <summary>
/// The document that `noise -` and `compare -` read on standard input; docs/noise.md has its schema. Its numbers become logs in a folder
/// that lives as long as
/// the object, so that they are read by the rules that hold for every log.
/// </summary>
internal sealed class InputDocument : IDisposable
{
    private const string Where = "standard input";
    private static readonly string[] Tables = ["trainings", "rows", "columns", "values"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("lastbit-");
    private readonly List<RunsQuestion> _questions = [];
    // What a line of each file is in the document.
    private readonly Dictionary<string, string> _units = [];
    private readonly ParseResult _parse;

    private InputDocument(ParseResult parse) => _parse = parse;

    /// <summary>The questions in their order, at least one.</summary>
    internal IReadOnlyList<RunsQuestion> Questions => _questions;

    /// <summary>Whether the document has a list of questions, be it a list of one.</summary>
    internal bool HasSeveral { get; private set; }

    /// <summary>Reads a document.</summary>
    /// <param name="input">The document in UTF-8.</param>
    /// <param name="parse">The command line; its options hold for every question.</param>
    /// <exception cref="InputException">It is not such a document.</exception>
    internal static InputDocument Read(Stream input, ParseResult parse)
    {
        var document = new InputDocument(parse);
        try
        {
            using var json = JsonDocument.Parse(input);
            document.Take(json.RootElement);
            return document;
        }
        catch (JsonException error)
        {
            document.Dispose();
            throw new InputException($"{Where}: is not JSON at line {(error.LineNumber ?? 0) + 1}, column "
                + $"{(error.BytePositionInLine ?? 0) + 1}; "
                + "one document as docs/noise.md describes it is right (NaN is the text \"NaN\")", error);
        }
        catch
        {
            document.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _folder.Delete(recursive: true);

    private void Take(JsonElement root)
    {
        Expect(root, JsonValueKind.Object, "the document");
        Members(root, "the document", ["schema", "command", "name", "options", "questions", .. OfTable]);
        if (root.TryGetProperty("schema", out JsonElement schema) && !(schema.ValueKind == JsonValueKind.Number
            && schema.TryGetInt32(out int version) && version == ResultJson.Schema))
            throw new InputException($"{Where}: \"schema\" is {schema.GetRawText()}; this program reads {ResultJson.Schema}");
        string command = _parse.CommandResult.Command.Name;
        if (root.TryGetProperty("command", out JsonElement named) && !(named.ValueKind == JsonValueKind.String
            && named.GetString() == command))
            throw new InputException($"{Where}: \"command\" is {named.GetRawText()}, and this is {command}; give the document to that "
                + "command");
        HasSeveral = root.TryGetProperty("questions", out JsonElement questions);
        if (!HasSeveral)
        {
            Question(root, null, "the document");
            return;
        }
        Expect(questions, JsonValueKind.Array, "\"questions\"");
        if (questions.GetArrayLength() == 0)
            throw new InputException($"{Where}: \"questions\" is empty; give one or more");
        int number = 0;
        foreach (JsonElement question in questions.EnumerateArray())
        {
            string what = string.Create(CultureInfo.InvariantCulture, $"question {++number}");
            Expect(question, JsonValueKind.Object, what);
            Members(question, what, ["name", "options", .. OfTable]);
            Question(question, root, what);
        }
    }

    private static string[] OfTable => [.. Tables, "seeds", "ks", "folds", "names"];

    private void Question(JsonElement question, JsonElement? root, string what)
    {
        Dictionary<string, string> options = new(StringComparer.Ordinal);
        foreach (JsonElement owner in new[] { root, question }.OfType<JsonElement>())
        {
            if (!owner.TryGetProperty("options", out JsonElement given))
                continue;
            Expect(given, JsonValueKind.Object, "\"options\"");
            foreach (JsonProperty option in given.EnumerateObject())
                options[OptionName(option.Name)] = OptionText(option);
        }
        string[] tokens = [.. _parse.Tokens.Select(token => token.Value), .. options.Where(one => one.Value != "false")
            .SelectMany(one => one.Value == "true" ? [one.Key] : new[] { one.Key, one.Value })];
        var parse = ParseResultOf(tokens);
        if (parse.Errors.Count > 0)
            throw new InputException($"{Where}: {UsageErrors.Describe(parse)}");
        if (UsageErrors.Mistyped(parse) is { } mistyped)
            throw new InputException($"{Where}: {mistyped}");
        string? metric = LogOptions.MetricsOf(parse) is [var only] ? only : null;
        string folder = _folder.CreateSubdirectory(string.Create(CultureInfo.InvariantCulture, $"{_questions.Count}")).FullName;

        List<(string? Name, string Path)> files = [];
        if (question.TryGetProperty("trainings", out JsonElement trainings))
        {
            if (parse.CommandResult.Command.Name != "compare")
                throw new InputException($"{Where}: {what}: \"trainings\" are for compare; noise takes \"values\", \"rows\" or "
                    + "\"columns\" of one training");
            Expect(trainings, JsonValueKind.Array, "\"trainings\"");
            foreach (JsonElement training in trainings.EnumerateArray())
            {
                Expect(training, JsonValueKind.Object, "a training");
                Members(training, "a training", ["name", .. OfTable[1..]]);
                string name = training.TryGetProperty("name", out JsonElement called) && called.ValueKind == JsonValueKind.String
                    && called.GetString() is { Length: > 0 } text ? text
                    : throw new InputException($"{Where}: {what}: a training has no \"name\"; give each its own");
                string path = Path.Combine(folder, $"training {files.Count + 1}");
                files.Add((name, LogOf(training, path, $"training '{ForeignText.Cut(name, 60)}'", metric)));
            }
        }
        else
        {
            files.Add((null, LogOf(question, Path.Combine(folder, "table"), "table", metric)));
        }
        _questions.Add(new RunsQuestion(parse, question.TryGetProperty("name", out JsonElement title) ? title.ToString() : null, files,
            null, RunLines.CommandLine(_parse), text => Renamed(text, files)));
    }

    /// <summary>A message about the files that the tables became, in words of the document: their lines are its values or rows.</summary>
    private string Renamed(string text, IReadOnlyList<(string? Name, string Path)> files)
    {
        // The last first, for "training 1" is the beginning of "training 10".
        foreach ((string? name, string path) in files.Reverse())
        {
            string table = name is null ? Where : $"{Where}, training '{ForeignText.Cut(name, 60)}'";
            text = Regex.Replace(text, Regex.Escape(path) + "(?::([0-9]+))?",
                match => match.Groups[1].Success ? $"{table}, {_units[path]} {match.Groups[1].Value}" : table);
        }
        return text;
    }

    private ParseResult ParseResultOf(string[] tokens) => _parse.RootCommandResult.Command.Parse(tokens, _parse.Configuration);

    /// <summary>Writes a table as a log, an object a row.</summary>
    private string LogOf(JsonElement owner, string path, string name, string? metric)
    {
        string[] given = [.. Tables[1..].Where(table => owner.TryGetProperty(table, out _))];
        if (given.Length != 1)
        {
            throw new InputException($"{Where}: {name} has "
                + $"{(given.Length == 0 ? "no" : string.Join(" and ", given.Select(one => $"\"{one}\"")) + ", more than one")} table; "
                + "give one of \"values\" (a number a run), \"rows\" (an object a row) and \"columns\" (a list a column)");
        }
        using FileStream stream = File.Create(path);
        JsonElement table = owner.GetProperty(given[0]);
        _units[path] = given[0] == "values" ? "value" : "row";
        if (given[0] == "rows")
        {
            Expect(table, JsonValueKind.Array, "\"rows\"");
            foreach (JsonElement row in table.EnumerateArray())
            {
                Expect(row, JsonValueKind.Object, "a row");
                Row(stream, row.EnumerateObject().Select(cell => (cell.Name, cell.Value)));
            }
            return path;
        }
        List<(string Name, JsonElement[] Cells)> columns = [];
        if (given[0] == "columns")
        {
            Expect(table, JsonValueKind.Object, "\"columns\"");
            foreach (JsonProperty column in table.EnumerateObject())
                columns.Add((column.Name, Cells(column.Value, column.Name)));
        }
        else
        {
            JsonElement[] values = Cells(table, "values");
            if (Array.FindIndex(values, value => !IsNumber(value)) is >= 0 and int word)
                throw new InputException($"{Where}: {name}, value {word + 1}: is {ForeignText.Cut(values[word].GetRawText(), 60)}; a "
                    + "number is right, or \"NaN\" for a run that diverged");
            columns.Add((metric ?? "value", values));
            foreach ((string list, string role) in new[] { ("seeds", "seed"), ("ks", "k"), ("folds", "fold"), ("names", "run") })
            {
                if (owner.TryGetProperty(list, out JsonElement column))
                    columns.Add((role, Cells(column, list)));
            }
        }
        int rows = columns.Count == 0 ? 0 : columns.Max(column => column.Cells.Length);
        foreach ((string column, JsonElement[] cells) in columns)
        {
            if (cells.Length != rows)
                throw new InputException($"{Where}: {name}: {column} has {cells.Length} cells where another column has {rows}; all must "
                    + "have as many");
        }
        for (int i = 0; i < rows; i++)
        {
            int row = i;
            IEnumerable<(string, JsonElement)> cells = columns.Select(column => (column.Name, column.Cells[row]));
            Row(stream, cells, given[0] == "values" && columns.All(column => column.Name != "run") ? row + 1 : 0);
        }
        return path;
    }

    private static void Row(Stream stream, IEnumerable<(string Name, JsonElement Value)> cells, int run = 0)
    {
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            if (run > 0)
                writer.WriteString("run", run.ToString(CultureInfo.InvariantCulture));
            foreach ((string name, JsonElement value) in cells)
            {
                writer.WritePropertyName(name);
                value.WriteTo(writer);
            }
            writer.WriteEndObject();
        }
        stream.WriteByte((byte)'\n');
    }

    private static bool IsNumber(JsonElement cell) => cell.ValueKind is JsonValueKind.Number or JsonValueKind.Null
        || cell.ValueKind == JsonValueKind.String
            && double.TryParse(cell.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private static JsonElement[] Cells(JsonElement list, string name)
    {
        Expect(list, JsonValueKind.Array, $"\"{name}\"");
        return [.. list.EnumerateArray()];
    }

    /// <summary>"notWorse" and "not-worse" are --not-worse.</summary>
    private static string OptionName(string name) =>
        "--" + string.Concat(name.Select(letter => char.IsAsciiLetterUpper(letter) ? $"-{char.ToLowerInvariant(letter)}" : $"{letter}"));

    private static string OptionText(JsonProperty option) => option.Value.ValueKind switch
    {
        JsonValueKind.String => option.Value.GetString()!,
        JsonValueKind.Array => string.Join(',', option.Value.EnumerateArray()),
        JsonValueKind.Null => "false",
        _ => option.Value.GetRawText(),
    };

    private static void Expect(JsonElement element, JsonValueKind kind, string what)
    {
        if (element.ValueKind != kind)
            throw new InputException($"{Where}: {what} is {Article(element.ValueKind)}; {Article(kind)} is right");

        static string Article(JsonValueKind kind) => kind switch
        {
            JsonValueKind.Array => "a list",
            JsonValueKind.Object => "an object",
            JsonValueKind.String => "a text",
            JsonValueKind.Number => "a number",
            JsonValueKind.Null => "null",
            _ => "true or false",
        };
    }

    private static void Members(JsonElement owner, string what, string[] known)
    {
        foreach (JsonProperty member in owner.EnumerateObject())
        {
            if (!known.Contains(member.Name))
                throw new InputException($"{Where}: {what} has a member \"{ForeignText.Cut(member.Name, 60)}\"; those that are known are "
                    + $"{string.Join(", ", known)}");
        }
    }
}
