using System.Text.Json.Serialization;
using LastBit.Data;
using LastBit.Models;
using LastBit.Training;

namespace LastBit.Experiments;

/// <summary>
/// What every experiment that trains a network has to know. Documents of before there was a choice lack it, so what they mean is left out
/// of a document.
/// </summary>
public abstract record NetworkTrainingSettings
{
    internal const string TrainSizeHelp = "How many training images, the first in file order.";
    internal const string ConvolutionHelp =
        "How 3x3 convolutions are computed: by the sums of the definition, or by Winograd's algorithm with fewer multiplications; the "
            + "bits differ.";

    private readonly Activation _activation = Activation.Relu;

    /// <summary>The network.</summary>
    [JsonPropertyOrder(-1)]
    [Setting(NetworkSettings.Names + ".", Value = "NAME")]
    public string Network { get; init; } = "resnet56";

    /// <summary>The activation function: what the network's name says, if it says one.</summary>
    [JsonPropertyOrder(-1)]
    [Setting("The activation function, where the network's name does not say it; swish is x sigmoid(5x).",
        Choices = [Activation.Relu, Activation.Swish])]
    public Activation Activation
    {
        get => NetworkSettings.ActivationOf(Network) ?? _activation;
        init => _activation = value;
    }

    /// <summary>What the outputs are measured by.</summary>
    [JsonPropertyOrder(-1), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [Setting("The loss function; mse is half the squared distance from the one-hot label.")]
    public Loss Loss { get; init; }

    /// <summary>How 3x3 convolutions are computed.</summary>
    [JsonPropertyOrder(-1), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault), Setting(ConvolutionHelp)]
    public ConvolutionAlgorithm Convolution { get; init; }

    /// <summary>What computes it. Of documents of settings only those name it whose bits are its own; run.json always does.</summary>
    [JsonPropertyOrder(-1), JsonIgnore]
    [Setting("What computes: cpu; opencl, a GPU or another device of OpenCL, with the bits of cpu; or reference, which computes every "
        + "layer by its definition in binary64, slowly.")]
    public EngineChoice Engine { get; init; }

    /// <summary>The engine whose bits are its own; null for those that keep the contract.</summary>
    [JsonPropertyOrder(-1), JsonPropertyName("engine"), JsonInclude, JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    internal EngineChoice? EngineOfOwnBits
    {
        get => Engine.HasOwnBits() ? Engine : null;
        init => Engine = value ?? Engine;
    }

    /// <summary>Which device of OpenCL computes.</summary>
    [JsonPropertyOrder(-1), JsonIgnore, Setting("Which device of OpenCL computes, by its number in lastbit info.", Least = 0)]
    public int Device { get; init; }

    /// <summary>How many steps lie between two that the CPU computes beside a device; null for one an epoch.</summary>
    [JsonPropertyOrder(-1), JsonIgnore]
    [Setting("Steps between two that the CPU computes beside the engine opencl, to compare every bit.", Default = "one an epoch")]
    public int? CheckEvery { get; init; }

    /// <summary>The update rule.</summary>
    [JsonPropertyOrder(-1), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [Setting("The update rule: sgd, or adamw with PyTorch's betas 0.9 and 0.999, for which {learning-rate} is 0.001 and {weight-decay} "
        + "0.01 where nothing is said.")]
    public Optimizer Optimizer { get; init; }

    /// <summary>The probability of dropout.</summary>
    [JsonPropertyOrder(-1), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [Setting("The probability of dropout: in fc-F after each hidden activation, in vgg16 before the linear layer.", Default = "0, none")]
    public double Dropout { get; init; }

    /// <summary>Images per step.</summary>
    [Setting("Images per step.")]
    public int BatchSize { get; init; } = 128;

    /// <summary>The first learning rate.</summary>
    [Setting("The first learning rate.")]
    public double LearningRate { get; init; } = 0.1;

    /// <summary>wd.</summary>
    [Setting("Weight decay, on every parameter.")]
    public double WeightDecay { get; init; } = 5e-4;

    /// <summary>How many training images, the first in file order; null for all.</summary>
    [Setting(TrainSizeHelp, Default = "all")]
    public int? TrainSize { get; init; }

    /// <summary>Which images, as <see cref="DataSettings.Data"/> has them; null for CIFAR-10 from the cache.</summary>
    [Setting("The images: the sample inside the program, one of cifar10, cifar100, mnist, fashion-mnist from the cache or a folder, "
        + "images=DIR for PNG or JPEG images in one folder per class, or a folder with CIFAR-10's binary batches.",
        Value = "sample|NAME|NAME=DIR|DIR", Default = "CIFAR-10 from the cache")]
    public string? Data { get; init; }

    /// <summary>What is done to training images at random; null for the data set's own.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Setting("What is done to training images at random: none, flip, cropN (padded by N pixels and cropped), cropN+flip.",
        Value = "none|cropN+flip", Default = "crop4+flip for CIFAR, none for the others")]
    public string? Augmentation { get; init; }

    /// <summary>The mean of each channel; null for the data set's own.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Setting("The mean of each channel on the scale from 0 to 1; with {deviation}.", Default = "the paper's for CIFAR-10, else computed")]
    public IReadOnlyList<double>? Mean { get; init; }

    /// <summary>The standard deviation of each channel; null for the data set's own.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Setting("The standard deviation of each channel; with {mean}.", Default = "the paper's for CIFAR-10, else computed")]
    public IReadOnlyList<double>? Deviation { get; init; }

    /// <summary>What shares a mean and a deviation.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [Setting("What shares a mean and a deviation: a channel, or each pixel of all training images of the data set by itself.")]
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
        Network = Network,
    };

    /// <summary>The network for images of a data set.</summary>
    /// <param name="shape">The data's shape and classes.</param>
    /// <exception cref="InputException">There is no such network, or it takes no images of this size.</exception>
    public Model ToModel(DatasetShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        var settings = NetworkSettings.Parse(Network, Activation);
        if (Dropout is not (>= 0 and < 1))
            throw InputException.Of(nameof(Dropout), $"{NumberText.Of(Dropout)}; give a probability of at least 0 and below 1");
        if (Dropout > 0 && !settings.HasDropout)
            throw InputException.Of(nameof(Dropout), $"{Network} has no place for it; fc-F and vgg16 have");
        EngineChoices.CheckDevices(this);
        if (settings.SizeFor(shape.Height, shape.Width) is var (h, w) && (h, w) != (shape.Height, shape.Width))
            throw new InputException($"{Network}: takes no images of {shape.Width} x {shape.Height} pixels; pad them to {w} x {h}");
        return (settings with { Dropout = Dropout, Images = shape.Image, Classes = shape.Classes, Loss = Loss }).Build();
    }
}
