using LastBit.Data;
using LastBit.Models;
using LastBit.Runs;

namespace LastBit.Experiments.Divergence;

/// <summary>
/// Figure 2: two copies of a network that differ in rounding alone (k = 1 and k = 3), at learning rates 0.1/n. A cell is one divisor,
/// "n32", or "n32-ulp" with another perturbation than the figure's.
/// </summary>
public static class DivergenceExperiment
{
    /// <summary>The command that fills a folder with these cells.</summary>
    public const string Kind = "divergence";

    /// <summary>
    /// Computes the divisors that the folder does not hold yet. Writes divergence.json, divergence/mapN.npy, the weights of the tensor of
    /// Figure 2 in result/parameter/nlayer/ACTIVATION_LR/LWD_N_1.npy and _2.npy ([scaled iterations] before the tensor's shape), with Mat
    /// also a folder of .mat files for each of these, and a checkpoint at least once a minute. Divisors that another process is working on
    /// are left to it.
    /// </summary>
    public static CellExperiment<DivergenceSettings, DivergenceResult> Experiment { get; } = new(
        Kind, () => new() { Convolution = ConvolutionAlgorithm.Winograd }, "scaledIterations",
        (store, cell, scaled) => Read(store, DivergenceKey.Of(cell)!.Value, scaled) is { } run
            ? new CellReading(run.IsDone, (double)run.RelativeL1.Length / scaled, CellReading.Diverged(run.DivergedAtIteration)) : default,
        (settings, context, data) => new DivergenceCells(settings, context, data))
    {
        Document = DivergenceResult.FileName,
        Part = "figure2",
        Title = "divergence of the weights of a network (CIFAR-10)",
        Minutes = scale => scale switch { "demo" => 0.7, "laptop" => 55, _ => 29_000 },
        AtScale = scale => scale.Scale switch
        {
            "demo" => new DivergenceSettings
            { Network = "resnet8", Data = Cifar10.Sample, BatchSize = 32, ScaledIterations = 50, Divisors = [2, 8, 32] },
            "laptop" => new DivergenceSettings { Divisors = [2, 8, 320], ScaledIterations = 20 },
            _ => new DivergenceSettings { Divisors = [2, 4, 8, 16, 32, 320, 3200, 32000] },
        } with
        {
            Convolution = scale.Convolution,
        },
    };

    /// <summary>A pair's document, checked; null where there is none.</summary>
    /// <param name="store">The cells.</param>
    /// <param name="key">The pair.</param>
    /// <param name="scaledIterations">How many scaled iterations a finished run has.</param>
    /// <param name="tensors">The names of all tensors; null not to compare them.</param>
    /// <exception cref="InputException">It cannot be what it says.</exception>
    internal static DivergenceRun? Read(CellStore store, DivergenceKey key, int scaledIterations,
        IReadOnlyCollection<string>? tensors = null) => CellFiles.Read<DivergenceRun>(store.FileOf(key.Cell, "/run.json"),
            run => run.Problem(key, scaledIterations, tensors ?? [.. run.FirstDifference.Keys]));
}
