using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>
/// A layer of the user's own (<see cref="CustomLayer"/>): the two functions of its record, called with spans of an image each. What it sums over images goes through
/// the same tables and the same tree as the weights of a convolution, so it keeps the arithmetic contract if its functions do.
/// </summary>
internal sealed unsafe class FunctionLayer : CpuLayer
{
    private readonly CustomLayer _layer;
    private readonly TensorShape _from;
    private readonly TensorShape _to;
    private readonly int _offset;
    private readonly int _count;
    private NetworkState? _state;

    public FunctionLayer(Node node, TensorShape inputShape, View input, StoredTensor output)
        : base(node.Layer.Name, output, input)
    {
        _layer = (CustomLayer)node.Layer;
        (_from, _to) = (inputShape, node.Shape);
        _count = node.Parameters.Sum(parameter => parameter.Count);
        _offset = _count == 0 ? 0 : node.Parameters[0].Offset;
    }

    public override int TableSize => _count + 15 & ~15;

    public override int ReduceParts => _count == 0 ? 0 : 1;

    public override long PaddedSize => Math.Max(Inputs[0].Tensor.SampleSize, Output.SampleSize);

    private ReadOnlySpan<float> Parameters => new(_state!.ParameterPointer + _offset, _count);

    public override void LoadWeights(NetworkState state) => _state = state;

    public override void Forward(int sample, Scratch scratch, bool training)
    {
        var output = new Span<float>(scratch.Gradient, _to.Count);
        _layer.Forward(_from, Input(sample, scratch), Parameters, output);
        Spread(scratch.Gradient, Output.Sample(sample), _to, Output.Channels);
        if (training)
            TakeMoments(sample);
    }

    public override void Backward(int sample, Scratch scratch, float* table)
    {
        ReadOutputGradient(sample, scratch.Gradient, 0);
        Gather(scratch.Gradient, scratch.Gradient, _to, Output.Channels);
        var input = Input(sample, scratch);
        var inputGradient = new Span<float>(scratch.Flat, _from.Count);
        _layer.Backward(
            _from, input, Parameters, new ReadOnlySpan<float>(scratch.Gradient, _to.Count), inputGradient, new Span<float>(table, _count));
        if (Sinks[0] is not { } sink)
            return;
        // The padded image of the input is not needed any more.
        Spread(scratch.Flat, scratch.Input, _from, Inputs[0].Tensor.Channels);
        sink.Contribute(sample, scratch.Input);
    }

    public override void ReduceTables(float* tables, int pieces, float* gradients, int part)
    {
        PointwiseTable.TreeSum(tables, pieces, TableSize, TableSize);
        new Span<float>(tables, _count).CopyTo(new Span<float>(gradients + _offset, _count));
    }

    private ReadOnlySpan<float> Input(int sample, Scratch scratch)
    {
        float* input = ReadInput(0, sample, scratch);
        if (_from.Channels != Inputs[0].Tensor.Channels)
            Gather(input, input = scratch.Input, _from, Inputs[0].Tensor.Channels);
        return new ReadOnlySpan<float>(input, _from.Count);
    }

    /// <summary>From pixels of <paramref name="stored"/> numbers to pixels of the shape's channels; source and target may be the same.</summary>
    private static void Gather(float* source, float* target, TensorShape shape, int stored)
    {
        if (source == target && stored == shape.Channels)
            return;
        for (int p = 0; p < shape.Positions; p++, source += stored, target += shape.Channels)
            new Span<float>(source, shape.Channels).CopyTo(new Span<float>(target, shape.Channels));
    }

    /// <summary>From pixels of the shape's channels to pixels of <paramref name="stored"/> numbers, the last of them zero.</summary>
    private static void Spread(float* source, float* target, TensorShape shape, int stored)
    {
        for (int p = 0; p < shape.Positions; p++, source += shape.Channels, target += stored)
        {
            new Span<float>(source, shape.Channels).CopyTo(new Span<float>(target, shape.Channels));
            new Span<float>(target + shape.Channels, stored - shape.Channels).Clear();
        }
    }
}
