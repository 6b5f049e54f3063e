using LastBit.Experiments.Accuracy;
using LastBit.Experiments.Amplification;
using LastBit.Experiments.Bounds;
using LastBit.Experiments.Divergence;
using LastBit.Experiments.Edge;
using LastBit.Experiments.Heat;
using LastBit.Experiments.Linear;
using LastBit.Experiments.NonLinear;
using LastBit.Experiments.Sharpness;
using LastBit.Experiments.Train;
using LastBit.Models;
using LastBit.Runs;

namespace LastBit.Experiments.Reproduction;

/// <summary>
/// The one list of experiments: `reproduce`, `status`, `cancel`, job arrays, run folders and reports read names, settings, cells and parts
/// from it.
/// </summary>
public static class AllExperiments
{
    /// <summary>Every experiment; those that are a part of `reproduce` in the order in which it runs them, the quick ones first.</summary>
    public static IReadOnlyList<Experiment> List { get; } =
    [
        HeatEquation.Experiment,
        StabilityBounds.Experiment,
        LinearizedPde.Experiment,
        NonLinearPde.Experiment,
        ErrorAmplification.Experiment,
        DivergenceExperiment.Experiment,
        EdgeExperiment.Experiment,
        AccuracyExperiment.Experiment,
        TrainingRun.Experiment,
        SharpnessExperiment.Experiment,
    ];

    /// <summary>What runs those that are a part of it, in one folder.</summary>
    public static Experiment<ReproductionSettings> Reproduction { get; } =
        new("reproduce", () => new() { Convolution = ConvolutionAlgorithm.Winograd });

    /// <summary>The parts of `reproduce` by name, with the experiments of each.</summary>
    public static IReadOnlyList<IGrouping<string, Experiment>> Parts { get; } =
        [.. List.Where(one => one.Part is not null).GroupBy(one => one.Part!)];

    /// <summary>The cells of a folder that are asked for and not computed; none in a folder without cells.</summary>
    /// <param name="folder">A folder that a run has filled.</param>
    /// <exception cref="InputException">Its files are damaged.</exception>
    public static IReadOnlyList<string> CellsLeftIn(string folder) =>
        [.. List.Where(one => Directory.Exists(Path.Combine(folder, "cells", one.Name))).OfType<ICellsOfFolder>()
            .SelectMany(cells => cells.StatusOf(folder)).Where(cell => cell.State != CellState.Done).Select(cell => cell.Name)];

    /// <summary>What a command of a run.json means; null for what is none.</summary>
    /// <param name="command">The command.</param>
    public static Experiment? Of(string? command) => List.Append(Reproduction).FirstOrDefault(one => one.Name == command);
}
