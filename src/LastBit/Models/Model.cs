using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;

namespace LastBit.Models;

/// <summary>What a network's outputs are measured by.</summary>
public enum Loss
{
    /// <summary>The cross-entropy of the softmax of the outputs, one of which is right.</summary>
    [JsonStringEnumMemberName("cross-entropy")]
    CrossEntropy,

    /// <summary>
    /// Half the squared distance of the outputs from the one-hot vector of the right one, (1/2) sum (output - target)^2; the mean over
    /// images.
    /// </summary>
    [JsonStringEnumMemberName("mse")]
    SquaredError,
}

/// <summary>A layer in its place in a model.</summary>
/// <param name="Number">Its place in definition order; the images are 0.</param>
/// <param name="Layer">What it computes.</param>
/// <param name="Inputs">The numbers of the nodes that it reads, all before it.</param>
/// <param name="Shape">The shape of its output.</param>
/// <param name="Parameters">Its tensors.</param>
public sealed record Node(int Number, Layer Layer, IReadOnlyList<int> Inputs, TensorShape Shape, IReadOnlyList<Parameter> Parameters);

/// <summary>
/// A network as a description: layers in definition order, and how their tensors are named, shaped and begun. It holds no memory to compute
/// in; an engine makes that of it. Made by <see cref="ModelBuilder"/>; immutable.
/// </summary>
public sealed class Model
{
    internal Model(string name, string? identity, IReadOnlyList<Node> nodes, ParameterLayout layout, Loss loss)
    {
        Name = name;
        Nodes = nodes;
        Layout = layout;
        Loss = loss;
        Identity = identity ?? $"{name} {Fingerprint()[..16]}";
    }

    /// <summary>The name, "resnet20".</summary>
    public string Name { get; }

    /// <summary>
    /// What a checkpoint knows the model by: two models with equal identity are the same network. The name alone for the networks that have
    /// always been known by it; the name and a digest of the description otherwise.
    /// </summary>
    public string Identity { get; }

    /// <summary>
    /// The layers in definition order; the first is <see cref="Models.Images"/>, the last gives the outputs that the loss is taken of.
    /// </summary>
    public IReadOnlyList<Node> Nodes { get; }

    /// <summary>Names, shapes, places and initialisation of the tensors.</summary>
    public ParameterLayout Layout { get; }

    /// <summary>What the outputs are measured by.</summary>
    public Loss Loss { get; }

    /// <summary>
    /// The shape of an image. A batch holds <see cref="TensorShape.BatchChannels"/> numbers a pixel, the last of them zero.
    /// </summary>
    public TensorShape Images => Nodes[0].Shape;

    /// <summary>Number of classes: of outputs.</summary>
    public int Classes => Nodes[^1].Shape.Count;

    /// <summary>Floats of an image in a batch.</summary>
    public int ImageFloats => Images.Positions * Images.BatchChannels;

    /// <summary>The activation functions that it uses, in order of appearance: "Relu", "Swish", "Relu+Swish", or "None".</summary>
    public string Activations
    {
        get
        {
            string[] names = [.. Nodes.Select(node => node.Layer).OfType<Activate>().Select(layer => layer.Function.ToString()).Distinct()];
            return names.Length == 0 ? nameof(Activation.None) : string.Join('+', names);
        }
    }

    /// <summary>SHA-256 of the description: layers with their settings, inputs and tensors.</summary>
    /// <returns>64 lower-case hexadecimal digits.</returns>
    public string Fingerprint()
    {
        // Records write their numbers as the current culture does.
        var culture = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        try
        {
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Description())));
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    private string Description()
    {
        var text = new StringBuilder();
        foreach (var node in Nodes)
        {
            text.Append(CultureInfo.InvariantCulture, $"{node.Layer}({string.Join(',', node.Inputs)})->{node.Shape}\n");
            foreach (var parameter in node.Parameters)
                text.Append(CultureInfo.InvariantCulture, $"  {parameter.Name}[{string.Join(',', parameter.Shape)}] {parameter.Initial}\n");
        }
        text.Append(CultureInfo.InvariantCulture, $"{Loss}");
        return text.ToString();
    }
}

/// <summary>
/// Describes a network layer by layer. Parameters are defined in the order of the calls, so the calls follow PyTorch's definition order.
/// docs/networks.md shows an example.
/// </summary>
public sealed class ModelBuilder
{
    private readonly List<Node> _nodes = [];
    private readonly ParameterLayout _layout = new();

    /// <summary>Begins a network.</summary>
    /// <param name="images">The shape of the images, 32x32x3 for CIFAR-10.</param>
    /// <exception cref="ArgumentException">The shape is empty.</exception>
    public ModelBuilder(TensorShape images)
    {
        if (images.Height < 1 || images.Width < 1 || images.Channels < 1)
            throw new ArgumentException($"Images of {images} are empty.", nameof(images));
        Images = Append(new Images(images));
    }

    /// <summary>The images.</summary>
    public Node Images { get; }

