using LastBit.Engines.Cpu.Kernels;

namespace LastBit.Engines.Cpu;

/// <summary>
/// A layer is a pair of functions on one image: <see cref="Forward"/> reads its input views and writes <see cref="Output"/>;
/// <see cref="Backward"/> reads the gradient of <see cref="Output"/> and hands a gradient on to each input.
/// Images are independent of one another within a layer, so threads share them out;
/// what is summed over images (weight gradients) goes into one table a piece, and the network adds the tables in a fixed tree.
/// </summary>
internal abstract unsafe class CpuLayer
{
    private delegate*<float*, float*, in NormCoefficients, float*, float*, int, int, int, int, void> _normBackward;

    protected CpuLayer(string name, StoredTensor output, params View[] inputs)
    {
        Name = name;
        Output = output;
        Inputs = inputs;
        Sinks = new GradientSink?[inputs.Length];
    }

    /// <summary>The name of the layer: PyTorch's, where it has parameters.</summary>
    public string Name { get; }

    /// <summary>What it writes.</summary>
    public StoredTensor Output { get; }

    /// <summary>What it reads.</summary>
    public IReadOnlyList<View> Inputs { get; }

    /// <summary>Where the gradient of each input goes; null for an input that needs none (the images). Filled in by the network's plan.</summary>
    public GradientSink?[] Sinks { get; }

    /// <summary>Size of the table that gathers weight gradients, in floats; 0 for a layer without weights.</summary>
    public virtual int TableSize => 0;

    /// <summary>Into how many parts <see cref="ReduceTables"/> can be cut.</summary>
    public virtual int ReduceParts => 0;

    /// <summary>
    /// Floating-point operations of one image's forward pass, a multiplication and an addition counted as two, padding included;
    /// for benchmarks.
    /// </summary>
    public virtual long ForwardFlop => 0;

    /// <summary>How often <see cref="Forward"/> lets the scratch fetch ahead.</summary>
    public virtual int FetchesForward => 0;

    /// <summary>How often <see cref="Backward"/> lets the scratch fetch ahead.</summary>
    public virtual int FetchesBackward => 0;

    /// <summary>Floats that one worker needs for a padded image.</summary>
    public virtual long PaddedSize => 0;

    /// <summary>Floats that one worker needs for the tiles of minimal filtering, within one image.</summary>
    public virtual long TileSize => 0;

    /// <summary>Floats in which one worker gathers a piece's images for <see cref="FinishPiece"/>; 0 where a layer adds to its table image by image.</summary>
    public virtual long GatherSize => 0;

    /// <summary>How much of a table, from its beginning on, <see cref="FinishPiece"/> writes; what comes behind is added to image by image.</summary>
    public virtual int GatheredTableSize => 0;

    /// <summary>Where this layer's part of <see cref="Scratch.Gathered"/> begins, and its number among those of its pass; given by the engine.</summary>
    public long GatherStart { get; set; }

    /// <inheritdoc cref="GatherStart"/>
    public int GatherSlot { get; set; }

    /// <summary>One image of an input as this layer sees it: where it lies, or computed into the scratch's input, without a border.</summary>
    protected float* ReadInput(int input, int sample, Scratch scratch)
    {
        var view = Inputs[input];
        var tensor = view.Tensor;
        if (view.IsRaw)
            return tensor.Sample(sample);
        PointwiseTable.For(tensor.Channels).FillPadded(view.Normalised, view.Activation)(
            tensor.Sample(sample), tensor.Norm, scratch.Input, tensor.Height, tensor.Width, tensor.Channels, 0);
        return scratch.Input;
    }

    /// <summary>Takes the moments of one image's output, where it is normalised.</summary>
    protected void TakeMoments(int sample)
    {
        if (Output.Normalization is { } norm)
            PointwiseTable.Moments(Output.Sample(sample), Output.Positions, Output.Channels, norm.FirstMoment(sample), norm.SecondMoment(sample));
    }

