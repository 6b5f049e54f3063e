using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using LastBit.Imports.Reading;

namespace LastBit.Imports.Formats;

/// <summary>
/// JSON Lines: an object a line, or a list of objects. Members are columns, in long form or in wide form (a run each); a member of an
/// object inside is OUTER.INNER. A list of numbers is a whole curve where the line has no step of its own; in a line that is a step it is
/// passed over.
/// </summary>
/// <param name="isCertain">True where only what can be nothing else is taken: a second object behind the first.</param>
internal sealed class JsonLinesLog(bool isCertain) : ILogFormat
{
    private const int LongestLine = 1 << 26;

    /// <inheritdoc/>
    public LogFile? Recognise(FoundFile file, ImportOptions options)
    {
        if (!file.MayBe(".jsonl", ".ndjson", ".json"))
            return null;
        string[] lines = [.. file.Lines.Where(line => !string.IsNullOrWhiteSpace(line)).Take(2).Select(line => line.TrimStart())];
        bool isLines = lines is [['{', ..], .. var second] && IsObject(lines[0]) && (!isCertain || second is [['{', ..]]);
        return isLines && !RunSettings.IsOne(file.Path) || lines is [['[', ..], ..] && IsListOfObjects(file.Document)
            ? new LogFile(file, this, "JSON Lines") : null;
    }

    /// <inheritdoc/>
    public void Read(LogFile log, ReadingContext context)
    {
        string file = log.Path;
        var reader = new Rows(file, context);
        if (log.File.Lines[0].StartsWith('['))
        {
            int item = 0;
            foreach (JsonElement one in log.File.Document!.Value.EnumerateArray())
                reader.Line(JsonMarshal.GetRawUtf8Value(one), ++item);
            reader.Finish();
            return;
        }
        using FileStream stream = File.OpenRead(file);
        byte[] buffer = new byte[1 << 16];
        int held = 0, line = 0;
        bool ended = false;
        while (!ended)
        {
            int read = stream.Read(buffer, held, buffer.Length - held);
            ended = read == 0;
            int from = 0, filled = held + read;
            while (true)
            {
                int length = buffer.AsSpan(from, filled - from).IndexOf((byte)'\n');
                if (length < 0 && !(ended && filled > from))
                    break;
                bool last = length < 0;
                ReadOnlySpan<byte> content = buffer.AsSpan(from, last ? filled - from : length);
                line++;
                if (line == 1 && content.StartsWith(Encoding.UTF8.Preamble))
                    content = content[3..];
                reader.Line(content, line);
                from += last ? filled - from : length + 1;
            }
            buffer.AsSpan(from, filled - from).CopyTo(buffer);
            held = filled - from;
            if (held == buffer.Length)
            {
                if (held >= LongestLine)
                    throw new InputException(
                        $"{file}:{line + 1}: the line is longer than {LongestLine} bytes; one object per line is right");
                Array.Resize(ref buffer, 2 * held);
            }
        }
        reader.Finish();
    }

