namespace LastBit.Engines.Cpu;

/// <summary>The average over all positions of a view: height x width x channels to 1 x 1 x channels.</summary>
internal sealed unsafe class GlobalAverageLayer(string name, View input, StoredTensor output) : CpuLayer(name, output, input)
{
    public override long PaddedSize => Inputs[0].Tensor.SampleSize;

    public override void Forward(int sample, Scratch scratch, bool training)
    {
        var tensor = Inputs[0].Tensor;
        PointwiseTable.Moments(ReadInput(0, sample, scratch), tensor.Positions, tensor.Channels, Output.Sample(sample), scratch.Flat);
        if (training)
            TakeMoments(sample);
    }

    public override void Backward(int sample, Scratch scratch, float* table)
    {
        if (Sinks[0] is not { } sink)
            return;
        var tensor = Inputs[0].Tensor;
        ReadOutputGradient(sample, scratch.Gradient, 0);
        var row = new Span<float>(scratch.Flat, tensor.Channels);
        for (int i = 0; i < row.Length; i++)
            row[i] = scratch.Gradient[i] / tensor.Positions;
        for (int p = 1; p < tensor.Positions; p++)
            row.CopyTo(new Span<float>(scratch.Flat + ((long)p * row.Length), row.Length));
        sink.Contribute(sample, scratch.Flat);
    }
}
