using LastBit.Engines.Cpu.Kernels;
using PoolKind = LastBit.Models.PoolKind;

namespace LastBit.Engines.Cpu;

/// <summary>The average or the largest number of every window of 2x2 pixels of a view.</summary>
internal sealed unsafe class PoolLayer(string name, View input, StoredTensor output, PoolKind kind) : CpuLayer(name, output, input)
{
    /// <summary>Which of the two.</summary>
    public PoolKind Kind => kind;

    public override long PaddedSize => Inputs[0].Tensor.SampleSize;

    public override void Forward(int sample, Scratch scratch, bool training)
    {
        var tensor = Inputs[0].Tensor;
        float* x = ReadInput(0, sample, scratch);
        if (kind == PoolKind.Average)
            Pooling.Average(x, Output.Sample(sample), tensor.Height, tensor.Width, tensor.Channels);
        else
            Pooling.Max(x, Output.Sample(sample), tensor.Height, tensor.Width, tensor.Channels);
        if (training)
            TakeMoments(sample);
    }

    public override void Backward(int sample, Scratch scratch, float* table)
    {
        if (Sinks[0] is not { } sink)
            return;
        var tensor = Inputs[0].Tensor;
        ReadOutputGradient(sample, scratch.Gradient, 0);
        if (kind == PoolKind.Average)
            Pooling.AverageBack(scratch.Gradient, scratch.Flat, tensor.Height, tensor.Width, tensor.Channels);
        else
            Pooling.MaxBack(ReadInput(0, sample, scratch), scratch.Gradient, scratch.Flat, tensor.Height, tensor.Width, tensor.Channels);
        sink.Contribute(sample, scratch.Flat);
    }
}
