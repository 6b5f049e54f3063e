using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>
/// An activation that is kept in memory from the forward to the backward pass: what a layer writes,
/// before normalisation and activation function, which its readers apply as they read (<see cref="View"/>).
/// Channels last: samples x height x width x channels.
/// </summary>
internal sealed unsafe class StoredTensor
{
    public StoredTensor(string name, int height, int width, int channels)
    {
        Name = name;
        Height = height;
        Width = width;
        Channels = channels;
    }

    /// <summary>The name of the layer that writes it.</summary>
    public string Name { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>Channels.</summary>
    public int Channels { get; }

    /// <summary>The batch normalisation through which it is read, if any.</summary>
    public BatchStatistics? Normalization { get; set; }

    public int Positions => Height * Width;

    public long SampleSize => (long)Height * Width * Channels;

    public float* Data { get; set; }

    /// <summary>
    /// The gradient that comes back through the view: with respect to the normalised value (before the activation function), or to the tensor itself
    /// where there is no normalisation.
    /// </summary>
    public GradientBuffer? ViewGradient { get; set; }

    /// <summary>The gradient from readers that go past the view, if there are any.</summary>
    public GradientBuffer? RawGradient { get; set; }

    /// <summary>The activation function of its view.</summary>
    public Activation ViewActivation { get; set; }

    /// <summary>Whether anyone reads it through a normalisation or an activation function.</summary>
    public bool HasView { get; set; }

    /// <summary>The layer that writes it; null for the images.</summary>
    public CpuLayer? Producer { get; set; }

    public float* Sample(int sample) => Data + (sample * SampleSize);

    public NormCoefficients Norm => Normalization is { } norm ? norm.Coefficients : default;
}

/// <summary>How a layer reads a tensor: f(norm(x)), f(x), norm(x) or x.</summary>
/// <param name="Tensor">The stored tensor x.</param>
/// <param name="Normalised">Whether its batch normalisation is applied.</param>
/// <param name="Activation">The activation function f.</param>
internal readonly record struct View(StoredTensor Tensor, bool Normalised, Activation Activation)
{
    /// <summary>The tensor as it is.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <returns>Its identity view.</returns>
    public static View Of(StoredTensor tensor) => new(tensor, false, Activation.None);

    /// <summary>Whether it is the tensor as it is.</summary>
    public bool IsRaw => !Normalised && Activation == Activation.None;

    /// <summary>Whether it goes past the normalisation or activation function through which others read the tensor.</summary>
    public bool IsPastTheView => IsRaw && Tensor.HasView;
}

/// <summary>Memory for the gradient of one tensor of a batch; several tensors may share one when the first is no longer needed.</summary>
/// <param name="sampleSize">Floats an image.</param>
/// <param name="isBrief">
/// Whether an image's gradient is written and read within one pass. The images of a piece, which one worker takes one after the other, then share a place, which
/// stays in the caches.
/// </param>
internal sealed unsafe class GradientBuffer(long sampleSize, bool isBrief)
{
    public long SampleSize { get; } = sampleSize;

    public bool IsBrief { get; } = isBrief;

    public int Owners { get; set; }

    public float* Data { get; set; }

    /// <summary>Floats for a batch.</summary>
    public long SizeFor(int images) => SampleSize * (IsBrief ? (images + CpuEngine.PieceSize - 1) / CpuEngine.PieceSize : images);

    public float* Sample(int sample) => Data + ((IsBrief ? (int)((uint)sample / CpuEngine.PieceSize) : sample) * SampleSize);
}

/// <summary>What one worker needs besides the tensors: room for one image, padded or not, of the largest layer.</summary>
internal sealed unsafe class Scratch(long imageSize, long flatSize, long tileSize, long gatherSize, int gatherSlots) : IDisposable
{
    private readonly AlignedBuffer<float> _input = new(imageSize);
    private readonly AlignedBuffer<float> _gradient = new(imageSize);
    private readonly AlignedBuffer<float> _flat = new(flatSize);
    private readonly AlignedBuffer<float> _tiles = new(tileSize);
    private readonly AlignedBuffer<float> _gathered = new(gatherSize);

    /// <summary>The padded input of a convolution.</summary>
    public float* Input => _input.Pointer;

    /// <summary>The padded output gradient of a convolution.</summary>
    public float* Gradient => _gradient.Pointer;

    /// <summary>The gradient that a layer hands on, or a gradient that it has taken in.</summary>
    public float* Flat => _flat.Pointer;

    /// <summary>The tiles of minimal filtering.</summary>
    public float* Tiles => _tiles.Pointer;

    /// <summary>Tiles of the images of a piece, until their weight gradient is added up; each layer of a pass has a part.</summary>
    public float* Gathered => _gathered.Pointer;

    /// <summary>How far each of these layers is.</summary>
    public WinogradProgress[] Progress { get; } = new WinogradProgress[gatherSlots];

    /// <summary>Fetches what the next image's work will read.</summary>
    public ReadAhead Ahead { get; } = new();

    public void Dispose()
    {
        _input.Dispose();
        _gradient.Dispose();
        _flat.Dispose();
        _tiles.Dispose();
        _gathered.Dispose();
    }
}
