using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;

namespace LastBit.Engines.Cpu;

/// <summary>
/// The softmax cross-entropy of an image's outputs, one of which is right: log(sum exp(z - max)) - (z[label] - max). Its gradient is found on the way forward and
/// handed on going back.
/// </summary>
internal sealed unsafe class CrossEntropyLayer : CpuLayer, IDisposable
{
    private readonly int _classes;
    private readonly int[] _labels;
    private readonly NativeBuffer _gradients;

    public CrossEntropyLayer(View outputs, int classes, StoredTensor losses, int capacity)
        : base("loss", losses, outputs)
    {
        _classes = classes;
        _labels = new int[capacity];
        _gradients = new NativeBuffer((long)capacity * outputs.Tensor.Channels);
    }

    /// <summary>The labels of the batch.</summary>
    public Span<int> Labels => _labels;

    /// <summary>The number of images in the batch: the loss is their mean.</summary>
    public int BatchCount { get; set; }

    public override long PaddedSize => Inputs[0].Tensor.SampleSize;

    public void Dispose() => _gradients.Dispose();

    public override void Forward(int sample, Scratch scratch, bool training)
    {
        float* outputs = ReadInput(0, sample, scratch), gradient = Gradient(sample);
        float max = outputs[0];
        for (int k = 1; k < _classes; k++)
            max = outputs[k] > max ? outputs[k] : max;
        float sum = 0;
        for (int k = 0; k < _classes; k++)
        {
            float value = 0;
            SingleLanes1.Store(Transcendental.Exp(new SingleLanes1(outputs[k] - max)), &value);
            gradient[k] = value;
            sum += value;
        }
        int label = _labels[sample];
        *Output.Sample(sample) = Transcendental.Log(sum) - (outputs[label] - max);
        for (int k = 0; k < _classes; k++)
            gradient[k] = (gradient[k] / sum - (k == label ? 1f : 0f)) / BatchCount;
    }

    public override void Backward(int sample, Scratch scratch, float* table) => Sinks[0]?.Contribute(sample, Gradient(sample));

    /// <summary>Whether the label has the largest output (the first of equal ones; never when an output is not a number).</summary>
    public bool IsCorrect(int sample)
    {
        float* outputs = Inputs[0].Tensor.Sample(sample);
        int best = 0;
        for (int k = 0; k < _classes; k++)
        {
            if (float.IsNaN(outputs[k]))
                return false;
            if (outputs[k] > outputs[best])
                best = k;
        }
        return best == _labels[sample];
    }

    private float* Gradient(int sample) => _gradients.Pointer + ((long)sample * Inputs[0].Tensor.Channels);
}
