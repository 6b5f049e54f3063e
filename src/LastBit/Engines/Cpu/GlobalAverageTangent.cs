using LastBit.Engines.Cpu.Kernels;

namespace LastBit.Engines.Cpu;

/// <summary>The tangents of an average over all positions: the average of the tangents, in the order of the average; going back, each position takes its share.</summary>
internal sealed unsafe class GlobalAverageTangent(GlobalAverageLayer layer, int half, IReadOnlyDictionary<StoredTensor, TangentStatistics> statistics)
    : TangentLayer(layer, half, statistics)
{
    public override void Backward(int sample, TangentScratch scratch, float* table)
    {
        if (!HasSink(0))
            return;
        ReadOutputGradient(sample, scratch.Gradient, 0);
        Spread(scratch.Gradient.Value, scratch.Flat.Value);
        Spread(scratch.Gradient.Tangent, scratch.Flat.Tangent);
        Contribute(0, sample, scratch.Flat);
    }

    protected override void ForwardTangent(int sample, TangentScratch scratch)
    {
        var input = Layer.Inputs[0].Tensor;
        ReadTangent(0, sample, scratch.Input.Tangent, 0);
        PointwiseTable.Moments(scratch.Input.Tangent, input.Positions, input.Channels, Both(Layer.Output, sample).Tangent, scratch.Spare);
    }

    private void Spread(float* gradient, float* target)
    {
        var input = Layer.Inputs[0].Tensor;
        var row = new Span<float>(target, input.Channels);
        for (int i = 0; i < row.Length; i++)
            row[i] = gradient[i] / input.Positions;
        for (int p = 1; p < input.Positions; p++)
            row.CopyTo(new Span<float>(target + ((long)p * row.Length), row.Length));
    }
}
