using System.Globalization;
using System.Text;

namespace LastBit.Reports.Page;

/// <summary>Tables of numbers as RFC 4180 text: the data of a figure, which the page embeds, draws from and offers for download.</summary>
public static class Csv
{
    /// <summary>
    /// The curves of a figure: the first column is x, then one column a curve;
    /// a curve that has no point at some x is blank there, a value that is not finite is NaN.
    /// </summary>
    /// <param name="xLabel">Heading of the first column.</param>
    /// <param name="curves">The curves; each has as many y as x, its x strictly rising.</param>
    /// <returns>Lines that end in a line feed; numbers in the shortest form that reads back as the same bits.</returns>
    public static string Write(string xLabel, IReadOnlyList<Curve> curves)
    {
        double[] xs = curves.SelectMany(curve => curve.X).Distinct().Order().ToArray();
        var text = new StringBuilder();
        text.AppendJoin(',', curves.Select(curve => Field(curve.Label)).Prepend(Field(xLabel))).Append('\n');
        int[] next = new int[curves.Count];
        foreach (double x in xs)
        {
            text.Append(Number(x));
            for (int c = 0; c < curves.Count; c++)
            {
                text.Append(',');
                if (next[c] < curves[c].X.Length && curves[c].X[next[c]] == x)
                    text.Append(Number(curves[c].Y[next[c]++]));
            }
            text.Append('\n');
        }
        return text.ToString();
    }

    /// <summary>One field, in quotes where its text needs them.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>The field.</returns>
    public static string Field(string text) =>
        text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>A number in the shortest form that reads back as the same bits; NaN for all that is not finite.</summary>
    /// <param name="value">The number.</param>
    /// <returns>Its text.</returns>
    public static string Number(double value) => double.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : "NaN";

    /// <summary>The table as an address that a link can carry, so that the file travels inside the page.</summary>
    /// <param name="csv">The table.</param>
    /// <returns>A data: address; digits, signs and commas stay readable, all else is percent-encoded.</returns>
    public static string ToDataAddress(string csv)
    {
        var address = new StringBuilder("data:text/csv;charset=utf-8,", csv.Length + (csv.Length / 8));
        foreach (byte code in Encoding.UTF8.GetBytes(csv))
        {
            char character = (char)code;
            if (char.IsAsciiLetterOrDigit(character) || character is ',' or '.' or '-' or '_')
                address.Append(character);
            else
                address.Append(CultureInfo.InvariantCulture, $"%{code:X2}");
        }
        return address.ToString();
    }
}

/// <summary>One curve of a figure.</summary>
/// <param name="Label">Its name in the legend.</param>
/// <param name="X">Abscissas, strictly rising.</param>
/// <param name="Y">Ordinates, as many; what is not finite is not drawn.</param>
public sealed record Curve(string Label, double[] X, double[] Y);
