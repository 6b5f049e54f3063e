using LastBit.Pde;

namespace LastBit.Experiments;

/// <summary>Settings of Figure 4 right.</summary>
public sealed record ErrorAmplificationSettings
{
    /// <summary>Learning rates dt, one pair of runs each; option --learning-rate.</summary>
    public double[] LearningRates { get; init; } = [0.01, 0.03, 0.05, 0.07, 0.09];

    /// <summary>Perturbation k of the second copy, at least 1; option --k.</summary>
    public int K { get; init; } = 3;

    /// <summary>Weight decay alpha; option --weight-decay.</summary>
    public double WeightDecay { get; init; } = 20;

    /// <summary>Gradient steps a run; option --iterations.</summary>
    public int Iterations { get; init; } = 1000;

    /// <summary>Whether the kernel of every iteration also goes into a .mat file of its own; option --mat.</summary>
    public bool Mat { get; init; }

    /// <summary>The image; options --image and --image-size.</summary>
    public GreyImage Image { get; init; } = GreyImage.Checkerboard();

    /// <summary>Rows and columns of the kernel; option --kernel-size.</summary>
    public int KernelSize { get; init; } = 32;
}

/// <summary>One learning rate's pair of copies.</summary>
/// <param name="LearningRate">The learning rate.</param>
/// <param name="RelativeL1">Average relative L1 difference of the two kernels after every step, from iteration 0; between 0 and 2.</param>
/// <param name="Finite">How many iterations left both kernels finite: the pair stopped at iteration <c>Finite</c> when this is below the iterations asked for.</param>
public sealed record ErrorAmplificationRun(double LearningRate, double[] RelativeL1, int Finite);

/// <summary>Figure 4 right as numbers; amplify.json.</summary>
/// <param name="K">Perturbation of the second copy.</param>
/// <param name="WeightDecay">Weight decay of every run.</param>
/// <param name="Iterations">Iterations asked for.</param>
/// <param name="Runs">One pair a learning rate, in the order of the settings.</param>
public sealed record ErrorAmplificationResult(int K, double WeightDecay, int Iterations, ErrorAmplificationRun[] Runs)
{
    /// <summary>The document that --json prints and amplify.json holds.</summary>
    public string ToJson() => ResultJson.Serialize(this);
}

/// <summary>Figure 4 right: two copies that differ only in rounding, side by side.</summary>
public static class ErrorAmplification
{
    /// <summary>
    /// Runs every pair; writes result/parameter/1layer/dt*_L*/1_1.npy (k = 1) and 1_2.npy (the other k), with --mat also the trees of .mat files, and amplify.json.
    /// </summary>
    /// <param name="settings">What to run.</param>
    /// <param name="context">Folder, threads, observer.</param>
    /// <exception cref="InputException">A setting is not possible; the message names the option.</exception>
    public static ErrorAmplificationResult Run(ErrorAmplificationSettings settings, ExperimentContext context) => throw new NotImplementedException();
}
