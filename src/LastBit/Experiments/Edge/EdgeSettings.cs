using System.Text.Json.Serialization;
using LastBit.Experiments.Sharpness;
using LastBit.Training;

namespace LastBit.Experiments.Edge;

/// <summary>Settings of the edge of stability: gradient descent with a fixed learning rate, and the sharpness along it.</summary>
[InheritedSetting(nameof(LearningRate), null)]
[InheritedSetting(nameof(WeightDecay), null)]
[InheritedSetting(nameof(BatchSize), "Images per step.", Least = 0, Default = "all, or 0")]
[InheritedSetting(nameof(Optimizer), "The update rule; for adamw no threshold of the sharpness is known, so it is refused.")]
[InheritedSetting(nameof(TrainSize), TrainSizeHelp, Default = "5000, or all of the sample")]
public sealed partial record EdgeSettings : NetworkTrainingSettings, ICellSettings<EdgeSettings>
{
    /// <summary>
    /// As Cohen et al. have it: a fully connected network with tanh, all images at once and as they are, no weight decay.
    /// </summary>
    public EdgeSettings()
    {
        (Network, Augmentation, BatchSize) = ("fc-tanh", "none", AllImages);
        (LearningRate, WeightDecay) = (LearningRates[0], WeightDecays[0]);
    }

    /// <summary>The batch size that means all training images.</summary>
    public const int AllImages = 0;

    /// <summary>Learning rates, a run each. More can be added to a folder later.</summary>
    [JsonIgnore]
    [Setting("Learning rates, one run each; more can be added to a folder later.", Name = "learning-rate")]
    public double[] LearningRates { get; init; } = [0.02];

    /// <summary>Weight decays, a run each for every learning rate. More can be added to a folder later.</summary>
    [JsonIgnore]
    [Setting("Weight decays, one run each for every learning rate; likewise.", Name = "weight-decay")]
    public double[] WeightDecays { get; init; } = [0];

    /// <summary>Perturbations of the copies beside the plain one; none is k = 1. The first is the one of the figure.</summary>
    [JsonPropertyName("perturbation")]
    [Setting("Copies beside the plain one. " + Perturbation.Kinds)]
    public Perturbation[] Perturbations { get; init; } = [Perturbation.OfK(3)];

    /// <summary>Steps. A folder can be given more later.</summary>
    [Setting("Steps; a folder can be given more later.", Grows = true)]
    public int Iterations { get; init; } = 1000;

    /// <summary>
    /// Percent of training images: a run ends when it classifies as many, with batches in the mean of an epoch's; null to go on.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Setting("Ends a run that classifies so many percent of the training images, with batches in the mean over an epoch.",
        Default = "goes on")]
    public double? UntilAccuracy { get; init; }

    /// <summary>Steps between two values of the sharpness; the first is taken before the first step.</summary>
    [Setting("Steps between two values of the sharpness; the first is taken before the first step.")]
    public int Every { get; init; } = 21;

    /// <summary>How many of the largest eigenvalues.</summary>
    [Setting("How many of the largest eigenvalues of the Hessian.")]
    public int Eigenvalues { get; init; } = 2;

    /// <summary>
    /// With batches, steps between two searches for the eigenvalues, a multiple of <see cref="Every"/>; 0 is <see cref="Every"/>. In
    /// between only the batch sharpness is taken, which costs far less.
    /// </summary>
    [Setting("With batches: steps between two searches for the eigenvalues, a multiple of {every}; in between only the batch sharpness is "
        + "taken.", Least = 0, Default = "0, at every value")]
    public int EigenvaluesEvery { get; init; }

    /// <summary>
    /// An eigenvalue is taken as found when its residual |H v - lambda v| is at most this fraction of it. The error of an eigenvalue goes
    /// with the square of its residual, so 1e-2 shows in no curve.
    /// </summary>
    [Setting("A value is taken as found when its residual is at most this fraction of it.")]
    public double Tolerance { get; init; } = 1e-3;

    /// <summary>
    /// In the first and the last search of a run: how far above the values found another eigenvalue may lie, as a fraction of the width of
    /// the spectrum; null for
    /// <see cref="LossHessian.DefaultVerify"/>. Those between begin with the vectors found before and verify nothing.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Setting("In the first and the last search of a run: " + SharpnessSettings.VerifyHelp, Default = SharpnessSettings.VerifyDefault)]
    public double? Verify { get; init; }

    /// <summary>mu.</summary>
    [Setting("Momentum.")]
    public double Momentum { get; init; }

    /// <summary>Whether momentum looks ahead.</summary>
    [Setting("Momentum with Nesterov's look-ahead.")]
    public bool Nesterov { get; init; }

    /// <summary>Seeds weights and batches.</summary>
    [Setting("Seeds weights and batches.")]
    public ulong Seed { get; init; } = 1;

    /// <summary>Images that are computed at once; batch normalisation takes their statistics, so for it this is a ghost batch.</summary>
    [Setting("Images that are computed at once; for batch normalisation a ghost batch.")]
    public int PassSize { get; init; } = 500;

    /// <summary>Whether every step takes all images.</summary>
    [JsonIgnore]
    public bool IsFullBatch => BatchSize == AllImages;

    /// <summary>What a search of this iteration verifies: the first and the last of a run do.</summary>
    internal double? VerifyAt(int iteration) => iteration == 0 || IsLast(iteration) ? Verify ?? LossHessian.DefaultVerify : null;

    /// <summary>Whether eigenvalues are searched for where a value of the sharpness is taken.</summary>
    internal bool SearchesAt(int iteration) => EigenvaluesEvery == 0 || iteration % EigenvaluesEvery == 0;

    /// <summary>Whether no search comes after that of an iteration.</summary>
    internal bool IsLast(int iteration) => iteration + (EigenvaluesEvery > 0 ? EigenvaluesEvery : Every) > Iterations;
}
