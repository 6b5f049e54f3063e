using System.Globalization;
using System.Text.RegularExpressions;

namespace LastBit.Tests.Experiments;

/// <summary>Tables of numbers in the documentation.</summary>
internal static partial class DocumentedTable
{
    /// <summary>The cells of the table whose first line is given.</summary>
    /// <param name="page">The page, below the repository's root.</param>
    /// <param name="header">The whole line.</param>
    public static string[][] Under(string page, string header) =>
    [
        .. File.ReadLines(Path.Combine(Repository.Root, page)).SkipWhile(line => line != header).Skip(2)
            .TakeWhile(line => line.StartsWith('|'))
            .Select(line => (string[])[.. Border().Split(line)[1..^1].Select(cell => cell.Trim())]),
    ];

    // A bar that is escaped is a part of a cell.
    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Border();

    /// <summary>Asserts that a text is a number as it comes out when rounded to the digits that the text has.</summary>
    public static void Rounds(string text, double value)
    {
        string[] parts = text.Split('e');
        int decimals =
            parts[0].Contains('.', StringComparison.Ordinal) ? parts[0].Length - parts[0].IndexOf('.', StringComparison.Ordinal) - 1 : 0;
        double unit = Math.Pow(10, (parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0) - decimals);
        double stated = double.Parse(text, CultureInfo.InvariantCulture);
        Assert.True(Math.Abs(stated - value) <= 0.5001 * unit, string.Create(CultureInfo.InvariantCulture, $"{text} stands for {value}"));
    }
}
