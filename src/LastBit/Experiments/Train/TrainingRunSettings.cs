using System.Text.Json.Serialization;
using LastBit.Training;

namespace LastBit.Experiments.Train;

/// <summary>Settings of one training: everything that decides a bit of its results.</summary>
public sealed record TrainingRunSettings : ScheduledTrainingSettings
{
    /// <summary>The perturbation; "k" in documents.</summary>
    [JsonPropertyName("k")]
    [Setting("The perturbation: the step is (lr k) (d / k), the same in exact arithmetic for every k.")]
    public Perturbation Perturbation { get; init; } = Perturbation.None;

    /// <summary>Seeds weights, batches and augmentation.</summary>
    [Setting("Seeds weights, batches and augmentation.")]
    public ulong Seed { get; init; } = 1;

    /// <summary>The file of the weights to begin with; null for those of the seed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Setting("Weights to begin with: a .npz file with PyTorch's names and layouts, as `lastbit export` or numpy.savez writes it.",
        Value = "FILE", Default = "drawn from the seed")]
    public string? Initial { get; init; }

    /// <summary>SHA-256 of that file: what the run began with, whatever becomes of it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? InitialDigest { get; init; }

    /// <summary>The same settings with the weights' file by its full path and with its digest, where a new run names one.</summary>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public TrainingRunSettings WithInitialFile() => Initial is not { } file || InitialDigest is not null ? this
        : this with { Initial = Path.GetFullPath(file), InitialDigest = Checkpoint.FileDigest(file) };

    /// <summary>The settings as the trainer takes them.</summary>
    /// <exception cref="InputException">A setting is not possible; the message names its option.</exception>
    public TrainingSettings ToTraining()
    {
        Perturbation.Validate();
        return ToTrainingOf(Seed) with { Initial = InitialDigest };
    }
}
