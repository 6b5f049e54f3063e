using LastBit.Experiments;
using LastBit.Experiments.Reproduction;
using Spectre.Console;

namespace LastBit.Cli.PaperItems;

/// <summary>
/// One figure or table of the paper as `lastbit reproduce` runs it. A new part is one file in this folder and one line in
/// <see cref="All"/>.
/// </summary>
/// <param name="Name">What --only calls it.</param>
/// <param name="Title">What it is, in a few words.</param>
/// <param name="Run">Runs it and draws its figures.</param>
internal sealed record PaperItem(string Name, string Title, Func<PaperItemRun, PaperItemResult> Run)
{
    /// <summary>Every part, in the order in which they run: the quick ones first.</summary>
    internal static PaperItem[] All { get; } =
    [
        OneLayerItems.Figure1,
        OneLayerItems.Table3,
        OneLayerItems.Figure3,
        OneLayerItems.Figure4,
        TrainingItems.Figure2,
        TrainingItems.EdgeOfStability,
        TrainingItems.Table1,
    ];
}

/// <summary>What a part is run with.</summary>
/// <param name="Settings">The scale, and what else decides its bits.</param>
/// <param name="Context">Folder, threads, observer.</param>
internal sealed record PaperItemRun(ReproductionSettings Settings, ExperimentContext Context);

/// <summary>What came of a part.</summary>
/// <param name="Documents">Result documents in the folder (LinearizedPdeResult.FileName).</param>
/// <param name="Figures">Figures in figures/ ("figure3").</param>
/// <param name="Tables">The tables to print, made for the console that they are printed on.</param>
internal sealed record PaperItemResult(string[] Documents, string[] Figures, Func<IAnsiConsole, Table[]> Tables);
