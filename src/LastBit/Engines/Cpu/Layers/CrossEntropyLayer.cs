using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// The softmax cross-entropy of an image's outputs: log(sum exp(z - max)) - (z[label] - max). With p = softmax(z),
/// the gradient of the mean over n images is (p - e) / n, e being 1 at the label, and its tangent p (z' - p . z') / n.
/// </summary>
internal sealed unsafe class CrossEntropyLayer(LayerPlace place) : LossLayer(place)
{
    protected override float LossOf(float* outputs, int label, float* gradient)
    {
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
        for (int k = 0; k < Classes; k++)
            gradient[k] = (gradient[k] / sum - (k == label ? 1f : 0f)) / BatchCount;
        return Transcendental.Log(sum) - (outputs[label] - max);
    }

    protected override void GradientTangent(Dual outputs, int label, Dual gradient)
    {
        float* z = outputs.Value, dz = outputs.Tangent, g = gradient.Value, dg = gradient.Tangent;
        float max = z[0];
        for (int k = 1; k < Classes; k++)
            max = z[k] > max ? z[k] : max;
        float sum = 0;
        for (int k = 0; k < Classes; k++)
        {
            SingleLanes1.Store(Transcendental.Exp(new SingleLanes1(z[k] - max)), g + k);
            sum += g[k];
        }
        float mean = 0;
        for (int k = 0; k < Classes; k++)
        {
            g[k] /= sum;
            mean = MathF.FusedMultiplyAdd(g[k], dz[k], mean);
        }
        for (int k = 0; k < Classes; k++)
        {
            dg[k] = g[k] * (dz[k] - mean) / BatchCount;
            g[k] = (g[k] - (k == label ? 1f : 0f)) / BatchCount;
        }
    }
}
