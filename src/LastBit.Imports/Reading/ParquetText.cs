using System.Collections;
using System.Globalization;
using Parquet;
using Parquet.Schema;

namespace LastBit.Imports.Reading;

/// <summary>
/// A table in Parquet as the text of a CSV with the same rows, so that every layout of CSV is one of Parquet too. Columns of numbers, words
/// and times are in it; lists, and pandas' index, are passed over.
/// </summary>
internal sealed class ParquetText : TextReader
{
    /// <summary>What a group of rows holds is kept in memory; nobody logs so many at once.</summary>
    private const long MostRows = 1 << 26;

    private readonly string _file;
    private readonly FileStream _stream;
    private readonly ParquetReader _reader;
    private readonly DataField[] _fields;
    private IList[] _columns = [];
    private int _group, _row, _rows;
    private string _text;
    private int _at;

    /// <summary>Opens a file.</summary>
    /// <param name="file">The file, which begins as Parquet does.</param>
    /// <exception cref="InputException">It is damaged.</exception>
    public ParquetText(string file)
    {
        _file = file;
        _stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        try
        {
            if (!ParquetFooter.IsWhole(_stream))
                throw new InputException($"{_file}: is damaged (its footer does not end); write it anew, or as CSV");
            _reader = Whole(() => ParquetReader.CreateAsync(_stream));
            _fields = Whole(() => Task.FromResult<DataField[]>([.. _reader.Schema.GetDataFields().Where(field =>
                field.MaxRepetitionLevel == 0 && IsRead(field.ClrType)
                && !field.Name.StartsWith("__index_level_", StringComparison.Ordinal))]));
            _text = Line(_fields.Select(field => string.Join('.', field.Path.ToList())));
        }
        catch
        {
            _stream.Dispose();
            throw;
        }
    }

    /// <summary>Whether a file is a table in Parquet.</summary>
    public static bool IsOne(string file)
    {
        Span<byte> head = stackalloc byte[4];
        using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return stream.ReadAtLeast(head, 4, throwOnEndOfStream: false) == 4 && head.SequenceEqual("PAR1"u8);
    }

    /// <inheritdoc/>
    public override int Peek() => IsAtEnd() ? -1 : _text[_at];

    /// <inheritdoc/>
    public override int Read() => IsAtEnd() ? -1 : _text[_at++];

    /// <inheritdoc/>
    public override int Read(char[] buffer, int index, int count) => Read(buffer.AsSpan(index, count));

    /// <inheritdoc/>
    public override int Read(Span<char> buffer)
    {
        int read = 0;
        while (read < buffer.Length && !IsAtEnd())
        {
            int some = Math.Min(buffer.Length - read, _text.Length - _at);
            _text.AsSpan(_at, some).CopyTo(buffer[read..]);
            (_at, read) = (_at + some, read + some);
        }
        return read;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
            _stream.Dispose();
        }
        base.Dispose(disposing);
    }

    private bool IsAtEnd()
    {
        while (_at == _text.Length)
        {
            while (_row == _rows)
            {
                if (_group == _reader.RowGroupCount)
                    return true;
                ReadGroup();
            }
            _text = Line(_columns.Select(column => Text(column[_row])));
            (_at, _row) = (0, _row + 1);
        }
        return false;
    }

    private void ReadGroup()
    {
        using ParquetRowGroupReader group = Whole(() => Task.FromResult(_reader.OpenRowGroupReader(_group++)));
        if (group.RowCount is < 0 or > MostRows)
            throw new InputException($"{_file}: has a group of {group.RowCount} rows; at most {MostRows} are right");
        // The columns say it too: rows that no column has would be read as empty ones, millions of them from a few bytes.
        if (Whole(() => Task.FromResult(_fields.FirstOrDefault(field =>
            group.GetMetadata(field)?.MetaData?.NumValues != group.RowCount))) is { } other)
            throw new InputException($"{_file}: is damaged: a group has {group.RowCount} rows and '{ForeignText.Cut(other.Name)}' another "
                + "number; write it anew, or as CSV");
        (_row, _rows) = (0, (int)group.RowCount);
        _columns = [.. _fields.Select(field => Whole(() => ColumnAsync(group, field, _rows)))];
    }

    private static bool IsWord(Type type) => type == typeof(string) || type == typeof(ReadOnlyMemory<char>);

    private static bool IsRead(Type type) => IsWord(type)
        || Type.GetTypeCode(type) is not (TypeCode.Object or TypeCode.Empty or TypeCode.DBNull or TypeCode.Char);

    private static async Task<IList> ColumnAsync(ParquetRowGroupReader group, DataField field, int rows)
    {
        if (IsWord(field.ClrType))
        {
            var words = new string?[rows];
            await group.ReadAsync(field, words.AsMemory()!).ConfigureAwait(false);
            return words;
        }
        switch (Type.GetTypeCode(field.ClrType))
        {
            case TypeCode.Boolean: return await Values<bool>().ConfigureAwait(false);
            case TypeCode.Byte: return await Values<byte>().ConfigureAwait(false);
            case TypeCode.SByte: return await Values<sbyte>().ConfigureAwait(false);
            case TypeCode.Int16: return await Values<short>().ConfigureAwait(false);
            case TypeCode.UInt16: return await Values<ushort>().ConfigureAwait(false);
            case TypeCode.Int32: return await Values<int>().ConfigureAwait(false);
            case TypeCode.UInt32: return await Values<uint>().ConfigureAwait(false);
            case TypeCode.Int64: return await Values<long>().ConfigureAwait(false);
            case TypeCode.UInt64: return await Values<ulong>().ConfigureAwait(false);
            case TypeCode.Single: return await Values<float>().ConfigureAwait(false);
            case TypeCode.Double: return await Values<double>().ConfigureAwait(false);
            case TypeCode.Decimal: return await Values<decimal>().ConfigureAwait(false);
            default: return await Values<DateTime>().ConfigureAwait(false);
        }

        async Task<IList> Values<T>()
            where T : struct
        {
            if (!field.IsNullable)
            {
                var whole = new T[rows];
                await group.ReadAsync(field, whole.AsMemory()).ConfigureAwait(false);
                return whole;
            }
            var values = new T?[rows];
            await group.ReadAsync<T>(field, values.AsMemory()).ConfigureAwait(false);
            return values;
        }
    }

    private static string Text(object? cell) => cell switch
    {
        null => "",
        bool known => known ? "true" : "false",
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        float number => number.ToString("R", CultureInfo.InvariantCulture),
        DateTime time => time.ToString("s", CultureInfo.InvariantCulture),
        _ => Convert.ToString(cell, CultureInfo.InvariantCulture) ?? "",
    };

    private static string Line(IEnumerable<string> cells) => string.Join(',', cells.Select(cell =>
        cell.AsSpan().ContainsAny(",\"\r\n") ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell)) + "\n";

    /// <summary>Whatever the package meets in a damaged file is one line.</summary>
    private T Whole<T>(Func<Task<T>> read)
    {
        try
        {
            return read().GetAwaiter().GetResult();
        }
        catch (Exception error) when (error is not (InputException or UnauthorizedAccessException))
        {
            throw new InputException($"{_file}: is damaged, or not the Parquet that is read ({ForeignText.Cut(error.Message, 200)}); "
                + "write it anew, or as CSV", error);
        }
    }
}
