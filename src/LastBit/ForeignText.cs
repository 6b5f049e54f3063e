using System.Globalization;
using System.Text;

namespace LastBit;

/// <summary>
/// Makes text that came from elsewhere (a file, a server, another program) fit to be shown: a file may hold escape sequences that move
/// the cursor or set the window's title, or a name of a megabyte.
/// </summary>
public static class ForeignText
{
    /// <summary>How many characters of a quotation are kept unless more is asked for.</summary>
    public const int Most = 60;

    /// <summary>
    /// One printable line: line breaks and tabs become blanks; other control characters, characters that change the direction of writing
    /// and halves of surrogate pairs are written as \x1B or \u202E.
    /// </summary>
    /// <param name="text">Any text; null counts as empty.</param>
    /// <returns>The same text if there is nothing to replace.</returns>
    public static string Printable(string? text)
    {
        text ??= "";
        int first = 0;
        while (first < text.Length && !(char.IsSurrogate(text[first]) || IsUnprintable(text[first])))
            first++;
        if (first == text.Length)
            return text;
        var line = new StringBuilder(text, 0, first, text.Length + 16);
        for (int i = first; i < text.Length; i++)
        {
            char c = text[i];
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                line.Append(c).Append(text[++i]);
            else if (c is '\r' or '\n' or '\t' or '\u0085' or '\u2028' or '\u2029')
                line.Append(c == '\n' && i > 0 && text[i - 1] == '\r' ? "" : " ");
            else if (char.IsSurrogate(c) || IsUnprintable(c))
                line.Append(CultureInfo.InvariantCulture,
                    $"{(c < 256 ? "\\x" : "\\u")}{((int)c).ToString(c < 256 ? "X2" : "X4", CultureInfo.InvariantCulture)}");
            else
                line.Append(c);
        }
        return line.ToString();
    }

    /// <summary>A short printable quotation, without the quotation marks.</summary>
    /// <param name="text">Any text; null counts as empty.</param>
    /// <param name="most">How many characters are kept; what is cut off is marked with "...".</param>
    public static string Cut(string? text, int most = Most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 4);
        text ??= "";
        // What is cut off is not worth making printable: it may be a gigabyte.
        string line = Printable(text.Length > most ? text[..most] : text);
        if (text.Length <= most && line.Length <= most)
            return line;
        int end = Math.Min(line.Length, most - 3);
        if (char.IsHighSurrogate(line[end - 1]))
            end--;
        return line[..end] + "...";
    }

    private static bool IsUnprintable(char c) =>
        char.IsControl(c)
            || c is '\u2028' or '\u2029' or '\ufeff' or (>= '\u200e' and <= '\u200f') or (>= '\u202a' and <= '\u202e')
                or (>= '\u2066' and <= '\u2069');
}
