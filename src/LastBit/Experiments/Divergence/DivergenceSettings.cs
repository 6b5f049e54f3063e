using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Divergence;

/// <summary>Settings of Figure 2; the learning rate is divided by n, and there is no momentum and no schedule.</summary>
[InheritedSetting(nameof(LearningRate), "The learning rate that is divided by n.")]
public sealed record DivergenceSettings : NetworkTrainingSettings, ICellSettings<DivergenceSettings>
{
    /// <summary>As published: Swish, everything else as in Table 1.</summary>
    public DivergenceSettings() => Activation = Activation.Swish;

    /// <summary>Perturbation of the second copy; the first has none. It is "k" in documents.</summary>
    [JsonPropertyName("k")]
    [Setting("Perturbation of the second copy; the first has 1.", Whole = true)]
    public Perturbation Perturbation { get; init; } = Perturbation.OfK(3);

    /// <summary>
    /// Perturbations of further second copies, a pair each for every divisor, beside <see cref="Perturbation"/>; none is a k. More can be
    /// added to a folder later.
    /// </summary>
    [JsonIgnore]
    [Setting("Pairs with other perturbations, beside that of {k}. " + Perturbation.Kinds, Name = "perturbation")]
    public Perturbation[] Others { get; init; } = [];

    /// <summary>Whether only <see cref="Others"/> are asked for: what computes one cell and no other.</summary>
    [JsonIgnore]
    internal bool OnlyOthers { get; init; }

    /// <summary>Seeds weights, batches and augmentation.</summary>
    [Setting("Seeds weights, batches and augmentation.")]
    public ulong Seed { get; init; } = 1;

    /// <summary>Scaled iterations, n iterations each.</summary>
    [Setting("Scaled iterations: each is n iterations.")]
    public int ScaledIterations { get; init; } = 100;

    /// <summary>Divisors n of the learning rate, one pair of copies each. More can be added to a folder later.</summary>
    [JsonIgnore]
    [Setting("Divisors n of the learning rate, one pair of runs each; more can be added to a folder later.")]
    public int[] Divisors { get; init; } = [2, 4, 8, 16, 32, 320];

    /// <summary>Whether the weights of every scaled iteration also go into a .mat file of their own.</summary>
    [JsonIgnore]
    [Setting("Also writes the weights of every scaled iteration as a MATLAB file, as the authors' scripts do.")]
    public bool Mat { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public JsonObject Document => ResultJson.ToObject(this);

    /// <inheritdoc/>
    [JsonIgnore]
    public JsonObject Asked
    {
        get
        {
            var asked = new JsonObject { ["divisors"] = new JsonArray([.. Divisors.Order().Select(divisor => (JsonNode)divisor)]) };
            if (Mat)
                asked["mat"] = true;
            if (Others.Length > 0)
                asked["perturbation"] = new JsonArray([.. Others.Order().Select(one => (JsonNode)one.Word)]);
            return asked;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Cells() => [.. Keys.Select(key => key.Cell)];

    /// <inheritdoc/>
    public DivergenceSettings Only(string cell)
    {
        DivergenceKey key =
            DivergenceKey.Of(cell) ?? throw InputException.Of("cell", $"there is no cell '{cell}'; give one as n32 or n32-ulp");
        return this with
        {
            Divisors = [key.Divisor],
            Others = key.Perturbation is null ? [] : [key.Perturbation],
            OnlyOthers = key.Perturbation is not null
        };
    }

    /// <inheritdoc/>
    public void Validate() => ToTraining(1, 1);

    /// <inheritdoc/>
    public DivergenceSettings With(JsonObject plan) => this with
    {
        Others = [.. CellStore.Words(plan, "perturbation").Select(Perturbation.Parse).Order()],
        Divisors = CellStore.Numbers(plan, "divisors", Divisors),
        Mat = Mat || plan["mat"]?.GetValueKind() == System.Text.Json.JsonValueKind.True,
    };

    /// <summary>The pairs to compute.</summary>
    internal IEnumerable<DivergenceKey> Keys =>
        (OnlyOthers ? Others : Others.Prepend(null)).SelectMany(one => Divisors.Select(divisor => new DivergenceKey(divisor, one)));

    /// <summary>The tensor of Figure 2: layer2.5.conv1, or that of the last block of stage 2 in a shallower network.</summary>
    [JsonIgnore]
    public string Tensor => NetworkSettings.Parse(Network, Activation).MiddleTensor;

    /// <summary>The settings of one divisor as the trainer takes them: no momentum, no schedule.</summary>
    /// <param name="divisor">The divisor n.</param>
    /// <param name="epochs">Enough for all scaled iterations.</param>
    /// <exception cref="InputException">A setting is not possible; the message names its option.</exception>
    public TrainingSettings ToTraining(int divisor, int epochs)
    {
        SettingCheck.Different(nameof(Divisors), Divisors, "whole numbers of at least 1, as 2,8,32", one => one >= 1);
        SettingCheck.AtLeastOne(nameof(ScaledIterations), ScaledIterations);
        if (Divisors.Max() * (long)ScaledIterations > int.MaxValue)
            throw InputException.Of(nameof(Divisors),
                $"{Divisors.Max()} times {ScaledIterations} scaled iterations are more than {int.MaxValue} iterations; give fewer of "
                    + "either");
        Perturbation.Validate();
        if (Others.Any(one => one.IsK) || Others.Contains(Perturbation) || Others.Distinct().Count() < Others.Length)
            throw InputException.Of(nameof(Perturbation), "one k per folder, and each other perturbation once, as k=3,ulp,order");
        _ = NetworkSettings.Parse(Network, Activation);
        var settings = new TrainingSettings(
            Seed, epochs, BatchSize, LearningRate / divisor,
            Momentum: 0, Nesterov: false, WeightDecay, StepSchedule: false, Convolution: Convolution, Optimizer: Optimizer);
        settings.Validate();
        return settings;
    }
}
