using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;

namespace LastBit.Engines.Cpu;

/// <summary>
/// The tangents of the softmax cross-entropy: with p = softmax(z), the gradient of the mean over n images is (p - e) / n, e being 1 at the label, and its
/// tangent p (z' - p . z') / n.
/// </summary>
internal sealed unsafe class CrossEntropyTangent(CrossEntropyLayer layer, int classes, int half, IReadOnlyDictionary<StoredTensor, TangentStatistics> statistics)
    : TangentLayer(layer, half, statistics)
{
    public override void Backward(int sample, TangentScratch scratch, float* table)
    {
        if (!HasSink(0))
            return;
        ReadBoth(0, sample, scratch, 0);
        int channels = Layer.Inputs[0].Tensor.Channels, label = layer.Labels[sample];
        float* z = scratch.Input.Value, dz = scratch.Input.Tangent, g = scratch.Flat.Value, dg = scratch.Flat.Tangent;
        new Span<float>(g, channels).Clear();
        new Span<float>(dg, channels).Clear();
        float max = z[0];
        for (int k = 1; k < classes; k++)
            max = z[k] > max ? z[k] : max;
        float sum = 0;
        for (int k = 0; k < classes; k++)
        {
            SingleLanes1.Store(Transcendental.Exp(new SingleLanes1(z[k] - max)), g + k);
            sum += g[k];
        }
        float mean = 0;
        for (int k = 0; k < classes; k++)
        {
            g[k] /= sum;
            mean = MathF.FusedMultiplyAdd(g[k], dz[k], mean);
        }
        for (int k = 0; k < classes; k++)
        {
            dg[k] = g[k] * (dz[k] - mean) / layer.BatchCount;
            g[k] = (g[k] - (k == label ? 1f : 0f)) / layer.BatchCount;
        }
        Contribute(0, sample, scratch.Flat);
    }

    protected override void ForwardTangent(int sample, TangentScratch scratch)
    {
    }
}
