using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;

namespace LastBit.Engines.Cpu;

/// <summary>
/// A layer with its derivative in the direction of a vector (Pearlmutter's R-operator), a pair of functions on one image as the layer itself: <see cref="Forward"/> computes
/// its output and the output's tangent, <see cref="Backward"/> takes the gradient and its tangent and hands both on to each input. The engine's memory is
/// planned for twice as many images as a batch has; the tangents of image s lie where image <see cref="Half"/> + s would.
/// </summary>
internal abstract unsafe class TangentLayer
{
    private readonly TangentSink?[] _sinks;
    private readonly Reader[] _readers;
    private delegate*<Dual, Dual, in NormCoefficients, in NormCoefficients, Dual, Dual, int, int, int, int, void> _normBackward;

    protected TangentLayer(CpuLayer layer, int half, IReadOnlyDictionary<StoredTensor, TangentStatistics> statistics)
    {
        (Layer, Half, Statistics) = (layer, half, statistics);
        _sinks = [.. layer.Sinks.Select(sink => sink is null ? null : new TangentSink(sink, half, CoefficientsOf(sink.View.Tensor)))];
        _readers = [.. layer.Inputs.Select(view => new Reader(view))];
    }

    /// <summary>The layer.</summary>
    public CpuLayer Layer { get; }

    /// <summary>Images in the largest batch.</summary>
    protected int Half { get; }

    /// <summary>The tangents of the normalisations.</summary>
    protected IReadOnlyDictionary<StoredTensor, TangentStatistics> Statistics { get; }

    /// <summary>Floats that one worker needs for tiles.</summary>
    public virtual long TileSize => Layer.TileSize;

    /// <summary>Into how many parts <see cref="LoadDirection"/> is cut.</summary>
    public virtual int LoadParts => 1;

    /// <summary>Brings one part of the direction's share of the weights into the kernels' layout.</summary>
    public virtual void LoadDirection(NetworkState direction, int part)
    {
    }

    /// <summary>Computes one image's output and its tangent, and what its normalisation needs of them.</summary>
    public void Forward(int sample, TangentScratch scratch)
    {
        Layer.Forward(sample, scratch.Value, training: true);
        ForwardTangent(sample, scratch);
        var output = Layer.Output;
        if (output.Normalization is { } norm)
        {
            TangentTable.For(output.Channels).Moments(
                Both(output, sample), output.Positions, output.Channels, norm.FirstMoment(sample), norm.FirstMoment(Half + sample), norm.SecondMoment(Half + sample));
        }
    }

    /// <summary>Computes the tangent of one image's output; the scratch holds what <see cref="CpuLayer.Forward"/> has left of that image.</summary>
    protected abstract void ForwardTangent(int sample, TangentScratch scratch);

    /// <summary>Adds the tangents of one image's weight gradients to <paramref name="table"/> and hands gradients and tangents on.</summary>
    public abstract void Backward(int sample, TangentScratch scratch, float* table);

    /// <summary>One image of a tensor of the forward pass.</summary>
    protected Dual Both(StoredTensor tensor, int sample) => new(tensor.Sample(sample), tensor.Sample(Half + sample));

    /// <summary>Whether an input has a tangent; the images have none.</summary>
    protected bool Moves(int input) => Layer.Inputs[input].Tensor.Producer is not null;

    /// <summary>Whether somebody asks for the gradient of an input.</summary>
    protected bool HasSink(int input) => _sinks[input] is not null;

    /// <summary>The tangent of one image of an input as this layer sees it, into <paramref name="target"/>, height x (width + 2 border) x channels.</summary>
    protected void ReadTangent(int input, int sample, float* target, int border)
    {
        var tensor = Layer.Inputs[input].Tensor;
        _readers[input].Tangent(
            Both(tensor, sample), tensor.Norm, CoefficientsOf(tensor), new Dual(null, target), tensor.Height, tensor.Width, tensor.Channels, border);
    }

    /// <summary>One image of an input as this layer sees it and its tangent, into the scratch's inputs.</summary>
    protected void ReadBoth(int input, int sample, TangentScratch scratch, int border)
    {
        var tensor = Layer.Inputs[input].Tensor;
        _readers[input].Both(
            Both(tensor, sample), tensor.Norm, CoefficientsOf(tensor), scratch.Input, tensor.Height, tensor.Width, tensor.Channels, border);
    }

    /// <summary>The gradient with respect to one image's output and its tangent, height x (width + 2 border) x channels.</summary>
    protected void ReadOutputGradient(int sample, Dual target, int border)
    {
        var output = Layer.Output;
        if (_normBackward == null)
        {
            _normBackward = TangentTable.For(output.Channels).NormBackward(
                output.ViewGradient is not null && output.Normalization is not null, output.ViewGradient is not null && output.RawGradient is not null);
        }
        var first = output.ViewGradient ?? output.RawGradient!;
        _normBackward(
            Both(first, sample), Both(output, sample), output.Norm, CoefficientsOf(output), output.RawGradient is { } raw ? Both(raw, sample) : default, target,
            output.Height, output.Width, output.Channels, border);
    }

