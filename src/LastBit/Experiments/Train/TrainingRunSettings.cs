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

    /// <summary>The settings as the trainer takes them.</summary>
    /// <exception cref="InputException">A setting is not possible; the message names its option.</exception>
    public TrainingSettings ToTraining()
    {
        Perturbation.Validate();
        return ToTrainingOf(Seed);
    }
}
