namespace LastBit.Models;

/// <summary>
/// Which network, and for which images: what a name on the command line stands for. <see cref="Build"/> makes its description.
/// </summary>
public abstract record NetworkSettings
{
    // Each family of networks reads its own names; a further one is a further line.
    private static readonly Func<string, NetworkSettings?>[] s_families =
        [ResNetSettings.Read, ConnectedNetworkSettings.Read, ConvolutionalNetworkSettings.Read, VggSettings.Read];

    /// <summary>The activation function everywhere.</summary>
    public Activation Activation { get; init; } = Activation.Relu;

    /// <summary>What the outputs are measured by.</summary>
    public Loss Loss { get; init; }

    /// <summary>The probability of dropout where the network has a place for it; 0 for none.</summary>
    public double Dropout { get; init; }

    /// <summary>Whether it has a place for dropout.</summary>
    public virtual bool HasDropout => false;

    /// <summary>The shape of an image.</summary>
    public TensorShape Images { get; init; } = new(32, 32, 3);

    /// <summary>Number of classes.</summary>
    public int Classes { get; init; } = 10;

    /// <summary>The name as on the command line, "resnet56"; <see cref="Parse"/> reads it.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// The tensor in whose weights a divergence is best seen: the paper's layer2.5.conv1.weight, or what comes nearest to it.
    /// </summary>
    public abstract string MiddleTensor { get; }

    /// <summary>Whether the name says which activation function it is, as that of fc-tanh does.</summary>
    public virtual bool NamesActivation => false;

    /// <summary>The names that <see cref="Parse"/> reads, as a sentence has them.</summary>
    public const string Names =
        "resnetD or preresnetD with D = 6n + 2, as resnet20 or preresnet56, with group normalisation as resnet20-gn, without any as "
            + "resnet20-nobn; "
            + "fc-F or cnn-F with F = tanh, relu, elu or softplus, as fc-tanh, cnn-relu, or cnn-relu-max with max pooling; vgg16";

    /// <summary>The size that images are padded to with black, so that the network takes them: their own wherever that will do.</summary>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <exception cref="InputException">The network takes no images of this size; the message says which it takes.</exception>
    public virtual (int Height, int Width) SizeFor(int height, int width) => (height, width);

    /// <summary>The size itself, where both numbers are multiples of a number.</summary>
    /// <exception cref="InputException">They are not.</exception>
    private protected (int Height, int Width) MultiplesOf(int number, int height, int width) => height % number == 0 && width % number == 0
        ? (height, width)
        : throw new InputException(
            $"{Name}: the images have {width} x {height} pixels, and this network takes widths and heights that are multiples of {number}; "
            + "scale the images, or name a network that takes any size: a ResNet or fc-F");

    /// <summary>Describes the network.</summary>
    /// <returns>Its layers and tensors; no memory is taken.</returns>
    public abstract Model Build();

    /// <summary>Reads a name as on the command line.</summary>
    /// <param name="name">"resnet20", "preresnet56", "resnet20x2-bottleneck-nobn", "fc-tanh" ...</param>
    /// <param name="activation">The activation function, where the name does not say it.</param>
    /// <returns>The settings, for images of CIFAR-10 and cross-entropy.</returns>
    /// <exception cref="InputException">There is no such network.</exception>
    public static NetworkSettings Parse(string name, Activation activation)
    {
        NetworkSettings settings = Find(name) ?? throw InputException.Of("network", $"there is no network '{name}'; give {Names}");
        return settings.NamesActivation ? settings : settings with { Activation = activation };
    }

    /// <summary>The activation function that a name says, as "fc-tanh" does; null where it says none.</summary>
    /// <param name="name">The name of a network, or of none.</param>
    public static Activation? ActivationOf(string name) => Find(name) is { NamesActivation: true } settings ? settings.Activation : null;

    private static NetworkSettings? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return s_families.Select(read => read(name)).FirstOrDefault(settings => settings is not null);
    }
}
