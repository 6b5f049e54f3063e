using LastBit.Engines.Cpu.Kernels;

namespace LastBit.Engines.Cpu;

/// <summary>The tangents of a residual addition: the sum of the operands' tangents; going back, both operands take gradient and tangent alike.</summary>
internal sealed unsafe class AddTangent(AddLayer layer, int half, IReadOnlyDictionary<StoredTensor, TangentStatistics> statistics)
    : TangentLayer(layer, half, statistics)
{
    public override void Backward(int sample, TangentScratch scratch, float* table)
    {
        // The steps of AddLayer.Backward.
        var output = Layer.Output;
        Dual total = Both(layer.TotalGradient, sample);
        if (output.ViewGradient is { } view)
        {
            Dual back = Both(view, sample);
            if (output.Normalization is not null)
            {
                Dual target = output.RawGradient is null ? back : scratch.Flat;
                TangentTable.For(output.Channels).NormBackward(normalised: true, raw: false)(
                    back, Both(output, sample), output.Norm, CoefficientsOf(output), default, target, output.Height, output.Width, output.Channels, 0);
                back = target;
            }
            if (output.RawGradient is not null)
            {
                PointwiseTable.Accumulate(back.Value, total.Value, (int)output.SampleSize);
                PointwiseTable.Accumulate(back.Tangent, total.Tangent, (int)output.SampleSize);
            }
        }
        Contribute(0, sample, total);
        Contribute(1, sample, total);
    }

    protected override void ForwardTangent(int sample, TangentScratch scratch)
    {
        float* target = Both(Layer.Output, sample).Tangent;
        ReadTangent(0, sample, target, 0);
        ReadTangent(1, sample, scratch.Spare, 0);
        PointwiseTable.Accumulate(scratch.Spare, target, (int)Layer.Output.SampleSize);
    }
}
