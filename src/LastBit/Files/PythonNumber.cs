using System.Globalization;

namespace LastBit.Files;

/// <summary>Numbers in file names as Python prints them, so that the authors' scripts find our files.</summary>
public static class PythonNumber
{
    /// <summary>repr(value) of a float: the shortest digits that read back as the same number, 11000000.0, 1e-08, 1e+16.</summary>
    /// <param name="value">A finite number.</param>
    public static string Float(double value)
    {
        // .NET's shortest digits are Python's too; only where the exponent begins differs.
        string[] parts = value.ToString("E16", CultureInfo.InvariantCulture).Split('E');
        for (int digits = 0; digits < 17; digits++)
        {
            string shorter = value.ToString("E" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
            if (double.Parse(shorter, CultureInfo.InvariantCulture).Equals(value))
            {
                parts = shorter.Split('E');
                break;
            }
        }
        int exponent = int.Parse(parts[1], CultureInfo.InvariantCulture);
        string sign = parts[0].StartsWith('-') ? "-" : "", mantissa = parts[0].TrimStart('-').Replace(".", "", StringComparison.Ordinal);
        if (exponent is < -4 or >= 16)
        {
            string fraction = mantissa.Length > 1 ? "." + mantissa[1..] : "";
            return string.Create(CultureInfo.InvariantCulture,
                $"{sign}{mantissa[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");
        }
        if (exponent < 0)
            return $"{sign}0.{new string('0', -exponent - 1)}{mantissa}";
        mantissa = mantissa.PadRight(exponent + 1, '0');
        string rest = mantissa[(exponent + 1)..];
        return $"{sign}{mantissa[..(exponent + 1)]}.{(rest.Length == 0 ? "0" : rest)}";
    }

    /// <summary>Like <see cref="Float"/>, but a whole number as an int: 20, 0.0005.</summary>
    /// <param name="value">A finite number.</param>
    public static string IntOrFloat(double value)
    {
        string text = Float(value);
        return text.EndsWith(".0", StringComparison.Ordinal) ? text[..^2] : text;
    }
}
