using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>
/// How the CPU engine computes a model: which layers write a tensor to memory, and through which view each is read. Normalisations and activations
/// become part of the views of the tensor before them; everything else becomes a layer of its own.
/// </summary>
internal sealed class Plan
{
    private readonly Model _model;
    private readonly int _capacity;
    private readonly ConvolutionAlgorithm _convolution;
    private readonly int _threads;
    private readonly bool _together;
    private readonly List<CpuLayer> _layers = [];
    private readonly List<IDisposable> _owned = [];

    private Plan(Model model, int capacity, ConvolutionAlgorithm convolution, int threads, bool together)
    {
        _together = together;
        _threads = threads;
        _convolution = convolution;
        _model = model;
        _capacity = capacity;
        Images = new StoredTensor("images", model.Images.Height, model.Images.Width, model.Images.BatchChannels);
        Loss = null!;
    }

    /// <summary>The images of a batch.</summary>
    public StoredTensor Images { get; }

    /// <summary>The layers in the order of the forward pass; the loss is the last.</summary>
    public CpuLayer[] Layers => [.. _layers];

    /// <summary>The last layer.</summary>
    public LossLayer Loss { get; private set; }

    /// <summary>What holds memory.</summary>
    public IDisposable[] Owned => [.. _owned];

    /// <summary>Plans a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="capacity">Images in the largest batch.</param>
    /// <param name="convolution">How to compute convolutions that can be computed in several ways.</param>
    /// <param name="threads">How many threads will share the work.</param>
    /// <param name="together">Whether convolutions of few pixels and many channels may be computed for all images together.</param>
    /// <exception cref="InputException">The kernels cannot compute it; what was made so far is freed.</exception>
    public static Plan Of(Model model, int capacity, ConvolutionAlgorithm convolution, int threads, bool together = true)
    {
        var plan = new Plan(model, capacity, convolution, threads, together);
        try
        {
            plan.Make();
            return plan;
        }
        catch
        {
            plan._owned.ForEach(resource => resource.Dispose());
            throw;
        }
    }

    /// <summary>Why the kernels cannot compute a model; null where they can.</summary>
    public static string? WhyNot(Model model)
    {
        try
        {
            Array.ForEach(Of(model, 1, ConvolutionAlgorithm.Direct, 1).Owned, resource => resource.Dispose());
            return null;
        }
        catch (InputException error)
        {
            return error.Message;
        }
    }

    private void Make()
    {
        // The view through which each node's value is read.
        var views = new View[_model.Nodes.Count];
        foreach (var node in _model.Nodes)
        {
            View[] inputs = [.. node.Inputs.Select(number => views[number])];
            views[node.Number] = node.Layer switch
            {
                Models.Images => View.Of(Images),
                BatchNormalization => Normalized(node, inputs[0]),
                Activate activate => Activated(node, activate, inputs[0]),
                Convolution convolution => View.Of(Convolved(node, convolution, inputs[0])),
                Addition => View.Of(Added(node, inputs[0], inputs[1])),
                Pool pool => View.Of(Append(new PoolLayer(node.Layer.Name, inputs[0], Output(node), pool.Kind))),
                GlobalAverage => View.Of(Averaged(node, inputs[0])),
                Linear => View.Of(Connected(node, inputs[0])),
                CustomLayer => View.Of(Append(new FunctionLayer(node, InputShape(node), inputs[0], Output(node)))),
                _ => throw Refused(node, "the engine has no such layer; one's own layers derive from CustomLayer"),
            };
        }
        var last = _model.Nodes[^1];
        if (!views[last.Number].IsRaw)
            throw Refused(last, "a network ends in outputs without normalisation and activation function");
        var losses = new StoredTensor("loss", 1, 1, 16);
        LossLayer loss = _model.Loss switch
        {
            Models.Loss.CrossEntropy => new CrossEntropyLayer(views[last.Number], last.Shape.Count, losses, _capacity),
            Models.Loss.SquaredError => new SquaredErrorLayer(views[last.Number], last.Shape.Count, losses, _capacity),
            _ => throw Refused(last, $"the engine has no loss {_model.Loss}"),
        };
        _owned.Add(loss);
        Append(loss);
        Loss = loss;
    }

