using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;

namespace LastBit.Engines.Cpu.Tangents;

/// <summary>
/// The tangents of a convolution y = a * W + b, by the kernels of the convolution itself: y' = a' * W + a * W' + b' going forward; going back, for the gradient g of the
/// output, (W's gradient)' = a' g + a g', (b's gradient)' = g' and (a's gradient)' = g' * turned W + g * turned W'. Each half is summed by itself, then the two are added.
/// </summary>
internal sealed unsafe class ConvolutionTangent : TangentLayer, IDisposable
{
    private readonly ConvolutionLayer _layer;
    private readonly ConvolutionShape _shape;
    private readonly AlignedBuffer<float> _packed;
    private readonly AlignedBuffer<float> _turned;
    private float* _bias;

    public ConvolutionTangent(ConvolutionLayer layer, int half, IReadOnlyDictionary<StoredTensor, TangentStatistics> statistics)
        : base(layer, half, statistics)
    {
        (_layer, _shape) = (layer, layer.Shape);
        _packed = new AlignedBuffer<float>(_shape.WeightCount);
        _turned = new AlignedBuffer<float>(_shape.WeightCount);
    }

    public override void LoadDirection(NetworkState direction, int part)
    {
        float* weights = direction.ParameterPointer + _layer.Weight.Offset;
        _bias = _layer.Bias is { } bias ? direction.ParameterPointer + bias.Offset : null;
        WeightLayout.Pack(weights, _layer.Weight.Shape[1], _packed.Pointer, _shape);
        if (HasSink(0))
            WeightLayout.Turn(weights, _layer.Weight.Shape[1], _turned.Pointer, _shape);
    }

    public override void Backward(int sample, TangentScratch scratch, float* table)
    {
        ReadOutputGradient(sample, scratch.Gradient, _shape.GradientBorder);
        ReadBoth(0, sample, scratch, _shape.InputBorder);
        if (Moves(0))
            AddWeightGradient(scratch.Input.Tangent, scratch.Gradient.Value, table);
        AddWeightGradient(scratch.Input.Value, scratch.Gradient.Tangent, table);
        if (_layer.Bias is not null)
            _layer.AddBiasGradient(scratch.Gradient.Tangent, table);
        if (!HasSink(0))
            return;
        InputGradient(scratch.Gradient.Value, _layer.Turned, scratch.Flat.Value);
        InputGradient(scratch.Gradient.Tangent, _layer.Turned, scratch.Flat.Tangent);
        InputGradient(scratch.Gradient.Value, _turned.Pointer, scratch.Spare);
        PointwiseTable.Accumulate(scratch.Spare, scratch.Flat.Tangent, (int)Layer.Inputs[0].Tensor.SampleSize);
        Contribute(0, sample, scratch.Flat);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _packed.Dispose();
        _turned.Dispose();
    }

    protected override void ForwardTangent(int sample, TangentScratch scratch)
    {
        float* target = Both(Layer.Output, sample).Tangent;
        // The padded input is where the layer has just left it.
        Convolve(scratch.Input.Value, _packed.Pointer, target);
        if (Moves(0))
        {
            ReadTangent(0, sample, scratch.Input.Tangent, _shape.InputBorder);
            Convolve(scratch.Input.Tangent, _layer.Packed, scratch.Spare);
            PointwiseTable.Accumulate(scratch.Spare, target, (int)Layer.Output.SampleSize);
        }
        if (_layer.Bias is not null)
            ChannelBias.Add(target, Layer.Output.Positions, _shape.OutChannels, _bias);
    }

    private void Convolve(float* input, float* weights, float* output)
    {
        if (_shape.IsDense3x3)
            Convolution3x3.Forward(input, weights, output, _shape.InHeight, _shape.InWidth, _shape.InChannels, _shape.OutChannels);
        else
            Convolution.Forward(input, weights, output, _shape);
    }

    private void InputGradient(float* gradient, float* turned, float* inputGradient)
    {
        if (_shape.IsDense3x3)
            Convolution3x3.Forward(gradient, turned, inputGradient, _shape.InHeight, _shape.InWidth, _shape.OutChannels, _shape.InChannels);
        else
            Convolution.InputGradient(gradient, turned, inputGradient, _shape);
    }

    private void AddWeightGradient(float* input, float* gradient, float* table)
    {
        if (_shape.IsDense3x3)
            Convolution3x3.WeightGradient(input, gradient, table, _shape.InHeight, _shape.InWidth, _shape.InChannels, _shape.OutChannels);
        else
            Convolution.WeightGradient(input, gradient, table, _shape);
    }
}
