using LastBit.Models;

namespace LastBit.Engines;

/// <summary>
/// The order of work that decides bits, without memory or pointers, for any engine to carry out: which layers write a tensor, through which
/// view each is read, which layers make a pass, how images are cut into chunks, and which contribution to a gradient is written first,
/// added, or closes it. docs/networks.md tells the idea.
/// <para>
/// Normalisations and activation functions become part of the views of the tensor before them; every other node becomes a layer, and the
/// loss is the last. A pass is a run of layers that one image can be taken through without the others: passes end where a batch
/// normalisation needs the moments (or, going back, the gradient sums) of all images. Sums over images (weight gradients) are one chain
/// within a chunk of <see cref="ChunkSize"/> images and a fixed tree over chunks, but for layers that take all images together.
/// </para>
/// </summary>
internal sealed class WorkPlan
{
    /// <summary>Images of a chunk.</summary>
    public const int ChunkSize = 4;

    /// <summary>With more weights, a linear layer and its gradients are too much to be gone through for every image.</summary>
    public const int MostLinearWeights = 1 << 15;

    // With fewer weights they stay in the caches while the images pass by; with more positions the rows of Im2Col are larger than what they
    // save.
    private const int LeastIm2ColWeights = 1 << 20, MostIm2ColPositions = 16;

    private readonly List<LayerPlan> _layers = [];
    private readonly List<GradientBuffer> _gradients = [];

    private WorkPlan(Model model, bool tangents)
    {
        Model = model;
        Images = new TensorPlan("images", model.Images with { Channels = model.Images.BatchChannels });
        var views = new ViewPlan[model.Nodes.Count];
        foreach (Node node in model.Nodes)
            views[node.Number] = ViewOf(node, [.. node.Inputs.Select(number => views[number])], tangents);
        Views = views;
        Node last = model.Nodes[^1];
        if (!views[last.Number].IsRaw)
            throw Refused(last, "a network ends in outputs without normalisation and activation function");
        Append(null, "loss", [views[last.Number]], new TensorPlan("loss", new TensorShape(1, 1, 16)), takesAllImages: false);
        Forward = ForwardPasses();
        Backward = BackwardPasses();
        foreach (ViewPlan view in _layers.SelectMany(layer => layer.Inputs))
            Check(view);
        PlanGradients(isBriefAllowed: !tangents);
    }

    /// <summary>The model.</summary>
    public Model Model { get; }

    /// <summary>The images of a batch.</summary>
    public TensorPlan Images { get; }

    /// <summary>How the output of each node of the model is read.</summary>
    public IReadOnlyList<ViewPlan> Views { get; }

    /// <summary>The layers in the order of the forward pass; the loss is the last.</summary>
    public IReadOnlyList<LayerPlan> Layers => _layers;

    /// <summary>The passes forward.</summary>
    public IReadOnlyList<PassPlan> Forward { get; }

    /// <summary>The passes backward, the last layer first.</summary>
    public IReadOnlyList<PassPlan> Backward { get; }

    /// <summary>The memory of the gradients of tensors.</summary>
    public IReadOnlyList<GradientBuffer> Gradients => _gradients;

    /// <summary>Plans a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tangents">
    /// Whether every number is accompanied by its derivative in a direction: all convolutions are then computed image by image, and every
    /// gradient has a place for each image.
    /// </param>
    /// <exception cref="InputException">There is no such order of work; the message names the layer.</exception>
    public static WorkPlan Of(Model model, bool tangents = false) => new(model, tangents);

    /// <summary>How many chunks a number of images makes.</summary>
    public static int Chunks(int images) => (images + ChunkSize - 1) / ChunkSize;

    /// <summary>What is said where a layer cannot be computed.</summary>
    public InputException Refused(Node node, string why) => new($"{Model.Name}: {node.Layer.Name}: {why}");

