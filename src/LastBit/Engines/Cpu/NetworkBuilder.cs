using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>
/// Describes a network layer by layer, in the order of the forward pass. Parameters are defined in the order of the calls, so they should follow
/// PyTorch's definition order. See docs/networks.md for an example.
/// </summary>
public sealed class NetworkBuilder : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    /// <summary>Begins a network.</summary>
    /// <param name="capacity">Images in the largest batch.</param>
    public NetworkBuilder(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Capacity = capacity;
        Images = new StoredTensor("images", 32, 32, 4);
    }

    /// <summary>Images in the largest batch.</summary>
    public int Capacity { get; }

    /// <summary>The input: 32 x 32 pixels of red, green, blue and a zero.</summary>
    public StoredTensor Images { get; }

    /// <summary>Names, shapes and places of the parameters so far.</summary>
    public ParameterLayout Layout { get; } = new();

    internal List<Layer> Layers { get; } = [];

    internal ClassifierLayer? Classifier { get; private set; }

    /// <summary>A convolution without bias, zero padding size / 2.</summary>
    /// <param name="name">PyTorch's name of the layer; the parameter is "NAME.weight", [channels, in, size, size].</param>
    /// <param name="input">What it reads. The images have 3 channels for it, and a fourth that is ignored.</param>
    /// <param name="channels">Output channels, a multiple of 16.</param>
    /// <param name="size">Rows and columns of the kernel, odd.</param>
    /// <param name="stride">Distance between neighbouring outputs in the input.</param>
    /// <returns>The output, before normalisation and activation.</returns>
    /// <exception cref="ArgumentException">The kernels cannot compute such a convolution.</exception>
    public StoredTensor Convolution(string name, View input, int channels, int size, int stride)
    {
        var tensor = input.Tensor;
        if (channels <= 0 || channels % 16 != 0)
            throw new ArgumentException($"{name}: {channels} output channels; the kernels take multiples of 16.", nameof(channels));
        if (size < 1 || size % 2 == 0 || stride < 1)
            throw new ArgumentException($"{name}: a {size}x{size} kernel with stride {stride}; the size must be odd and the stride at least 1.", nameof(size));
        if (tensor.Width % stride != 0 || tensor.Height % stride != 0 || tensor.Width / stride % 4 != 0)
        {
            throw new ArgumentException($"{name}: {tensor.Height}x{tensor.Width} pixels with stride {stride}; "
                + "the output must have whole rows of a multiple of 4 pixels.", nameof(stride));
        }
        int inChannels = tensor == Images ? 3 : tensor.Channels;
        var weight = Layout.Add($"{name}.weight", true, channels, inChannels, size, size);
        var output = new StoredTensor(name, tensor.Height / stride, tensor.Width / stride, channels);
        var layer = new ConvolutionLayer(name, input, output, weight, size, stride);
        _owned.Add(layer);
        Append(layer);
        return output;
    }

    /// <summary>Gives a tensor a batch normalisation, through which views can read it.</summary>
    /// <param name="name">PyTorch's name; the tensors are "NAME.weight", ".bias", ".running_mean" and ".running_var".</param>
    /// <param name="tensor">The output of a convolution or addition.</param>
    /// <param name="activation">The activation function of the view that is returned.</param>
    /// <returns>The view f(norm(tensor)).</returns>
    /// <exception cref="ArgumentException">The tensor has one already, or is the images.</exception>
    public View Normalize(string name, StoredTensor tensor, Activation activation)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.Normalization is not null || tensor == Images)
        {
            string why = tensor == Images ? "here; it is the images" : "twice";
            throw new ArgumentException($"{name}: {tensor.Name} cannot be normalised {why}.", nameof(tensor));
        }
        tensor.Normalization = new BatchNormalization(Layout, name, tensor.Channels, Capacity);
        _owned.Add(tensor.Normalization);
        return new View(tensor, true, activation);
    }

    /// <summary>A residual addition, left + right.</summary>
    /// <param name="name">A name for messages; it has no parameters.</param>
    /// <param name="left">The branch; it has no activation function.</param>
    /// <param name="right">The shortcut.</param>
    /// <returns>The sum, before the activation that follows.</returns>
    /// <exception cref="ArgumentException">The shapes differ, or the left view has an activation function.</exception>
    public StoredTensor Add(string name, View left, View right)
    {
        var (a, b) = (left.Tensor, right.Tensor);
        if ((a.Height, a.Width, a.Channels) != (b.Height, b.Width, b.Channels))
            throw new ArgumentException($"{name}: {a.Name} and {b.Name} have different shapes and cannot be added.", nameof(right));
        var output = new StoredTensor(name, a.Height, a.Width, a.Channels);
        Append(new AddLayer(name, left, right, output));
        return output;
    }

    /// <summary>Average pooling over all positions, a linear layer and the softmax cross-entropy: the end of every network.</summary>
    /// <param name="name">PyTorch's name of the linear layer; "NAME.weight" is [classes, channels], "NAME.bias" is [classes].</param>
    /// <param name="input">What it reads.</param>
    /// <param name="classes">Number of classes.</param>
    /// <exception cref="InvalidOperationException">The network has a classifier already.</exception>
    public void Classify(string name, View input, int classes)
    {
        if (Classifier is not null)
            throw new InvalidOperationException("A network has one classifier.");
        var weight = Layout.Add($"{name}.weight", true, classes, input.Tensor.Channels);
        var bias = Layout.Add($"{name}.bias", true, classes);
        var output = new StoredTensor(name, 1, 1, (classes + 15) & ~15);
        Classifier = new ClassifierLayer(name, input, output, weight, bias, Capacity);
        _owned.Add(Classifier);
        Append(Classifier);
    }

    /// <summary>Plans memory and passes.</summary>
    /// <param name="team">The threads that will compute.</param>
    /// <returns>The network; it owns what the builder made.</returns>
    /// <exception cref="InvalidOperationException">There is no classifier, or a tensor is read in two ways that cannot go together.</exception>
    public Network Build(WorkerTeam team)
    {
        ArgumentNullException.ThrowIfNull(team);
        var network = new Network(this, team, [.. _owned]);
        _owned.Clear();
        return network;
    }

    /// <summary>Frees what no network has taken over.</summary>
    public void Dispose() => _owned.ForEach(resource => resource.Dispose());

    private void Append(Layer layer)
    {
        layer.Output.Producer = layer;
        Layers.Add(layer);
    }
}
