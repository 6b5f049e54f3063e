namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// The average over all positions of a view: height x width x channels to 1 x 1 x channels. The tangent is the average of the tangents, in
/// the order of the average; going back, each position takes its share.
/// </summary>
internal sealed unsafe class GlobalAverageLayer(LayerPlace place) : CpuLayer(place)
{
    public override void Forward(int sample, Scratch scratch, ForwardPass pass)
    {
        var input = Inputs[0].Tensor;
        PointwiseTable.Moments(ReadInput(0, sample, scratch), input.Positions, input.Channels, Output.Sample(sample),
            scratch.InputGradient);
        TakeMoments(sample, pass);
    }

    public override void ForwardTangent(int sample, Scratch scratch)
    {
        var input = Inputs[0].Tensor;
        ReadTangent(0, sample, scratch.Inputs.Tangent, 0);
        PointwiseTable.Moments(scratch.Inputs.Tangent, input.Positions, input.Channels, Both(Output, sample).Tangent, scratch.Summand);
    }

    public override void Backward(int sample, Scratch scratch, float* table)
    {
        if (Sinks[0] is not { } sink)
            return;
        ReadOutputGradient(sample, scratch.OutputGradient, 0);
        Spread(scratch.OutputGradient, scratch.InputGradient);
        sink.Contribute(sample, scratch.InputGradient);
    }

    public override void BackwardTangent(int sample, Scratch scratch, float* table)
    {
        if (Sinks[0] is not { } sink)
            return;
        ReadOutputGradients(sample, scratch, 0);
        Spread(scratch.OutputGradients.Value, scratch.InputGradients.Value);
        Spread(scratch.OutputGradients.Tangent, scratch.InputGradients.Tangent);
        sink.Contribute(sample, scratch.InputGradients);
    }

    private void Spread(float* gradient, float* target)
    {
        var input = Inputs[0].Tensor;
        var row = new Span<float>(target, input.Channels);
        for (int i = 0; i < row.Length; i++)
            row[i] = gradient[i] / input.Positions;
        for (int p = 1; p < input.Positions; p++)
            row.CopyTo(new Span<float>(target + ((long)p * row.Length), row.Length));
    }
}
