using LastBit.Experiments.Bounds;
using LastBit.Reports.Claims;
using LastBit.Reports.Page;
using LastBit.Reports.Results;
using LastBit.Reports.Sections;

namespace LastBit.Reports.Bounds;

/// <summary>Table 3.</summary>
internal static class RegionsSection
{
    internal static ReportPart Part { get; } = new(StabilityBounds.Experiment, [StabilityBoundsResult.FileName], [], Section);

    private static ReportSection Section(ResultFolder folder)
    {
        if (folder.Document<StabilityBoundsResult>(StabilityBoundsResult.FileName) is not { } bounds)
            return new ReportSection(RegionsClaim.Claim, "", Finding.Missing(StabilityBoundsResult.FileName), null, Markup.Empty,
                "lastbit bounds");
        Markup table = HtmlTable.Of("Table 3",
            "Between which weight decays each region is stable, by the paper's formulas; the last row is exact for this kernel's finite "
                + "support.",
            ["Region", "Equation", "#$α$ at least", "#$α$ at most"],
            [
                .. bounds.Regions.Select(region => new[]
                {
                    region.Region, Equation(region), region.AlphaMin is { } least ? NumberText.Of(least, NumberText.OfBounds) : "–",
                    NumberText.Of(region.AlphaMax, NumberText.OfBounds),
                }),
                [
                    "transitioning, exact",
                    $"eigenvalues {NumberText.Of(bounds.LambdaMin)} to {NumberText.Of(bounds.LambdaMax)} (± "
                        + $"{NumberText.Of(bounds.LambdaTolerance, 2)})",
                    NumberText.Of(bounds.AlphaMin, NumberText.OfBounds), NumberText.Of(bounds.AlphaMax, NumberText.OfBounds),
                ],
            ]);
        return new ReportSection(RegionsClaim.Claim,
            "The bounds of the three regions by the paper's Fourier formulas, "
                + "and for the transition also the extreme eigenvalues of the operator itself, for the same image.",
            RegionsClaim.Judge(bounds), null, table, "lastbit bounds");
    }

    /// <summary>The document has its equations in ASCII; the page has them as formulas.</summary>
    private static string Equation(StabilityRegion region) => region.Region switch
    {
        "activated" => "$dK/dt = −(σ(0) − y)·mean(I)$ $− mean(I)²·mean(K)/8 − α·K$",
        "transitioning" => "$dK/dt = −(a/2)·(mean(I) + β·(K∗I)∗I)$ $− α·K$",
        "not activated" => "$dK/dt = −α·K$",
        _ => region.Equation,
    };
}
