using System.Globalization;
using LastBit.Data;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Accuracy;

/// <summary>
/// Table 1: the test accuracy of runs that differ in seed and of runs that differ in rounding alone. A cell is one run, "seed1/k3". All
/// perturbations of a seed that are computed together are replicas in one <see cref="Trainer"/>: the same first weights, the same batches,
/// augmented once.
/// </summary>
public static class AccuracyExperiment
{
    /// <summary>The command that fills a folder with these cells.</summary>
    public const string Kind = "accuracy";

    /// <summary>
    /// The ending of a cell's file that says which test image was classified correctly: cells/accuracy/seed1/k3.correct.npy, beside
    /// cells/accuracy/labels.npy.
    /// </summary>
    public const string CorrectEnding = ".correct.npy";

    /// <summary>
    /// Computes the runs that the folder does not hold yet, seed by seed. After every epoch the cells,
    /// result/accuracy/cifar10_resnet_sgd/seedS/testI.npy (odd k only: test1, test2, ... are k = 1, 3, ...; the other perturbations have
    /// none) and accuracy.json are on disk, and a checkpoint at least once a minute. Runs that another process is working on are left to
    /// it. A run that diverges is named in the table and left out of its statistics; the others go on.
    /// </summary>
    public static CellExperiment<AccuracySettings, AccuracyResult> Experiment { get; } = new(
        Kind, () => new() { Convolution = ConvolutionAlgorithm.Winograd }, "epochs",
        (store, cell, epochs) => Read(store, cell, epochs) is { } read
            ? new CellReading(read.IsDone, (double)read.Epochs.Count / epochs, read.Diverged?.Sentence) : default,
        (settings, context, data) => new AccuracyCells(settings, context, data))
    {
        Document = AccuracyCurves.FileName,
        Part = "table1",
        Title = "accuracy over seeds and perturbations (CIFAR-10)",
        Minutes = scale => scale switch { "demo" => 0.7, "laptop" => 32, _ => 10_000 },
        AtScale = scale => scale.Scale switch
        {
            "demo" => new AccuracySettings
            {
                Network = "resnet8",
                Data = Cifar10.Sample,
                Epochs = 15,
                Seeds = [1, 2, 3],
                Perturbations = Perturbation.EachOfK(1, 3, 5)
            },
            "laptop" => new AccuracySettings
            {
                Network = "resnet20",
                TrainSize = 10_000,
                Epochs = 20,
                Seeds = [1, 2, 3],
                Perturbations = Perturbation.EachOfK(1, 3, 5, 7),
            },
            _ => new AccuracySettings(),
        } with
        {
            Convolution = scale.Convolution,
        },
    };

    /// <summary>The name of a cell, "seed1/k3".</summary>
    public static string NameOf(int seed, Perturbation perturbation) => $"{GroupOf(seed)}/{perturbation.FileName}";

    /// <summary>Makes sure that the file with the test images of a cell is the one that the cell was finished with.</summary>
    /// <param name="folder">The result folder.</param>
    /// <param name="seed">The cell's seed.</param>
    /// <param name="perturbation">What sets it apart from the others of its seed.</param>
    /// <exception cref="InputException">The file or the cell's document is missing or was altered.</exception>
    public static void CheckCorrectness(string folder, int seed, Perturbation perturbation)
    {
        var store = CellStore.Of(folder, Kind);
        string cell = NameOf(seed, perturbation), document = store.FileOf(cell, ".json");
        // Older versions noted no digests.
        if (CellFiles.Read<AccuracyCell>(document, _ => null)?.Files is { } digests)
            CellFiles.Check(folder, [store.FileOf(cell, CorrectEnding)], digests, document, SilentObserver.Instance);
    }

    internal static string GroupOf(int seed) => string.Create(CultureInfo.InvariantCulture, $"seed{seed}");

    internal static (int Seed, Perturbation Perturbation)? PartsOf(string cell) =>
        cell.Split('/') is [string group, string name] && CellStore.NumberBetween("seed", group, "") is { } seed
            && Perturbation.FromFileName(name) is { } one
            ? (seed, one) : null;

    /// <summary>A cell's document, checked against the settings; null where there is none.</summary>
    /// <exception cref="InputException">It cannot be what it says.</exception>
    internal static AccuracyCell? Read(CellStore store, string cell, int epochs)
    {
        (int seed, Perturbation perturbation) = PartsOf(cell)!.Value;
        var read = CellFiles.Read<AccuracyCell>(store.FileOf(cell, ".json"), read => read.Problem(seed, perturbation, epochs));
        // A version that knew no diverged runs wrote on, with the accuracy of a network that answers nothing.
        return read is { Diverged: null } && read.Epochs.FirstOrDefault(epoch => epoch.TestLoss is null) is { } first
            ? read with
            {
                Epochs = [.. read.Epochs.Take(first.Epoch - 1)],
                Digest = null,
                Diverged = new DivergedTraining(0, $"the test loss of epoch {first.Epoch} is not a number")
            }
            : read;
    }
}
