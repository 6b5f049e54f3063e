using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// A convolution of the view f(norm(x)), zero padding size / 2, with or without a bias, which is added last. The view is computed into a
/// padded buffer that stays in the second-level cache, so the activations themselves are never written to memory; the moments for the
/// output's batch normalisation are taken while the output is still there.
/// <para>
/// The tangent of y = a * W + b is y' = a' * W + a * W' + b', by the same kernels; going back, for the gradient g of the output, (W's
/// gradient)' = a' g + a g', (b's gradient)' = g' and (a's gradient)' = g' * flipped W + g * flipped W'. Each half is summed by itself,
/// then the two are added (by Winograd convolution the second is added to the first line of points by line); only the terms of the weights'
/// gradient are added up together, and always by direct sums: by Winograd's their error was more than twice PyTorch's in one tensor of
/// ninety.
/// </para>
/// </summary>
internal sealed unsafe class ConvolutionLayer : CpuLayer
{
    private const int PairsPerPart = 12;
    private readonly View _input;
    private readonly Parameter _weight;
    private readonly Parameter? _bias;
    private readonly ConvolutionShape _shape;
    private readonly int _realInChannels;
    private readonly bool _gathers;
    private readonly ConvolutionWeights _weights;
    private readonly ConvolutionWeights? _direction;
    private readonly delegate*<float*, in NormCoefficients, float*, int, int, int, int, void> _fill;
    private float* _biases, _biasTangents;

    public ConvolutionLayer(LayerPlace place)
        : base(place)
    {
        var layer = (Models.Convolution)place.Node.Layer;
        _input = Inputs[0];
        (_weight, _bias) = (place.Node.Parameters[0], place.Node.Parameters.ElementAtOrDefault(1));
        _shape = new ConvolutionShape(_input.Tensor.Height, _input.Tensor.Width, _input.Tensor.Channels, Output.Channels, layer.Size,
            layer.Stride);
        _realInChannels = _weight.Shape[1];
        _weights = Own(new ConvolutionWeights(_shape, _realInChannels, place.GoesBack, place.Algorithm));
        _direction = place.Half == 0 ? null : Own(new ConvolutionWeights(_shape, _realInChannels, place.GoesBack, place.Algorithm));
        _gathers = place.Half == 0 && place.Algorithm == ConvolutionAlgorithm.Winograd && Winograd4x4.Fits(_shape);
        _fill = PointwiseTable.For(_input.Tensor.Channels).FillPadded(_input.Normalised, _input.Activation);
    }

    public override int TableSize => _shape.WeightCount + (_bias is null ? 0 : _shape.OutChannels);

    public override int FetchesForward => _shape.IsDense3x3 ? _shape.InHeight : 0;

    public override int FetchesBackward => _shape.IsDense3x3 && Sinks[0] is not null ? _shape.InHeight : 0;

    public override int ReduceParts => WeightParts + (_bias is null ? 0 : 1);

    public override long ForwardFlop =>
        2L * _shape.OutHeight * _shape.OutWidth * _shape.Size * _shape.Size * _realInChannels * _shape.OutChannels;

    public override long PaddedSize => Math.Max(
        (long)_shape.InHeight * (_shape.InWidth + (2 * _shape.InputBorder)) * _shape.InChannels,
        (long)_shape.OutHeight * (_shape.OutWidth + (2 * _shape.GradientBorder)) * _shape.OutChannels);

    public override long TileSize => _weights.TileSize;

    public override long GatherSize => _gathers ? Winograd4x4.ScratchSize(_shape, WorkPlan.ChunkSize) : 0;

    public override int GatheredTableSize => _gathers ? _shape.WeightCount : 0;

    private int WeightParts => ((_shape.Size * _shape.InChannels) + PairsPerPart - 1) / PairsPerPart;

    public override void LoadWeights(NetworkState state, int part)
    {
        _weights.Load(state.ParameterPointer + _weight.Offset);
        _biases = _bias is null ? null : state.ParameterPointer + _bias.Offset;
    }

    public override void LoadDirection(NetworkState direction, int part)
    {
        _direction!.Load(direction.ParameterPointer + _weight.Offset);
        _biasTangents = _bias is null ? null : direction.ParameterPointer + _bias.Offset;
    }

    public override void Forward(int sample, Scratch scratch, ForwardPass pass)
    {
        FillInput(sample, scratch);
        float* output = Output.Sample(sample);
        _weights.Forward(scratch.Input, output, scratch.Tiles, scratch.Prefetch);
        if (_bias is not null)
            ChannelBias.Add(output, Output.Positions, _shape.OutChannels, _biases);
        TakeMoments(sample, pass);
    }

