using LastBit.Arithmetic;
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
    private readonly AlignedBuffer<float> _packed;
    private readonly AlignedBuffer<float>? _turned;
    // The kernels at the points of minimal filtering, where the layer is computed so.
    private readonly AlignedBuffer<float>? _transformed;
    private readonly AlignedBuffer<float>? _transformedTurned;
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
        _packed = new AlignedBuffer<float>(_shape.WeightCount);
        _turned = input.Tensor.Producer is null ? null : new AlignedBuffer<float>(_shape.WeightCount);
        if (algorithm == ConvolutionAlgorithm.Winograd && Winograd2x2.Pays(_shape))
        {
            _transformed = new AlignedBuffer<float>(Winograd2x2.Points * (long)_shape.InChannels * _shape.OutChannels);
            _transformedTurned = _turned is null ? null : new AlignedBuffer<float>(_transformed.Count);
        }
        _gathers = algorithm == ConvolutionAlgorithm.Winograd && Winograd4x4.Fits(_shape);
        _fill = PointwiseTable.For(input.Tensor.Channels).FillPadded(input.Normalised, input.Activation);
    }

    /// <summary>The weights, [out, in, size, size].</summary>
    public Parameter Weight { get; }

    /// <summary>The bias of each output channel, if there is one.</summary>
    public Parameter? Bias { get; }

    public ConvolutionShape Shape => _shape;

    /// <summary>The weights as the forward pass reads them.</summary>
    public float* Packed => _packed.Pointer;

    /// <summary>The weights as the input gradient reads them; null where there is none.</summary>
    public float* Turned => _turned is null ? null : _turned.Pointer;

    public override int TableSize => _shape.WeightCount + (Bias is null ? 0 : _shape.OutChannels);

    public override int FetchesForward => _shape.IsDense3x3 ? _shape.InHeight : 0;

    public override int FetchesBackward => _shape.IsDense3x3 && Sinks[0] is not null ? _shape.InHeight : 0;

    public override int ReduceParts => WeightParts + (Bias is null ? 0 : 1);

    public override long ForwardFlop => 2L * _shape.OutHeight * _shape.OutWidth * _shape.Size * _shape.Size * _realInChannels * _shape.OutChannels;

    public override long PaddedSize => Math.Max(
        (long)_shape.InHeight * (_shape.InWidth + (2 * _shape.InputBorder)) * _shape.InChannels,
        (long)_shape.OutHeight * (_shape.OutWidth + (2 * _shape.GradientBorder)) * _shape.OutChannels);

    public override long TileSize => _transformed is null ? 0 : Math.Max(
        Winograd2x2.ScratchSize(_shape.InHeight, _shape.InWidth, _shape.InChannels, _shape.OutChannels),
        Winograd2x2.ScratchSize(_shape.InHeight, _shape.InWidth, _shape.OutChannels, _shape.InChannels));

    public override long GatherSize => _gathers ? Winograd4x4.ScratchSize(_shape, CpuEngine.PieceSize) : 0;

    public override int GatheredTableSize => _gathers ? _shape.WeightCount : 0;

    private int WeightParts => ((_shape.Size * _shape.InChannels) + PairsPerPart - 1) / PairsPerPart;

    /// <inheritdoc/>
    public void Dispose()
    {
        _transformed?.Dispose();
        _transformedTurned?.Dispose();
        _packed.Dispose();
        _turned?.Dispose();
    }

    public override void Forward(int sample, Scratch scratch, bool training)
    {
        FillInput(sample, scratch);
        float* output = Output.Sample(sample);
        if (_transformed is not null)
        {
            Winograd.Forward(
                scratch.Input, _transformed.Pointer, output, _shape.InHeight, _shape.InWidth, _shape.InChannels, _shape.OutChannels,
                scratch.Tiles, scratch.Ahead);
        }
        else if (_shape.IsDense3x3)
        {
            Convolution3x3.Forward(
                scratch.Input, _packed.Pointer, output, _shape.InHeight, _shape.InWidth, _shape.InChannels, _shape.OutChannels, scratch.Ahead);
        }
        else
            Convolution.Forward(scratch.Input, _packed.Pointer, output, _shape);
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
        else if (_shape.IsDense3x3)
            Convolution3x3.WeightGradient(scratch.Input, scratch.Gradient, table, _shape.InHeight, _shape.InWidth, _shape.InChannels, _shape.OutChannels);
        else
            Convolution.WeightGradient(scratch.Input, scratch.Gradient, table, _shape);
        if (Bias is not null)
            AddBiasGradient(scratch.Gradient, table);

        if (Sinks[0] is { } sink)
        {
            float* turned = _turned!.Pointer;
            if (_transformedTurned is not null)
            {
                Winograd.Forward(
                    scratch.Gradient, _transformedTurned.Pointer, scratch.Flat, _shape.InHeight, _shape.InWidth, _shape.OutChannels, _shape.InChannels,
                    scratch.Tiles, scratch.Ahead);
            }
            else if (_shape.IsDense3x3)
            {
                Convolution3x3.Forward(
                    scratch.Gradient, turned, scratch.Flat, _shape.InHeight, _shape.InWidth, _shape.OutChannels, _shape.InChannels, scratch.Ahead);
            }
            else
                Convolution.InputGradient(scratch.Gradient, turned, scratch.Flat, _shape);
            sink.Contribute(sample, scratch.Flat);
        }
    }

    public override void LoadWeights(NetworkState state)
    {
        float* weights = state.ParameterPointer + Weight.Offset;
        _bias = Bias is null ? null : state.ParameterPointer + Bias.Offset;
        WeightLayout.Pack(weights, _realInChannels, _packed.Pointer, _shape);
        if (_turned is not null)
            WeightLayout.Turn(weights, _realInChannels, _turned.Pointer, _shape);
        if (_transformed is not null)
            Winograd.TransformWeights(_packed.Pointer, _transformed.Pointer, _shape.InChannels, _shape.OutChannels);
        if (_transformedTurned is not null)
            Winograd.TransformWeights(_turned!.Pointer, _transformedTurned.Pointer, _shape.OutChannels, _shape.InChannels);
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
