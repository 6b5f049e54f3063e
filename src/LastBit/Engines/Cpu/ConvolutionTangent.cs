using LastBit.Engines.Cpu.Kernels;

namespace LastBit.Engines.Cpu;

/// <summary>
/// The tangents of a convolution y = a * W + b, by the kernels of the convolution itself: y' = a' * W + a * W' + b' going forward; going back, for the gradient g of the
/// output, (W's gradient)' = a' g + a g', (b's gradient)' = g' and (a's gradient)' = g' * turned W + g * turned W'. Each half is summed by itself, then the two are added (by minimal
/// filtering the second is added to the first line of points by line);
/// only the terms of the weights' gradient are added up together, and always by direct sums: by minimal filtering their error was more than twice PyTorch's in one tensor of ninety.
/// </summary>
internal sealed unsafe class ConvolutionTangent : TangentLayer, IDisposable
{
    private readonly ConvolutionLayer _layer;
    private readonly ConvolutionShape _shape;
    private readonly ConvolutionWeights _direction;
    private float* _bias;

    public ConvolutionTangent(ConvolutionLayer layer, int half, IReadOnlyDictionary<StoredTensor, TangentStatistics> statistics)
        : base(layer, half, statistics)
    {
        (_layer, _shape) = (layer, layer.Shape);
        _direction = layer.NewWeights();
    }

    public override void LoadDirection(NetworkState direction, int part)
    {
        _direction.Load(direction.ParameterPointer + _layer.Weight.Offset);
        _bias = _layer.Bias is { } bias ? direction.ParameterPointer + bias.Offset : null;
    }

    public override void Backward(int sample, TangentScratch scratch, float* table)
    {
        float* tiles = scratch.Value.Tiles;
        ReadOutputGradient(sample, scratch.Gradient, _shape.GradientBorder);
        ReadBoth(0, sample, scratch, _shape.InputBorder);
        if (Moves(0))
            _layer.AddWeightGradient(scratch.Input.Tangent, scratch.Gradient.Value, table);
        _layer.AddWeightGradient(scratch.Input.Value, scratch.Gradient.Tangent, table);
        if (_layer.Bias is not null)
            _layer.AddBiasGradient(scratch.Gradient.Tangent, table);
        if (!HasSink(0))
            return;
        _layer.Weights.Back(scratch.Gradient.Value, scratch.Flat.Value, tiles, null);
        _layer.Weights.Back(scratch.Gradient.Tangent, scratch.Flat.Tangent, tiles, null);
        _direction.AddBack(scratch.Gradient.Value, scratch.Flat.Tangent, tiles, scratch.Spare);
        Contribute(0, sample, scratch.Flat);
    }

    /// <inheritdoc/>
    public void Dispose() => _direction.Dispose();

    protected override void ForwardTangent(int sample, TangentScratch scratch)
    {
        float* target = Both(Layer.Output, sample).Tangent, tiles = scratch.Value.Tiles;
        // The padded input is where the layer has just left it.
        _direction.Forward(scratch.Input.Value, target, tiles, null);
        if (Moves(0))
        {
            ReadTangent(0, sample, scratch.Input.Tangent, _shape.InputBorder);
            _layer.Weights.AddForward(scratch.Input.Tangent, target, tiles, scratch.Spare);
        }
        if (_layer.Bias is not null)
            ChannelBias.Add(target, Layer.Output.Positions, _shape.OutChannels, _bias);
    }
}
