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
    private readonly int _terms;
    private readonly int _outputs;
    private readonly long _rows;
    private readonly Parameter _weight;
    private readonly Parameter? _bias;
    private readonly NativeBuffer _forward;
    private readonly NativeBuffer? _backward;
    private readonly NativeBuffer _initial;
    private readonly NativeBuffer _zeros;
    private readonly NativeBuffer _x;
    private readonly NativeBuffer _outer;

    public PatchLayer(Node node, TensorShape from, View input, StoredTensor output, int capacity)
        : base(node.Layer.Name, output, input)
    {
        (_weight, _bias) = (node.Parameters[0], node.Parameters.ElementAtOrDefault(1));
        (_from, _size, _outputs) = (from, _weight.Shape[2], _weight.Shape[0]);
        _terms = _weight.Count / _outputs;
        _rows = (((capacity * from.Positions) + MatrixProduct.TileRows - 1) / MatrixProduct.TileRows | 1) * MatrixProduct.TileRows;
        int panels = MatrixProduct.Panels(_terms), outputPanels = MatrixProduct.Panels(_outputs);
        _forward = new NativeBuffer((long)outputPanels * Panel * _terms);
        _backward = input.Tensor.Producer is null ? null : new NativeBuffer((long)panels * Panel * _outputs);
        _initial = new NativeBuffer(outputPanels * Panel);
        _zeros = new NativeBuffer(panels * Panel);
        _x = new NativeBuffer(panels * PanelSize);
        _outer = new NativeBuffer(outputPanels * PanelSize);
    }

    public override long ForwardFlop => 2L * _from.Positions * _weight.Count;

    public override long PaddedSize => Math.Max(Inputs[0].Tensor.SampleSize, Output.SampleSize);

    public override long TileSize => Math.Max(MatrixProduct.Room, _backward is null ? 0 : ImagesOfPart * _from.Positions * _zeros.Count);

    public override int LoadParts => MatrixProduct.Panels(_outputs) + (_backward is null ? 0 : MatrixProduct.Panels(_terms));

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
        _forward.Dispose();
        _backward?.Dispose();
        _initial.Dispose();
        _zeros.Dispose();
        _x.Dispose();
        _outer.Dispose();
    }

    public override void LoadWeights(NetworkState state, int part)
    {
        float* weights = state.ParameterPointer + _weight.Offset;
        int panels = MatrixProduct.Panels(_outputs), first = part * Panel;
        if (part < panels)
        {
            int outputs = Math.Min(Panel, _outputs - first);
            MatrixProduct.Transpose(weights + ((long)first * _terms), outputs, _terms, _forward.Pointer + ((long)first * _terms));
            if (_bias is not null)
                new Span<float>(state.ParameterPointer + _bias.Offset + first, outputs).CopyTo(new Span<float>(_initial.Pointer + first, outputs));
            return;
        }
        first = (part - panels) * Panel;
        MatrixProduct.CopyPanel(weights + first, _outputs, Math.Min(Panel, _terms - first), _terms, _backward!.Pointer + ((long)first * _outputs));
    }

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
        MatrixProduct.Multiply(
            new MatrixShape
            {
                Left = _x.Pointer,
                LeftPanel = PanelSize,
                Right = _forward.Pointer,
                Initial = _initial.Pointer,
                Result = Output.Data,
                ResultRow = Output.Channels,
                Terms = _terms,
                Columns = _outputs,
            },
            from * positions, to * positions);
        for (int sample = from; training && sample < to; sample++)
            TakeMoments(sample);
    }

    public override int BackwardParts(int step, int count) => step == 0 ? ForwardParts(count) : MatrixProduct.Panels(_terms) + (_bias is null ? 0 : MatrixProduct.Panels(_outputs));

    public override void BackwardPart(int step, int part, int count, Scratch scratch, float* gradients)
    {
        if (step == 0)
            ReturnImages(part, count, scratch);
        else
            ReturnWeights(part, count, scratch, gradients);
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
        long row = _zeros.Count;
        MatrixProduct.Multiply(
            new MatrixShape
            {
                Left = _outer.Pointer,
                LeftPanel = PanelSize,
                Right = _backward!.Pointer,
                Initial = _zeros.Pointer,
                Result = scratch.Tiles - (from * positions * row),
                ResultRow = row,
                Terms = _outputs,
                Columns = _terms,
            },
            from * positions, to * positions);
        for (int sample = from; sample < to; sample++)
        {
            new Span<float>(scratch.Flat, (int)Inputs[0].Tensor.SampleSize).Clear();
            for (int p = 0; p < positions; p++)
                ReturnPatch(scratch.Tiles + ((((sample - from) * positions) + p) * row), p, scratch.Flat);
            sink.Contribute(sample, scratch.Flat);
        }
    }

    private void ReturnWeights(int part, int count, Scratch scratch, float* gradients)
    {
        int panels = MatrixProduct.Panels(_terms), first = part * Panel, rows = count * _from.Positions;
        if (part < panels)
        {
            MatrixProduct.WeightGradient(
                _outer.Pointer, PanelSize, _x.Pointer + (part * PanelSize), rows, _outputs, Math.Min(Panel, _terms - first),
                gradients + _weight.Offset + first, _terms, scratch.Tiles);
            return;
        }
        first = (part - panels) * Panel;
        float* sums = stackalloc float[Panel];
        MatrixProduct.ColumnSums(_outer.Pointer + ((part - panels) * PanelSize), rows, sums, scratch.Tiles);
        int width = Math.Min(Panel, _outputs - first);
        new Span<float>(sums, width).CopyTo(new Span<float>(gradients + _bias!.Offset + first, width));
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