    private ViewPlan ViewOf(Node node, ViewPlan[] inputs, bool tangents)
    {
        switch (node.Layer)
        {
            case Models.Images:
                return ViewPlan.Of(Images);
            case BatchNormalization:
                TensorPlan tensor = inputs[0].Tensor;
                if (!inputs[0].IsRaw || tensor == Images || tensor.Normalization is not null
                    || tensor.Shape.Channels != node.Shape.Channels)
                {
                    throw Refused(node, "the engine normalises the output of a convolution, an addition or a custom layer, "
                        + "with a multiple of 16 channels, once and before the activation function");
                }
                tensor.Normalization = node;
                return new ViewPlan(tensor, true, Activation.None);
            case Activate activate:
                return inputs[0].Activation == Activation.None ? inputs[0] with { Activation = activate.Function }
                    : throw Refused(node, "two activation functions one after the other; the engine applies one");
            case Addition:
                // Addition is commutative, bit for bit; an activation function stands on the right only.
                if (inputs[0].Activation != Activation.None)
                    Array.Reverse(inputs);
                if (inputs[0].Activation != Activation.None || inputs[0].Tensor == inputs[1].Tensor
                    || inputs.Any(input => input.Tensor == Images))
                    throw Refused(node, "the engine adds two different tensors, not the images, at most one with an activation function");
                break;
        }
        // The channels that a tensor is stored with are padded by zeros to a multiple of 16.
        var output = new TensorPlan(node.Layer.Name, node.Shape with { Channels = (node.Shape.Channels + 15) & ~15 });
        return ViewPlan.Of(Append(node, node.Layer.Name, inputs, output, TakesAllImages(node, inputs[0], tangents)));
    }

    /// <summary>
    /// Whether a layer is computed for all images of a batch together, as products of matrices. A small linear layer stays in the pass of
    /// the layers before it.
    /// </summary>
    private bool TakesAllImages(Node node, ViewPlan input, bool tangents)
    {
        TensorShape from = Model.Nodes[node.Inputs[0]].Shape;
        return node.Layer switch
        {
            Convolution { Stride: 1 } => !tangents && from.Positions <= MostIm2ColPositions
                && node.Parameters[0].Count >= LeastIm2ColWeights,
            Linear => from.Positions > 1 || node.Parameters[0].Count > MostLinearWeights
                || input.Tensor.Producer is { TakesAllImages: true },
            _ => false,
        };
    }

    private TensorPlan Append(Node? node, string name, ViewPlan[] inputs, TensorPlan output, bool takesAllImages)
    {
        TensorShape[] shapes = node is null ? [Model.Nodes[^1].Shape] : [.. node.Inputs.Select(number => Model.Nodes[number].Shape)];
        output.Producer = new LayerPlan(_layers.Count, node, name, inputs, shapes, output, takesAllImages);
        _layers.Add(output.Producer);
        return output;
    }

    private List<PassPlan> ForwardPasses()
    {
        var passes = new List<PassPlan>();
        var current = new List<LayerPlan>();
        foreach (LayerPlan layer in _layers)
        {
            if (layer.TakesAllImages || current is [{ TakesAllImages: true }]
                || layer.Inputs.Any(view => view.Normalised && current.Contains(view.Tensor.Producer!)))
                Close();
            current.Add(layer);
        }
        Close();
        return passes;

        void Close()
        {
            if (current.Count > 0)
                passes.Add(new PassPlan([.. current],
                    [.. current.Select(layer => layer.Output).Where(output => output.Normalization is not null)]));
            current.Clear();
        }
    }

    private List<PassPlan> BackwardPasses()
    {
        var passes = new List<PassPlan>();
        var current = new List<LayerPlan>();
        var closed = new List<TensorPlan>();
        for (int i = _layers.Count - 1; i >= 0; i--)
        {
            // The gradient of a normalised output needs the sums over the batch, which the last of its readers leaves.
            LayerPlan layer = _layers[i];
            if (layer.TakesAllImages || current is [{ TakesAllImages: true }] || closed.Contains(layer.Output))
                Close();
            current.Add(layer);
            foreach (ViewPlan view in layer.Inputs)
            {
                if (view.Normalised && !_layers.Take(i).Any(other =>
                    other.Inputs.Any(read => read.Normalised && read.Tensor == view.Tensor)))
                    closed.Add(view.Tensor);
            }
        }
        Close();
        return passes;

        void Close()
        {
            if (current.Count > 0)
                passes.Add(new PassPlan([.. current], [.. closed]));
            current.Clear();
            closed.Clear();
        }
    }

    private static void Check(ViewPlan view)
    {
        if (view.IsRaw)
            return;
        if (view.Tensor.Normalization is not null && !view.Normalised)
            throw Unreadable("past its normalisation with an activation function");
        if (view.Tensor.HasView && view.Tensor.ViewActivation != view.Activation)
            throw Unreadable("with two activation functions");
        view.Tensor.HasView = true;
        view.Tensor.ViewActivation = view.Activation;

        InputException Unreadable(string how) => new($"{view.Tensor.Name} is read {how}; the engine cannot do that");
    }

