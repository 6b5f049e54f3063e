namespace LastBit.Engines.Cpu;

/// <summary>The tangents of half the squared distance from the one-hot label e: the gradient of the mean over n images is (z - e) / n, and its tangent z' / n.</summary>
internal sealed unsafe class SquaredErrorTangent(SquaredErrorLayer layer, int classes, int half, IReadOnlyDictionary<StoredTensor, TangentStatistics> statistics)
    : TangentLayer(layer, half, statistics)
{
    public override void Backward(int sample, TangentScratch scratch, float* table)
    {
        if (!HasSink(0))
            return;
        ReadBoth(0, sample, scratch, 0);
        int channels = Layer.Inputs[0].Tensor.Channels, label = layer.Labels[sample];
        new Span<float>(scratch.Flat.Value, channels).Clear();
        new Span<float>(scratch.Flat.Tangent, channels).Clear();
        for (int k = 0; k < classes; k++)
        {
            scratch.Flat.Value[k] = (scratch.Input.Value[k] - (k == label ? 1f : 0f)) / layer.BatchCount;
            scratch.Flat.Tangent[k] = scratch.Input.Tangent[k] / layer.BatchCount;
        }
        Contribute(0, sample, scratch.Flat);
    }

    protected override void ForwardTangent(int sample, TangentScratch scratch)
    {
    }
}
