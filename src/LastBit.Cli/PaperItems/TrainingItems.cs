using LastBit.Cli.Commands;
using LastBit.Data;
using LastBit.Experiments.Accuracy;
using LastBit.Experiments.Divergence;
using LastBit.Experiments.Edge;
using LastBit.Experiments.Reproduction;
using LastBit.Models;
using LastBit.Training;

namespace LastBit.Cli.PaperItems;

/// <summary>
/// The parts that train networks. demo: the sample of CIFAR-10 inside the program and a small network, 283 seconds of processor time together;
/// laptop: all of CIFAR-10 and ResNet-20, hours; paper: as published, weeks.
/// </summary>
internal static class TrainingItems
{
    /// <summary>Divergence of the weights.</summary>
    internal static PaperItem Figure2 { get; } = new("figure2", "divergence of the weights of a network (CIFAR-10)", run =>
    {
        DivergenceResult result = DivergenceExperiment.Run(DivergenceAt(run.Settings), run.Context);
        LastBit.Reports.Divergence.Figure2.Draw(run.Context.Folder);
        return new PaperItemResult([DivergenceResult.FileName], [LastBit.Reports.Divergence.Figure2.Name, LastBit.Reports.Divergence.Figure2.LayersName],
            console => [DivergenceCommand.ResultTable(result, console)]);
    });

    /// <summary>Accuracy over seeds and perturbations.</summary>
    internal static PaperItem Table1 { get; } = new("table1", "accuracy over seeds and perturbations (CIFAR-10)", run =>
    {
        AccuracyResult result = AccuracyExperiment.Run(AccuracyAt(run.Settings), run.Context);
        LastBit.Reports.Accuracy.Table1.Draw(run.Context.Folder);
        return new PaperItemResult([AccuracyCurves.FileName], [LastBit.Reports.Accuracy.Table1.Name],
            console => result.ToSummary() is { } summary ? SummarizeCommand.TablesOf(summary, console) : []);
    });

    /// <summary>The edge of stability.</summary>
    internal static PaperItem EdgeOfStability { get; } = new("edge", "the edge of stability: sharpness beside the difference of two copies (CIFAR-10)", run =>
    {
        EdgeResult result = EdgeExperiment.Run(EdgeAt(run.Settings), run.Context);
        LastBit.Reports.Edge.EdgeOfStability.Draw(run.Context.Folder);
        return new PaperItemResult([EdgeResult.FileName], [LastBit.Reports.Edge.EdgeOfStability.Name], console => [EdgeCommand.ResultTable(result, console)]);
    });

    /// <summary>The edge of stability at a scale.</summary>
    internal static EdgeSettings EdgeAt(ReproductionSettings settings) => settings.Scale switch
    {
        // One rate whose threshold of 100 is crossed after about 190 steps, and one whose threshold of 200 never is.
        "demo" => RunKind.Edge.New() with
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
        _ => RunKind.Edge.New() with { LearningRates = [0.02, 0.04, 0.08], Iterations = settings.Scale == "laptop" ? 2000 : 4000 },
    } with
    {
        Convolution = settings.Convolution,
    };

    /// <summary>Figure 2 at a scale.</summary>
    internal static DivergenceSettings DivergenceAt(ReproductionSettings settings) => settings.Scale switch
    {
        "demo" => new DivergenceSettings { Network = "resnet8", Data = Cifar10.Sample, BatchSize = 32, ScaledIterations = 50, Divisors = [2, 8, 32] },
        "laptop" => new DivergenceSettings { Network = "resnet20", Divisors = [2, 4, 8, 16, 32] },
        _ => new DivergenceSettings { Divisors = [2, 4, 8, 16, 32, 320, 3200, 32000] },
    } with
    {
        Convolution = settings.Convolution,
    };

    /// <summary>Table 1 at a scale.</summary>
    internal static AccuracySettings AccuracyAt(ReproductionSettings settings) => settings.Scale switch
    {
        "demo" => new AccuracySettings { Network = "resnet8", Data = Cifar10.Sample, Epochs = 15, Seeds = [1, 2, 3], Perturbations = Perturbation.EachOfK(1, 3, 5) },
        "laptop" => new AccuracySettings { Network = "resnet20", Epochs = 20, Seeds = [1, 2, 3] },
        _ => new AccuracySettings(),
    } with
    {
        Convolution = settings.Convolution,
    };
}