    /// <summary>
    /// Decides in which order contributions to a gradient come and where it lies. Going back through the layers, a gradient is needed from
    /// its first contribution until its producer has used it; then its memory serves another tensor of the same size. A residual addition
    /// hands the same numbers to both operands, so they share its buffer.
    /// </summary>
    private void PlanGradients(bool isBriefAllowed)
    {
        var free = new List<GradientBuffer>();
        var owners = new Dictionary<GradientBuffer, int>();
        for (int index = _layers.Count - 1; index >= 0; index--)
        {
            LayerPlan layer = _layers[index];
            for (int input = 0; input < layer.Inputs.Count; input++)
            {
                ViewPlan view = layer.Inputs[input];
                TensorPlan tensor = view.Tensor;
                if (tensor == Images)
                    continue;
                bool bypass = view.IsPastTheView;
                int firstReader = _layers.FindIndex(other => Reads(other, tensor, bypass));
                GradientBuffer? buffer = bypass ? tensor.RawGradient : tensor.ViewGradient;
                bool first = buffer is null, last = firstReader == index;
                if (buffer is null)
                {
                    bool brief = isBriefAllowed && IsBrief(tensor, bypass);
                    buffer = Shared(layer, input, firstReader, last);
                    if (buffer is null || buffer.IsBrief != brief)
                        buffer = Rent(tensor.Shape.Count, brief);
                    owners[buffer] = owners.GetValueOrDefault(buffer) + 1;
                    if (bypass)
                        tensor.RawGradient = buffer;
                    else
                        tensor.ViewGradient = buffer;
                }
                layer.Contributions[input] = new Contribution(buffer, first, last && !view.IsRaw);
            }
            Release(layer.Output.ViewGradient);
            Release(layer.Output.RawGradient);
        }

        // Whether a tensor's gradient is needed in one pass only.
        bool IsBrief(TensorPlan tensor, bool bypass) => Backward.Any(pass =>
            !pass.TakesAllImages && pass.Layers.Contains(tensor.Producer!)
                && _layers.Where(other => Reads(other, tensor, bypass)).All(pass.Layers.Contains));

        GradientBuffer Rent(int size, bool brief)
        {
            // Only buffers of the same image size are exchanged: within a pass, image s of the one is dead when image s of the other is
            // written.
            if (free.Find(candidate => candidate.ImageSize == size && candidate.IsBrief == brief) is { } buffer)
            {
                free.Remove(buffer);
                return buffer;
            }
            _gradients.Add(new GradientBuffer(size, brief));
            return _gradients[^1];
        }

        void Release(GradientBuffer? buffer)
        {
            if (buffer is not null && --owners[buffer] == 0)
                free.Add(buffer);
        }
    }

    private static bool Reads(LayerPlan layer, TensorPlan tensor, bool bypass) =>
        layer.Inputs.Any(read => read.Tensor == tensor && read.IsPastTheView == bypass);

    /// <summary>
    /// The buffer of a residual addition, when operand <paramref name="input"/> can share it: nothing is to be computed in place while
    /// another operand still needs the numbers.
    /// </summary>
    private static GradientBuffer? Shared(LayerPlan layer, int input, int firstReader, bool last)
    {
        if (layer.Node?.Layer is not Addition)
            return null;
        if (last)
            return layer.Inputs[input].Activation == Activation.None ? layer.Output.TotalGradient : null;
        // The last contribution will overwrite the numbers: by then the producer of the other operand, which reads them, must have run.
        return layer.Inputs[1 - input].Tensor.Producer is { } other && other.Index > firstReader ? layer.Output.TotalGradient : null;
    }
}

/// <summary>A run of layers that one image can be taken through without the others.</summary>
/// <param name="Layers">The layers in their order.</param>
/// <param name="Normalised">Tensors whose normalisation is finished when the pass is.</param>
internal sealed record PassPlan(IReadOnlyList<LayerPlan> Layers, IReadOnlyList<TensorPlan> Normalised)
{
    /// <summary>Whether it is one layer that takes all images together.</summary>
    public bool TakesAllImages => Layers is [{ TakesAllImages: true }];
}

