using LastBit.Engines.Cpu.Kernels;
using PoolKind = LastBit.Models.PoolKind;

namespace LastBit.Engines.Cpu;

/// <summary>
/// The tangents of a pooling: the average of the tangents, or the tangent at the place of the largest number; going back, gradient and tangent go where the gradient goes.
/// </summary>
internal sealed unsafe class PoolTangent(PoolLayer layer, int half, IReadOnlyDictionary<StoredTensor, TangentStatistics> statistics)
    : TangentLayer(layer, half, statistics)
{
    public override void Backward(int sample, TangentScratch scratch, float* table)
    {
        if (!HasSink(0))
            return;
        var input = Layer.Inputs[0].Tensor;
        ReadOutputGradient(sample, scratch.Gradient, 0);
        if (layer.Kind == PoolKind.Average)
        {
            Pooling.AverageBack(scratch.Gradient.Value, scratch.Flat.Value, input.Height, input.Width, input.Channels);
            Pooling.AverageBack(scratch.Gradient.Tangent, scratch.Flat.Tangent, input.Height, input.Width, input.Channels);
        }
        else
        {
            ReadBoth(0, sample, scratch, 0);
            Pooling.MaxBack(scratch.Input.Value, scratch.Gradient.Value, scratch.Flat.Value, input.Height, input.Width, input.Channels);
            Pooling.MaxBack(scratch.Input.Value, scratch.Gradient.Tangent, scratch.Flat.Tangent, input.Height, input.Width, input.Channels);
        }
        Contribute(0, sample, scratch.Flat);
    }

    protected override void ForwardTangent(int sample, TangentScratch scratch)
    {
        var input = Layer.Inputs[0].Tensor;
        float* target = Both(Layer.Output, sample).Tangent;
        if (!Moves(0))
        {
            new Span<float>(target, (int)Layer.Output.SampleSize).Clear();
            return;
        }
        ReadBoth(0, sample, scratch, 0);
        if (layer.Kind == PoolKind.Average)
            Pooling.Average(scratch.Input.Tangent, target, input.Height, input.Width, input.Channels);
        else
            Pooling.Select(scratch.Input.Value, scratch.Input.Tangent, target, input.Height, input.Width, input.Channels);
    }
}
