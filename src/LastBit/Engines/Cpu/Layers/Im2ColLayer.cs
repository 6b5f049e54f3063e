using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// A convolution with stride 1 of images of few pixels and many channels, where the weights are more than the images: as a product of
/// matrices (Im2Col). A row is what the kernel sees at one position of one image, channel by channel and tap by tap as PyTorch has the
/// weights; what lies beside the image is 0.
/// </summary>
internal sealed unsafe class Im2ColLayer : BatchLayer
{
    private const int Panel = MatrixProduct.Panel;

    // Rows of a part: the weights are read from memory once for so many.
    private const int RowsOfPart = 128;

    private readonly TensorShape _from;
    private readonly int _size;
    private readonly int _outputs;
    private readonly long _rows;
    private readonly PanelWeights _weights;
    private readonly AlignedBuffer<float> _x;
    private readonly AlignedBuffer<float> _outer;

    public Im2ColLayer(LayerPlace place)
        : base(place)
    {
        Node node = place.Node;
        _weights = Own(new PanelWeights(node.Parameters[0], node.Parameters.ElementAtOrDefault(1), place.GoesBack));
        (_from, _size, _outputs) = (place.From, node.Parameters[0].Shape[2], _weights.Outputs);
        _rows = MatrixProduct.RowsFor(place.Images * _from.Positions);
        _x = Own(new AlignedBuffer<float>(_weights.InputPanels * PanelSize));
        _outer = Own(new AlignedBuffer<float>(_weights.OutputPanels * PanelSize));
    }

    public override long ForwardFlop => 2L * _from.Positions * _weights.Inputs * _outputs;

    public override long TileSize =>
        Math.Max(MatrixProduct.ScratchSize, Sinks[0] is null ? 0 : ImagesOfPart * _from.Positions * _weights.InputRow);

    public override int LoadParts => _weights.LoadParts;

    public override int BackwardSteps => 2;

    private long PanelSize => _rows * Panel;

    // A multiple of 8, so that tiles of rows do not reach into another part.
    private int ImagesOfPart => Math.Max(8, RowsOfPart / _from.Positions / 8 * 8);

    public override void LoadWeights(NetworkState state, int part) => _weights.Load(state, part);

    public override int ForwardParts(int count) => (count + ImagesOfPart - 1) / ImagesOfPart;

    public override void ForwardPart(int part, int count, Scratch scratch, ForwardPass pass)
    {
        int from = part * ImagesOfPart, to = Math.Min(count, from + ImagesOfPart), positions = _from.Positions;
        for (int sample = from; sample < to; sample++)
        {
            float* x = ReadInput(0, sample, scratch);
            for (int p = 0; p < positions; p++)
                TakeRow(x, p, _x.Pointer + ((((long)sample * positions) + p) * Panel));
        }
        _weights.Forward(_x.Pointer, PanelSize, Output.Data, Output.Channels, from * positions, to * positions);
        for (int sample = from; sample < to; sample++)
            TakeMoments(sample, pass);
    }

    public override int BackwardParts(int step, int count) => step == 0 ? ForwardParts(count) : _weights.GradientParts;

    public override void BackwardPart(int step, int part, int count, Scratch scratch, float* gradients)
    {
        if (step == 0)
            ReturnImages(part, count, scratch);
        else
            _weights.Gradient(part, _outer.Pointer, _x.Pointer, PanelSize, count * _from.Positions, gradients, scratch.Rows);
    }

    public override void ForwardPartTangent(int part, int count, Scratch scratch) => throw NoTangents();

    public override void BackwardPartTangent(int step, int part, int count, Scratch scratch, float* gradientTangents) => throw NoTangents();

    // With tangents, every convolution is a ConvolutionLayer.
    private static InvalidOperationException NoTangents() => new("A convolution by Im2Col has no tangents.");

    private void ReturnImages(int part, int count, Scratch scratch)
    {
        int from = part * ImagesOfPart, to = Math.Min(count, from + ImagesOfPart), positions = _from.Positions, channels = Output.Channels;
        for (int sample = from; sample < to; sample++)
        {
            ReadOutputGradient(sample, scratch.OutputGradient, 0);
            for (int p = 0; p < positions; p++)
            {
                float* target = _outer.Pointer + ((((long)sample * positions) + p) * Panel);
                for (int o = 0; o < _outputs; o += Panel, target += PanelSize)
                {
                    int width = Math.Min(Panel, _outputs - o);
                    new Span<float>(scratch.OutputGradient + (p * channels) + o, width).CopyTo(new Span<float>(target, width));
                }
            }
        }
        if (Sinks[0] is not { } sink)
            return;
        long row = _weights.InputRow;
        _weights.Backward(_outer.Pointer, PanelSize, scratch.Rows - (from * positions * row), row, from * positions, to * positions);
        for (int sample = from; sample < to; sample++)
        {
            new Span<float>(scratch.InputGradient, (int)Inputs[0].Tensor.SampleSize).Clear();
            for (int p = 0; p < positions; p++)
                ReturnRow(scratch.Rows + ((((sample - from) * positions) + p) * row), p, scratch.InputGradient);
            sink.Contribute(sample, scratch.InputGradient);
        }
    }

    /// <summary>What the kernel sees at one position, into a row of panels.</summary>
    private void TakeRow(float* x, int position, float* row)
    {
        int stored = Inputs[0].Tensor.Channels, taps = _size * _size;
        for (int tap = 0; tap < taps; tap++)
        {
            int source = Source(position, tap);
            for (int c = 0, k = tap; c < _from.Channels; c++, k += taps)
                row[(k / Panel * PanelSize) + (k % Panel)] = source < 0 ? 0 : x[(source * stored) + c];
        }
    }

    /// <summary>Adds the gradient of one position's row to that of the image; a pixel takes its shares position by position.</summary>
    private void ReturnRow(float* row, int position, float* image)
    {
        int stored = Inputs[0].Tensor.Channels, taps = _size * _size;
        for (int tap = 0; tap < taps; tap++)
        {
            int source = Source(position, tap);
            if (source < 0)
                continue;
            float* target = image + (source * stored);
            for (int c = 0, k = tap; c < _from.Channels; c++, k += taps)
                target[c] += row[k];
        }
    }

    /// <summary>The position that a tap reads at an output's position; negative beside the image.</summary>
    private int Source(int position, int tap)
    {
        int y = (position / _from.Width) + (tap / _size) - (_size / 2), x = (position % _from.Width) + (tap % _size) - (_size / 2);
        return (uint)y < (uint)_from.Height && (uint)x < (uint)_from.Width ? (y * _from.Width) + x : -1;
    }
}