/// <summary>A layer in the order of work: what writes a tensor.</summary>
/// <param name="Index">Its place in the order of the forward pass.</param>
/// <param name="Node">The node of the model; null for the loss.</param>
/// <param name="Name">Its name: PyTorch's, where it has parameters.</param>
/// <param name="Inputs">What it reads.</param>
/// <param name="InputShapes">The shapes of its inputs in the model, without channels that are stored to pad.</param>
/// <param name="Output">What it writes.</param>
/// <param name="TakesAllImages">Whether it computes all images of a batch together, and is a pass of its own.</param>
internal sealed record LayerPlan(
    int Index, Node? Node, string Name, IReadOnlyList<ViewPlan> Inputs, IReadOnlyList<TensorShape> InputShapes, TensorPlan Output,
    bool TakesAllImages)
{
    /// <summary>How it hands a gradient on to each input; null for the images, which need none.</summary>
    public Contribution?[] Contributions { get; } = new Contribution?[Inputs.Count];

    /// <inheritdoc/>
    public bool Equals(LayerPlan? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => Index;
}

/// <summary>
/// How a layer hands a gradient on to an input. Several layers may read one view: the first of them to come in the backward pass writes,
/// the next add, and the last also passes the gradient back through the activation function and leaves the sums that the normalisation
/// needs.
/// </summary>
/// <param name="Buffer">Where the gradient goes.</param>
/// <param name="IsFirst">Whether this is the first contribution, which writes.</param>
/// <param name="Closes">Whether this is the last one to a normalised or activated view.</param>
internal sealed record Contribution(GradientBuffer Buffer, bool IsFirst, bool Closes);

/// <summary>
/// A tensor that is kept from the forward to the backward pass: what a layer writes, before normalisation and activation function, which
/// its readers apply as they read.
/// </summary>
/// <param name="name">The name of the layer that writes it.</param>
/// <param name="shape">Rows, columns, and the channels that are stored, padding channels counted.</param>
internal sealed class TensorPlan(string name, TensorShape shape)
{
    /// <summary>The name of the layer that writes it.</summary>
    public string Name { get; } = name;

    /// <summary>Rows, columns, and the channels that are stored, padding channels counted.</summary>
    public TensorShape Shape { get; } = shape;

    /// <summary>The layer that writes it; null for the images.</summary>
    public LayerPlan? Producer { get; set; }

    /// <summary>The batch normalisation through which it is read, if any.</summary>
    public Node? Normalization { get; set; }

    /// <summary>The activation function of its view.</summary>
    public Activation ViewActivation { get; set; }

    /// <summary>Whether anyone reads it through a normalisation or an activation function.</summary>
    public bool HasView { get; set; }

    /// <summary>
    /// The gradient that comes back through the view: with respect to the normalised value (before the activation function), or to the
    /// tensor itself where there is no normalisation.
    /// </summary>
    public GradientBuffer? ViewGradient { get; set; }

    /// <summary>The gradient from readers that go past the view, if there are any.</summary>
    public GradientBuffer? RawGradient { get; set; }

    /// <summary>Where a residual addition puts the whole gradient of its output together.</summary>
    public GradientBuffer? TotalGradient => RawGradient ?? ViewGradient;
}

/// <summary>How a layer reads a tensor: f(norm(x)), f(x), norm(x) or x.</summary>
/// <param name="Tensor">The stored tensor x.</param>
/// <param name="Normalised">Whether its batch normalisation is applied.</param>
/// <param name="Activation">The activation function f.</param>
internal readonly record struct ViewPlan(TensorPlan Tensor, bool Normalised, Activation Activation)
{
    /// <summary>The tensor as it is.</summary>
    public static ViewPlan Of(TensorPlan tensor) => new(tensor, false, Activation.None);

    /// <summary>Whether it is the tensor as it is.</summary>
    public bool IsRaw => !Normalised && Activation == Activation.None;

    /// <summary>Whether it goes past the normalisation or activation function through which others read the tensor.</summary>
    public bool IsPastTheView => IsRaw && Tensor.HasView;
}

/// <summary>The place of the gradient of one tensor of a batch; several tensors have one in turn.</summary>
/// <param name="imageSize">Numbers of an image.</param>
/// <param name="isBrief">
/// Whether an image's gradient is written and read within one pass. The images of a chunk, which are taken one after the other, may then
/// share a place.
/// </param>
internal sealed class GradientBuffer(int imageSize, bool isBrief)
{
    /// <summary>Numbers of an image.</summary>
    public int ImageSize { get; } = imageSize;

    /// <summary>Whether the images of a chunk may share a place.</summary>
    public bool IsBrief { get; } = isBrief;

    /// <summary>Places for a batch.</summary>
    public int PlacesFor(int images) => IsBrief ? WorkPlan.Chunks(images) : images;
}
