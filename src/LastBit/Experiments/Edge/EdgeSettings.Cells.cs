using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using LastBit.Experiments.Sharpness;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Edge;

/// <content>Which runs are asked for, and whether they are possible.</content>
public sealed partial record EdgeSettings
{
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
    public EdgeSettings With(JsonObject plan) => this with
    {
        LearningRates = CellStore.Reals(plan, "learningRates", LearningRates),
        WeightDecays = CellStore.Reals(plan, "weightDecays", WeightDecays),
    };

    /// <inheritdoc/>
    public void Validate()
    {
        if (Optimizer != Optimizer.Sgd)
            throw InputException.Of(nameof(Optimizer),
                "edge knows no threshold of the sharpness for AdamW; leave it out, or see its difference by `lastbit divergence`");
        SettingCheck.AtLeastOne(nameof(Iterations), Iterations);
        SettingCheck.AtLeastOne(nameof(Every), Every);
        if (UntilAccuracy is not (null or (> 0 and <= 100)))
            throw InputException.Of(nameof(UntilAccuracy), $"{NumberText.Of(UntilAccuracy.Value)}; give percent, above 0 and at most 100");
        if (EigenvaluesEvery != 0 && (IsFullBatch || EigenvaluesEvery < 0 || EigenvaluesEvery % Every != 0))
            throw InputException.Of(nameof(EigenvaluesEvery),
                $"{EigenvaluesEvery}; " + (IsFullBatch ? "leave it out with full batches" : $"give a multiple of {Every}"));
        LossHessian.Check(Eigenvalues, Tolerance, Verify);
        SettingCheck.Different(nameof(LearningRates), LearningRates, "positive numbers, as 0.02,0.04");
        SettingCheck.Different(nameof(WeightDecays), WeightDecays, "numbers of at least 0, as 0,0.001");
        SettingCheck.Different("perturbation", Perturbations, "perturbations beside the plain copy, as k=3,ulp",
            one => one != Perturbation.None);
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
