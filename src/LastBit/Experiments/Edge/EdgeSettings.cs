using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using LastBit.Experiments.Sharpness;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Edge;

/// <summary>Settings of the edge of stability: gradient descent with a fixed learning rate, and the sharpness along it.</summary>
[InheritedSetting(nameof(LearningRate), null)]
[InheritedSetting(nameof(WeightDecay), null)]
[InheritedSetting(nameof(BatchSize), "Images per step.", Least = 0, Default = "all, or 0")]
[InheritedSetting(nameof(Optimizer), "The update rule; for adamw no threshold of the sharpness is known, so it is refused.")]
[InheritedSetting(nameof(TrainSize), TrainSizeHelp, Default = "5000, or all of the sample")]
public sealed record EdgeSettings : NetworkTrainingSettings, ICellSettings<EdgeSettings>
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

    /// <summary>Steps.</summary>
    [Setting("Steps.")]
    public int Iterations { get; init; } = 1000;

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
    internal double? VerifyAt(int iteration) => iteration == 0 || iteration + (EigenvaluesEvery > 0 ? EigenvaluesEvery : Every) > Iterations
        ? Verify ?? LossHessian.DefaultVerify : null;

    /// <inheritdoc/>
    [JsonIgnore]
    public JsonObject Document
    {
        get
        {
            JsonObject document = ResultJson.ToObject(this);
            document.Remove("learningRate");
            document.Remove("weightDecay");
            return document;
        }
    }

    /// <inheritdoc/>
    [JsonIgnore]
    public JsonObject Asked => new()
    {
        ["learningRates"] = new JsonArray([.. LearningRates.Order().Select(rate => (JsonNode)rate)]),
        ["weightDecays"] = new JsonArray([.. WeightDecays.Order().Select(decay => (JsonNode)decay)]),
    };

    /// <summary>The cells that are asked for.</summary>
    internal IEnumerable<EdgeKey> Keys => LearningRates.SelectMany(rate => WeightDecays.Select(decay => new EdgeKey(rate, decay)));

    /// <inheritdoc/>
    public IReadOnlyList<string> Cells() => [.. Keys.Select(key => key.Cell)];

    /// <inheritdoc/>
    public EdgeSettings Only(string cell)
    {
        EdgeKey key = EdgeKey.Of(cell) ?? throw InputException.Of("cell", $"there is no cell '{cell}'; give one as lr0.02-wd0");
        return this with { LearningRates = [key.LearningRate], WeightDecays = [key.WeightDecay] };
    }

    /// <inheritdoc/>
    public EdgeSettings With(JsonObject plan)
    {
        double[] rates = CellStore.Reals(plan, "learningRates"), decays = CellStore.Reals(plan, "weightDecays");
        return this with
        {
            LearningRates = rates.Length > 0 ? rates : LearningRates,
            WeightDecays = decays.Length > 0 ? decays : WeightDecays,
        };
    }

    /// <inheritdoc/>
    public void Validate()
    {
        if (Optimizer != Optimizer.Sgd)
            throw InputException.Of(nameof(Optimizer),
                "edge knows no threshold of the sharpness for AdamW; leave it out, or see its difference by `lastbit divergence`");
        if (Iterations < 1)
            throw InputException.Of(nameof(Iterations), "give at least 1");
        if (Every < 1)
            throw InputException.Of(nameof(Every), "give at least 1");
        if (Eigenvalues is < 1 or > 100)
            throw InputException.Of(nameof(Eigenvalues), $"{Eigenvalues}; give 1 to 100");
        if (EigenvaluesEvery != 0 && (IsFullBatch || EigenvaluesEvery < 0 || EigenvaluesEvery % Every != 0))
            throw InputException.Of(nameof(EigenvaluesEvery),
                $"{EigenvaluesEvery}; " + (IsFullBatch ? "leave it out with full batches" : $"give a multiple of {Every}"));
        LossHessian.Check(Tolerance, Verify);
        if (LearningRates.Length == 0 || LearningRates.Distinct().Count() < LearningRates.Length)
            throw InputException.Of(nameof(LearningRates), "give different positive numbers, as 0.02,0.04");
        if (WeightDecays.Length == 0 || WeightDecays.Distinct().Count() < WeightDecays.Length)
            throw InputException.Of(nameof(WeightDecays), "give different numbers of at least 0, as 0,0.001");
        if (Perturbations.Length == 0 || Perturbations.Contains(Perturbation.None)
            || Perturbations.Distinct().Count() < Perturbations.Length)
            throw InputException.Of("perturbation", "give different perturbations beside the plain copy, as k=3,ulp");
        _ = NetworkSettings.Parse(Network, Activation);
        foreach (EdgeKey key in Keys)
            ToTraining(key, 1, 1).Validate();
        foreach (Perturbation one in Perturbations)
            one.Validate();
    }

    /// <summary>The settings of a cell as the trainer takes them.</summary>
    /// <param name="key">The cell.</param>
    /// <param name="trainImages">How many training images there are.</param>
    /// <param name="epochs">Enough for all iterations.</param>
    internal TrainingSettings ToTraining(EdgeKey key, int trainImages, int epochs) => new(
        Seed, epochs, IsFullBatch ? trainImages : BatchSize, key.LearningRate, Momentum, Nesterov, key.WeightDecay, StepSchedule: false,
        Convolution, PassSize, Shuffle: !IsFullBatch);
}
