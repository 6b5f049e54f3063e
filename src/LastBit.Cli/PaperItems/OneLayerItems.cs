using LastBit.Experiments.Amplification;
using LastBit.Experiments.Bounds;
using LastBit.Experiments.Heat;
using LastBit.Experiments.Linear;
using LastBit.Experiments.NonLinear;
using LastBit.Reports.Amplification;
using LastBit.Reports.NonLinear;

namespace LastBit.Cli.PaperItems;

/// <summary>The parts that need no data set. They take seconds, so every scale runs them at the paper's size.</summary>
internal static class OneLayerItems
{
    /// <summary>The heat equation.</summary>
    internal static PaperItem Figure1 { get; } = new("figure1", "the heat equation", run =>
    {
        HeatEquation.Run(new HeatEquationSettings(), run.Context);
        LastBit.Reports.Heat.Figure1.Draw(run.Context.Folder);
        return new PaperItemResult([HeatEquationResult.FileName], [LastBit.Reports.Heat.Figure1.Name], _ => []);
    });

    /// <summary>Tables 2 and 3: bounds and regions.</summary>
    internal static PaperItem Table3 { get; } = new("table3", "stability bounds and regions (Tables 2 and 3)", run =>
    {
        StabilityBoundsResult result = StabilityBounds.Run(new StabilityBoundsSettings(), run.Context);
        return new PaperItemResult([StabilityBoundsResult.FileName], [], console => [Tables.Bounds(console, result), Tables.Regions(console, result)]);
    });

    /// <summary>The linearized PDE.</summary>
    internal static PaperItem Figure3 { get; } = new("figure3", "the linearized PDE", run =>
    {
        LinearizedPde.Run(new LinearizedPdeSettings(), run.Context);
        LastBit.Reports.Linear.Figure3.Draw(run.Context.Folder);
        return new PaperItemResult([LinearizedPdeResult.FileName], [LastBit.Reports.Linear.Figure3.Name], _ => []);
    });

    /// <summary>The non-linear PDE and the amplification of rounding errors.</summary>
    internal static PaperItem Figure4 { get; } = new("figure4", "the non-linear PDE and error amplification", run =>
    {
        NonLinearPde.Run(new NonLinearPdeSettings(), run.Context);
        Figure4Left.Draw(run.Context.Folder);
        ErrorAmplification.Run(new ErrorAmplificationSettings(), run.Context);
        Figure4Right.Draw(run.Context.Folder);
        Figure4Sharpness.Draw(run.Context.Folder);
        return new PaperItemResult([NonLinearPdeResult.FileName, ErrorAmplificationResult.FileName], [Figure4Left.Name, Figure4Right.Name], _ => []);
    });
}
