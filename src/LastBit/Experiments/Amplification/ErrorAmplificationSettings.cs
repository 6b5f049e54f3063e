using System.Text.Json.Serialization;
using LastBit.Experiments.OneLayer;
using LastBit.Training;

namespace LastBit.Experiments.Amplification;

/// <summary>Settings of Figure 4 right.</summary>
public sealed record ErrorAmplificationSettings : OneLayerSettings
{
    /// <summary>Learning rates dt, one pair of runs each.</summary>
    [Setting("Learning rates dt, one pair of runs each.", Name = "learning-rate", Alias = "dt")]
    public double[] LearningRates { get; init; } = [0.01, 0.03, 0.05, 0.07, 0.09];

    /// <summary>Perturbation of the second copy: a whole k of at least 1.</summary>
    [JsonPropertyName("k")]
    [Setting("Perturbation of the second copy: its step is (dt*k)*(g/k).", Whole = true)]
    public Perturbation Perturbation { get; init; } = Perturbation.OfK(3);

    /// <summary>Weight decay alpha.</summary>
    [Setting("Weight decay alpha.", Alias = "alpha")]
    public double WeightDecay { get; init; } = 20;

    /// <summary>The slope beta of Swish.</summary>
    [Setting(OneLayerSetup.BetaHelp)]
    public double Beta { get; init; } = 1;

    /// <summary>Gradient steps per run.</summary>
    [Setting("Gradient steps per run.")]
    public int Iterations { get; init; } = 1000;

    /// <summary>Steps between two values of lambda_max of the first copy's loss, the first before the first step; 0 for none.</summary>
    [Setting(OneLayerSharpness.EveryHelp, Least = 0)]
    public int SharpnessEvery { get; init; } = OneLayerSharpness.DefaultEvery;

    /// <summary>Whether the kernel of every iteration also goes into a .mat file of its own.</summary>
    [Setting("Also writes every kernel as a .mat file, as the authors' scripts do (thousands of small files).")]
    public bool Mat { get; init; }
}
