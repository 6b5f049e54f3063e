using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>
/// The end of a residual block: output = norm(left) + f(norm(right)), each normalisation and f only where the views say so.
/// The activation that follows is applied by the readers.
/// </summary>
internal sealed unsafe class AddLayer : CpuLayer
{
    private readonly delegate*<float*, in NormCoefficients, float*, in NormCoefficients, float*, int, int, void> _add;
    private readonly delegate*<float*, float*, in NormCoefficients, float*, float*, int, int, int, int, void> _total;

    public AddLayer(string name, View left, View right, StoredTensor output)
        : base(name, output, left, right)
    {
        if (left.Activation != Activation.None)
            throw new ArgumentException("The left operand of a residual addition has no activation function.", nameof(left));
        _add = PointwiseTable.For(output.Channels).Add(left.Normalised, right.Activation, right.Normalised);
        _total = PointwiseTable.For(output.Channels).NormBackward(normalised: true, raw: false);
    }

    /// <summary>The buffer in which the whole gradient with respect to the output stands after the first lines of <see cref="Backward"/>.</summary>
    public GradientBuffer TotalGradient => Output.RawGradient ?? Output.ViewGradient!;

    public override void Forward(int sample, Scratch scratch, bool training)
    {
        var (left, right) = (Inputs[0].Tensor, Inputs[1].Tensor);
        _add(left.Sample(sample), left.Norm, right.Sample(sample), right.Norm, Output.Sample(sample), Output.Positions, Output.Channels);
        if (training)
            TakeMoments(sample);
    }

    public override void Backward(int sample, Scratch scratch, float* table)
    {
        float* total = TotalGradient.Sample(sample);
        if (Output.ViewGradient is { } view)
        {
            float* back = view.Sample(sample);
            if (Output.Normalization is not null)
            {
                float* target = Output.RawGradient is null ? back : scratch.Flat;
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
}
