using LastBit.Models;
using LastBit.Training;

namespace LastBit.Experiments;

/// <summary>
/// Training as in Table 1: momentum with Nesterov's look ahead, the learning rate divided by 10 after 20, 40, 60 and 80% of the epochs.
/// </summary>
public abstract record ScheduledTrainingSettings : NetworkTrainingSettings
{
    /// <summary>Passes over the training images.</summary>
    [Setting("Passes over the training images; the learning rate is divided by 10 after 20, 40, 60 and 80% of them, in "
        + "whole epochs: the second of two has a thousandth.")]
    public int Epochs { get; init; } = 200;

    /// <summary>mu.</summary>
    [Setting("Momentum of SGD, in Nesterov's form.")]
    public double Momentum { get; init; } = 0.9;

    /// <summary>The settings of a seed as the trainer takes them.</summary>
    /// <param name="seed">Seeds weights, batches and augmentation.</param>
    /// <exception cref="InputException">A setting is not possible; the message names its option.</exception>
    private protected TrainingSettings ToTrainingOf(ulong seed)
    {
        _ = NetworkSettings.Parse(Network, Activation);
        var settings = new TrainingSettings(
            seed, Epochs, BatchSize, LearningRate, Momentum, Nesterov: true, WeightDecay, Convolution: Convolution, Optimizer: Optimizer);
        settings.Validate();
        return settings;
    }
}
