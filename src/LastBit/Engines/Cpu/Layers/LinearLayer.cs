using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// A small fully connected layer with bias, y = W x + b, of tensors with one position, image by image; its output is padded with zeros to a
/// multiple of 16 numbers. All others are a <see cref="ConnectedLayer"/>. The tangent is y' = b' + W x' + W' x, one chain with the terms
/// of W first; going back, for the gradient g of the output, (W's gradient)' = x' g + x g', (b's gradient)' = g', and (x's gradient)' = W
/// g' + W' g, one chain with the terms of W first.
/// </summary>
internal sealed unsafe class LinearLayer : CpuLayer
{
    private readonly int _features;
    private readonly int _outputs;
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private float* _w, _b, _dw, _db;

    public LinearLayer(LayerPlace place)
        : base(place)
    {
        (_weight, _bias) = (place.Node.Parameters[0], place.Node.Parameters[1]);
        (_outputs, _features) = (_weight.Shape[0], _weight.Shape[1]);
    }

    public override int TableSize => _outputs * (_features + 1) + 15 & ~15;

    public override int ReduceParts => 1;

    public override long ForwardFlop => 2L * _outputs * _features;

    public override void LoadWeights(NetworkState state, int part)
    {
        _w = state.ParameterPointer + _weight.Offset;
        _b = state.ParameterPointer + _bias.Offset;
    }

    public override void LoadDirection(NetworkState direction, int part)
    {
        _dw = direction.ParameterPointer + _weight.Offset;
        _db = direction.ParameterPointer + _bias.Offset;
    }

    public override void Forward(int sample, Scratch scratch, ForwardPass pass)
    {
        float* x = ReadInput(0, sample, scratch), y = Output.Sample(sample);
        for (int k = 0; k < _outputs; k++)
        {
            float sum = _b[k];
            for (int i = 0; i < _features; i++)
                sum = MathF.FusedMultiplyAdd(x[i], _w[(k * _features) + i], sum);
            y[k] = sum;
        }
        TakeMoments(sample, pass);
    }

    public override void ForwardTangent(int sample, Scratch scratch)
    {
        ReadBoth(0, sample, scratch, 0);
        float* x = scratch.Inputs.Value, dx = scratch.Inputs.Tangent, target = Both(Output, sample).Tangent;
        for (int k = 0; k < _outputs; k++)
        {
            float sum = _db[k];
            for (int i = 0; i < _features; i++)
                sum = MathF.FusedMultiplyAdd(dx[i], _w[(k * _features) + i], sum);
            for (int i = 0; i < _features; i++)
                sum = MathF.FusedMultiplyAdd(x[i], _dw[(k * _features) + i], sum);
            target[k] = sum;
        }
    }

    public override void Backward(int sample, Scratch scratch, float* table)
    {
        float* gradient = scratch.OutputGradient, x = ReadInput(0, sample, scratch);
        ReadOutputGradient(sample, gradient, 0);
        for (int k = 0; k < _outputs; k++)
        {
            for (int i = 0; i < _features; i++)
                table[(k * _features) + i] = MathF.FusedMultiplyAdd(gradient[k], x[i], table[(k * _features) + i]);
            table[(_outputs * _features) + k] += gradient[k];
        }
        if (Sinks[0] is not { } sink)
            return;
        new Span<float>(scratch.InputGradient, Inputs[0].Tensor.Channels).Clear();
        for (int i = 0; i < _features; i++)
        {
            float sum = 0;
            for (int k = 0; k < _outputs; k++)
                sum = MathF.FusedMultiplyAdd(gradient[k], _w[(k * _features) + i], sum);
            scratch.InputGradient[i] = sum;
        }
        sink.Contribute(sample, scratch.InputGradient);
    }

    public override void BackwardTangent(int sample, Scratch scratch, float* table)
    {
        ReadOutputGradients(sample, scratch, 0);
        ReadBoth(0, sample, scratch, 0);
        Dual x = scratch.Inputs, g = scratch.OutputGradients, back = scratch.InputGradients;
        for (int k = 0; k < _outputs; k++)
        {
            float* row = table + ((long)k * _features);
            for (int i = 0; i < _features; i++)
                row[i] = MathF.FusedMultiplyAdd(g.Tangent[k], x.Value[i], MathF.FusedMultiplyAdd(g.Value[k], x.Tangent[i], row[i]));
            table[(_outputs * _features) + k] += g.Tangent[k];
        }
        if (Sinks[0] is not { } sink)
            return;
        int channels = Inputs[0].Tensor.Channels;
        new Span<float>(back.Value, channels).Clear();
        new Span<float>(back.Tangent, channels).Clear();
        for (int i = 0; i < _features; i++)
        {
            float sum = 0, tangent = 0;
            for (int k = 0; k < _outputs; k++)
            {
                sum = MathF.FusedMultiplyAdd(g.Value[k], _w[(k * _features) + i], sum);
                tangent = MathF.FusedMultiplyAdd(g.Tangent[k], _w[(k * _features) + i], tangent);
            }
            for (int k = 0; k < _outputs; k++)
                tangent = MathF.FusedMultiplyAdd(g.Value[k], _dw[(k * _features) + i], tangent);
            (back.Value[i], back.Tangent[i]) = (sum, tangent);
        }
        sink.Contribute(sample, back);
    }

    public override void ReduceTables(float* tables, int chunks, float* gradients, int part)
    {
        PointwiseTable.TreeSum(tables, chunks, TableSize, TableSize);
        new Span<float>(tables, _weight.Count).CopyTo(new Span<float>(gradients + _weight.Offset, _weight.Count));
        new Span<float>(tables + _weight.Count, _bias.Count).CopyTo(new Span<float>(gradients + _bias.Offset, _bias.Count));
    }
}
