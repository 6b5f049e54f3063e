using LastBit.Experiments.Bounds;
using LastBit.Reports.Page;
using LastBit.Reports.Results;
using LastBit.Reports.Sections;

namespace LastBit.Reports.Bounds;

/// <summary>Table 3.</summary>
internal static class RegionsSection
{
    internal static ReportPart Part { get; } = new(StabilityBounds.Experiment, [StabilityBoundsResult.FileName], [],
        ReportSection.Of<StabilityBoundsResult>(RegionsClaim.Claim, StabilityBoundsResult.FileName, Section));

    private static ReportSection Section(ResultFolder folder, StabilityBoundsResult bounds)
    {
        Markup table = HtmlTable.Of("Table 3",
            "Between which weight decays each region is stable, by the paper's formulas; the last row is exact for this kernel's finite "
                + "support.",
            ["Region", "#$α$ at least", "#$α$ at most", "Equation"],
            [
                .. bounds.Regions.Select(region => new[]
                {
                    region.Region, region.AlphaMin is { } least ? NumberText.Of(least, NumberText.OfBounds) : "–",
                    NumberText.Of(region.AlphaMax, NumberText.OfBounds), Equation(region),
                }),
                [
                    "transitioning, exact", NumberText.Of(bounds.AlphaMin, NumberText.OfBounds),
                    NumberText.Of(bounds.AlphaMax, NumberText.OfBounds),
                    $"eigenvalues {NumberText.Of(bounds.LambdaMin)} to {NumberText.Of(bounds.LambdaMax)} (± "
                        + $"{NumberText.Of(bounds.LambdaTolerance, 2)})",
                ],
            ]);
        return new ReportSection(RegionsClaim.Claim,
            "The bounds of the three regions by the paper's Fourier formulas, "
                + "and for the transition also the extreme eigenvalues of the operator itself, for the same image.",
            RegionsClaim.Judge(bounds), null, table);
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
