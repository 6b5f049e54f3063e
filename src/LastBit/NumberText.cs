using System.Globalization;

namespace LastBit;

/// <summary>
/// How numbers are written for people: in the terminal, on the page, in figures and on their axes. From a thousandth up to a million
/// a number is written out, with commas between thousands; beyond, as a mantissa and a power of ten. (What is typed, and what a
/// program reads, keeps the form 1e-8.)
/// </summary>
public static class NumberText
{
    /// <summary>Numbers below this size are written with a power of ten.</summary>
    public const double LeastPlain = 1e-3;

    /// <summary>Numbers from this size on are written with a power of ten.</summary>
    public const double MostPlain = 1e6;

    /// <summary>Significant digits of a number in a sentence.</summary>
    public const int InSentences = 3;

    /// <summary>Significant digits of a number in a table.</summary>
    public const int InTables = 4;

    /// <summary>Significant digits of a bound that is computed exactly.</summary>
    public const int OfBounds = 9;

    private const string Superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

    /// <summary>A measured number, rounded.</summary>
    /// <param name="value">Any number.</param>
    /// <param name="digits">Significant digits, 1 to 15; the whole part of a number that is written out is always whole.</param>
    /// <returns>"0", "0.693", "67,579", "1.296×10⁷", "−1.31×10⁻¹⁵", "infinite", "not a number".</returns>
    public static string Of(double value, int digits = InTables)
    {
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "not a number" : value > 0 ? "infinite" : "−infinite";
        if (value == 0)
            return "0";
        string[] parts =
            Math.Abs(value).ToString("E" + (digits - 1).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture).Split('E');
        int exponent = int.Parse(parts[1], CultureInfo.InvariantCulture);
        string sign = value < 0 ? "−" : "";
        // Whether a number is written out is decided by what it is rounded to: 999,999.9 is a million.
        double rounded = double.Parse($"{parts[0]}E{parts[1]}", CultureInfo.InvariantCulture);
        if (rounded is >= LeastPlain and < MostPlain)
        {
            return sign + (exponent >= digits - 1
                ? Math.Abs(value).ToString("#,0", CultureInfo.InvariantCulture)
                : rounded.ToString("#,0.##################", CultureInfo.InvariantCulture));
        }
        string mantissa = parts[0].Contains('.', StringComparison.Ordinal) ? parts[0].TrimEnd('0').TrimEnd('.') : parts[0];
        return sign + (mantissa == "1" ? PowerOfTen(exponent) : $"{mantissa}×{PowerOfTen(exponent)}");
    }

    /// <summary>A number that was given, with all of its digits: a learning rate, a weight decay.</summary>
    /// <param name="value">Any number.</param>
    /// <returns>"0.05", "10⁻⁸", "1.3×10⁷".</returns>
    public static string Exact(double value)
    {
        for (int digits = 1; digits <= 15; digits++)
        {
            if (double.Parse(value.ToString("E" + (digits - 1).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
                CultureInfo.InvariantCulture)
                .Equals(value))
            {
                return Of(value, digits);
            }
        }
        return Of(value, 15);
    }

    /// <summary>
    /// A measured number with the digits that its spread leaves meaningful, for sentences, tables and LaTeX. From 1e-5 up to 1e15 it is
    /// written out, without commas;
    /// beyond, as a mantissa and a power of ten.
    /// </summary>
    /// <param name="value">Any number.</param>
    /// <param name="scale">A spread or an interval's width, of which two digits are shown; 0 shows six digits of the value.</param>
    /// <returns>"0.911", "-0.0042", "1.24×10⁶⁰".</returns>
    public static string WithSpread(double value, double scale)
    {
        if (!double.IsFinite(value))
            return value.ToString(CultureInfo.InvariantCulture);
        bool isKnown = scale > 0 && double.IsFinite(scale);
        double size = isKnown ? Math.Max(Math.Abs(value), scale) : Math.Abs(value);
        if (size is not 0 and (< 1e-5 or >= 1e15))
        {
            if (isKnown && Math.Abs(value) < scale / 100)
                return "0";
            int digits = isKnown ? Exponent(value) - Exponent(scale) + 2 : 6;
            return (value < 0 ? "-" : "") + Of(Math.Abs(value), Math.Clamp(digits, 1, 15));
        }
        if (!isKnown)
            return decimal.Round((decimal)value, Math.Clamp(size == 0 ? 0 : 5 - Exponent(size), 0, 15))
                .ToString("0.###############", CultureInfo.InvariantCulture);
        // What is rounded to 0.010 has the digits of 0.010.
        int decimals = 1;
        for (double one = scale / 0.995; one < 1 && decimals < 15; one *= 10)
            decimals++;
        for (double one = scale / 0.995; one >= 10 && decimals > 0; one /= 10)
            decimals--;
        double limit = 1;
        for (int i = 0; i <= decimals; i++)
            limit /= 10;
        // No "-0.00".
        return (Math.Abs(value) < 5 * limit ? 0 : value).ToString($"F{decimals}", CultureInfo.InvariantCulture);
    }

    /// <summary>A number of things, always written out.</summary>
    /// <param name="count">The number.</param>
    /// <returns>"50,000".</returns>
    public static string Count(long count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>A number of things with their name, which takes its plural where it must.</summary>
    /// <param name="count">The number.</param>
    /// <param name="one">The name of one thing, whose plural ends in s ("epoch").</param>
    /// <returns>"1 epoch", "20 epochs".</returns>
    public static string Count(long count, string one) => $"{Count(count)} {one}{(count == 1 ? "" : "s")}";

    /// <summary>Where a run ceased to be finite: "no longer finite at iteration 1,000".</summary>
    /// <param name="at">The iteration or step.</param>
    /// <param name="unit">What it is.</param>
    public static string NotFinite(long at, string unit = "iteration") => $"no longer finite at {unit} {Count(at)}";

    /// <summary>A power of ten.</summary>
    /// <param name="exponent">The exponent.</param>
    /// <returns>"10⁻⁸", "10⁰".</returns>
    public static string PowerOfTen(int exponent) => "10" + string.Concat(
        exponent.ToString(CultureInfo.InvariantCulture).Select(letter => letter == '-' ? '⁻' : Superscripts[letter - '0']));

    /// <summary>Numbers that were given, one after the other.</summary>
    /// <param name="values">The numbers, in the order in which they are to be read.</param>
    /// <returns>"0.01, 0.03"; "none" when there is none.</returns>
    public static string List(IEnumerable<double> values)
    {
        string text = string.Join(", ", values.Select(Exact));
        return text.Length == 0 ? "none" : text;
    }

    // The exponent of the first decimal digit, by way of the digits: a logarithm may round a number up to the next power of ten.
    private static int Exponent(double value) =>
        int.Parse(value.ToString("E16", CultureInfo.InvariantCulture)[^4..], CultureInfo.InvariantCulture);
}
