using LastBit.Pde;

namespace LastBit.Experiments;

/// <summary>Settings of Figure 4 right.</summary>
public sealed record ErrorAmplificationSettings
{
    /// <summary>Learning rates dt, one pair of runs each.</summary>
    [SettingName("learning-rate")]
    public double[] LearningRates { get; init; } = [0.01, 0.03, 0.05, 0.07, 0.09];

    /// <summary>Perturbation k of the second copy, at least 1.</summary>
    public int K { get; init; } = 3;

    /// <summary>Weight decay alpha.</summary>
    public double WeightDecay { get; init; } = 20;

    /// <summary>Gradient steps a run.</summary>
    public int Iterations { get; init; } = 1000;

    /// <summary>lambda_max of the first copy's loss is computed before the first step and after every so many; 0: never. Option --sharpness-every.</summary>
    public int SharpnessEvery { get; init; } = OneLayerSharpness.DefaultEvery;

    /// <summary>Whether the kernel of every iteration also goes into a .mat file of its own.</summary>
    public bool Mat { get; init; }

    /// <summary>The image; options --image and --image-size.</summary>
    public GreyImage Image { get; init; } = GreyImage.Checkerboard();

    /// <summary>Rows and columns of the kernel.</summary>
    public int KernelSize { get; init; } = 32;
}
