using LastBit.Engines.Cpu.Kernels;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// Half the squared distance of an image's outputs from the label's one-hot vector e: (1/2) sum over k of (z[k] - e[k])^2, one chain. The
/// gradient of the mean over n images is (z - e) / n, and its tangent z' / n.
/// </summary>
internal sealed unsafe class SquaredErrorLayer(LayerPlace place) : LossLayer(place)
{
    protected override float LossOf(float* outputs, int label, float* gradient)
    {
        float sum = 0;
        for (int k = 0; k < Classes; k++)
        {
            float difference = outputs[k] - (k == label ? 1f : 0f);
            sum = MathF.FusedMultiplyAdd(difference, difference, sum);
            gradient[k] = difference / BatchCount;
        }
        return 0.5f * sum;
    }

    protected override void GradientTangent(Dual outputs, int label, Dual gradient)
    {
        for (int k = 0; k < Classes; k++)
        {
            gradient.Value[k] = (outputs.Value[k] - (k == label ? 1f : 0f)) / BatchCount;
            gradient.Tangent[k] = outputs.Tangent[k] / BatchCount;
        }
    }
}
