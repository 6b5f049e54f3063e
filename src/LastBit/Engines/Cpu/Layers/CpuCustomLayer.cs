using LastBit.Models;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// A <see cref="CustomLayer"/>: the functions of its record, called with spans of an image each. What it sums over images goes through
/// the same tables and the same tree as the weights of a convolution, so it keeps the arithmetic contract if its functions do.
/// </summary>
internal sealed unsafe class CpuCustomLayer : CpuLayer
{
    private readonly CustomLayer _layer;
    private readonly TensorShape _from;
    private readonly TensorShape _to;
    private readonly int _offset;
    private readonly int _count;
    private float* _parameters, _direction;

    public CpuCustomLayer(LayerPlace place)
        : base(place)
    {
        _layer = (CustomLayer)place.Node.Layer;
        (_from, _to) = (place.From, place.Node.Shape);
        _count = place.Node.Parameters.Sum(parameter => parameter.Count);
        _offset = _count == 0 ? 0 : place.Node.Parameters[0].Offset;
    }

    public override int TableSize => _count + 15 & ~15;

    public override int ReduceParts => _count == 0 ? 0 : 1;

    public override long TileSize => Half == 0 ? 0 : _count;

    private ReadOnlySpan<float> Parameters => new(_parameters, _count);

    public override void LoadWeights(NetworkState state, int part) => _parameters = state.ParameterPointer + _offset;

    public override void LoadDirection(NetworkState direction, int part) => _direction = direction.ParameterPointer + _offset;

    public override void Forward(int sample, Scratch scratch, ForwardPass pass)
    {
        _layer.Forward(_from, Input(sample, scratch), Parameters, new Span<float>(scratch.OutputGradient, _to.Count));
        Spread(scratch.OutputGradient, Output.Sample(sample), _to, Output.Channels);
        TakeMoments(sample, pass);
    }

    public override void ForwardTangent(int sample, Scratch scratch)
    {
        ReadInputs(sample, scratch);
        _layer.ForwardTangent(
            _from, ImageOf(scratch.Inputs.Value, _from), ImageOf(scratch.Inputs.Tangent, _from), Parameters,
            new ReadOnlySpan<float>(_direction, _count),
            ImageOf(scratch.OutputGradient, _to));
        Spread(scratch.OutputGradient, Both(Output, sample).Tangent, _to, Output.Channels);
    }

    public override void Backward(int sample, Scratch scratch, float* table)
    {
        ReadOutputGradient(sample, scratch.OutputGradient, 0);
        Gather(scratch.OutputGradient, scratch.OutputGradient, _to, Output.Channels);
        _layer.Backward(
            _from, Input(sample, scratch), Parameters, ImageOf(scratch.OutputGradient, _to), ImageOf(scratch.InputGradient, _from),
            new Span<float>(table, _count));
        if (Sinks[0] is not { } sink)
            return;
        // The input is not needed any more.
        Spread(scratch.InputGradient, scratch.Input, _from, Inputs[0].Tensor.Channels);
        sink.Contribute(sample, scratch.Input);
    }

    public override void BackwardTangent(int sample, Scratch scratch, float* table)
    {
        ReadOutputGradients(sample, scratch, 0);
        Gather(scratch.OutputGradients.Value, scratch.OutputGradients.Value, _to, Output.Channels);
        Gather(scratch.OutputGradients.Tangent, scratch.OutputGradients.Tangent, _to, Output.Channels);
        ReadInputs(sample, scratch);
        // The gradients of the parameters themselves are not asked for.
        _layer.Backward(
            _from, ImageOf(scratch.Inputs.Value, _from), Parameters, ImageOf(scratch.OutputGradients.Value, _to),
            ImageOf(scratch.InputGradients.Value, _from),
            new Span<float>(scratch.Rows, _count));
        _layer.BackwardTangent(
            _from, ImageOf(scratch.Inputs.Value, _from), ImageOf(scratch.Inputs.Tangent, _from), Parameters,
            new ReadOnlySpan<float>(_direction, _count),
            ImageOf(scratch.OutputGradients.Value, _to), ImageOf(scratch.OutputGradients.Tangent, _to),
            ImageOf(scratch.InputGradients.Tangent, _from), new Span<float>(table, _count));
        if (Sinks[0] is not { } sink)
            return;
        Spread(scratch.InputGradients.Value, scratch.Inputs.Value, _from, Inputs[0].Tensor.Channels);
        Spread(scratch.InputGradients.Tangent, scratch.Inputs.Tangent, _from, Inputs[0].Tensor.Channels);
        sink.Contribute(sample, scratch.Inputs);
    }

    public override void ReduceTables(float* tables, int chunks, float* gradients, int part)
    {
        PointwiseTable.TreeSum(tables, chunks, TableSize, TableSize);
        new Span<float>(tables, _count).CopyTo(new Span<float>(gradients + _offset, _count));
    }

    private static Span<float> ImageOf(float* image, TensorShape shape) => new(image, shape.Count);

    private ReadOnlySpan<float> Input(int sample, Scratch scratch)
    {
        float* input = ReadInput(0, sample, scratch);
        if (_from.Channels != Inputs[0].Tensor.Channels)
            Gather(input, input = scratch.Input, _from, Inputs[0].Tensor.Channels);
        return new ReadOnlySpan<float>(input, _from.Count);
    }

    private void ReadInputs(int sample, Scratch scratch)
    {
        ReadBoth(0, sample, scratch, 0);
        Gather(scratch.Inputs.Value, scratch.Inputs.Value, _from, Inputs[0].Tensor.Channels);
        Gather(scratch.Inputs.Tangent, scratch.Inputs.Tangent, _from, Inputs[0].Tensor.Channels);
    }

    /// <summary>
    /// From pixels of <paramref name="stored"/> numbers to pixels of the shape's channels; source and target may be the same.
    /// </summary>
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
