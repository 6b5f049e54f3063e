namespace LastBit.Models;

/// <summary>Which network, and for which images: what a name on the command line stands for. <see cref="Build"/> makes its description.</summary>
public abstract record NetworkSettings
{
    /// <summary>The activation function everywhere.</summary>
    public Activation Activation { get; init; } = Activation.Relu;

    /// <summary>The shape of an image.</summary>
    public TensorShape Images { get; init; } = new(32, 32, 3);

    /// <summary>Number of classes.</summary>
    public int Classes { get; init; } = 10;

    /// <summary>The name as on the command line, "resnet56"; <see cref="Parse"/> reads it.</summary>
    public abstract string Name { get; }

    /// <summary>The tensor in whose weights a divergence is best seen: the paper's layer2.5.conv1.weight, or what comes nearest to it.</summary>
    public abstract string MiddleTensor { get; }

    /// <summary>Describes the network.</summary>
    /// <returns>Its layers and tensors; no memory is taken.</returns>
    public abstract Model Build();

    /// <summary>Reads a name as on the command line.</summary>
    /// <param name="name">"resnet20", "preresnet56", "resnet20x2-bottleneck-nobn" ...</param>
    /// <param name="activation">The activation function.</param>
    /// <returns>The settings, for images of CIFAR-10.</returns>
    /// <exception cref="InputException">There is no such network.</exception>
    public static NetworkSettings Parse(string name, Activation activation)
    {
        ArgumentNullException.ThrowIfNull(name);
        return ResNetSettings.Read(name) is { } settings
            ? settings with { Activation = activation }
            : throw InputException.Of("network", $"there is no network '{name}'; give resnetD or preresnetD with D = 6n + 2, as resnet20 or preresnet56");
    }
}