    /// <summary>Hands a gradient and its tangent on to an input, positions x channels.</summary>
    protected void Contribute(int input, int sample, Dual contribution) => _sinks[input]?.Contribute(sample, contribution);

    /// <summary>One image of a gradient.</summary>
    protected Dual Both(GradientBuffer buffer, int sample) => new(buffer.Sample(sample), buffer.Sample(Half + sample));

    /// <summary>The tangents of a tensor's normalisation, if it has one.</summary>
    protected NormCoefficients CoefficientsOf(StoredTensor tensor) => Statistics.GetValueOrDefault(tensor)?.Coefficients ?? default;

    /// <summary>How one input is read.</summary>
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

/// <summary>The tangents of a layer that computes the images of a batch together (<see cref="BatchLayer"/>); its parts and steps are the layer's.</summary>
internal abstract unsafe class BatchTangent(BatchLayer layer, int half, IReadOnlyDictionary<StoredTensor, TangentStatistics> statistics)
    : TangentLayer(layer, half, statistics)
{
    /// <summary>The layer.</summary>
    public BatchLayer Together => layer;

    /// <summary>Computes one part of the outputs and their tangents.</summary>
    public abstract void ForwardPart(int part, int count, TangentScratch scratch);

    /// <summary>Computes one part of a step of the backward pass, and writes the tangents of the layer's gradients.</summary>
    public abstract void BackwardPart(int step, int part, int count, TangentScratch scratch, float* gradientTangents);

    /// <inheritdoc/>
    public sealed override void Backward(int sample, TangentScratch scratch, float* table) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected sealed override void ForwardTangent(int sample, TangentScratch scratch) => throw new NotSupportedException();
}

/// <summary>Takes the gradient that a layer hands on to one of its inputs, and its tangent, as <see cref="GradientSink"/> takes the gradient alone.</summary>
internal sealed unsafe class TangentSink
{
    private readonly GradientSink _sink;
    private readonly int _half;
    private readonly NormCoefficients _normTangent;
    private readonly delegate*<Dual, Dual, in NormCoefficients, in NormCoefficients, Dual, int, int, Dual, Dual, void> _close;

    public TangentSink(GradientSink sink, int half, NormCoefficients normTangent)
    {
        (_sink, _half, _normTangent) = (sink, half, normTangent);
        _close = TangentTable.For(sink.View.Tensor.Channels).Close(sink.View.Activation, sink.View.Normalised, already: !sink.IsFirst);
    }

    /// <summary>Takes one image's gradient and its tangent, positions x channels.</summary>
    public void Contribute(int sample, Dual contribution)
    {
        var tensor = _sink.View.Tensor;
        var target = new Dual(_sink.Buffer.Sample(sample), _sink.Buffer.Sample(_half + sample));
        if (_sink.Closes)
        {
            Dual sum = default, product = default;
            if (tensor.Normalization is { } norm)
            {
                sum = new Dual(norm.FirstMoment(sample), norm.FirstMoment(_half + sample));
                product = new Dual(norm.SecondMoment(sample), norm.SecondMoment(_half + sample));
            }
            var x = new Dual(tensor.Sample(sample), tensor.Sample(_half + sample));
            _close(contribution, x, tensor.Norm, _normTangent, target, tensor.Positions, tensor.Channels, sum, product);
            return;
        }
        Take(contribution.Value, target.Value);
        Take(contribution.Tangent, target.Tangent);
    }

    private void Take(float* contribution, float* target)
    {
        int count = (int)_sink.View.Tensor.SampleSize;
        if (!_sink.IsFirst)
            PointwiseTable.Accumulate(contribution, target, count);
        else if (contribution != target)
            new Span<float>(contribution, count).CopyTo(new Span<float>(target, count));
    }
}

/// <summary>What one worker needs besides the tensors: one image of the largest layer and its tangent.</summary>
internal sealed unsafe class TangentScratch(long imageSize, long flatSize, long tileSize) : IDisposable
{
    /// <summary>For the numbers.</summary>
    public Scratch Value { get; } = new(imageSize, flatSize, tileSize, 0, 0);

    /// <summary>For their tangents.</summary>
    public Scratch Tangent { get; } = new(imageSize, flatSize, 0, 0, 0);

    /// <summary>A sum's second half before it is added.</summary>
    public float* Spare => _spare.Pointer;

    /// <summary>An input, padded or not.</summary>
    public Dual Input => new(Value.Input, Tangent.Input);

    /// <summary>An output gradient, padded or not.</summary>
    public Dual Gradient => new(Value.Gradient, Tangent.Gradient);

    /// <summary>A gradient to be handed on.</summary>
    public Dual Flat => new(Value.Flat, Tangent.Flat);

    private readonly AlignedBuffer<float> _spare = new(flatSize);

    /// <inheritdoc/>
    public void Dispose()
    {
        Value.Dispose();
        Tangent.Dispose();
        _spare.Dispose();
    }
}
