using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// Takes the gradient that a layer hands on to one of its inputs, and its tangent, as the order of work has it
/// (<see cref="Engines.Contribution"/>).
/// </summary>
internal sealed unsafe class GradientSink
{
    private readonly View _view;
    private readonly GradientMemory _gradient;
    private readonly Contribution _contribution;
    private readonly int _half;
    private readonly delegate*<float*, float*, in NormCoefficients, float*, int, int, float*, float*, void> _close;
    private readonly delegate*<Dual, Dual, in NormCoefficients, in NormCoefficients, Dual, int, int, Dual, Dual, void> _closeTangent;

    /// <summary>A sink.</summary>
    /// <param name="view">The input as the layer reads it.</param>
    /// <param name="gradient">Where the gradient goes.</param>
    /// <param name="contribution">Whether this is the first contribution, and whether it closes the gradient.</param>
    /// <param name="half">Images in the largest batch, where there are tangents.</param>
    public GradientSink(View view, GradientMemory gradient, Contribution contribution, int half)
    {
        (_view, _gradient, _contribution, _half) = (view, gradient, contribution, half);
        _close = PointwiseTable.For(view.Tensor.Channels).Close(view.Normalised, view.Activation, already: !contribution.IsFirst);
        _closeTangent = half == 0 ? null
            : TangentTable.For(view.Tensor.Channels).Close(view.Activation, view.Normalised, already: !contribution.IsFirst);
    }

    /// <summary>The activated view whose gradient it closes, as the layer reads it; null where it closes none.</summary>
    public StoredTensor? Activated => _contribution.Closes && _view.Activation != Activation.None ? _view.Tensor : null;

    /// <summary>
    /// Where the gradient with respect to that view is kept, before it passes back through the activation function; null where nobody
    /// asks.
    /// </summary>
    public AlignedBuffer<float>? Kept { get; set; }

    /// <summary>
    /// Where a layer may write one image's gradient before it contributes it: in its place, where nothing stands yet, so that the caches
    /// hold it once; else in scratch.
    /// </summary>
    public float* Target(int sample, float* scratch) => _contribution.IsFirst ? _gradient.Sample(sample) : scratch;

    /// <summary>Takes one image's gradient, positions x channels.</summary>
    public void Contribute(int sample, float* contribution)
    {
        var tensor = _view.Tensor;
        float* target = _gradient.Sample(sample);
        if (!_contribution.Closes)
        {
            Take(contribution, target);
            return;
        }
        if (Kept is not null)
            Keep(sample, contribution, target);
        float* sum = null, product = null;
        if (tensor.Normalization is { } norm)
        {
            sum = norm.FirstMoment(sample);
            product = norm.SecondMoment(sample);
        }
        _close(contribution, tensor.Sample(sample), tensor.Norm, target, tensor.Positions, tensor.Channels, sum, product);
    }

    /// <summary>Takes one image's gradient and its tangent, positions x channels.</summary>
    public void Contribute(int sample, Dual contribution)
    {
        var tensor = _view.Tensor;
        var target = new Dual(_gradient.Sample(sample), _gradient.Sample(_half + sample));
        if (!_contribution.Closes)
        {
            Take(contribution.Value, target.Value);
            Take(contribution.Tangent, target.Tangent);
            return;
        }
        Dual sum = default, product = default;
        if (tensor.Normalization is { } norm)
        {
            sum = new Dual(norm.FirstMoment(sample), norm.FirstMoment(_half + sample));
            product = new Dual(norm.SecondMoment(sample), norm.SecondMoment(_half + sample));
        }
        var x = new Dual(tensor.Sample(sample), tensor.Sample(_half + sample));
        _closeTangent(contribution, x, tensor.Norm, tensor.NormTangent, target, tensor.Positions, tensor.Channels, sum, product);
    }

    private void Keep(int sample, float* contribution, float* before)
    {
        int count = (int)_view.Tensor.SampleSize;
        float* kept = Kept!.Pointer + ((long)sample * count);
        new Span<float>(contribution, count).CopyTo(new Span<float>(kept, count));
        if (!_contribution.IsFirst)
            PointwiseTable.Accumulate(before, kept, count);
    }

    // Where operands share a buffer, the contribution is there already.
    private void Take(float* contribution, float* target)
    {
        int count = (int)_view.Tensor.SampleSize;
        if (!_contribution.IsFirst)
            PointwiseTable.Accumulate(contribution, target, count);
        else if (contribution != target)
            new Span<float>(contribution, count).CopyTo(new Span<float>(target, count));
    }
}
