using LastBit.Engines.Cpu.Kernels;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// A layer is a pair of functions on one image: <see cref="Forward"/> reads its input views and writes <see cref="Output"/>;
/// <see cref="Backward"/> reads the gradient of <see cref="Output"/> and hands a gradient on to each input.
/// Images are independent of one another within a layer, so threads share them out;
/// what is summed over images (weight gradients) goes into one table a chunk, and the tables are added in a fixed tree.
/// <para>
/// Its derivative in the direction of a vector (Pearlmutter's R-operator) is a pair of functions too: <see cref="ForwardTangent"/> and
/// <see cref="BackwardTangent"/>. With tangents, memory is for twice as many images as a batch has: the tangents of image s lie where
/// image <see cref="Half"/> + s would.
/// </para>
/// </summary>
internal abstract unsafe class CpuLayer : IDisposable
{
    private readonly Reader?[] _readers;
    private readonly List<IDisposable> _owned = [];
    private delegate*<float*, float*, in NormCoefficients, float*, float*, int, int, int, int, void> _normBackward;
    private delegate*<Dual, Dual, in NormCoefficients, in NormCoefficients, Dual, Dual, int, int, int, int, void> _tangentNormBackward;

    protected CpuLayer(LayerPlace place)
    {
        (Plan, Inputs, Output, Half) = (place.Plan, place.Inputs, place.Output, place.Half);
        Sinks = [.. place.Plan.Contributions.Select((contribution, i) => contribution is null ? null
            : new GradientSink(Inputs[i], place.Gradients[contribution.Buffer], contribution, Half))];
        _readers = [.. Inputs.Select(view => place.Half == 0 ? null : new Reader(view))];
    }

    /// <summary>Its place in the order of work.</summary>
    public LayerPlan Plan { get; }

    /// <summary>The name of the layer: PyTorch's, where it has parameters.</summary>
    public string Name => Plan.Name;

    /// <summary>What it writes.</summary>
    public StoredTensor Output { get; }

    /// <summary>What it reads.</summary>
    public IReadOnlyList<View> Inputs { get; }

    /// <summary>Where the gradient of each input goes; null for an input that needs none (the images).</summary>
    public GradientSink?[] Sinks { get; }

    /// <summary>Images in the largest batch, where there are tangents; 0 where there are none.</summary>
    public int Half { get; }

    /// <summary>Size of the table that gathers weight gradients, in floats; 0 for a layer without weights.</summary>
    public virtual int TableSize => 0;

    /// <summary>Into how many parts <see cref="ReduceTables"/> can be cut.</summary>
    public virtual int ReduceParts => 0;

    /// <summary>
    /// Floating-point operations of one image's forward pass, a multiplication and an addition counted as two, padding included;
    /// for benchmarks.
    /// </summary>
    public virtual long ForwardFlop => 0;

    /// <summary>How often <see cref="Forward"/> lets the scratch prefetch.</summary>
    public virtual int FetchesForward => 0;

    /// <summary>How often <see cref="Backward"/> lets the scratch prefetch.</summary>
    public virtual int FetchesBackward => 0;

    /// <summary>Floats that one worker needs for an image of its input or output, padded where it pads them.</summary>
    public virtual long PaddedSize => Math.Max(Inputs.Max(view => view.Tensor.SampleSize), Output.SampleSize);

    /// <summary>Floats that one worker needs for <see cref="Scratch.Tiles"/>.</summary>
    public virtual long TileSize => 0;

    /// <summary>
    /// Floats in which one worker gathers a chunk's images for <see cref="FinishChunk"/>; 0 where a layer adds to its table image by
    /// image.
    /// </summary>
    public virtual long GatherSize => 0;

    /// <summary>
    /// How much of a table, from its beginning on, <see cref="FinishChunk"/> writes; what comes behind is added to image by image.
    /// </summary>
    public virtual int GatheredTableSize => 0;

    /// <summary>
    /// Where this layer's part of <see cref="Scratch.Gathered"/> begins, and its number among those of its pass; given by the engine.
    /// </summary>
    public long GatherStart { get; set; }

    /// <inheritdoc cref="GatherStart"/>
    public int GatherSlot { get; set; }

    /// <summary>Into how many parts <see cref="LoadWeights"/> and <see cref="LoadDirection"/> are cut.</summary>
    public virtual int LoadParts => 1;

