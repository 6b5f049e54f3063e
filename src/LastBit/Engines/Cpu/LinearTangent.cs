using LastBit.Engines.Cpu.Kernels;
using Parameter = LastBit.Models.Parameter;

namespace LastBit.Engines.Cpu;

/// <summary>
/// The tangents of a fully connected layer y = W x + b: y' = b' + W x' + W' x, one chain with the terms of W first; going back, for the gradient g of the output,
/// (W's gradient)' = x' g + x g', (b's gradient)' = g', and (x's gradient)' = W g' + W' g, one chain with the terms of W first.
/// </summary>
internal sealed unsafe class LinearTangent : TangentLayer
{
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private readonly int _features;
    private readonly NetworkState _state;
    private NetworkState? _direction;

    public LinearTangent(LinearLayer layer, NetworkState state, int half, IReadOnlyDictionary<StoredTensor, TangentStatistics> statistics)
        : base(layer, half, statistics)
    {
        (_weight, _bias, _state) = (layer.Weight, layer.Bias, state);
        _features = _weight.Shape[1];
    }

    public override void LoadDirection(NetworkState direction, int part) => _direction = direction;

    public override void Backward(int sample, TangentScratch scratch, float* table)
    {
        ReadOutputGradient(sample, scratch.Gradient, 0);
        ReadBoth(0, sample, scratch, 0);
        Dual x = scratch.Input, g = scratch.Gradient;
        int outputs = _bias.Count;
        for (int k = 0; k < outputs; k++)
        {
            float* row = table + ((long)k * _features);
            for (int i = 0; i < _features; i++)
                row[i] = MathF.FusedMultiplyAdd(g.Tangent[k], x.Value[i], MathF.FusedMultiplyAdd(g.Value[k], x.Tangent[i], row[i]));
            table[(outputs * _features) + k] += g.Tangent[k];
        }
        if (!HasSink(0))
            return;
        int channels = Layer.Inputs[0].Tensor.Channels;
        new Span<float>(scratch.Flat.Value, channels).Clear();
        new Span<float>(scratch.Flat.Tangent, channels).Clear();
        float* w = _state.ParameterPointer + _weight.Offset, dw = _direction!.ParameterPointer + _weight.Offset;
        for (int i = 0; i < _features; i++)
        {
            float sum = 0, tangent = 0;
            for (int k = 0; k < outputs; k++)
            {
                sum = MathF.FusedMultiplyAdd(g.Value[k], w[(k * _features) + i], sum);
                tangent = MathF.FusedMultiplyAdd(g.Tangent[k], w[(k * _features) + i], tangent);
            }
            for (int k = 0; k < outputs; k++)
                tangent = MathF.FusedMultiplyAdd(g.Value[k], dw[(k * _features) + i], tangent);
            (scratch.Flat.Value[i], scratch.Flat.Tangent[i]) = (sum, tangent);
        }
        Contribute(0, sample, scratch.Flat);
    }

    protected override void ForwardTangent(int sample, TangentScratch scratch)
    {
        ReadBoth(0, sample, scratch, 0);
        float* target = Both(Layer.Output, sample).Tangent;
        float* w = _state.ParameterPointer + _weight.Offset, dw = _direction!.ParameterPointer + _weight.Offset;
        for (int k = 0; k < _bias.Count; k++)
        {
            float sum = _direction.ParameterPointer[_bias.Offset + k];
            for (int i = 0; i < _features; i++)
                sum = MathF.FusedMultiplyAdd(scratch.Input.Tangent[i], w[(k * _features) + i], sum);
            for (int i = 0; i < _features; i++)
                sum = MathF.FusedMultiplyAdd(scratch.Input.Value[i], dw[(k * _features) + i], sum);
            target[k] = sum;
        }
    }
}
