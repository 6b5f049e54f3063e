using LastBit.Statistics;
using Spectre.Console;

namespace LastBit.Cli;

/// <summary>Runs as dots on a line of text, one line a training, all to one scale; the mean is a bar.</summary>
internal static class DotPlot
{
    /// <summary>The lines of the plot.</summary>
    /// <param name="console">Where it will be printed; without Unicode it is drawn in ASCII.</param>
    /// <param name="groups">The name and the values of each training.</param>
    internal static IEnumerable<string> Lines(IAnsiConsole console, IReadOnlyList<(string Name, double[] Values)> groups)
    {
        string marks = console.Profile.Capabilities.Unicode ? "·•●│" : ".oO|";
        double low = groups.Min(group => group.Values.Min()), high = groups.Max(group => group.Values.Max());
        int names = Math.Min(24, groups.Max(group => group.Name.Length)), columns = Math.Clamp(console.Profile.Width - names - 4, 20, 60);
        foreach ((string name, double[] values) in groups)
        {
            var counts = new int[columns];
            foreach (double value in values)
                counts[Column(value)]++;
            char[] line = [.. counts.Select(count => count == 0 ? ' ' : marks[Math.Min(count, 3) - 1])];
            int mean = Column(SampleStatistics.Mean(values));
            if (line[mean] == ' ')
                line[mean] = marks[3];
            string shown = name.Length > names ? name[..(names - 1)] + (marks[0] == '.' ? "~" : "…") : name;
            yield return $"{shown.PadRight(names)}  {new string(line)}".TrimEnd();
        }
        string left = Measure.Number(low, high - low), right = Measure.Number(high, high - low);
        yield return new string(' ', names + 2) + left + (high > low ? right.PadLeft(Math.Max(right.Length + 1, columns - left.Length))
            : "");

        int Column(double value) => high > low ? (int)Math.Min(columns - 1, (value - low) / (high - low) * columns) : columns / 2;
    }
}
