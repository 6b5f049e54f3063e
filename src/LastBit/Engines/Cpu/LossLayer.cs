using LastBit.Arithmetic;

namespace LastBit.Engines.Cpu;

/// <summary>
/// What the outputs of an image, one of which is right, are measured by. The gradient is found on the way forward and handed on going back.
/// </summary>
internal abstract unsafe class LossLayer : CpuLayer, IDisposable
{
    private readonly int[] _labels;
    private readonly AlignedBuffer<float> _gradients;

    protected LossLayer(View outputs, int classes, StoredTensor losses, int capacity)
        : base("loss", losses, outputs)
    {
        Classes = classes;
        _labels = new int[capacity];
        _gradients = new AlignedBuffer<float>((long)capacity * outputs.Tensor.Channels);
    }

    /// <summary>The labels of the batch.</summary>
    public Span<int> Labels => _labels;

    /// <summary>The number of images in the batch: the loss is their mean.</summary>
    public int BatchCount { get; set; }

    public override long PaddedSize => Inputs[0].Tensor.SampleSize;

    protected int Classes { get; }

    public void Dispose() => _gradients.Dispose();

    public override void Backward(int sample, Scratch scratch, float* table) => Sinks[0]?.Contribute(sample, Gradient(sample));

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

    /// <summary>The gradient of the batch's loss with respect to the outputs of an image.</summary>
    protected float* Gradient(int sample) => _gradients.Pointer + ((long)sample * Inputs[0].Tensor.Channels);
}
