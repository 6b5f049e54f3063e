using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// What the outputs of an image are measured by, given its label. The gradient of the mean over images is found on the way forward
/// and handed on going back.
/// </summary>
internal abstract unsafe class LossLayer : CpuLayer
{
    private readonly int[] _labels;
    private readonly AlignedBuffer<float> _gradients;

    protected LossLayer(LayerPlace place)
        : base(place)
    {
        Classes = place.From.Count;
        _labels = new int[place.Images];
        _gradients = Own(new AlignedBuffer<float>((long)place.Images * Inputs[0].Tensor.Channels));
    }

    /// <summary>The labels of the batch.</summary>
    public Span<int> Labels => _labels;

    /// <summary>The number of images in the batch: the loss is their mean.</summary>
    public int BatchCount { get; set; }

    protected int Classes { get; }

    /// <summary>One image's outputs.</summary>
    public ReadOnlySpan<float> Outputs(int sample) => new(Inputs[0].Tensor.Sample(sample), Classes);

    /// <summary>Whether the label has the largest output (the first of equal ones; never when an output is not a number).</summary>
    public bool IsCorrect(int sample)
    {
        float* outputs = Inputs[0].Tensor.Sample(sample);
        int best = 0;
        for (int k = 0; k < Classes; k++)
        {
            if (float.IsNaN(outputs[k]))
                return false;
            if (outputs[k] > outputs[best])
                best = k;
        }
        return best == _labels[sample];
    }

    public sealed override void Forward(int sample, Scratch scratch, ForwardPass pass) =>
        *Output.Sample(sample) = LossOf(ReadInput(0, sample, scratch), Labels[sample], Gradient(sample));

    public sealed override void Backward(int sample, Scratch scratch, float* table) => Sinks[0]?.Contribute(sample, Gradient(sample));

    public sealed override void ForwardTangent(int sample, Scratch scratch)
    {
    }

    public sealed override void BackwardTangent(int sample, Scratch scratch, float* table)
    {
        if (Sinks[0] is not { } sink)
            return;
        ReadBoth(0, sample, scratch, 0);
        int channels = Inputs[0].Tensor.Channels;
        new Span<float>(scratch.InputGradients.Value, channels).Clear();
        new Span<float>(scratch.InputGradients.Tangent, channels).Clear();
        GradientTangent(scratch.Inputs, Labels[sample], scratch.InputGradients);
        sink.Contribute(sample, scratch.InputGradients);
    }

    /// <summary>The loss of an image, and its share in the gradient of the mean.</summary>
    protected abstract float LossOf(float* outputs, int label, float* gradient);

    /// <summary>An image's share in the gradient of the mean, and its tangent.</summary>
    protected abstract void GradientTangent(Dual outputs, int label, Dual gradient);

    private float* Gradient(int sample) => _gradients.Pointer + ((long)sample * Inputs[0].Tensor.Channels);
}