    /// <summary>Appends any layer, a custom one for example (<see cref="CustomLayer"/>).</summary>
    /// <param name="layer">What it computes.</param>
    /// <param name="inputs">What it reads: nodes of this builder.</param>
    /// <returns>Its output.</returns>
    /// <exception cref="ArgumentException">The inputs do not fit, or a tensor of that name exists.</exception>
    public Node Append(Layer layer, params IReadOnlyList<Node> inputs)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentNullException.ThrowIfNull(inputs);
        if (inputs.Count != layer.InputCount)
            throw new ArgumentException($"{layer.Name}: reads {layer.InputCount} tensors, not {inputs.Count}.", nameof(inputs));
        foreach (var input in inputs)
        {
            if (input is null || input.Number >= _nodes.Count || !ReferenceEquals(_nodes[input.Number], input))
                throw new ArgumentException($"{layer.Name}: reads a tensor of another model.", nameof(inputs));
        }
        TensorShape[] shapes = [.. inputs.Select(input => input.Shape)];
        var shape = layer.OutputShape(shapes);
        Parameter[] parameters = [.. layer.Parameters(shapes).Select(definition => _layout.Add(layer.Name, definition))];
        var node = new Node(_nodes.Count, layer, [.. inputs.Select(input => input.Number)], shape, parameters);
        _nodes.Add(node);
        return node;
    }

    /// <inheritdoc cref="Models.Convolution"/>
    /// <param name="name">PyTorch's name of the layer.</param>
    /// <param name="input">What it reads.</param>
    /// <param name="channels">Output channels.</param>
    /// <param name="size">Rows and columns of the kernel, odd.</param>
    /// <param name="stride">Distance between neighbouring outputs in the input.</param>
    public Node Convolution(string name, Node input, int channels, int size, int stride = 1) =>
        Append(new Convolution(name, channels, size, stride), input);

    /// <summary>
    /// A <see cref="Models.Convolution"/> of 3x3 pixels as PyTorch's default has it: uniform in +-1 / sqrt(inputs of an output).
    /// </summary>
    /// <param name="name">PyTorch's name of the layer.</param>
    /// <param name="input">What it reads.</param>
    /// <param name="channels">Output channels.</param>
    /// <param name="bias">Whether a number is added to each channel.</param>
    public Node DefaultConvolution(string name, Node input, int channels, bool bias)
    {
        ArgumentNullException.ThrowIfNull(input);
        var initial = Models.Convolution.PyTorchDefault(9 * input.Shape.Channels);
        return Append(new Convolution(name, channels, 3) { Initial = initial, Bias = bias }, input);
    }

    /// <inheritdoc cref="Models.Pool"/>
    /// <param name="name">A name for messages.</param>
    /// <param name="input">What it reads.</param>
    /// <param name="kind">Average or largest.</param>
    public Node Pool(string name, Node input, PoolKind kind) => Append(new Pool(name, kind), input);

    /// <inheritdoc cref="BatchNormalization"/>
    /// <param name="name">PyTorch's name of the layer.</param>
    /// <param name="input">What it reads.</param>
    public Node Normalize(string name, Node input) => Append(new BatchNormalization(name), input);

    /// <inheritdoc cref="GroupNormalization"/>
    /// <param name="name">PyTorch's name of the layer.</param>
    /// <param name="input">What it reads.</param>
    /// <param name="groups">How many groups.</param>
    public Node NormalizeGroups(string name, Node input, int groups) => Append(new GroupNormalization(name, groups), input);

    /// <inheritdoc cref="Dropout"/>
    /// <param name="input">What it reads.</param>
    /// <param name="probability">P; 0 appends nothing.</param>
    public Node Drop(Node input, double probability)
    {
        ArgumentNullException.ThrowIfNull(input);
        return probability == 0 ? input : Append(new Dropout($"dropout of {input.Layer.Name}", probability), input);
    }

    /// <inheritdoc cref="Models.Activate"/>
    /// <param name="input">What it reads.</param>
    /// <param name="function">The function; <see cref="Activation.None"/> appends nothing.</param>
    public Node Activate(Node input, Activation function)
    {
        ArgumentNullException.ThrowIfNull(input);
        return function == Activation.None ? input : Append(new Activate($"{function} of {input.Layer.Name}", function), input);
    }

    /// <inheritdoc cref="Addition"/>
    /// <param name="name">A name for messages.</param>
    /// <param name="left">One tensor.</param>
    /// <param name="right">The other.</param>
    public Node Add(string name, Node left, Node right) => Append(new Addition(name), left, right);

    /// <inheritdoc cref="Linear"/>
    /// <param name="name">PyTorch's name of the layer.</param>
    /// <param name="input">What it reads; of any shape.</param>
    /// <param name="outputs">Numbers that come out.</param>
    public Node Connect(string name, Node input, int outputs) => Append(new Linear(name, outputs), input);

    /// <summary>The end of a network for images: the average over all positions, then a linear layer.</summary>
    /// <param name="name">PyTorch's name of the linear layer.</param>
    /// <param name="input">What it reads.</param>
    /// <param name="classes">Number of classes.</param>
    /// <returns>One output a class.</returns>
    public Node Classify(string name, Node input, int classes) =>
        Append(new Linear(name, classes), Append(new GlobalAverage($"average before {name}"), input));

    /// <summary>Ends the description with the node that was appended last.</summary>
    /// <param name="name">A name for the model.</param>
    /// <param name="loss">What its outputs are measured by.</param>
    /// <returns>The model.</returns>
    /// <exception cref="InvalidOperationException">There is no layer, or the last one does not give one number a class.</exception>
    public Model Build(string name, Loss loss = Loss.CrossEntropy) => Build(name, null, loss);

    internal Model Build(string name, string? identity, Loss loss)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (_nodes.Count < 2 || _nodes[^1].Shape.Positions != 1)
            throw new InvalidOperationException("A model ends in a layer with one number a class; call Classify before Build.");
        return new Model(name, identity, [.. _nodes], _layout, loss);
    }
}
