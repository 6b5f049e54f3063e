using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;

namespace LastBit.Engines.Cpu;

/// <summary>The softmax cross-entropy of an image's outputs, one of which is right: log(sum exp(z - max)) - (z[label] - max).</summary>
internal sealed unsafe class CrossEntropyLayer(View outputs, int classes, StoredTensor losses, int capacity) : LossLayer(outputs, classes, losses, capacity)
{
    public override void Forward(int sample, Scratch scratch, bool training)
    {
        float* outputs = ReadInput(0, sample, scratch), gradient = Gradient(sample);
        float max = outputs[0];
        for (int k = 1; k < Classes; k++)
            max = outputs[k] > max ? outputs[k] : max;
        float sum = 0;
        for (int k = 0; k < Classes; k++)
        {
            float value = 0;
            SingleLanes1.Store(Transcendental.Exp(new SingleLanes1(outputs[k] - max)), &value);
            gradient[k] = value;
            sum += value;
        }
        int label = Labels[sample];
        *Output.Sample(sample) = Transcendental.Log(sum) - (outputs[label] - max);
        for (int k = 0; k < Classes; k++)
            gradient[k] = (gradient[k] / sum - (k == label ? 1f : 0f)) / BatchCount;
    }
}
