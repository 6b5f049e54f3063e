using Spectre.Console;

namespace LastBit.Cli;

/// <summary>Curves of one line of text, for a first look: both axes are logarithmic, as in the paper's figures.</summary>
internal static class Sparkline
{
    private const int Columns = 20;
    private const string Blocks = "▁▂▃▄▅▆▇█";
    private const string Ascii = "_.-:=+*#";

    /// <summary>Draws one line a curve, all to the same scale.</summary>
    /// <param name="console">Where they will be printed; without Unicode they are drawn in ASCII.</param>
    /// <param name="curves">Positive values, one an iteration; values of 0 and below, and iterations that a curve lacks, are left
    /// blank.</param>
    /// <param name="iterations">How many iterations the full width stands for.</param>
    /// <param name="low">Where the scale begins; below it the lowest block is drawn.</param>
    /// <param name="high">Where it ends.</param>
    /// <returns>One text of the same width for each curve.</returns>
    internal static string[] Draw(IAnsiConsole console, IEnumerable<double[]> curves, int iterations, double low, double high)
    {
        string levels = console.Profile.Capabilities.Unicode ? Blocks : Ascii;
        double bottom = Math.Log10(low), height = Math.Max(1e-9, Math.Log10(high) - bottom);
        return [.. curves.Select(curve => string.Concat(Enumerable.Range(0, Columns).Select(column => Block(curve, column))))];

        char Block(double[] curve, int column)
        {
            int from = (int)Math.Pow(iterations, (double)column / Columns) - 1;
            int to = Math.Max(from + 1, (int)Math.Pow(iterations, (column + 1.0) / Columns) - 1);
            double[] logs = [.. curve.Skip(from).Take(to - from).Where(value => value > 0).Select(Math.Log10)];
            if (logs.Length == 0)
                return ' ';
            int level = (int)Math.Floor((logs.Average() - bottom) / height * levels.Length);
            return levels[Math.Clamp(level, 0, levels.Length - 1)];
        }
    }
}
