using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;
using ConvolutionAlgorithm = LastBit.Models.ConvolutionAlgorithm;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// The kernels of one convolution in the layouts of its passes, and what is convolved with them. A layer has one for its weights, and with
/// tangents another for the direction.
/// </summary>
internal sealed unsafe class ConvolutionWeights : IDisposable
{
    private readonly ConvolutionShape _shape;
    private readonly int _realInChannels;
    private readonly AlignedBuffer<float> _packed;
    private readonly AlignedBuffer<float>? _flipped;
    // The kernels at the points of Winograd convolution, where the layer is computed so.
    private readonly AlignedBuffer<float>? _transformed;
    private readonly AlignedBuffer<float>? _transformedFlipped;

    /// <summary>Takes the memory.</summary>
    /// <param name="shape">The sizes.</param>
    /// <param name="realInChannels">Input channels that have weights; the others are there to fill vectors.</param>
    /// <param name="goesBack">Whether input gradients are wanted.</param>
    /// <param name="algorithm">How it is computed where there is a choice.</param>
    public ConvolutionWeights(in ConvolutionShape shape, int realInChannels, bool goesBack, ConvolutionAlgorithm algorithm)
    {
        (_shape, _realInChannels) = (shape, realInChannels);
        _packed = new AlignedBuffer<float>(shape.WeightCount);
        _flipped = goesBack ? new AlignedBuffer<float>(shape.WeightCount) : null;
        if (algorithm != ConvolutionAlgorithm.Winograd || !Winograd2x2.Pays(shape))
            return;
        _transformed = new AlignedBuffer<float>(Winograd2x2.Points * (long)shape.InChannels * shape.OutChannels);
        _transformedFlipped = goesBack ? new AlignedBuffer<float>(_transformed.Count) : null;
    }

    /// <summary>Floats that a worker needs for tiles.</summary>
    public long TileSize => _transformed is null ? 0 : Math.Max(
        Winograd2x2.ScratchSize(_shape.InHeight, _shape.InWidth, _shape.InChannels, _shape.OutChannels),
        Winograd2x2.ScratchSize(_shape.InHeight, _shape.InWidth, _shape.OutChannels, _shape.InChannels));

    /// <summary>Takes the weights, [out, in, size, size].</summary>
    public void Load(float* weights)
    {
        WeightLayout.Pack(weights, _realInChannels, _packed.Pointer, _shape);
        if (_flipped is not null)
            WeightLayout.Flip(weights, _realInChannels, _flipped.Pointer, _shape);
        if (_transformed is not null)
            Winograd.TransformWeights(_packed.Pointer, _transformed.Pointer, _shape.InChannels, _shape.OutChannels);
        if (_transformedFlipped is not null)
            Winograd.TransformWeights(_flipped!.Pointer, _transformedFlipped.Pointer, _shape.OutChannels, _shape.InChannels);
    }

    /// <summary>output = input * W.</summary>
    /// <param name="input">The padded input of one image.</param>
    /// <param name="output">Positions x channels.</param>
    /// <param name="tiles"><see cref="TileSize"/> floats.</param>
    /// <param name="prefetch">What is fetched meanwhile.</param>
    public void Forward(float* input, float* output, float* tiles, Prefetch? prefetch)
    {
        if (_transformed is not null)
            Winograd.Forward(input, _transformed.Pointer, output, _shape.InHeight, _shape.InWidth, _shape.InChannels, _shape.OutChannels,
                tiles, prefetch);
        else if (_shape.IsDense3x3)
            Convolution3x3.Forward(input, _packed.Pointer, output, _shape.InHeight, _shape.InWidth, _shape.InChannels, _shape.OutChannels,
                _shape.InChannels - _realInChannels, prefetch);
        else
            Convolution.Forward(input, _packed.Pointer, output, _shape);
    }

    /// <summary>The input gradient, gradient * flipped W; only where input gradients are wanted.</summary>
    /// <param name="gradient">The padded output gradient of one image.</param>
    /// <param name="inputGradient">Positions x channels.</param>
    /// <param name="tiles"><see cref="TileSize"/> floats.</param>
    /// <param name="prefetch">What is fetched meanwhile.</param>
    public void Back(float* gradient, float* inputGradient, float* tiles, Prefetch? prefetch)
    {
        if (_transformedFlipped is not null)
            Winograd.Forward(gradient, _transformedFlipped.Pointer, inputGradient, _shape.InHeight, _shape.InWidth, _shape.OutChannels,
                _shape.InChannels, tiles, prefetch);
        else if (_shape.IsDense3x3)
            Convolution3x3.Forward(gradient, _flipped!.Pointer, inputGradient, _shape.InHeight, _shape.InWidth, _shape.OutChannels,
                _shape.InChannels, 0, prefetch);
        else
            Convolution.InputGradient(gradient, _flipped!.Pointer, inputGradient, _shape);
    }

    /// <summary>output += input * W.</summary>
    /// <param name="input">The padded input of one image.</param>
    /// <param name="output">Positions x channels.</param>
    /// <param name="tiles"><see cref="TileSize"/> floats.</param>
    /// <param name="summand">Scratch for an output.</param>
    public void AddForward(float* input, float* output, float* tiles, float* summand)
    {
        if (_transformed is not null)
        {
            Winograd.Forward(input, _transformed.Pointer, output, _shape.InHeight, _shape.InWidth, _shape.InChannels, _shape.OutChannels,
                tiles, null, adds: true);
            return;
        }
        Forward(input, summand, tiles, null);
        PointwiseTable.Accumulate(summand, output, _shape.OutHeight * _shape.OutWidth * _shape.OutChannels);
    }

    /// <summary>inputGradient += gradient * flipped W.</summary>
    /// <param name="gradient">The padded output gradient of one image.</param>
    /// <param name="inputGradient">Positions x channels.</param>
    /// <param name="tiles"><see cref="TileSize"/> floats.</param>
    /// <param name="summand">Scratch for an input gradient.</param>
    public void AddBack(float* gradient, float* inputGradient, float* tiles, float* summand)
    {
        if (_transformedFlipped is not null)
        {
            Winograd.Forward(
                gradient, _transformedFlipped.Pointer, inputGradient, _shape.InHeight, _shape.InWidth, _shape.OutChannels,
                _shape.InChannels, tiles, null, adds: true);
            return;
        }
        Back(gradient, summand, tiles, null);
        PointwiseTable.Accumulate(summand, inputGradient, _shape.InHeight * _shape.InWidth * _shape.InChannels);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _transformed?.Dispose();
        _transformedFlipped?.Dispose();
        _packed.Dispose();
        _flipped?.Dispose();
    }
}