    private static bool IsObject(string line)
    {
        try
        {
            return JsonElement.Parse(line).EnumerateObject().Any();
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static bool IsListOfObjects(JsonElement? document) => document is { ValueKind: JsonValueKind.Array } list
        && list.GetArrayLength() > 0 && list.EnumerateArray().All(one => one.ValueKind == JsonValueKind.Object);

    /// <summary>Turns objects into rows of a table.</summary>
    private sealed class Rows(string file, ReadingContext context)
    {
        private readonly Table _table = new(file, context);
        private readonly Dictionary<string, Column> _columns = new(StringComparer.Ordinal);
        private readonly List<(string Prefix, byte[] Utf8, Column Column)> _order = [];
        private long _lines, _broken;
        private int _firstBroken, _next;
        private readonly List<(Column Column, double[] Values)> _curves = [];
        private RunColumns? _runs;
        private Column? _step;
        private int _rows;

        public void Line(ReadOnlySpan<byte> json, int line)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            json = json.Trim(" \t\r"u8);
            if (json.IsEmpty)
                return;
            _lines++;
            // Where all columns are known, a survey looks for further ones only.
            if (context.IsSurvey && (_table.IsSurveyed || _runs is not null) && HasKnownMembers(json))
                return;
            // Python writes NaN and Infinity as no JSON does.
            if (json.IndexOf("NaN"u8) >= 0 || json.IndexOf("Infinity"u8) >= 0)
                json = Quoted(json);
            foreach (Column column in _table.Columns)
                (column.Kind, column.Text) = (CellKind.Missing, null);
            _curves.Clear();
            _next = 0;
            try
            {
                var reader = new Utf8JsonReader(json, new JsonReaderOptions { AllowTrailingCommas = true });
                if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                    throw new JsonException();
                ReadObject(ref reader, "");
                if (reader.Read())
                    throw new JsonException();
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException)
            {
                if (_broken++ == 0)
                    _firstBroken = line;
                context.LeaveRowOut(file, "it is not an object in JSON, as a line that is still being written", line);
                return;
            }
            if (_curves.Count > 0 && !_table.Columns.Exists(column => column.Role == ColumnRole.Step
                && CellKind.Number == (context.IsSurvey && column.First != 0 ? column.First : column.Kind)) && IsCurve())
                Curves(line);
            else
                EndRow(line);
        }

        /// <summary>Whether a list of this line holds what is wanted: a line of other lists is a row all the same.</summary>
        private bool IsCurve() => context.IsSurvey || _runs is not null || _rows == 0
            && RunColumns.Are([.. _curves.Select(curve => curve.Column.Name)], context.Options)
            || _curves.Exists(curve => _table.Wants(curve.Column));

        public void Finish()
        {
            if (_broken > 1 && _broken > 0.1 * _lines)
                throw new InputException(
                    FormattableString.Invariant(
                        $"{file}:{_firstBroken}: {_broken} of {_lines} lines are not objects in JSON; one object per line is right"));
            _table.Finish();
            _runs?.Finish(_table.Columns.Select(column => column.Name));
            context.NoteEmpty(file, _table.Empty, _table.Rows, "line");
        }

        /// <summary>
        /// Whether a line has the members of the first one in their order, told by its quotes alone; false where that is not certain: for
        /// objects within objects, and texts with a backslash.
        /// </summary>
        private bool HasKnownMembers(ReadOnlySpan<byte> json)
        {
            if (json[0] != '{' || json[1..].IndexOfAny((byte)'{', (byte)'\\') >= 0)
                return false;
            int member = 0;
            for (int open; (open = json.IndexOf((byte)'"')) >= 0;)
            {
                json = json[(open + 1)..];
                int close = json.IndexOf((byte)'"');
                if (close < 0)
                    return false;
                ReadOnlySpan<byte> text = json[..close];
                json = json[(close + 1)..].TrimStart(" \t"u8);
                if (json.IsEmpty || json[0] != ':')
                    continue;
                if (member == _order.Count || _order[member].Prefix.Length > 0 || !text.SequenceEqual(_order[member].Utf8))
                    return false;
                member++;
            }
            return member == _order.Count;
        }

        /// <summary>The line with NaN and Infinity in quotes, where they stand outside of any.</summary>
        private static ReadOnlySpan<byte> Quoted(ReadOnlySpan<byte> json)
        {
            var writer = new ArrayBufferWriter<byte>(json.Length + 32);
            bool quoted = false;
            for (int i = 0; i < json.Length; i++)
            {
                if (json[i] == '"' && !(quoted && IsEscaped(json, i)))
                    quoted = !quoted;
                ReadOnlySpan<byte> rest = json[i..];
                ReadOnlySpan<byte> word = quoted ? [] : rest.StartsWith("-Infinity"u8) ? "-Infinity"u8 : rest.StartsWith("Infinity"u8)
                    ? "Infinity"u8
                    : rest.StartsWith("NaN"u8) ? "NaN"u8 : [];
                if (word.IsEmpty)
                {
                    writer.Write(json.Slice(i, 1));
                    continue;
                }
                writer.Write("\""u8);
                writer.Write(word);
                writer.Write("\""u8);
                i += word.Length - 1;
            }
            return writer.WrittenSpan;

            static bool IsEscaped(ReadOnlySpan<byte> json, int at)
            {
                int slashes = 0;
                while (at - 1 - slashes >= 0 && json[at - 1 - slashes] == '\\')
                    slashes++;
                return slashes % 2 == 1;
            }
        }

        private void ReadObject(ref Utf8JsonReader reader, string prefix)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                Column column = ColumnOf(ref reader, prefix);
                reader.Read();
                ReadValue(ref reader, column);
            }
        }

        private void ReadValue(ref Utf8JsonReader reader, Column column)
        {
            // Objects are looked into all the same, for their members are columns of their own.
            if (!column.IsRead && reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                return;
            }
            switch (reader.TokenType)
            {
                case JsonTokenType.Number:
                    column.Kind = CellKind.Number;
                    // Numbers beyond a double's range become infinite, as in CSV.
                    column.Number = reader.TryGetDouble(out double number) ? number : double.PositiveInfinity;
                    if (column.IsName && column.Role != ColumnRole.Ignored)
                        SetText(column, reader.ValueSpan);
                    break;
                case JsonTokenType.String when column.IsName && !reader.ValueIsEscaped && column.IsLast(reader.ValueSpan):
                    SetText(column, column.Last!);
                    break;
                case JsonTokenType.String:
                    string text = reader.GetString()!;
                    if (Foreign.IsMissing(text.Trim()))
                        break;
                    if (column.IsName)
                        SetText(column, text);
                    else
                        SetCell(column, text);
                    break;
                case JsonTokenType.True or JsonTokenType.False:
                    SetText(column, reader.TokenType == JsonTokenType.True ? "true" : "false");
                    break;
                case JsonTokenType.StartObject:
                    ReadObject(ref reader, column.Prefix);
                    break;
                case JsonTokenType.StartArray:
                    ReadArray(ref reader, column);
                    break;
                default:
                    break;
            }
        }

