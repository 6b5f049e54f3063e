using System.Globalization;

namespace LastBit.Imports.Reading;

/// <summary>Text and numbers that somebody else wrote.</summary>
internal static class Foreign
{
    /// <summary>Text as a message can quote it: one line, printable, not long.</summary>
    public static string Quote(ReadOnlySpan<char> text) => $"'{ForeignText.Cut(text.ToString())}'";

    /// <summary>Names as a message lists them.</summary>
    public static string List(IEnumerable<string> names)
    {
        string[] all = [.. names];
        string shown = string.Join(", ", all.Take(20).Select(name => Quote(name)));
        return all.Length > 20 ? $"{shown} and {all.Length - 20} more" : shown;
    }

    private const int MostDigits = 15;

    private static ReadOnlySpan<double> PowersOfTen => [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

    /// <summary>What loggers write where there is no value.</summary>
    public static bool IsMissing(ReadOnlySpan<char> text) =>
        text.IsEmpty || text is "-" or "NA" or "N/A" or "n/a" or "null" or "NULL" or "None" or "none";

    /// <summary>What stands in a cell, and its number where that is certain; a number with commas is one only when its whole column is
    /// known (<see cref="CommaNumbers"/>).</summary>
    public static CellKind Read(ReadOnlySpan<char> text, out double value)
    {
        text = text.Trim();
        value = 0;
        if (IsMissing(text))
            return CellKind.Missing;
        if (TryNumber(text, out value) || TryNumber(Unwrapped(text), out value))
            return CellKind.Number;
        return CommaNumbers.IsOne(text) ? CellKind.Comma : CellKind.Word;
    }

    /// <summary>A number as Python, JavaScript, R, Fortran or a spreadsheet writes it: nan, inf and Infinity in any case, a percent sign
    /// behind it.</summary>
    public static bool TryNumber(ReadOnlySpan<char> text, out double value)
    {
        text = text.Trim();
        if (text.EndsWith("%"))
            text = text[..^1].TrimEnd();
        if (TryShort(text, out value) || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value))
            return true;
        ReadOnlySpan<char> bare = text.TrimStart("+-");
        value = bare.Equals("nan", StringComparison.OrdinalIgnoreCase) ? double.NaN
            : bare.Equals("inf", StringComparison.OrdinalIgnoreCase) || bare.Equals("infinity", StringComparison.OrdinalIgnoreCase)
                ? (text.StartsWith("-") ? double.NegativeInfinity : double.PositiveInfinity)
                : 0;
        // Fortran's double precision: 0.93D+00.
        return value != 0 || bare.Length is > 0 and <= 40 && (char.IsAsciiDigit(bare[0]) || bare[0] == '.') && bare.IndexOfAny('d', 'D') > 0
            && double.TryParse(bare.ToString().Replace('D', 'e').Replace('d', 'e'), NumberStyles.Float, CultureInfo.InvariantCulture,
                out double size)
            && double.IsFinite(value = text.StartsWith("-") ? -size : size);
    }

    /// <summary>Whether a cell holds a mean and its spread, as tables of results do: two numbers where one is right.</summary>
    public static bool IsMeanWithSpread(ReadOnlySpan<char> text)
    {
        foreach (string sign in (ReadOnlySpan<string>)["\u00B1", "+/-", "+-", "\\pm"])
        {
            if (text.IndexOf(sign, StringComparison.Ordinal) is > 0 and int at && TryNumber(text[..at].Trim(" $"), out _))
                return true;
        }
        return text.EndsWith(")") && text.IndexOf('(') is > 0 and int open && TryNumber(text[..open], out _)
            && TryNumber(text[(open + 1)..^1], out _);
    }

    /// <summary>
    /// What is left of a number that a program printed with its type: tensor(0.93, device='cuda:0'), np.float64(0.93), [0.93], Array(0.93,
    /// dtype=float32), a tf.Tensor with its numpy=0.93; the text itself where there is nothing to take off.
    /// </summary>
    private static ReadOnlySpan<char> Unwrapped(ReadOnlySpan<char> text)
    {
        if (text.EndsWith(">") && text.IndexOf("numpy=") is > 0 and int at)
            return text[(at + "numpy=".Length)..^1];
        while (text.IndexOfAny('(', '[') is >= 0 and int open && text[^1] == (text[open] == '(' ? ')' : ']') && IsType(text[..open])
            && (text[open] == '[' || open > 0))
        {
            text = text[(open + 1)..^1].Trim();
            // Behind a comma stand the words device=, dtype= and grad_fn=, and no second number.
            if (text.IndexOf(',') is >= 0 and int comma && text[(comma + 1)..].TrimStart() is var rest
                && (rest.IsEmpty || char.IsAsciiLetter(rest[0]) && rest.Contains('=')))
                text = text[..comma];
            text = text.Trim("'\"");
            if (text.IsEmpty)
                break;
        }
        return text;

        static bool IsType(ReadOnlySpan<char> name)
        {
            foreach (char letter in name)
            {
                if (!char.IsAsciiLetterOrDigit(letter) && letter is not ('.' or '_'))
                    return false;
            }
            return name.IsEmpty || char.IsAsciiLetter(name[0]);
        }
    }

    /// <summary>
    /// A number of at most 15 digits and a point, as most in logs are: digits and power of ten are then exact in a double, and their
    /// quotient is the nearest double, as it is by the platform's parser, in a fraction of its time.
    /// </summary>
    private static bool TryShort(ReadOnlySpan<char> text, out double value)
    {
        value = 0;
        if (text.Length is 0 or > MostDigits + 2)
            return false;
        int at = text[0] == '-' ? 1 : 0, point = -1, digits = 0;
        long number = 0;
        for (int i = at; i < text.Length; i++)
        {
            int digit = text[i] - '0';
            if ((uint)digit <= 9)
            {
                number = (10 * number) + digit;
                digits++;
            }
            else if (text[i] == '.' && point < 0)
                point = i;
            else
                return false;
        }
        if (digits is 0 or > MostDigits)
            return false;
        double size = point < 0 ? number : number / PowersOfTen[text.Length - point - 1];
        value = at == 1 ? -size : size;
        return true;
    }

    /// <summary>
    /// A seed: an integer of at most 64 bits, with a sign or without (torch.initial_seed makes such from 2^63 up). Both fit into 128 bits
    /// as they are written, so that different seeds stay different and are shown as the log has them.
    /// </summary>
    /// <exception cref="InputException">It is not one; two seeds might be taken for the same.</exception>
    public static Int128? Seed(string? text, string where)
    {
        if (text is null || IsMissing(text))
            return null;
        string digits = text.Trim();
        if (digits.EndsWith(".0", StringComparison.Ordinal))
            digits = digits[..^2];
        if (Int128.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out Int128 seed) && seed >= long.MinValue
            && seed <= ulong.MaxValue)
            return seed;
        throw new InputException($"{where}: the seed {Quote(text)} is not an integer of at most 64 bits; "
            + "name the column or parameter that holds it with --seed, or one that tells trainings apart with --group");
    }

    /// <summary>A perturbation as it is compared: "3.0" and "k=3" are "3".</summary>
    public static string? Perturbation(string? text)
    {
        if (text is null || IsMissing(text))
            return null;
        string name = text.Trim();
        if (name.StartsWith("k=", StringComparison.OrdinalIgnoreCase))
            name = name[2..];
        return double.TryParse(name, NumberStyles.Float, CultureInfo.InvariantCulture, out double k)
            ? k.ToString(CultureInfo.InvariantCulture)
            : name;
    }
}
