using LastBit.Data;
using LastBit.Models;
using LastBit.Runs;

namespace LastBit.Experiments.Edge;

/// <summary>
/// The edge of stability: gradient descent at fixed learning rates, the sharpness of the loss along it, and how far copies drift apart that
/// differ by rounding alone. A cell is one learning rate and weight decay, "lr0.02-wd0"; its copies are replicas in one
/// <see cref="Training.Trainer"/>. docs/edge.md.
/// </summary>
public static class EdgeExperiment
{
    /// <summary>The command that fills a folder with these cells.</summary>
    public const string Kind = "edge";

    /// <summary>
    /// The edge of stability in the list of experiments, with as many images as Cohen et al. take and standardised as theirs. Computes the
    /// cells that the folder does not hold yet, and more of those that it holds with fewer iterations. Writes edge.json,
    /// edge/CELL-PERTURBATION.npy (the differences of every tensor), and a checkpoint at least once a minute. Cells that another process is
    /// working on are left to it.
    /// </summary>
    public static CellExperiment<EdgeSettings, EdgeResult> Experiment { get; } = new(
        Kind, () => new() { Convolution = ConvolutionAlgorithm.Winograd, Standardization = StandardizationKind.Pixel, TrainSize = 5000 },
        "iterations",
        (store, cell, iterations) => Read(store, EdgeKey.Of(cell)!.Value, iterations) is { } run
            ? new CellReading(run.IsDoneOf(iterations), (double)run.Loss.Length / iterations,
                CellReading.Diverged(run.DivergedAtIteration)) : default,
        (settings, context, data) => new EdgeCells(settings, context, data))
    {
        Document = EdgeResult.FileName,
        Part = "edge",
        Title = "the edge of stability: sharpness beside the difference of two copies (CIFAR-10)",
        NeedsHessian = true,
        Minutes = scale => scale switch { "demo" => 0.8, "laptop" => 25, _ => 130 },
        AtScale = AtScale,
    };

    private static EdgeSettings AtScale(ReproductionSettings scale) => Experiment.New() with
    {
        Convolution = scale.Convolution,
    } switch
    {
        // One rate whose threshold of 100 is crossed after about 190 steps, and one whose threshold of 200 never is.
        { } fresh when scale.Scale == "demo" => fresh with
        {
            Data = Cifar10.Sample,
            TrainSize = 100,
            PassSize = 100,
            Loss = Loss.SquaredError,
            LearningRates = [0.01, 0.02],
            Iterations = 400,
            Every = 21,
            Eigenvalues = 1,
        },
        // At 0.02 the threshold of 100 is never met; at 0.2 that of 10 is, and with weight decay that of 9.9.
        { } fresh when scale.Scale == "laptop" => fresh with
        {
            LearningRates = [0.02, 0.2],
            WeightDecays = [0, 0.1],
            Iterations = 2000,
            Eigenvalues = 1,
        },
        { } fresh => fresh with { LearningRates = [0.02, 0.05, 0.1, 0.2], WeightDecays = [0, 0.1], Iterations = 4000 },
    };

    /// <summary>A cell's document, checked; null where there is none.</summary>
    /// <exception cref="InputException">It cannot be what it says.</exception>
    internal static EdgeRun? Read(CellStore store, EdgeKey key, int iterations) =>
        CellFiles.Read<EdgeRun>(store.FileOf(key.Cell, "/run.json"), run => run.Problem(key, iterations));
}
