using System.Globalization;
using LastBit.Files;

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

    /// <summary>
    /// A number as Python, JavaScript, R or a spreadsheet writes it: nan, inf and Infinity in any case, a percent sign behind it,
    /// and, where a comma cannot separate columns, a decimal comma.
    /// </summary>
    public static bool TryNumber(ReadOnlySpan<char> text, bool decimalComma, out double value)
    {
        text = text.Trim();
        if (text.EndsWith("%"))
            text = text[..^1].TrimEnd();
        if (TryShort(text, out value) || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value))
            return true;
        if (decimalComma && text.Count(',') == 1 && !text.Contains('.') && text.Length <= 64)
        {
            Span<char> point = stackalloc char[text.Length];
            text.Replace(point, ',', '.');
            return double.TryParse(point, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
        }
        ReadOnlySpan<char> bare = text.TrimStart("+-");
        value = bare.Equals("nan", StringComparison.OrdinalIgnoreCase) ? double.NaN
            : bare.Equals("inf", StringComparison.OrdinalIgnoreCase) || bare.Equals("infinity", StringComparison.OrdinalIgnoreCase)
                ? (text.StartsWith("-") ? double.NegativeInfinity : double.PositiveInfinity)
                : 0;
        return value != 0;
    }

    /// <summary>
    /// A number of at most 15 digits and a point, as most in logs are: digits and power of ten are then exact in a double, and their quotient is the
    /// nearest double, as it is by the platform's parser, in a fraction of its time.
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
    /// A seed: an integer of at most 64 bits, with a sign or without (torch.initial_seed makes such from 2^63 up). Both fit into 128 bits as they
    /// are written, so that different seeds stay different and are shown as the log has them.
    /// </summary>
    /// <exception cref="InputException">It is not one; two seeds might be taken for the same.</exception>
    public static Int128? Seed(string? text, string where)
    {
        if (text is null || IsMissing(text))
            return null;
        string digits = text.Trim();
        if (digits.EndsWith(".0", StringComparison.Ordinal))
            digits = digits[..^2];
        if (Int128.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out Int128 seed) && seed >= long.MinValue && seed <= ulong.MaxValue)
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
