using System.Text.Json.Serialization;
using LastBit.Data;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Statistics;
using LastBit.Training;

namespace LastBit.Experiments;

/// <summary>What every experiment that trains a network has to know.</summary>
public abstract record NetworkTrainingSettings
{
    private readonly Activation _activation = Activation.Relu;

    /// <summary>The network.</summary>
    [JsonPropertyOrder(-1)]
    public string Network { get; init; } = "resnet56";

    /// <summary>The activation function: what the network's name says, if it says one.</summary>
    [JsonPropertyOrder(-1)]
    public Activation Activation
    {
        get => NetworkSettings.ActivationOf(Network) ?? _activation;
        init => _activation = value;
    }

    /// <summary>What the outputs are measured by. Left out of a document where it is the cross-entropy, as in folders that are older than the choice.</summary>
    [JsonPropertyOrder(-1)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Loss Loss { get; init; }

    /// <summary>
    /// How 3x3 convolutions are computed. Left out of a document where it is direct: that is what folders hold that are older than the choice.
    /// </summary>
    [JsonPropertyOrder(-1)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ConvolutionAlgorithm Convolution { get; init; }

    /// <summary>Images a step.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>The first learning rate.</summary>
    public double LearningRate { get; init; } = 0.1;

    /// <summary>wd.</summary>
    public double WeightDecay { get; init; } = 5e-4;

    /// <summary>How many training images, the first in file order; null for all.</summary>
    public int? TrainSize { get; init; }

    /// <summary>Which images, as <see cref="DataSettings.Data"/> has them; null for CIFAR-10 from the cache.</summary>
    public string? Data { get; init; }

    /// <summary>What is done to training images at random; null for the data set's own.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Augmentation { get; init; }

    /// <summary>The mean of each channel; null for the data set's own.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<double>? Mean { get; init; }

    /// <summary>The standard deviation of each channel; null for the data set's own.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<double>? Deviation { get; init; }

    /// <summary>What shares a mean and a deviation. Left out of a document where it is the channel.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public StandardizationKind Standardization { get; init; }

    /// <summary>The settings of the data.</summary>
    public DataSettings ToData() => new()
    {
        Data = Data,
        TrainSize = TrainSize,
        Augmentation = Augmentation,
        Mean = Mean,
        Deviation = Deviation,
        Standardization = Standardization,
    };

    /// <summary>The network for images of a data set.</summary>
    /// <param name="shape">The data's shape and classes.</param>
    /// <returns>The model.</returns>
    /// <exception cref="InputException">There is no such network.</exception>
    public Model ToModel(DatasetShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        var settings = NetworkSettings.Parse(Network, Activation);
        return (settings with { Images = new TensorShape(shape.Height, shape.Width, shape.Channels), Classes = shape.Classes, Loss = Loss }).Build();
    }
}

/// <summary>Training as in Table 1: momentum with Nesterov's look ahead, the learning rate divided by 10 after 20, 40, 60 and 80% of the epochs.</summary>
public abstract record ScheduledTrainingSettings : NetworkTrainingSettings
{
    /// <summary>Passes over the training images.</summary>
    public int Epochs { get; init; } = 200;

    /// <summary>mu.</summary>
    public double Momentum { get; init; } = 0.9;

    /// <summary>The settings of a seed as the trainer takes them.</summary>
    /// <param name="seed">Seeds weights, batches and augmentation.</param>
    /// <exception cref="InputException">A setting is not possible; the message names its option.</exception>
    private protected TrainingSettings ToTrainingOf(ulong seed)
    {
        _ = NetworkSettings.Parse(Network, Activation);
        var settings = new TrainingSettings(
            seed, Epochs, BatchSize, LearningRate, Momentum, Nesterov: true, WeightDecay, Convolution: Convolution);
        settings.Validate();
        return settings;
    }
}
