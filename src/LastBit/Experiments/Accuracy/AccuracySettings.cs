using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Accuracy;

/// <summary>Settings of Table 1.</summary>
public sealed record AccuracySettings : ScheduledTrainingSettings, ICellSettings<AccuracySettings>
{
    /// <summary>The seeds to compute, columns of the table. Not among what a folder is compared by: seeds can be added later.</summary>
    [JsonIgnore]
    [Setting("Seeds, the columns of the table; more can be added to a folder later.", Least = 0)]
    public int[] Seeds { get; init; } = [1, 2, 3, 4, 5, 6];

    /// <summary>The perturbations to compute, rows of the table. Can be added later too.</summary>
    [JsonIgnore]
    [Setting("Perturbations, the rows of the table; likewise.", Name = "k")]
    [Setting("More rows of the table, beside {k} where that is given. " + Perturbation.Kinds, Name = "perturbation", Default = "none")]
    public Perturbation[] Perturbations { get; init; } = Perturbation.EachOfK(1, 3, 5, 7, 9, 11);

    /// <summary>
    /// Whether runs that are computed write which test image they classify correctly at their end. It changes no bit of them, so it can be
    /// asked for later.
    /// </summary>
    [JsonIgnore]
    [Setting("Also saves which test image each run classifies correctly at its end, for `lastbit noise`; of runs that are computed from "
        + "here on.")]
    public bool Correctness { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public JsonObject Document => ResultJson.ToObject(this);

    /// <inheritdoc/>
    [JsonIgnore]
    public JsonObject Asked
    {
        get
        {
            var asked = new JsonObject { ["seeds"] = new JsonArray([.. Seeds.Order().Select(seed => (JsonNode)seed)]) };
            Perturbation[] k = [.. Perturbations.Where(one => one.IsK).Order()], others = [.. Perturbations.Where(one => !one.IsK).Order()];
            if (k.Length > 0)
                asked["k"] = new JsonArray([.. k.Select(one => (JsonNode)one.K)]);
            if (others.Length > 0)
                asked["perturbation"] = new JsonArray([.. others.Select(one => (JsonNode)one.Word)]);
            if (Correctness)
                asked["correctness"] = true;
            return asked;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Cells() =>
        [.. Seeds.SelectMany(seed => Perturbations.Select(one => AccuracyExperiment.NameOf(seed, one)))];

    /// <inheritdoc/>
    public AccuracySettings Only(string cell)
    {
        (int seed, Perturbation perturbation) = AccuracyExperiment.PartsOf(cell)
            ?? throw InputException.Of("cell", $"there is no cell '{cell}'; give one as seed1/k3 or seed1/ulp");
        return this with { Seeds = [seed], Perturbations = [perturbation] };
    }

    /// <inheritdoc/>
    public AccuracySettings With(JsonObject plan)
    {
        Perturbation[] there = PerturbationsOf(plan);
        return this with
        {
            Correctness = Correctness || plan["correctness"]?.GetValueKind() == JsonValueKind.True,
            Seeds = CellStore.Numbers(plan, "seeds", Seeds),
            Perturbations = there.Length > 0 ? there : Perturbations,
        };
    }

    /// <summary>The perturbations of a plan.</summary>
    internal static Perturbation[] PerturbationsOf(JsonObject plan) =>
        [.. Perturbation.EachOfK(CellStore.Numbers(plan, "k", [])), .. CellStore.Words(plan, "perturbation").Select(Perturbation.Parse)];

    /// <inheritdoc/>
    public void Validate()
    {
        SettingCheck.Different(nameof(Seeds), Seeds, "seeds of at least 0, as 1..6", one => one >= 0);
        SettingCheck.Different("k", Perturbations, "perturbations, whole numbers of at least 1, as 1,3,5",
            one => !(one.K < 1 || one.K != Math.Floor(one.K)));
        foreach (Perturbation one in Perturbations)
            one.Validate();
        ToTraining(Seeds[0]);
    }

    /// <summary>The settings of one seed as the trainer takes them.</summary>
    /// <param name="seed">The seed.</param>
    /// <exception cref="InputException">A setting is not possible.</exception>
    public TrainingSettings ToTraining(int seed) => ToTrainingOf((ulong)seed);
}