    /// <summary>
    /// Brings a part of the weights of a state into the kernels' layout; called before the first forward pass after a change.
    /// </summary>
    public virtual void LoadWeights(NetworkState state, int part)
    {
    }

    /// <summary>Brings a part of a direction's share of the weights into the kernels' layout.</summary>
    public virtual void LoadDirection(NetworkState direction, int part)
    {
    }

    /// <summary>Computes one image's output.</summary>
    public abstract void Forward(int sample, Scratch scratch, ForwardPass pass);

    /// <summary>Adds one image's weight gradients to <paramref name="table"/> and hands its input gradients on.</summary>
    public abstract void Backward(int sample, Scratch scratch, float* table);

    /// <summary>
    /// Computes the tangent of one image's output, straight after <see cref="Forward"/>: the scratch holds what that has left of the
    /// image.
    /// </summary>
    public abstract void ForwardTangent(int sample, Scratch scratch);

    /// <summary>
    /// Adds the tangents of one image's weight gradients to <paramref name="table"/> and hands gradients and tangents on.
    /// </summary>
    public abstract void BackwardTangent(int sample, Scratch scratch, float* table);

    /// <summary>Writes the table of a chunk whose images a layer has gathered; after the last of them.</summary>
    public virtual void FinishChunk(Scratch scratch, float* table)
    {
    }

    /// <summary>Adds the chunks' tables in a fixed tree and writes one part of the gradients, in PyTorch's layout.</summary>
    public virtual void ReduceTables(float* tables, int chunks, float* gradients, int part)
    {
    }

    /// <inheritdoc/>
    public void Dispose() => _owned.ForEach(resource => resource.Dispose());

    /// <summary>Takes what the normalisation of the output needs of one image's tangents.</summary>
    public void TakeTangentMoments(int sample)
    {
        if (Output.Normalization is { } norm)
        {
            TangentTable.For(Output.Channels).Moments(
                Both(Output, sample), Output.Positions, Output.Channels, norm.FirstMoment(sample), norm.FirstMoment(Half + sample),
                norm.SecondMoment(Half + sample));
        }
    }

    /// <summary>Copies the gradient of the loss with respect to one image's output, when all readers have left theirs.</summary>
    public virtual void CopyOutputGradient(int sample, float* target) => ReadOutputGradient(sample, target, 0);

    /// <summary>Memory that is freed with the layer.</summary>
    protected T Own<T>(T resource)
        where T : IDisposable
    {
        _owned.Add(resource);
        return resource;
    }

    /// <summary>
    /// One image of an input as this layer sees it: where it lies, or computed into the scratch's input, without a border.
    /// </summary>
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

    /// <summary>Takes the moments of one image's output, where it is normalised and the pass is one of training.</summary>
    protected void TakeMoments(int sample, ForwardPass pass)
    {
        if (pass.IsTraining && Output.Normalization is { } norm)
            PointwiseTable.Moments(Output.Sample(sample), Output.Positions, Output.Channels, norm.FirstMoment(sample),
                norm.SecondMoment(sample));
    }

