using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>
/// A small fully connected layer with bias of tensors with one position, image by image; its output is padded with zeros to a multiple of 16 numbers.
/// All others are a <see cref="ConnectedLayer"/>.
/// </summary>
internal sealed unsafe class LinearLayer : CpuLayer
{
    /// <summary>Above, the weights and their tables are too much to be gone through for every image.</summary>
    public const int MostWeights = 1 << 15;

    private readonly int _features;
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private NetworkState? _state;

    public LinearLayer(Node node, View input, StoredTensor output)
        : base(node.Layer.Name, output, input)
    {
        (_weight, _bias) = (node.Parameters[0], node.Parameters[1]);
        _features = _weight.Shape[1];
    }

    /// <summary>[Outputs, features].</summary>
    public Parameter Weight => _weight;

    /// <summary>[Outputs].</summary>
    public Parameter Bias => _bias;

    public override int TableSize => Outputs * (_features + 1) + 15 & ~15;

    public override int ReduceParts => 1;

    public override long ForwardFlop => 2L * Outputs * _features;

    public override long PaddedSize => Math.Max(Inputs[0].Tensor.SampleSize, Output.SampleSize);

    private int Outputs => _bias.Count;

    public override void LoadWeights(NetworkState state) => _state = state;

    public override void Forward(int sample, Scratch scratch, bool training)
    {
        float* weights = _state!.ParameterPointer + _weight.Offset, bias = _state.ParameterPointer + _bias.Offset;
        float* x = ReadInput(0, sample, scratch), y = Output.Sample(sample);
        for (int k = 0; k < Outputs; k++)
        {
            float sum = bias[k];
            for (int i = 0; i < _features; i++)
                sum = MathF.FusedMultiplyAdd(x[i], weights[(k * _features) + i], sum);
            y[k] = sum;
        }
        if (training)
            TakeMoments(sample);
    }

    public override void Backward(int sample, Scratch scratch, float* table)
    {
        float* gradient = scratch.Gradient, x = ReadInput(0, sample, scratch);
        ReadOutputGradient(sample, gradient, 0);
        for (int k = 0; k < Outputs; k++)
        {
            for (int i = 0; i < _features; i++)
                table[(k * _features) + i] = MathF.FusedMultiplyAdd(gradient[k], x[i], table[(k * _features) + i]);
            table[(Outputs * _features) + k] += gradient[k];
        }
        if (Sinks[0] is not { } sink)
            return;
        float* weights = _state!.ParameterPointer + _weight.Offset;
        new Span<float>(scratch.Flat, Inputs[0].Tensor.Channels).Clear();
        for (int i = 0; i < _features; i++)
        {
            float sum = 0;
            for (int k = 0; k < Outputs; k++)
                sum = MathF.FusedMultiplyAdd(gradient[k], weights[(k * _features) + i], sum);
            scratch.Flat[i] = sum;
        }
        sink.Contribute(sample, scratch.Flat);
    }

    public override void ReduceTables(float* tables, int pieces, float* gradients, int part)
    {
        PointwiseTable.TreeSum(tables, pieces, TableSize, TableSize);
        new Span<float>(tables, _weight.Count).CopyTo(new Span<float>(gradients + _weight.Offset, _weight.Count));
        new Span<float>(tables + _weight.Count, _bias.Count).CopyTo(new Span<float>(gradients + _bias.Offset, _bias.Count));
    }
}