    private View Normalized(Node node, View input)
    {
        var tensor = input.Tensor;
        if (!input.IsRaw || tensor == Images || tensor.Normalization is not null || tensor.Channels != node.Shape.Channels)
        {
            throw Refused(node, "the engine normalises the output of a convolution, an addition or a layer of one's own, "
                + "with a multiple of 16 channels, once and before the activation function");
        }
        if (node.Shape.Positions % 4 != 0)
            throw Refused(node, $"{node.Shape.Positions} positions; the kernels take multiples of 4");
        tensor.Normalization = new BatchStatistics(node, tensor.Channels, _capacity);
        _owned.Add(tensor.Normalization);
        return new View(tensor, true, Activation.None);
    }

    private View Activated(Node node, Activate layer, View input)
    {
        if (input.Activation != Activation.None)
            throw Refused(node, "two activation functions one after the other; the engine applies one");
        return input with { Activation = layer.Function };
    }

    private StoredTensor Convolved(Node node, Convolution convolution, View input)
    {
        var shape = InputShape(node);
        if (convolution.Channels % 16 != 0)
            throw Refused(node, $"{convolution.Channels} output channels; the kernels take multiples of 16");
        if (shape.Width % convolution.Stride != 0 || shape.Height % convolution.Stride != 0)
            throw Refused(node, $"{shape.Height}x{shape.Width} pixels with stride {convolution.Stride}; the kernels take multiples of the stride");
        if (_together && PatchLayer.Pays(node, shape))
        {
            var patches = new PatchLayer(node, shape, input, Output(node), _capacity);
            _owned.Add(patches);
            return Append(patches);
        }
        var layer = new ConvolutionLayer(node.Layer.Name, input, Output(node), node.Parameters[0], convolution.Bias ? node.Parameters[1] : null,
            convolution.Size, convolution.Stride, _convolution);
        _owned.Add(layer);
        return Append(layer);
    }

    private StoredTensor Added(Node node, View left, View right)
    {
        // Addition is commutative, bit for bit; the kernel has an activation function on the right only.
        if (left.Activation != Activation.None)
            (left, right) = (right, left);
        if (left.Activation != Activation.None || left.Tensor == right.Tensor || left.Tensor == Images || right.Tensor == Images)
            throw Refused(node, "the engine adds two different tensors, not the images, at most one of them with an activation function");
        return Append(new AddLayer(node.Layer.Name, left, right, Output(node)));
    }

    private StoredTensor Averaged(Node node, View input)
    {
        if (input.Tensor == Images || InputShape(node).Positions % 4 != 0)
            throw Refused(node, $"the average of {input.Tensor.Name} over {InputShape(node).Positions} positions; the kernels take a layer's output and multiples of 4");
        return Append(new GlobalAverageLayer(node.Layer.Name, input, Output(node)));
    }

    private StoredTensor Connected(Node node, View input)
    {
        // A small layer stays in the pass of the layers before it.
        if (InputShape(node).Positions == 1 && node.Parameters[0].Count <= LinearLayer.MostWeights && input.Tensor.Producer is not BatchLayer)
            return Append(new LinearLayer(node, input, Output(node)));
        var layer = new ConnectedLayer(node, InputShape(node), input, Output(node), _capacity, _threads);
        _owned.Add(layer);
        return Append(layer);
    }

    private TensorShape InputShape(Node node) => _model.Nodes[node.Inputs[0]].Shape;

    /// <summary>Memory for a node's output: its channels and as many zeros as make a multiple of 16.</summary>
    private static StoredTensor Output(Node node) => new(node.Layer.Name, node.Shape.Height, node.Shape.Width, (node.Shape.Channels + 15) & ~15);

    private StoredTensor Append(CpuLayer layer)
    {
        layer.Output.Producer = layer;
        _layers.Add(layer);
        return layer.Output;
    }

    private InputException Refused(Node node, string why) => new($"{_model.Name}: {node.Layer.Name}: {why}");
}
