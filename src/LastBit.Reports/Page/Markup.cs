using System.Runtime.CompilerServices;
using System.Text;

namespace LastBit.Reports.Page;

/// <summary>
/// HTML that is safe to put into a page. It is written as an interpolated string,
/// <c>Markup.Of($"&lt;p&gt;{text}&lt;/p&gt;")</c>:
/// the literal parts are taken as they are, everything between braces is escaped unless it is a <see cref="Markup"/> itself. So nothing
/// that comes from a folder (its name, a note in a file) can become a tag or a script.
/// </summary>
/// <param name="Html">The HTML.</param>
public readonly record struct Markup(string Html)
{
    /// <summary>Nothing.</summary>
    public static Markup Empty { get; } = new("");

    /// <summary>HTML from an interpolated string; the values in it are escaped.</summary>
    /// <param name="parts">The string.</param>
    /// <returns>The HTML.</returns>
    public static Markup Of(MarkupParts parts) => new(parts.Html());

    /// <summary>Parts one after the other.</summary>
    /// <param name="parts">The parts.</param>
    /// <returns>All of them.</returns>
    public static Markup Join(IEnumerable<Markup> parts) => new(string.Concat(parts.Select(part => part.Html)));

    /// <summary>The text with the five characters that mean something in HTML (in an attribute too) written as entities.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>Its HTML.</returns>
    public static string Escape(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("\"", "&quot;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Html;
}

/// <summary>Collects the parts of a string that becomes a <see cref="Markup"/>; the compiler calls it.</summary>
[InterpolatedStringHandler]
public readonly ref struct MarkupParts
{
    private readonly StringBuilder _html;

    /// <summary>Begins.</summary>
    /// <param name="literalLength">Characters in the literal parts.</param>
    /// <param name="formattedCount">Number of values.</param>
    public MarkupParts(int literalLength, int formattedCount)
    {
        _html = new StringBuilder(literalLength + (16 * formattedCount));
    }

    /// <summary>Takes a literal part as it is.</summary>
    /// <param name="literal">HTML written by the programmer.</param>
    public void AppendLiteral(string literal) => _html.Append(literal);

    /// <summary>Takes HTML that is safe already.</summary>
    /// <param name="markup">The HTML.</param>
    public void AppendFormatted(Markup markup) => _html.Append(markup.Html);

    /// <summary>Takes a text and escapes it.</summary>
    /// <param name="text">The text, or null for nothing.</param>
    public void AppendFormatted(string? text) => _html.Append(Markup.Escape(text ?? ""));

    /// <summary>Takes a whole number.</summary>
    /// <param name="number">The number.</param>
    public void AppendFormatted(long number) => _html.Append(System.Globalization.CultureInfo.InvariantCulture, $"{number}");

    internal string Html() => _html.ToString();
}