    /// <summary>
    /// The gradient of the loss with respect to one image's output, from what its readers have left: target is height x (width + 2 border) x channels, the
    /// border columns zero.
    /// </summary>
    protected void ReadOutputGradient(int sample, float* target, int border)
    {
        if (_normBackward == null)
        {
            _normBackward = PointwiseTable.For(Output.Channels).NormBackward(
                Output.ViewGradient is not null && Output.Normalization is not null,
                Output.ViewGradient is not null && Output.RawGradient is not null);
        }
        var first = Output.ViewGradient ?? Output.RawGradient!;
        float* raw = Output.RawGradient is { } buffer ? buffer.Sample(sample) : null;
        _normBackward(first.Sample(sample), Output.Sample(sample), Output.Norm, raw, target, Output.Height, Output.Width, Output.Channels, border);
    }

    /// <summary>Computes one image's output.</summary>
    public abstract void Forward(int sample, Scratch scratch, bool training);

    /// <summary>Adds one image's weight gradients to <paramref name="table"/> and hands its input gradients on.</summary>
    public abstract void Backward(int sample, Scratch scratch, float* table);

    /// <summary>Writes the table of a piece whose images a layer has gathered; after the last of them.</summary>
    public virtual void FinishPiece(Scratch scratch, float* table)
    {
    }

    /// <summary>Into how many parts <see cref="LoadWeights(NetworkState, int)"/> is cut.</summary>
    public virtual int LoadParts => 1;

    /// <summary>Brings the weights of a state into the kernels' layout; called before the first forward pass after a change.</summary>
    public virtual void LoadWeights(NetworkState state)
    {
    }

    /// <summary>Does one part of <see cref="LoadWeights(NetworkState)"/>.</summary>
    public virtual void LoadWeights(NetworkState state, int part) => LoadWeights(state);

    /// <summary>Adds the pieces' tables in a fixed tree and writes one part of the gradients, in PyTorch's layout.</summary>
    public virtual void ReduceTables(float* tables, int pieces, float* gradients, int part)
    {
    }
}

/// <summary>
/// Takes the gradient that a layer hands on to one of its inputs. Several layers may read one view;
/// the first of them to come in the backward pass writes, the next add, and the last also passes the gradient back
/// through the activation function and leaves the sums that the normalisation needs.
/// </summary>
internal sealed unsafe class GradientSink
{
    private readonly delegate*<float*, float*, in NormCoefficients, float*, int, int, float*, float*, void> _close;

    public GradientSink(View view, GradientBuffer buffer, bool first, bool last)
    {
        View = view;
        Buffer = buffer;
        IsFirst = first;
        Closes = last && !view.IsRaw;
        _close = PointwiseTable.For(view.Tensor.Channels).Close(view.Normalised, view.Activation, already: !first);
    }

    /// <summary>The input as the layer reads it.</summary>
    public View View { get; }

    /// <summary>Where the gradient goes.</summary>
    public GradientBuffer Buffer { get; }

    /// <summary>Whether this is the first contribution, which writes.</summary>
    public bool IsFirst { get; }

    /// <summary>Whether this is the last one to a normalised or activated view, which also passes the gradient back through both.</summary>
    public bool Closes { get; }

    /// <summary>Takes one image's gradient, positions x channels.</summary>
    public void Contribute(int sample, float* contribution)
    {
        var tensor = View.Tensor;
        float* target = Buffer.Sample(sample);
        if (Closes)
        {
            float* sum = null, product = null;
            if (tensor.Normalization is { } norm)
            {
                sum = norm.FirstMoment(sample);
                product = norm.SecondMoment(sample);
            }
            _close(contribution, tensor.Sample(sample), tensor.Norm, target, tensor.Positions, tensor.Channels, sum, product);
        }
        else if (!IsFirst)
        {
            PointwiseTable.Accumulate(contribution, target, (int)tensor.SampleSize);
        }
        else if (contribution != target)
        {
            new Span<float>(contribution, (int)tensor.SampleSize).CopyTo(new Span<float>(target, (int)tensor.SampleSize));
        }
    }
}
