using System.Globalization;

namespace LastBit.Files;

/// <summary>
/// The header of a .npy file: a dictionary as Python writes it, with the members descr, fortran_order and shape in any order, in either
/// kind of quotation marks, and with Python 2's whole numbers (12L).
/// </summary>
/// <param name="Type">Kind and bytes of a value: f8, i4, u1, b1, ...</param>
/// <param name="BigEndian">Whether a value's highest byte comes first.</param>
/// <param name="FortranOrder">Whether the first index runs fastest.</param>
/// <param name="Shape">Extents, outermost first.</param>
internal sealed record NpyHeader(string Type, bool BigEndian, bool FortranOrder, int[] Shape)
{
    // NumPy takes the names of its types as well; C's long has 8 bytes everywhere but on Windows, and files hold "<i8" anyway.
    private static readonly Dictionary<string, string> s_names = new()
    {
        ["float64"] = "f8",
        ["float32"] = "f4",
        ["float16"] = "f2",
        ["double"] = "f8",
        ["single"] = "f4",
        ["half"] = "f2",
        ["float"] = "f8",
        ["int64"] = "i8",
        ["int32"] = "i4",
        ["int16"] = "i2",
        ["int8"] = "i1",
        ["uint64"] = "u8",
        ["uint32"] = "u4",
        ["uint16"] = "u2",
        ["uint8"] = "u1",
        ["bool"] = "b1",
        ["d"] = "f8",
        ["f"] = "f4",
        ["e"] = "f2",
        ["q"] = "i8",
        ["Q"] = "u8",
        ["i"] = "i4",
        ["I"] = "u4",
        ["h"] = "i2",
        ["H"] = "u2",
        ["b"] = "i1",
        ["B"] = "u1",
        ["?"] = "b1",
    };

