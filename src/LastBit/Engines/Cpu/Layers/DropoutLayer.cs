using LastBit.Arithmetic;
using LastBit.Models;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// Dropout: each number of an image times 0 or 1 / (1 - P), as <see cref="Dropout.Mask"/> draws; where nothing is drawn, the numbers and
/// their tangents as they are.
/// </summary>
internal sealed unsafe class DropoutLayer : CpuLayer
{
    private readonly Dropout _layer;
    private readonly TensorShape _shape;
    private readonly int _node;
    private readonly AlignedBuffer<float> _masks;
    private bool _draws;

    public DropoutLayer(LayerPlace place)
        : base(place)
    {
        (_layer, _shape, _node) = ((Dropout)place.Node.Layer, place.Node.Shape, place.Node.Number);
        _masks = Own(new AlignedBuffer<float>(place.Half > 0 ? 0 : (long)place.Images * _shape.Count));
    }

    public override void Forward(int sample, Scratch scratch, ForwardPass pass)
    {
        float* x = ReadInput(0, sample, scratch), y = Output.Sample(sample);
        _draws = pass.Draws;
        if (_draws)
            _layer.Mask(pass.Seed, pass.Step, _node, pass.Places[sample], Mask(sample));
        Multiply(sample, x, y);
        TakeMoments(sample, pass);
    }

    public override void ForwardTangent(int sample, Scratch scratch) => ReadTangent(0, sample, Both(Output, sample).Tangent, 0);

    public override void Backward(int sample, Scratch scratch, float* table)
    {
        if (Sinks[0] is not { } sink)
            return;
        ReadOutputGradient(sample, scratch.OutputGradient, 0);
        Multiply(sample, scratch.OutputGradient, scratch.InputGradient);
        sink.Contribute(sample, scratch.InputGradient);
    }

    public override void BackwardTangent(int sample, Scratch scratch, float* table)
    {
        if (Sinks[0] is not { } sink)
            return;
        ReadOutputGradients(sample, scratch, 0);
        sink.Contribute(sample, scratch.OutputGradients);
    }

    private Span<float> Mask(int sample) => new(_masks.Pointer + ((long)sample * _shape.Count), _shape.Count);

    // Padding channels are zero before and after.
    private void Multiply(int sample, float* from, float* to)
    {
        int stored = Output.Channels, channels = _shape.Channels;
        new ReadOnlySpan<float>(from, (int)Output.SampleSize).CopyTo(new Span<float>(to, (int)Output.SampleSize));
        if (!_draws)
            return;
        Span<float> factors = Mask(sample);
        for (int p = 0; p < Output.Positions; p++)
        {
            for (int c = 0; c < channels; c++)
                to[(p * stored) + c] *= factors[(p * channels) + c];
        }
    }
}
