using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;
using ConvolutionAlgorithm = LastBit.Models.ConvolutionAlgorithm;

namespace LastBit.Engines.Cpu;

/// <summary>
/// The kernels of one convolution in the layouts of its passes, and what is convolved with them. A layer has one for its weights; its tangent has another for the direction.
/// </summary>
internal sealed unsafe class ConvolutionWeights : IDisposable
{
    private readonly ConvolutionShape _shape;
    private readonly int _realInChannels;
    private readonly AlignedBuffer<float> _packed;
    private readonly AlignedBuffer<float>? _turned;
    // The kernels at the points of minimal filtering, where the layer is computed so.
    private readonly AlignedBuffer<float>? _transformed;
    private readonly AlignedBuffer<float>? _transformedTurned;

    /// <summary>Takes the memory.</summary>
    /// <param name="shape">The sizes.</param>
    /// <param name="realInChannels">Input channels that have weights; the others are there to fill vectors.</param>
    /// <param name="goesBack">Whether input gradients are wanted.</param>
    /// <param name="algorithm">How it is computed where there is a choice.</param>
    public ConvolutionWeights(in ConvolutionShape shape, int realInChannels, bool goesBack, ConvolutionAlgorithm algorithm)
    {
        (_shape, _realInChannels) = (shape, realInChannels);
        _packed = new AlignedBuffer<float>(shape.WeightCount);
        _turned = goesBack ? new AlignedBuffer<float>(shape.WeightCount) : null;
        if (algorithm != ConvolutionAlgorithm.Winograd || !Winograd2x2.Pays(shape))
            return;
        _transformed = new AlignedBuffer<float>(Winograd2x2.Points * (long)shape.InChannels * shape.OutChannels);
        _transformedTurned = goesBack ? new AlignedBuffer<float>(_transformed.Count) : null;
    }

    /// <summary>Floats that a worker needs for tiles.</summary>
    public long TileSize => _transformed is null ? 0 : Math.Max(
        Winograd2x2.ScratchSize(_shape.InHeight, _shape.InWidth, _shape.InChannels, _shape.OutChannels),
        Winograd2x2.ScratchSize(_shape.InHeight, _shape.InWidth, _shape.OutChannels, _shape.InChannels));

    /// <summary>Takes the weights, [out, in, size, size].</summary>
    public void Load(float* weights)
    {
        WeightLayout.Pack(weights, _realInChannels, _packed.Pointer, _shape);
        if (_turned is not null)
            WeightLayout.Turn(weights, _realInChannels, _turned.Pointer, _shape);
        if (_transformed is not null)
            Winograd.TransformWeights(_packed.Pointer, _transformed.Pointer, _shape.InChannels, _shape.OutChannels);
        if (_transformedTurned is not null)
            Winograd.TransformWeights(_turned!.Pointer, _transformedTurned.Pointer, _shape.OutChannels, _shape.InChannels);
    }

    /// <summary>output = input * W.</summary>
    /// <param name="input">The padded input of one image.</param>
    /// <param name="output">Positions x channels.</param>
    /// <param name="tiles"><see cref="TileSize"/> floats.</param>
    /// <param name="ahead">What is fetched meanwhile.</param>
    public void Forward(float* input, float* output, float* tiles, ReadAhead? ahead)
    {
        if (_transformed is not null)
            Winograd.Forward(input, _transformed.Pointer, output, _shape.InHeight, _shape.InWidth, _shape.InChannels, _shape.OutChannels, tiles, ahead);
        else if (_shape.IsDense3x3)
            Convolution3x3.Forward(input, _packed.Pointer, output, _shape.InHeight, _shape.InWidth, _shape.InChannels, _shape.OutChannels, _shape.InChannels - _realInChannels, ahead);
        else
            Convolution.Forward(input, _packed.Pointer, output, _shape);
    }

    /// <summary>The input gradient, gradient * turned W; only where input gradients are wanted.</summary>
    /// <param name="gradient">The padded output gradient of one image.</param>
    /// <param name="inputGradient">Positions x channels.</param>
    /// <param name="tiles"><see cref="TileSize"/> floats.</param>
    /// <param name="ahead">What is fetched meanwhile.</param>
    public void Back(float* gradient, float* inputGradient, float* tiles, ReadAhead? ahead)
    {
        if (_transformedTurned is not null)
            Winograd.Forward(gradient, _transformedTurned.Pointer, inputGradient, _shape.InHeight, _shape.InWidth, _shape.OutChannels, _shape.InChannels, tiles, ahead);
        else if (_shape.IsDense3x3)
            Convolution3x3.Forward(gradient, _turned!.Pointer, inputGradient, _shape.InHeight, _shape.InWidth, _shape.OutChannels, _shape.InChannels, 0, ahead);
        else
            Convolution.InputGradient(gradient, _turned!.Pointer, inputGradient, _shape);
    }

    /// <summary>output += input * W.</summary>
    /// <param name="input">The padded input of one image.</param>
    /// <param name="output">Positions x channels.</param>
    /// <param name="tiles"><see cref="TileSize"/> floats.</param>
    /// <param name="spare">Room for an output.</param>
    public void AddForward(float* input, float* output, float* tiles, float* spare)
    {
        if (_transformed is not null)
        {
            Winograd.Forward(input, _transformed.Pointer, output, _shape.InHeight, _shape.InWidth, _shape.InChannels, _shape.OutChannels, tiles, null, adds: true);
            return;
        }
        Forward(input, spare, tiles, null);
        PointwiseTable.Accumulate(spare, output, _shape.OutHeight * _shape.OutWidth * _shape.OutChannels);
    }

    /// <summary>inputGradient += gradient * turned W.</summary>
    /// <param name="gradient">The padded output gradient of one image.</param>
    /// <param name="inputGradient">Positions x channels.</param>
    /// <param name="tiles"><see cref="TileSize"/> floats.</param>
    /// <param name="spare">Room for an input gradient.</param>
    public void AddBack(float* gradient, float* inputGradient, float* tiles, float* spare)
    {
        if (_transformedTurned is not null)
        {
            Winograd.Forward(
                gradient, _transformedTurned.Pointer, inputGradient, _shape.InHeight, _shape.InWidth, _shape.OutChannels, _shape.InChannels, tiles, null, adds: true);
            return;
        }
        Back(gradient, spare, tiles, null);
        PointwiseTable.Accumulate(spare, inputGradient, _shape.InHeight * _shape.InWidth * _shape.InChannels);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _transformed?.Dispose();
        _transformedTurned?.Dispose();
        _packed.Dispose();
        _turned?.Dispose();
    }
}