        private void ReadArray(ref Utf8JsonReader reader, Column column)
        {
            List<double> values = [];
            bool numbers = true;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType == JsonTokenType.Number)
                    values.Add(reader.TryGetDouble(out double number) ? number : double.PositiveInfinity);
                else if (reader.TokenType == JsonTokenType.String && Foreign.TryNumber(reader.GetString(), out double written))
                    values.Add(written);
                else
                {
                    numbers = false;
                    reader.Skip();
                }
            }
            if (numbers && values.Count > 0)
                _curves.Add((column, [.. values]));
        }

        /// <summary>A line of arrays is a run of many steps: its rows are made one by one.</summary>
        private void Curves(int line)
        {
            int length = _curves.Max(curve => curve.Values.Length);
            for (int i = 0; i < length; i++)
            {
                foreach ((Column column, double[] values) in _curves)
                {
                    column.Kind = i < values.Length ? CellKind.Number : CellKind.Missing;
                    column.Number = i < values.Length ? values[i] : 0;
                }
                EndRow(line);
            }
        }

        /// <summary>Takes the row whose cells the columns hold; the first one shows whether its columns are runs.</summary>
        private void EndRow(int line)
        {
            if (_rows++ == 0 && RunColumns.Are([.. _table.Columns.Where(IsValue).Select(column => column.Name)], context.Options))
            {
                _runs = new RunColumns(file, context);
                _step = _table.Columns.Where(column => column.Role == ColumnRole.Step && column.Kind == CellKind.Number)
                    .MinBy(column => ColumnRoles.StepOrder(column.Name, context.Options));
                foreach (Column column in _table.Columns)
                    Bind(column, _runs);
            }
            if (_runs is null)
                _table.EndRow(line);
            else if (!context.IsSurvey)
                ReadRuns(line);

            static bool IsValue(Column column) => column.Role == ColumnRole.Value && column.Kind == CellKind.Number;
        }

        private void Bind(Column column, RunColumns runs)
        {
            column.Run = column == _step ? null : runs.Of(column.Name);
            column.IsRead = column == _step || column.Run is not null;
            if (column.Run is not { } run)
                return;
            column.Role = ColumnRole.Value;
            run.CountsRows = _step is null;
        }

        private void ReadRuns(int line)
        {
            if (_step is not null && !(_step.Kind == CellKind.Number && double.IsFinite(_step.Number)))
            {
                context.LeaveRowOut(file, $"it has no {_step.Name}", line);
                return;
            }
            foreach (Column column in _table.Columns)
            {
                if (column.Run is not { } run || column.Kind == CellKind.Missing)
                    continue;
                if (column.Kind == CellKind.Number)
                    run.Add(_step?.Number ?? _rows, column.Number, line);
                else
                    context.LeaveRowOut(file, $"the value of {Foreign.Quote(column.Name)} is a word where a number should be", line);
            }
        }

        /// <summary>Takes a text that may be a number; words stay as they are written.</summary>
        private static void SetCell(Column column, string text)
        {
            column.Set(text);
            if (column.Kind == CellKind.Word)
                SetText(column, text);
        }

        private static void SetText(Column column, ReadOnlySpan<byte> text) =>
            SetText(column, column.IsLast(text) ? column.Last! : Encoding.UTF8.GetString(text));

        private static void SetText(Column column, string text)
        {
            column.Kind = CellKind.Word;
            column.Text = column.Last = text;
        }

        /// <summary>The column of a member: lines nearly always have the same members in the same order.</summary>
        private Column ColumnOf(ref Utf8JsonReader reader, string prefix)
        {
            if (_next < _order.Count && !reader.ValueIsEscaped && ReferenceEquals(_order[_next].Prefix, prefix)
                && reader.ValueTextEquals(_order[_next].Utf8))
                return _order[_next++].Column;
            return ColumnOf(prefix, reader.GetString()!);
        }

        private Column ColumnOf(string prefix, string member)
        {
            string name = prefix + member;
            if (!_columns.TryGetValue(name, out Column? column))
            {
                _columns.Add(name, column = _table.Add(name));
                if (_runs is not null)
                    Bind(column, _runs);
                if (_lines == 1)
                    _order.Add((prefix, Encoding.UTF8.GetBytes(member), column));
            }
            if (_order.FindIndex(entry => entry.Column == column) is >= 0 and int index)
                _next = index + 1;
            return column;
        }
    }
}
