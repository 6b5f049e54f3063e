using LastBit.Experiments.Bounds;
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
        Next = ended => ("lastbit linear" + ended.ImageWords, "the loss on both sides of the bounds"),
        Examples =
        [
            ("lastbit bounds", "the paper's checkerboard: 12,960,000 to 200,000,000"),
            ("lastbit bounds --image cat.png --kernel-size 16 --json", "another image, for a script"),
        ],
    };

    /// <summary>Table 2: the bounds.</summary>
    private static Table BoundsTable(IAnsiConsole console, StabilityBoundsResult result)
    {
        Table table = Tables.Create(console, "Stable weight decays (Table 2)", "by", "#alpha at least", "#alpha at most");
        table.AddRow("eigenvalues (exact for this kernel size)", Tables.Number(result.AlphaMin, NumberText.OfBounds),
            Tables.Number(result.AlphaMax, NumberText.OfBounds));
        table.AddRow("the paper's formula (squared DFT of the image, not normalised)",
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
