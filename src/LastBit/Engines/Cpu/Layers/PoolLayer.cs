using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// The average or the largest number of every window of 2x2 pixels of a view. The tangent is the average of the tangents, or the tangent at
/// the place of the largest number; going back, gradient and tangent go where the gradient goes.
/// </summary>
internal sealed unsafe class PoolLayer(LayerPlace place) : CpuLayer(place)
{
    private readonly bool _averages = ((Pool)place.Node.Layer).Kind == PoolKind.Average;

    public override void Forward(int sample, Scratch scratch, ForwardPass pass)
    {
        var input = Inputs[0].Tensor;
        float* x = ReadInput(0, sample, scratch);
        if (_averages)
            Pooling.Average(x, Output.Sample(sample), input.Height, input.Width, input.Channels);
        else
            Pooling.Max(x, Output.Sample(sample), input.Height, input.Width, input.Channels);
        TakeMoments(sample, pass);
    }

    public override void ForwardTangent(int sample, Scratch scratch)
    {
        var input = Inputs[0].Tensor;
        float* target = Both(Output, sample).Tangent;
        if (!Moves(0))
        {
            new Span<float>(target, (int)Output.SampleSize).Clear();
            return;
        }
        ReadBoth(0, sample, scratch, 0);
        if (_averages)
            Pooling.Average(scratch.Inputs.Tangent, target, input.Height, input.Width, input.Channels);
        else
            Pooling.Select(scratch.Inputs.Value, scratch.Inputs.Tangent, target, input.Height, input.Width, input.Channels);
    }

    public override void Backward(int sample, Scratch scratch, float* table)
    {
        if (Sinks[0] is not { } sink)
            return;
        ReadOutputGradient(sample, scratch.OutputGradient, 0);
        Return(_averages ? null : ReadInput(0, sample, scratch), scratch.OutputGradient, scratch.InputGradient);
        sink.Contribute(sample, scratch.InputGradient);
    }

    public override void BackwardTangent(int sample, Scratch scratch, float* table)
    {
        if (Sinks[0] is not { } sink)
            return;
        ReadOutputGradients(sample, scratch, 0);
        if (!_averages)
            ReadBoth(0, sample, scratch, 0);
        Return(scratch.Input, scratch.OutputGradients.Value, scratch.InputGradients.Value);
        Return(scratch.Input, scratch.OutputGradients.Tangent, scratch.InputGradients.Tangent);
        sink.Contribute(sample, scratch.InputGradients);
    }

    private void Return(float* x, float* outputGradient, float* inputGradient)
    {
        var input = Inputs[0].Tensor;
        if (_averages)
            Pooling.AverageBack(outputGradient, inputGradient, input.Height, input.Width, input.Channels);
        else
            Pooling.MaxBack(x, outputGradient, inputGradient, input.Height, input.Width, input.Channels);
    }
}