    /// <summary>
    /// The gradient of the loss with respect to one image's output, from what its readers have left: target is height x (width + 2 border)
    /// x channels, the border columns zero.
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
        _normBackward(first.Sample(sample), Output.Sample(sample), Output.Norm, raw, target, Output.Height, Output.Width, Output.Channels,
            border);
    }

    /// <summary>One image of a tensor of the forward pass, and its tangent.</summary>
    protected Dual Both(StoredTensor tensor, int sample) => new(tensor.Sample(sample), tensor.Sample(Half + sample));

    /// <summary>One image of a gradient, and its tangent.</summary>
    protected Dual Both(GradientMemory buffer, int sample) => new(buffer.Sample(sample), buffer.Sample(Half + sample));

    /// <summary>Whether an input has a tangent; the images have none.</summary>
    protected bool Moves(int input) => Plan.Inputs[input].Tensor.Producer is not null;

    /// <summary>
    /// The tangent of one image of an input as this layer sees it, into <paramref name="target"/>, height x (width + 2 border) x channels.
    /// </summary>
    protected void ReadTangent(int input, int sample, float* target, int border)
    {
        var tensor = Inputs[input].Tensor;
        _readers[input]!.Tangent(
            Both(tensor, sample), tensor.Norm, tensor.NormTangent, new Dual(null, target), tensor.Height, tensor.Width, tensor.Channels,
            border);
    }

    /// <summary>One image of an input as this layer sees it and its tangent, into the scratch's inputs.</summary>
    protected void ReadBoth(int input, int sample, Scratch scratch, int border)
    {
        var tensor = Inputs[input].Tensor;
        _readers[input]!.Both(
            Both(tensor, sample), tensor.Norm, tensor.NormTangent, scratch.Inputs, tensor.Height, tensor.Width, tensor.Channels, border);
    }

    /// <summary>
    /// The gradient with respect to one image's output and its tangent, into the scratch's output gradients, height x (width + 2 border) x
    /// channels.
    /// </summary>
    protected void ReadOutputGradients(int sample, Scratch scratch, int border)
    {
        if (_tangentNormBackward == null)
        {
            _tangentNormBackward = TangentTable.For(Output.Channels).NormBackward(
                Output.ViewGradient is not null && Output.Normalization is not null,
                Output.ViewGradient is not null && Output.RawGradient is not null);
        }
        var first = Output.ViewGradient ?? Output.RawGradient!;
        _tangentNormBackward(
            Both(first, sample), Both(Output, sample), Output.Norm, Output.NormTangent,
            Output.RawGradient is { } raw ? Both(raw, sample) : default,
            scratch.OutputGradients, Output.Height, Output.Width, Output.Channels, border);
    }

    /// <summary>How one input is read with its tangent.</summary>
    private sealed class Reader
    {
        public Reader(View view)
        {
            var table = TangentTable.For(view.Tensor.Channels);
            Tangent = table.FillPadded(view.Activation, view.Normalised, value: false);
            Both = table.FillPadded(view.Activation, view.Normalised, value: true);
        }

        public delegate*<Dual, in NormCoefficients, in NormCoefficients, Dual, int, int, int, int, void> Tangent { get; }

        public delegate*<Dual, in NormCoefficients, in NormCoefficients, Dual, int, int, int, int, void> Both { get; }
    }
}

/// <summary>
/// A layer that computes the images of a batch together, as a product of matrices, and not one by one: its weights would otherwise be read
/// from memory for every image. It is a pass of its own. Its work is cut into parts that threads share; where a part ends decides no bit.
/// </summary>
internal abstract unsafe class BatchLayer(LayerPlace place) : CpuLayer(place)
{
    /// <summary>How many steps the backward pass has; each begins when all parts of the one before are done.</summary>
    public abstract int BackwardSteps { get; }

    /// <summary>Into how many parts the forward pass is cut.</summary>
    /// <param name="count">Images of the batch.</param>
    public abstract int ForwardParts(int count);

    /// <summary>Computes one part of the outputs.</summary>
    public abstract void ForwardPart(int part, int count, Scratch scratch, ForwardPass pass);

    /// <summary>Computes one part of the tangents of the outputs, straight after <see cref="ForwardPart"/>.</summary>
    public abstract void ForwardPartTangent(int part, int count, Scratch scratch);

    /// <summary>Into how many parts a step of the backward pass is cut.</summary>
    public abstract int BackwardParts(int step, int count);

    /// <summary>Computes one part of a step of the backward pass, and writes the layer's gradients.</summary>
    public abstract void BackwardPart(int step, int part, int count, Scratch scratch, float* gradients);

    /// <summary>Computes one part of a step of the backward pass with tangents, and writes the tangents of the layer's gradients.</summary>
    public abstract void BackwardPartTangent(int step, int part, int count, Scratch scratch, float* gradientTangents);

    /// <inheritdoc/>
    public sealed override void Forward(int sample, Scratch scratch, ForwardPass pass) => throw new NotSupportedException();

    /// <inheritdoc/>
    public sealed override void Backward(int sample, Scratch scratch, float* table) => throw new NotSupportedException();

    /// <inheritdoc/>
    public sealed override void ForwardTangent(int sample, Scratch scratch) => throw new NotSupportedException();

    /// <inheritdoc/>
    public sealed override void BackwardTangent(int sample, Scratch scratch, float* table) => throw new NotSupportedException();
}
