using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>The memory of a <see cref="TensorPlan"/>, channels last: samples x height x width x channels.</summary>
internal sealed unsafe class StoredTensor(TensorPlan plan)
{
    public TensorPlan Plan { get; } = plan;

    public int Height { get; } = plan.Shape.Height;

    public int Width { get; } = plan.Shape.Width;

    /// <summary>Channels that are stored, padding channels counted.</summary>
    public int Channels { get; } = plan.Shape.Channels;

    public int Positions => Height * Width;

    public long SampleSize => (long)Height * Width * Channels;

    public float* Data { get; set; }

    /// <summary>The batch normalisation through which it is read, if any.</summary>
    public BatchStatistics? Normalization { get; set; }

    /// <summary>Its tangents, where there are any.</summary>
    public TangentStatistics? NormalizationTangent { get; set; }

    /// <inheritdoc cref="TensorPlan.ViewGradient"/>
    public GradientMemory? ViewGradient { get; set; }

    /// <inheritdoc cref="TensorPlan.RawGradient"/>
    public GradientMemory? RawGradient { get; set; }

    public NormCoefficients Norm => Normalization is { } norm ? norm.Coefficients : default;

    public NormCoefficients NormTangent => NormalizationTangent is { } norm ? norm.Coefficients : default;

    public float* Sample(int sample) => Data + (sample * SampleSize);
}

/// <summary>How a layer reads a tensor: f(norm(x)), f(x), norm(x) or x.</summary>
/// <param name="Tensor">The stored tensor x.</param>
/// <param name="Normalised">Whether its batch normalisation is applied.</param>
/// <param name="Activation">The activation function f.</param>
internal readonly record struct View(StoredTensor Tensor, bool Normalised, Activation Activation)
{
    /// <summary>Whether it is the tensor as it is.</summary>
    public bool IsRaw => !Normalised && Activation == Activation.None;
}

/// <summary>
/// The memory of a <see cref="GradientBuffer"/>. The images of a chunk, which one worker takes one after the other, share a place that
/// stays in the caches where it is brief.
/// </summary>
internal sealed unsafe class GradientMemory(GradientBuffer plan)
{
    private readonly bool _isBrief = plan.IsBrief;

    public GradientBuffer Plan { get; } = plan;

    public long SampleSize { get; } = plan.ImageSize;

    public float* Data { get; set; }

    public float* Sample(int sample) => Data + ((_isBrief ? (int)((uint)sample / WorkPlan.ChunkSize) : sample) * SampleSize);
}

/// <summary>What a layer is made of: its place in the order of work, with memory.</summary>
/// <param name="Plan">Its place.</param>
/// <param name="Inputs">What it reads.</param>
/// <param name="Output">What it writes.</param>
/// <param name="Gradients">The memory of gradients.</param>
/// <param name="Images">Images that memory is for; twice as many as in the largest batch, where there are tangents.</param>
/// <param name="Half">Images in the largest batch, where there are tangents; 0 where there are none.</param>
/// <param name="Threads">How many threads will share the work.</param>
/// <param name="Algorithm">How convolutions are computed that can be computed in several ways.</param>
internal sealed record LayerPlace(
    LayerPlan Plan, IReadOnlyList<View> Inputs, StoredTensor Output, IReadOnlyDictionary<GradientBuffer, GradientMemory> Gradients,
    int Images, int Half, int Threads,
    ConvolutionAlgorithm Algorithm)
{
    /// <summary>The node of the model.</summary>
    public Node Node => Plan.Node!;

    /// <summary>The shape of the first input in the model.</summary>
    public TensorShape From => Plan.InputShapes[0];

    /// <summary>Whether a gradient of the first input is asked for; the images need none.</summary>
    public bool GoesBack => Plan.Inputs[0].Tensor.Producer is not null;
}

/// <summary>What a forward pass is for, as layers see it.</summary>
internal sealed class ForwardPass
{
    /// <summary>Whether it is one of training.</summary>
    public bool IsTraining { get; set; }

    /// <summary>Whether layers that draw at random do: in training, but not in products with the Hessian.</summary>
    public bool Draws { get; set; }

    /// <summary>The seed of the run.</summary>
    public ulong Seed { get; set; }

    /// <summary>How many updates the replica has had.</summary>
    public long Step { get; set; }

    /// <summary>
    /// The place of each image in the batch of the step, as the plain run has it: with seed, step and layer, what draws of an image are a
    /// function of.
    /// </summary>
    public int[] Places { get; set; } = [];
}

/// <summary>What one worker needs besides the tensors: scratch for one image, padded or not, of the largest layer.</summary>
/// <param name="imageSize">Floats of a padded image.</param>
/// <param name="flatSize">Floats of an image.</param>
/// <param name="tileSize">Floats of tiles.</param>
/// <param name="gatherSize">Floats in which the layers of a pass gather.</param>
/// <param name="gatherSlots">How many of them do.</param>
/// <param name="tangents">Whether there are tangents.</param>
internal sealed unsafe class Scratch(long imageSize, long flatSize, long tileSize, long gatherSize, int gatherSlots, bool tangents)
    : IDisposable
{
    private readonly AlignedBuffer<float> _input = new(imageSize);
    private readonly AlignedBuffer<float> _outputGradient = new(imageSize);
    private readonly AlignedBuffer<float> _inputGradient = new(flatSize);
    private readonly AlignedBuffer<float> _tiles = new(tileSize);
    private readonly AlignedBuffer<float> _gathered = new(gatherSize);
    private readonly AlignedBuffer<float> _summand = new(tangents ? flatSize : 0);
    private readonly Scratch? _tangent = tangents ? new Scratch(imageSize, flatSize, 0, 0, 0, tangents: false) : null;

    /// <summary>An input as the layer sees it, with a border where it pads it.</summary>
    public float* Input => _input.Pointer;

    /// <summary>The gradient with respect to an output, with a border where the layer pads it.</summary>
    public float* OutputGradient => _outputGradient.Pointer;

    /// <summary>The gradient with respect to an input, which the layer hands on.</summary>
    public float* InputGradient => _inputGradient.Pointer;

    /// <summary>The tiles of a Winograd convolution.</summary>
    public float* Tiles => _tiles.Pointer;

    /// <summary>The same memory where a layer is a product of matrices: rows of its result, of Im2Col for one.</summary>
    public float* Rows => _tiles.Pointer;

    /// <summary>Tiles of the images of a chunk, until their weight gradient is added up; each layer of a pass has a part.</summary>
    public float* Gathered => _gathered.Pointer;

    /// <summary>How far each of these layers is.</summary>
    public WinogradProgress[] Progress { get; } = new WinogradProgress[gatherSlots];

    /// <summary>Fetches what the next image's work will read.</summary>
    public Prefetch Prefetch { get; } = new();

    /// <summary>The second half of a tangent's sum, before it is added.</summary>
    public float* Summand => _summand.Pointer;

    /// <summary><see cref="Input"/> and its tangent.</summary>
    public Dual Inputs => new(Input, _tangent!.Input);

    /// <summary><see cref="OutputGradient"/> and its tangent.</summary>
    public Dual OutputGradients => new(OutputGradient, _tangent!.OutputGradient);

    /// <summary><see cref="InputGradient"/> and its tangent.</summary>
    public Dual InputGradients => new(InputGradient, _tangent!.InputGradient);

    public void Dispose()
    {
        _input.Dispose();
        _outputGradient.Dispose();
        _inputGradient.Dispose();
        _tiles.Dispose();
        _gathered.Dispose();
        _summand.Dispose();
        _tangent?.Dispose();
    }
}
