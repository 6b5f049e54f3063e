using System.Globalization;
using LastBit.Experiments.Bounds;
using LastBit.Experiments.Linear;
using LastBit.Reports.Linear;
using Spectre.Console;

namespace LastBit.Cli.Commands;

/// <summary>`lastbit bounds`: Tables 2 and 3 as numbers for any image.</summary>
internal static class BoundsCommand
{
    internal static ExperimentCommand<StabilityBoundsSettings, StabilityBoundsResult> Command { get; } = new(StabilityBounds.Experiment,
        "Tables 2 and 3: between which weight decays gradient descent is stable, for any image.")
    {
        Tables = (console, result) => [BoundsTable(console, result), RegionsTable(console, result)],
        IsPrintedByReproduce = true,
        Next = ended => ("lastbit linear" + ended.ImageWords + LearningRate(ended.Settings.LearningRate)
            + BothSides(ended.Result, ended.Settings.LearningRate), "the loss on both sides of these bounds"),
        Examples =
        [
            ("lastbit bounds", "the paper's checkerboard: 12,960,000 to 200,000,000"),
            ("lastbit bounds --image cat.png --kernel-size 16 --json", "another image, for a script"),
        ],
    };

    /// <summary>The option that sets the learning rate, where it is not the paper's.</summary>
    internal static string LearningRate(double rate) =>
        rate == new StabilityBoundsSettings().LearningRate ? "" : $" --learning-rate {OptionTypes.Format(rate)}";

    /// <summary>
    /// Weight decays on either side of each bound, and iterations enough for those outside to show it; of the upper bound alone where the
    /// lower one, small beside 2/dt, would take more than anybody waits for; empty where no weight decay is stable.
    /// </summary>
    private static string BothSides(StabilityBoundsResult bounds, double learningRate)
    {
        const double MostIterations = 100_000;
        double apart = (bounds.AlphaMax - Math.Max(0, bounds.AlphaMin)) / 10, below = Math.Min(apart, bounds.AlphaMin / 2);
        if (!(apart > 0))
            return "";
        // More powers of ten than the claim on these bounds asks for: a loss falls before it grows.
        double needed = (BoundsClaim.PowerOfGrowth + 7) / (2 * Math.Log10(1 + (learningRate * below)));
        bool isLowerShown = below > 0 && needed <= MostIterations;
        double[] decays =
        [
            .. isLowerShown ? [bounds.AlphaMin - below, bounds.AlphaMin + below] : Array.Empty<double>(),
            bounds.AlphaMax - apart, bounds.AlphaMax + apart,
        ];
        int usual = new LinearizedPdeSettings().Iterations;
        return $" --weight-decay {string.Join(',', decays.Select(decay => OptionTypes.Format(Rounded(decay))))}"
            + (isLowerShown && needed > usual ? $" --iterations {(int)Math.Ceiling(needed)}" : "");

        static double Rounded(double value) =>
            double.Parse(value.ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    /// <summary>Table 2: the bounds.</summary>
    private static Table BoundsTable(IAnsiConsole console, StabilityBoundsResult result)
    {
        Table table = Tables.Create(console, "Stable weight decays (Table 2)", "by", "#alpha at least", "#alpha at most");
        table.AddRow("eigenvalues (exact for this kernel size)", Tables.Number(result.AlphaMin, NumberText.OfBounds),
            Tables.Number(result.AlphaMax, NumberText.OfBounds));
        table.AddRow("the paper's formula (squared DFT of the image, greatest on the DFT's grid)",
            Tables.Number(result.FourierAlphaMin, NumberText.OfBounds), Tables.Number(result.FourierAlphaMax, NumberText.OfBounds));
        if (result.AlphaMin > result.AlphaMax)
            table.Caption = new TableTitle("No weight decay is stable: the least is above the greatest.");
        else if (result.FourierAlphaMin > result.FourierAlphaMax)
            table.Caption = new TableTitle("By the paper's formula no weight decay is stable: the least is above the greatest.");
        return table;
    }

    /// <summary>Table 3: the regions.</summary>
    private static Table RegionsTable(IAnsiConsole console, StabilityBoundsResult result)
    {
        Table table =
            Tables.Create(console, "Regions of the activation (Table 3)", "region", "linearized PDE", "#alpha at least", "#alpha at most");
        table.Columns[1].NoWrap = false;
        foreach (StabilityRegion region in result.Regions)
        {
            string least = region.AlphaMin is { } alpha ? Tables.Number(alpha, NumberText.OfBounds) : "none";
            table.AddRow(Markup.Escape(region.Region), Markup.Escape(region.Equation), least,
                Tables.Number(region.AlphaMax, NumberText.OfBounds));
        }
        return table;
    }
}
