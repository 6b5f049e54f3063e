using LastBit.Data;
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

namespace LastBit.Experiments.Reproduction;

/// <summary>A kind of run: what the command that begins one is called, and what it sets where nothing is said.</summary>
/// <param name="Name">The command.</param>
/// <param name="Settings">The type of its settings.</param>
public abstract record RunKind(string Name, Type Settings)
{
    /// <summary>Figure 1.</summary>
    public static RunKind<HeatEquationSettings> Heat { get; } = new("heat", () => new());

    /// <summary>Figure 3.</summary>
    public static RunKind<LinearizedPdeSettings> Linear { get; } = new("linear", () => new());

    /// <summary>Figure 4, left.</summary>
    public static RunKind<NonLinearPdeSettings> NonLinear { get; } = new("nonlinear", () => new());

    /// <summary>Figure 4, right.</summary>
    public static RunKind<ErrorAmplificationSettings> Amplify { get; } = new("amplify", () => new());

    /// <summary>Tables 2 and 3.</summary>
    public static RunKind<StabilityBoundsSettings> Bounds { get; } = new("bounds", () => new());

    /// <summary>One training.</summary>
    public static RunKind<TrainingRunSettings> Train { get; } = new("train", () => new() { Convolution = ConvolutionAlgorithm.Winograd });

    /// <summary>Table 1.</summary>
    public static RunKind<AccuracySettings> Accuracy { get; } = new(AccuracyExperiment.Kind, () => new() { Convolution = ConvolutionAlgorithm.Winograd });

    /// <summary>Figure 2.</summary>
    public static RunKind<DivergenceSettings> Divergence { get; } = new(DivergenceExperiment.Kind, () => new() { Convolution = ConvolutionAlgorithm.Winograd });

    /// <summary>The edge of stability, with as many images as Cohen et al. take and standardised as theirs.</summary>
    public static RunKind<EdgeSettings> Edge { get; } = new(EdgeExperiment.Kind, () => new()
    {
        Convolution = ConvolutionAlgorithm.Winograd,
        Standardization = StandardizationKind.Pixel,
        TrainSize = 5000,
    });

    /// <summary>The sharpness of one network.</summary>
    public static RunKind<SharpnessSettings> Sharpness { get; } = new("sharpness", () => new() { Convolution = ConvolutionAlgorithm.Winograd });

    /// <summary>Every figure and table.</summary>
    public static RunKind<ReproductionSettings> Reproduce { get; } = new("reproduce", () => new() { Convolution = ConvolutionAlgorithm.Winograd });

    /// <summary>All of them.</summary>
    public static IReadOnlyList<RunKind> All { get; } = [Heat, Linear, NonLinear, Amplify, Bounds, Train, Accuracy, Divergence, Edge, Sharpness, Reproduce];

    /// <summary>The settings of a new run.</summary>
    public abstract object NewSettings();

    /// <summary>What a document of settings means by a member that it lacks, which is what was computed before there was the setting; not always what a new run has.</summary>
    public object OldSettings() => Activator.CreateInstance(Settings)!;
}

/// <summary>A kind of run with its settings.</summary>
/// <typeparam name="TSettings">The record of its settings.</typeparam>
/// <param name="Name">The command.</param>
/// <param name="New">The settings of a new run.</param>
public sealed record RunKind<TSettings>(string Name, Func<TSettings> New) : RunKind(Name, typeof(TSettings))
    where TSettings : class, new()
{
    /// <inheritdoc/>
    public override object NewSettings() => New();
}
