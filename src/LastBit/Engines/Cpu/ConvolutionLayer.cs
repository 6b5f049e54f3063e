using LastBit.Engines.Cpu.Kernels;
using Activation = LastBit.Models.Activation;
using ConvolutionAlgorithm = LastBit.Models.ConvolutionAlgorithm;
using Parameter = LastBit.Models.Parameter;

namespace LastBit.Engines.Cpu;

/// <summary>
/// A convolution of the view f(norm(x)), zero padding size / 2, with or without a bias, which is added last.
/// The view is computed into a padded buffer that stays in the second-level cache, so the activations themselves are never written to memory;
/// the moments for the output's batch normalisation are taken while the output is still there.
/// </summary>
internal sealed unsafe class ConvolutionLayer : CpuLayer, IDisposable
{
    private const int PairsPerPart = 12;
    private readonly View _input;
    private readonly ConvolutionShape _shape;
    private readonly int _realInChannels;
    private readonly bool _gathers;
    private float* _bias;
    private readonly delegate*<float*, in NormCoefficients, float*, int, int, int, int, void> _fill;

    public ConvolutionLayer(string name, View input, StoredTensor output, Parameter weight, Parameter? bias, int size, int stride, ConvolutionAlgorithm algorithm)
        : base(name, output, input)
    {
        _input = input;
        (Weight, Bias) = (weight, bias);
        _shape = new ConvolutionShape(input.Tensor.Height, input.Tensor.Width, input.Tensor.Channels, output.Channels, size, stride);
        _realInChannels = weight.Shape[1];
        Algorithm = algorithm;
        Weights = NewWeights();
        _gathers = algorithm == ConvolutionAlgorithm.Winograd && Winograd4x4.Fits(_shape);
        _fill = PointwiseTable.For(input.Tensor.Channels).FillPadded(input.Normalised, input.Activation);
    }

    /// <summary>The weights, [out, in, size, size].</summary>
    public Parameter Weight { get; }

    /// <summary>The bias of each output channel, if there is one.</summary>
    public Parameter? Bias { get; }

    public ConvolutionShape Shape => _shape;

    /// <summary>How it is computed where there is a choice.</summary>
    public ConvolutionAlgorithm Algorithm { get; }

    /// <summary>The weights as the kernels read them.</summary>
    public ConvolutionWeights Weights { get; }

    public override int TableSize => _shape.WeightCount + (Bias is null ? 0 : _shape.OutChannels);

    public override int FetchesForward => _shape.IsDense3x3 ? _shape.InHeight : 0;

    public override int FetchesBackward => _shape.IsDense3x3 && Sinks[0] is not null ? _shape.InHeight : 0;

    public override int ReduceParts => WeightParts + (Bias is null ? 0 : 1);

    public override long ForwardFlop => 2L * _shape.OutHeight * _shape.OutWidth * _shape.Size * _shape.Size * _realInChannels * _shape.OutChannels;

    public override long PaddedSize => Math.Max(
        (long)_shape.InHeight * (_shape.InWidth + (2 * _shape.InputBorder)) * _shape.InChannels,
        (long)_shape.OutHeight * (_shape.OutWidth + (2 * _shape.GradientBorder)) * _shape.OutChannels);

    public override long TileSize => Weights.TileSize;

    public override long GatherSize => _gathers ? Winograd4x4.ScratchSize(_shape, CpuEngine.PieceSize) : 0;

    public override int GatheredTableSize => _gathers ? _shape.WeightCount : 0;

    private int WeightParts => ((_shape.Size * _shape.InChannels) + PairsPerPart - 1) / PairsPerPart;

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();

    /// <summary>Room for numbers of the shape of this layer's weights.</summary>
    public ConvolutionWeights NewWeights() => new(_shape, _realInChannels, _input.Tensor.Producer is not null, Algorithm);

    public override void Forward(int sample, Scratch scratch, bool training)
    {
        FillInput(sample, scratch);
        float* output = Output.Sample(sample);
        Weights.Forward(scratch.Input, output, scratch.Tiles, scratch.Ahead);
        if (Bias is not null)
            ChannelBias.Add(output, Output.Positions, _shape.OutChannels, _bias);
        if (training)
            TakeMoments(sample);
    }

    public override void Backward(int sample, Scratch scratch, float* table)
    {
        ReadOutputGradient(sample, scratch.Gradient, _shape.GradientBorder);
        FillInput(sample, scratch);
        if (_gathers)
            Winograd.AddWeightGradient(scratch.Input, scratch.Gradient, _shape, CpuEngine.PieceSize, scratch.Gathered + GatherStart, ref scratch.Progress[GatherSlot]);
        else
            AddWeightGradient(scratch.Input, scratch.Gradient, table);
        if (Bias is not null)
            AddBiasGradient(scratch.Gradient, table);

        if (Sinks[0] is { } sink)
        {
            Weights.Back(scratch.Gradient, scratch.Flat, scratch.Tiles, scratch.Ahead);
            sink.Contribute(sample, scratch.Flat);
        }
    }

    public override void LoadWeights(NetworkState state)
    {
        Weights.Load(state.ParameterPointer + Weight.Offset);
        _bias = Bias is null ? null : state.ParameterPointer + Bias.Offset;
    }

    /// <summary>Adds the weight gradient of one image, from the padded input and output gradient, by direct sums to a table.</summary>
    public void AddWeightGradient(float* input, float* gradient, float* table)
    {
        if (_shape.IsDense3x3)
            Convolution3x3.WeightGradient(input, gradient, table, _shape.InHeight, _shape.InWidth, _shape.InChannels, _shape.OutChannels, _shape.InChannels - _realInChannels);
        else
            Convolution.WeightGradient(input, gradient, table, _shape);
    }

    /// <summary>Adds the bias's gradient of one image, from the padded output gradient, to its place behind the weights in a table.</summary>
    public void AddBiasGradient(float* gradient, float* table) => ChannelBias.AddGradient(
        gradient, _shape.OutHeight, _shape.OutWidth, _shape.OutChannels, _shape.GradientBorder, table + _shape.WeightCount);

    public override void FinishPiece(Scratch scratch, float* table)
    {
        if (_gathers)
            Winograd.FinishWeightGradient(_shape, CpuEngine.PieceSize, scratch.Gathered + GatherStart, ref scratch.Progress[GatherSlot], table);
    }

    public override void ReduceTables(float* tables, int pieces, float* gradients, int part)
    {
        if (part == WeightParts)
        {
            PointwiseTable.TreeSum(tables + _shape.WeightCount, pieces, TableSize, _shape.OutChannels);
            new Span<float>(tables + _shape.WeightCount, Bias!.Count).CopyTo(new Span<float>(gradients + Bias.Offset, Bias.Count));
            return;
        }
        int from = part * PairsPerPart, to = Math.Min(from + PairsPerPart, _shape.Size * _shape.InChannels);
        int row = _shape.Size * _shape.OutChannels;
        PointwiseTable.TreeSum(tables + ((long)from * row), pieces, TableSize, (to - from) * row);
        WeightLayout.Unpack(tables, _realInChannels, gradients + Weight.Offset, _shape, from, to);
    }

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