    public override void ForwardTangent(int sample, Scratch scratch)
    {
        float* target = Both(Output, sample).Tangent;
        // The padded input is where Forward has just left it.
        _direction!.Forward(scratch.Input, target, scratch.Tiles, null);
        if (Moves(0))
        {
            ReadTangent(0, sample, scratch.Inputs.Tangent, _shape.InputBorder);
            _weights.AddForward(scratch.Inputs.Tangent, target, scratch.Tiles, scratch.Summand);
        }
        if (_bias is not null)
            ChannelBias.Add(target, Output.Positions, _shape.OutChannels, _biasTangents);
    }

    public override void Backward(int sample, Scratch scratch, float* table)
    {
        ReadOutputGradient(sample, scratch.OutputGradient, _shape.GradientBorder);
        FillInput(sample, scratch);
        if (_gathers)
            Winograd.AddWeightGradient(scratch.Input, scratch.OutputGradient, _shape, WorkPlan.ChunkSize, scratch.Gathered + GatherStart,
                ref scratch.Progress[GatherSlot]);
        else
            AddWeightGradient(scratch.Input, scratch.OutputGradient, table);
        if (_bias is not null)
            AddBiasGradient(scratch.OutputGradient, table);
        if (Sinks[0] is { } sink)
        {
            float* gradient = sink.Target(sample, scratch.InputGradient);
            _weights.Back(scratch.OutputGradient, gradient, scratch.Tiles, scratch.Prefetch);
            sink.Contribute(sample, gradient);
        }
    }

    public override void BackwardTangent(int sample, Scratch scratch, float* table)
    {
        ReadOutputGradients(sample, scratch, _shape.GradientBorder);
        ReadBoth(0, sample, scratch, _shape.InputBorder);
        Dual x = scratch.Inputs, g = scratch.OutputGradients, back = scratch.InputGradients;
        if (Moves(0))
            AddWeightGradient(x.Tangent, g.Value, table);
        AddWeightGradient(x.Value, g.Tangent, table);
        if (_bias is not null)
            AddBiasGradient(g.Tangent, table);
        if (Sinks[0] is not { } sink)
            return;
        _weights.Back(g.Value, back.Value, scratch.Tiles, null);
        _weights.Back(g.Tangent, back.Tangent, scratch.Tiles, null);
        _direction!.AddBack(g.Value, back.Tangent, scratch.Tiles, scratch.Summand);
        sink.Contribute(sample, back);
    }

    public override void FinishChunk(Scratch scratch, float* table)
    {
        if (_gathers)
            Winograd.FinishWeightGradient(_shape, WorkPlan.ChunkSize, scratch.Gathered + GatherStart, ref scratch.Progress[GatherSlot],
                table);
    }

    public override void ReduceTables(float* tables, int chunks, float* gradients, int part)
    {
        if (part == WeightParts)
        {
            PointwiseTable.TreeSum(tables + _shape.WeightCount, chunks, TableSize, _shape.OutChannels);
            new Span<float>(tables + _shape.WeightCount, _bias!.Count).CopyTo(new Span<float>(gradients + _bias.Offset, _bias.Count));
            return;
        }
        int from = part * PairsPerPart, to = Math.Min(from + PairsPerPart, _shape.Size * _shape.InChannels);
        int row = _shape.Size * _shape.OutChannels;
        PointwiseTable.TreeSum(tables + ((long)from * row), chunks, TableSize, (to - from) * row);
        WeightLayout.Unpack(tables, _realInChannels, gradients + _weight.Offset, _shape, from, to);
    }

    // By direct sums, from the padded input and output gradient of one image.
    private void AddWeightGradient(float* input, float* gradient, float* table)
    {
        if (_shape.IsDense3x3)
            Convolution3x3.WeightGradient(input, gradient, table, _shape.InHeight, _shape.InWidth, _shape.InChannels, _shape.OutChannels,
                _shape.InChannels - _realInChannels);
        else
            Kernels.Convolution.WeightGradient(input, gradient, table, _shape);
    }

    // It has its place behind the weights.
    private void AddBiasGradient(float* gradient, float* table) => ChannelBias.AddGradient(
        gradient, _shape.OutHeight, _shape.OutWidth, _shape.OutChannels, _shape.GradientBorder, table + _shape.WeightCount);

    private void FillInput(int sample, Scratch scratch)
    {
        float* source = _input.Tensor.Sample(sample);
        if (_input.Normalised || _input.Activation != Activation.None)
        {
            _fill(source, _input.Tensor.Norm, scratch.Input, _shape.InHeight, _shape.InWidth, _shape.InChannels, _shape.InputBorder);
            return;
        }
        int row = _shape.InWidth * _shape.InChannels, edge = _shape.InputBorder * _shape.InChannels;
        float* target = scratch.Input;
        for (int y = 0; y < _shape.InHeight; y++, source += row, target += row + (2 * edge))
        {
            new Span<float>(target, edge).Clear();
            new Span<float>(source, row).CopyTo(new Span<float>(target + edge, row));
            new Span<float>(target + edge + row, edge).Clear();
        }
    }
}
