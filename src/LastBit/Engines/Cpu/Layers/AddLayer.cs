using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// The end of a residual block: output = norm(left) + f(norm(right)), each normalisation and f only where the views say so. The activation
/// that follows is applied by the readers. The tangent is the sum of the operands' tangents; going back, both operands take gradient and
/// tangent alike.
/// </summary>
internal sealed unsafe class AddLayer : CpuLayer
{
    private readonly delegate*<float*, in NormCoefficients, float*, in NormCoefficients, float*, int, int, void> _add;
    private readonly delegate*<float*, float*, in NormCoefficients, float*, float*, int, int, int, int, void> _total;

    public AddLayer(LayerPlace place)
        : base(place)
    {
        if (Inputs[0].Activation != Activation.None)
            throw new ArgumentException("The left operand of a residual addition has no activation function.", nameof(place));
        _add = PointwiseTable.For(Output.Channels).Add(Inputs[0].Normalised, Inputs[1].Activation, Inputs[1].Normalised);
        _total = PointwiseTable.For(Output.Channels).NormBackward(normalised: true, raw: false);
    }

    // Where the whole gradient with respect to the output stands after the first lines of Backward.
    private GradientMemory TotalGradient => Output.RawGradient ?? Output.ViewGradient!;

    public override void Forward(int sample, Scratch scratch, ForwardPass pass)
    {
        var (left, right) = (Inputs[0].Tensor, Inputs[1].Tensor);
        _add(left.Sample(sample), left.Norm, right.Sample(sample), right.Norm, Output.Sample(sample), Output.Positions, Output.Channels);
        TakeMoments(sample, pass);
    }

    public override void ForwardTangent(int sample, Scratch scratch)
    {
        float* target = Both(Output, sample).Tangent;
        ReadTangent(0, sample, target, 0);
        ReadTangent(1, sample, scratch.Summand, 0);
        PointwiseTable.Accumulate(scratch.Summand, target, (int)Output.SampleSize);
    }

    public override void Backward(int sample, Scratch scratch, float* table)
    {
        float* total = TotalGradient.Sample(sample);
        if (Output.ViewGradient is { } view)
        {
            float* back = view.Sample(sample);
            if (Output.Normalization is not null)
            {
                float* target = Output.RawGradient is null ? back : scratch.OutputGradient;
                _total(back, Output.Sample(sample), Output.Norm, null, target, Output.Height, Output.Width, Output.Channels, 0);
                back = target;
            }
            if (Output.RawGradient is not null)
                PointwiseTable.Accumulate(back, total, (int)Output.SampleSize);
        }
        // Where a sink shares the buffer, handing on copies nothing and only takes the sums.
        Sinks[0]?.Contribute(sample, total);
        Sinks[1]?.Contribute(sample, total);
    }

    // The steps of Backward, into other memory.
    public override void CopyOutputGradient(int sample, float* target)
    {
        if (Output.Normalization is null || Output.RawGradient is not { } raw)
        {
            base.CopyOutputGradient(sample, target);
            return;
        }
        _total(Output.ViewGradient!.Sample(sample), Output.Sample(sample), Output.Norm, null, target, Output.Height, Output.Width,
            Output.Channels, 0);
        PointwiseTable.Accumulate(raw.Sample(sample), target, (int)Output.SampleSize);
    }

    public override void BackwardTangent(int sample, Scratch scratch, float* table)
    {
        // The steps of Backward.
        Dual total = Both(TotalGradient, sample);
        if (Output.ViewGradient is { } view)
        {
            Dual back = Both(view, sample);
            if (Output.Normalization is not null)
            {
                Dual target = Output.RawGradient is null ? back : scratch.OutputGradients;
                TangentTable.For(Output.Channels).NormBackward(normalised: true, raw: false)(
                    back, Both(Output, sample), Output.Norm, Output.NormTangent, default, target, Output.Height, Output.Width,
                    Output.Channels, 0);
                back = target;
            }
            if (Output.RawGradient is not null)
            {
                PointwiseTable.Accumulate(back.Value, total.Value, (int)Output.SampleSize);
                PointwiseTable.Accumulate(back.Tangent, total.Tangent, (int)Output.SampleSize);
            }
        }
        Sinks[0]?.Contribute(sample, total);
        Sinks[1]?.Contribute(sample, total);
    }
}