    private static readonly HashSet<string> s_types = ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "b1"];

    /// <summary>Reads a header.</summary>
    /// <param name="source">What to call the file in an error.</param>
    /// <param name="text">The header, with the blanks that pad it.</param>
    /// <exception cref="InputException">It is not that of one array of real numbers or booleans.</exception>
    public static NpyHeader Parse(string source, string text)
    {
        var parser = new Parser(source, text);
        var members = parser.Dictionary();
        if (members.Count != 3 || !members.TryGetValue("descr", out object? descr)
            || !members.TryGetValue("fortran_order", out object? order)
            || !members.TryGetValue("shape", out object? shape) || order is not bool fortran || shape is not List<object?> extents)
        {
            throw parser.Bad("it needs descr, fortran_order (True or False) and shape (a tuple), and nothing else");
        }
        int[] lengths = [.. extents.Select(extent => extent is long length and >= 0 and <= int.MaxValue ? (int)length
            : throw new InputException(
                $"{source}: extent {ForeignText.Cut(Convert.ToString(extent, CultureInfo.InvariantCulture))} of its shape is not between "
                    + $"0 and {int.MaxValue}"))];
        (string type, bool bigEndian) = TypeOf(source, descr);
        return new NpyHeader(type, bigEndian, fortran, lengths);
    }

    private static (string Type, bool BigEndian) TypeOf(string source, object? descr)
    {
        if (descr is not string text)
            throw new InputException($"{source}: is a structured array (with named fields); save one field of it, array['name']");
        bool ordered = text.Length > 0 && text[0] is '<' or '>' or '=' or '|';
        string bare = ordered ? text[1..] : text;
        string type = s_names.GetValueOrDefault(bare, bare);
        if (s_types.Contains(type))
            return (type, text[0] == '>');
        string remedy = bare.Length == 0 ? "name a type as '<f8'" : bare[0] switch
        {
            'c' or 'F' or 'D' or 'G' => "they are complex; save the real part, array.real",
            'f' or 'g' or 'l' => "save it as array.astype(numpy.float64)",
            'O' => "they are Python objects (a pickle, which could run any program); save it as array.astype(numpy.float64)",
            'S' or 'U' or 'a' or 'V' => "they are text or raw bytes; save numbers",
            'M' or 'm' => "they are times; save it as array.astype(numpy.int64)",
            _ => "save it as array.astype(numpy.float64)",
        };
        throw new InputException(
            $"{source}: holds values of type '{ForeignText.Cut(text)}'; real numbers and booleans can be read; {remedy}");
    }

    // Python's literals as far as a header can have them. Every step takes at least one character, and tuples nest no deeper than Depth.
    private sealed class Parser(string source, string text)
    {
        private const int Depth = 16;

        private int _position;

        public InputException Bad(string why) =>
            new($"{source}: its header \"{ForeignText.Cut(text.Trim(), 100)}\" is not that of one plain array; {why}");

        public Dictionary<string, object?> Dictionary()
        {
            var members = new Dictionary<string, object?>();
            Expect('{');
            while (!TryTake('}'))
            {
                if (Value(0) is not string key)
                    throw Bad("its members have names in quotation marks");
                Expect(':');
                members[key] = Value(0); // As in Python, the last one counts.
                if (!TryTake(','))
                {
                    Expect('}');
                    break;
                }
            }
            SkipBlanks();
            return _position == text.Length ? members : throw Bad("it goes on after its end");
        }

        private object? Value(int depth)
        {
            SkipBlanks();
            if (depth > Depth)
                throw Bad("its brackets are too deep");
            if (_position == text.Length)
                throw Bad("it ends early");
            char c = text[_position];
            if (c is '(' or '[')
            {
                _position++;
                return Items(c == '(' ? ')' : ']', depth);
            }
            if (c is '\'' or '"')
                return Text();
            if (char.IsAsciiDigit(c) || c is '-' or '+')
                return Number();
            if (c is 'u' or 'b' && _position + 1 < text.Length && text[_position + 1] is '\'' or '"')
            {
                _position++;
                return Text();
            }
            foreach ((string word, object? value) in (ReadOnlySpan<(string, object?)>)[("True", true), ("False", false), ("None", null)])
            {
                if (text.AsSpan(_position).StartsWith(word, StringComparison.Ordinal))
                {
                    _position += word.Length;
                    return value;
                }
            }
            throw Bad($"'{ForeignText.Cut(c.ToString())}' is not expected at character {_position}");
        }

        // (3) is a number in brackets and (3,) a tuple. A list comes out as an array, so that a shape is not taken for one.
        private object? Items(char end, int depth)
        {
            var items = new List<object?>();
            bool comma = end == ']';
            while (!TryTake(end))
            {
                items.Add(Value(depth + 1));
                if (!TryTake(','))
                {
                    Expect(end);
                    break;
                }
                comma = true;
            }
            return end == ']' ? items.ToArray() : comma || items.Count == 0 ? items : items[0];
        }

        private string Text()
        {
            char quote = text[_position++];
            int start = _position;
            while (_position < text.Length && text[_position] != quote)
            {
                if (text[_position] is '\\' or '\n')
                    throw Bad("its names and types need no backslash");
                _position++;
            }
            return _position < text.Length ? text[start.._position++] : throw Bad("a quotation mark is missing");
        }

        private long Number()
        {
            int start = _position++;
            while (_position < text.Length && char.IsAsciiDigit(text[_position]))
                _position++;
            string digits = text[start.._position];
            if (_position < text.Length && text[_position] is 'L' or 'l')
                _position++;
            return long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number
                : throw new InputException($"{source}: extent {ForeignText.Cut(digits)} of its shape is not between 0 and {int.MaxValue}");
        }

        private void SkipBlanks()
        {
            while (_position < text.Length && char.IsWhiteSpace(text[_position]))
                _position++;
        }

        private bool TryTake(char c)
        {
            SkipBlanks();
            if (_position == text.Length || text[_position] != c)
                return false;
            _position++;
            return true;
        }

        private void Expect(char c)
        {
            if (!TryTake(c))
                throw Bad(_position == text.Length ? "it ends early" : $"'{c}' is expected at character {_position}");
        }
    }
}
