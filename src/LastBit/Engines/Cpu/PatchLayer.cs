using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>
/// A convolution with stride 1 of images of few pixels and many channels, where the weights are more than the images: as a product of matrices. A row is the
/// patch that the kernel sees at one position of one image, channel by channel and tap by tap as PyTorch has the weights; what lies beside the image is 0.
/// </summary>
internal sealed unsafe class PatchLayer : BatchLayer, IDisposable
{
    private const int Panel = MatrixProduct.Panel;

    // With fewer weights they stay in the caches while the images of a ConvolutionLayer pass by; with more positions the patches are larger than what they save.
    private const int LeastWeights = 1 << 20, MostPositions = 16;

    // Rows of a part: the weights are read from memory once for so many.
    private const int RowsOfPart = 128;

    private readonly TensorShape _from;
    private readonly int _size;
    private readonly int _outputs;
    private readonly long _rows;
    private readonly PanelWeights _weights;
    private readonly AlignedBuffer<float> _x;
    private readonly AlignedBuffer<float> _outer;

    public PatchLayer(Node node, TensorShape from, View input, StoredTensor output, int capacity)
        : base(node.Layer.Name, output, input)
    {
        _weights = new PanelWeights(node.Parameters[0], node.Parameters.ElementAtOrDefault(1), goesBack: input.Tensor.Producer is not null);
        (_from, _size, _outputs) = (from, node.Parameters[0].Shape[2], _weights.Outputs);
        _rows = MatrixProduct.RowsFor(capacity * from.Positions);
        _x = new AlignedBuffer<float>(_weights.InputPanels * PanelSize);
        _outer = new AlignedBuffer<float>(_weights.OutputPanels * PanelSize);
    }

    public override long ForwardFlop => 2L * _from.Positions * _weights.Inputs * _outputs;

    public override long PaddedSize => Math.Max(Inputs[0].Tensor.SampleSize, Output.SampleSize);

    public override long TileSize => Math.Max(MatrixProduct.Room, Inputs[0].Tensor.Producer is null ? 0 : ImagesOfPart * _from.Positions * _weights.InputRow);

    public override int LoadParts => _weights.LoadParts;

    public override int BackwardSteps => 2;

    private long PanelSize => _rows * Panel;

    // A multiple of 8, so that tiles of rows do not reach into another part.
    private int ImagesOfPart => Math.Max(8, RowsOfPart / _from.Positions / 8 * 8);

    /// <summary>Whether a convolution is one of those that are better computed so.</summary>
    /// <param name="node">The convolution.</param>
    /// <param name="from">The shape of its input.</param>
    public static bool Pays(Node node, TensorShape from) =>
        ((Models.Convolution)node.Layer).Stride == 1 && from.Positions <= MostPositions && node.Parameters[0].Count >= LeastWeights;

    public void Dispose()
    {
        _weights.Dispose();
        _x.Dispose();
        _outer.Dispose();
    }

    public override void LoadWeights(NetworkState state, int part) => _weights.Load(state, part);

    public override int ForwardParts(int count) => (count + ImagesOfPart - 1) / ImagesOfPart;

    public override void ForwardPart(int part, int count, Scratch scratch, bool training)
    {
        int from = part * ImagesOfPart, to = Math.Min(count, from + ImagesOfPart), positions = _from.Positions;
        for (int sample = from; sample < to; sample++)
        {
            float* x = ReadInput(0, sample, scratch);
            for (int p = 0; p < positions; p++)
                TakePatch(x, p, _x.Pointer + ((((long)sample * positions) + p) * Panel));
        }
        _weights.Forward(_x.Pointer, PanelSize, Output.Data, Output.Channels, from * positions, to * positions);
        for (int sample = from; training && sample < to; sample++)
            TakeMoments(sample);
    }

    public override int BackwardParts(int step, int count) => step == 0 ? ForwardParts(count) : _weights.GradientParts;

    public override void BackwardPart(int step, int part, int count, Scratch scratch, float* gradients)
    {
        if (step == 0)
            ReturnImages(part, count, scratch);
        else
            _weights.Gradient(part, _outer.Pointer, _x.Pointer, PanelSize, count * _from.Positions, gradients, scratch.Tiles);
    }

    private void ReturnImages(int part, int count, Scratch scratch)
    {
        int from = part * ImagesOfPart, to = Math.Min(count, from + ImagesOfPart), positions = _from.Positions, channels = Output.Channels;
        for (int sample = from; sample < to; sample++)
        {
            ReadOutputGradient(sample, scratch.Gradient, 0);
            for (int p = 0; p < positions; p++)
            {
                float* target = _outer.Pointer + ((((long)sample * positions) + p) * Panel);
                for (int o = 0; o < _outputs; o += Panel, target += PanelSize)
                {
                    int width = Math.Min(Panel, _outputs - o);
                    new Span<float>(scratch.Gradient + (p * channels) + o, width).CopyTo(new Span<float>(target, width));
                }
            }
        }
        if (Sinks[0] is not { } sink)
            return;
        long row = _weights.InputRow;
        _weights.Backward(_outer.Pointer, PanelSize, scratch.Tiles - (from * positions * row), row, from * positions, to * positions);
        for (int sample = from; sample < to; sample++)
        {
            new Span<float>(scratch.Flat, (int)Inputs[0].Tensor.SampleSize).Clear();
            for (int p = 0; p < positions; p++)
                ReturnPatch(scratch.Tiles + ((((sample - from) * positions) + p) * row), p, scratch.Flat);
            sink.Contribute(sample, scratch.Flat);
        }
    }

    /// <summary>What the kernel sees at one position, into a row of panels.</summary>
    private void TakePatch(float* x, int position, float* row)
    {
        int stored = Inputs[0].Tensor.Channels, taps = _size * _size;
        for (int tap = 0; tap < taps; tap++)
        {
            int source = Source(position, tap);
            for (int c = 0, k = tap; c < _from.Channels; c++, k += taps)
                row[(k / Panel * PanelSize) + (k % Panel)] = source < 0 ? 0 : x[(source * stored) + c];
        }
    }

    /// <summary>Adds the gradient of one position's patch to that of the image; a pixel takes its shares position by position.</summary>
    private void ReturnPatch(float* row, int position, float* image)
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
