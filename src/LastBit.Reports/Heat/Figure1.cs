using LastBit.Experiments.Heat;
using LastBit.Reports.Figures;
using LastBit.Reports.Results;

namespace LastBit.Reports.Heat;

/// <summary>Figure 1: the heat equation, one panel per time step.</summary>
public static class Figure1
{
    /// <summary>The figure's name, and that of its files.</summary>
    public const string Name = "figure1";

    /// <summary>Draws figures/figure1.png and .svg from heat.json.</summary>
    /// <param name="folder">The result folder.</param>
    /// <param name="outFolder">The folder in which figures/ goes; null is the result folder.</param>
    /// <returns>Why there is nothing to draw; null when it is drawn.</returns>
    /// <exception cref="InputException">heat.json is not there or not readable, or the figure cannot be written.</exception>
    public static string? Draw(string folder, string? outFolder = null)
    {
        HeatEquationResult result = ResultFile.Read<HeatEquationResult>(folder, HeatEquationResult.FileName);
        const string Title = "The heat equation by explicit Euler with a stable and an unstable time step";
        FigureFile.Write(outFolder ?? folder, Name, Title, null, [.. result.Runs.Select(Panel)]);
        return null;
    }

    private static FigurePanel Panel(HeatEquationRun run)
    {
        var panel = new FigurePanel("x", "u", 190, $"Δt = {NumberText.Exact(run.Dt)} ({(run.Stable ? "stable" : "unstable")})");
        for (int i = 0; i < run.Snapshots.Length; i++)
        {
            double[] u = run.Snapshots[i].U;
            panel.Name(i, $"t = {NumberText.Exact(run.Snapshots[i].Time)}");
            panel.Curve(i, [.. Enumerable.Range(0, u.Length).Select(x => (double)x)], u);
        }
        double[] all = [.. run.Snapshots.SelectMany(snapshot => snapshot.U)];
        double low = Math.Min(0, all.Min());
        double high = all.Max();
        double step = FigureStyle.RoundStep(high - low, 6);
        FigureStyle.LinearAxis(panel.Plot.Axes.Bottom, 0, run.Snapshots[0].U.Length - 1, 5);
        FigureStyle.LinearAxis(panel.Plot.Axes.Left, Math.Floor(low / step) * step, Math.Ceiling(high / step) * step, step);
        return panel;
    }
}
