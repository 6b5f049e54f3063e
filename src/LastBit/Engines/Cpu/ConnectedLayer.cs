using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>
/// A fully connected layer with bias of inputs of any size, y[n, o] = bias[o] + sum over i of weight[o, i] x[n, i]; x is an image's numbers channel by channel, each
/// row by row, as PyTorch flattens them. A small one behind layers that go image by image is a <see cref="LinearLayer"/>.
/// </summary>
internal sealed unsafe class ConnectedLayer : BatchLayer, IDisposable
{
    private const int MostRows = 128;
    private readonly TensorShape _from;
    private readonly int _inputs;
    private readonly int _outputs;
    private readonly int _threads;
    private readonly long _rows;
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    // The weights as either product reads them, and what their sums begin with.
    private readonly NativeBuffer _forward;
    private readonly NativeBuffer? _backward;
    private readonly NativeBuffer _initial;
    private readonly NativeBuffer _zeros;
    // Panels of 32 columns: the inputs, and the gradient with respect to the outputs.
    private readonly NativeBuffer _x;
    private readonly NativeBuffer _outer;

    public ConnectedLayer(Node node, TensorShape from, View input, StoredTensor output, int capacity, int threads)
        : base(node.Layer.Name, output, input)
    {
        (_weight, _bias) = (node.Parameters[0], node.Parameters[1]);
        (_outputs, _inputs) = (_weight.Shape[0], _weight.Shape[1]);
        (_from, _threads) = (from, threads);
        // An odd number of tiles: panels at a distance of a power of two would meet in the same lines of a cache.
        _rows = ((capacity + MatrixProduct.TileRows - 1) / MatrixProduct.TileRows | 1) * MatrixProduct.TileRows;
        int inputPanels = MatrixProduct.Panels(_inputs), outputPanels = MatrixProduct.Panels(_outputs);
        _forward = new NativeBuffer((long)outputPanels * MatrixProduct.Panel * _inputs);
        _backward = input.Tensor.Producer is null ? null : new NativeBuffer((long)inputPanels * MatrixProduct.Panel * _outputs);
        _initial = new NativeBuffer(outputPanels * MatrixProduct.Panel);
        _zeros = new NativeBuffer(inputPanels * MatrixProduct.Panel);
        _x = new NativeBuffer(inputPanels * PanelSize);
        _outer = new NativeBuffer(outputPanels * PanelSize);
    }

    public override long ForwardFlop => 2L * _outputs * _inputs;

    public override long PaddedSize => Math.Max(Inputs[0].Tensor.SampleSize, Output.SampleSize);

    public override long TileSize => Math.Max(MatrixProduct.Room, _backward is null ? 0 : MatrixProduct.TileRows * ResultRow);

    public override int LoadParts => MatrixProduct.Panels(_outputs) + (_backward is null ? 0 : MatrixProduct.Panels(_inputs));

    public override int BackwardSteps => 2;

    /// <summary>[outputs, inputs].</summary>
    public Parameter Weight => _weight;

    /// <summary>[outputs].</summary>
    public Parameter Bias => _bias;

    /// <summary>The batch's inputs in panels, as the forward pass leaves them.</summary>
    public float* FlatInputs => _x.Pointer;

    /// <summary>Room for the gradients with respect to the batch's outputs in panels.</summary>
    public float* FlatGradients => _outer.Pointer;

    /// <summary>The weights as the forward product reads them.</summary>
    public float* ForwardWeights => _forward.Pointer;

    /// <summary>The weights as the product of the input gradient reads them; null where there is none.</summary>
    public float* BackwardWeights => _backward is null ? null : _backward.Pointer;

    /// <summary>Floats from panel to panel of inputs and gradients.</summary>
    public long PanelSize => _rows * MatrixProduct.Panel;

    private long ResultRow => _zeros.Count;

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
        const int Panel = MatrixProduct.Panel;
        float* weights = state.ParameterPointer + _weight.Offset;
        int panels = MatrixProduct.Panels(_outputs), first = part * Panel;
        if (part < panels)
        {
            int outputs = Math.Min(Panel, _outputs - first);
            MatrixProduct.Transpose(weights + ((long)first * _inputs), outputs, _inputs, _forward.Pointer + ((long)first * _inputs));
            new Span<float>(state.ParameterPointer + _bias.Offset + first, outputs).CopyTo(new Span<float>(_initial.Pointer + first, outputs));
            return;
        }
        first = (part - panels) * Panel;
        MatrixProduct.CopyPanel(weights + first, _outputs, Math.Min(Panel, _inputs - first), _inputs, _backward!.Pointer + ((long)first * _outputs));
    }

    public override int ForwardParts(int count) => (count + RowsOfPart(count) - 1) / RowsOfPart(count);

    public override void ForwardPart(int part, int count, Scratch scratch, bool training)
    {
        var (from, to) = RowsOf(part, count);
        for (int row = from; row < to; row++)
            Flatten(ReadInput(0, row, scratch), _x.Pointer + ((long)row * MatrixProduct.Panel));
        MatrixProduct.Multiply(
            new MatrixShape
            {
                Left = _x.Pointer,
                LeftPanel = PanelSize,
                Right = _forward.Pointer,
                Initial = _initial.Pointer,
                Result = Output.Data,
                ResultRow = Output.SampleSize,
                Terms = _inputs,
                Columns = _outputs,
            },
            from, to);
    }

    public override int BackwardParts(int step, int count) => step == 0 ? ForwardParts(count) : MatrixProduct.Panels(_inputs) + MatrixProduct.Panels(_outputs);

    public override void BackwardPart(int step, int part, int count, Scratch scratch, float* gradients)
    {
        if (step == 0)
            ReturnRows(part, count, scratch);
        else
            ReturnWeights(part, count, scratch, gradients);
    }

    /// <summary>The gradient with respect to the outputs of some images, and what it makes of the inputs.</summary>
    private void ReturnRows(int part, int count, Scratch scratch)
    {
        const int Panel = MatrixProduct.Panel;
        var (from, to) = RowsOf(part, count);
        for (int row = from; row < to; row++)
        {
            ReadOutputGradient(row, scratch.Gradient, 0);
            FlattenGradient(scratch.Gradient, _outer.Pointer + ((long)row * Panel));
        }
        if (Sinks[0] is not { } sink)
            return;
        for (int row = from; row < to; row += MatrixProduct.TileRows)
        {
            int end = Math.Min(to, row + MatrixProduct.TileRows);
            MatrixProduct.Multiply(
                new MatrixShape
                {
                    Left = _outer.Pointer,
                    LeftPanel = PanelSize,
                    Right = _backward!.Pointer,
                    Initial = _zeros.Pointer,
                    Result = scratch.Tiles - (row * ResultRow),
                    ResultRow = ResultRow,
                    Terms = _outputs,
                    Columns = _inputs,
                },
                row, end);
            for (int r = row; r < end; r++)
            {
                Unflatten(scratch.Tiles + ((r - row) * ResultRow), scratch.Flat);
                sink.Contribute(r, scratch.Flat);
            }
        }
    }

    private void ReturnWeights(int part, int count, Scratch scratch, float* gradients)
    {
        const int Panel = MatrixProduct.Panel;
        int panels = MatrixProduct.Panels(_inputs), first = part * Panel;
        if (part < panels)
        {
            MatrixProduct.WeightGradient(
                _outer.Pointer, PanelSize, _x.Pointer + (part * PanelSize), count, _outputs, Math.Min(Panel, _inputs - first),
                gradients + _weight.Offset + first, _inputs, scratch.Tiles);
            return;
        }
        first = (part - panels) * Panel;
        float* sums = stackalloc float[Panel];
        MatrixProduct.ColumnSums(_outer.Pointer + ((part - panels) * PanelSize), count, sums, scratch.Tiles);
        Copy(sums, gradients + _bias.Offset + first, Math.Min(Panel, _outputs - first));
    }

    private int RowsOfPart(int count)
    {
        // A part a thread at least; the more rows, the less often the weights are read, but their inputs are to stay in the second-level cache.
        int share = (count + _threads - 1) / _threads;
        return Math.Min(MostRows, (share + MatrixProduct.TileRows - 1) / MatrixProduct.TileRows * MatrixProduct.TileRows);
    }

    /// <summary>The images of a part that goes by images.</summary>
    public (int From, int To) RowsOf(int part, int count)
    {
        int rows = RowsOfPart(count);
        return (part * rows, Math.Min(count, (part + 1) * rows));
    }

    /// <summary>From positions x stored channels to a row of panels, channel by channel.</summary>
    public void Flatten(float* source, float* target)
    {
        const int Panel = MatrixProduct.Panel;
        int positions = _from.Positions, stored = Inputs[0].Tensor.Channels;
        if (positions == 1)
        {
            for (int i = 0; i < _inputs; i += Panel, target += PanelSize)
                Copy(source + i, target, Math.Min(Panel, _inputs - i));
            return;
        }
        for (int c = 0; positions % Panel == 0 && c < _from.Channels; c++)
        {
            float* from = source + c;
            for (int p = 0; p < positions; p += Panel, target += PanelSize)
            {
                for (int k = 0; k < Panel; k += 4, from += 4 * stored)
                {
                    target[k] = *from;
                    target[k + 1] = from[stored];
                    target[k + 2] = from[2 * stored];
                    target[k + 3] = from[3 * stored];
                }
            }
        }
        for (int i = 0; positions % Panel != 0 && i < _inputs; i += Panel, target += PanelSize)
        {
            int end = Math.Min(Panel, _inputs - i), channel = i / positions, position = i % positions;
            float* from = source + ((long)position * stored) + channel;
            for (int k = 0; k < end; k++, from += stored)
            {
                if (position++ == positions)
                {
                    from = source + ++channel;
                    position = 1;
                }
                target[k] = *from;
            }
        }
    }

    /// <summary>From an image's outputs to a row of panels.</summary>
    public void FlattenGradient(float* source, float* target)
    {
        const int Panel = MatrixProduct.Panel;
        for (int o = 0; o < _outputs; o += Panel, target += PanelSize)
            Copy(source + o, target, Math.Min(Panel, _outputs - o));
    }

    /// <summary>The inverse of <see cref="Flatten"/> for a row that lies in one piece; channels that are stored but not there are zero.</summary>
    public void Unflatten(float* source, float* target)
    {
        int positions = _from.Positions, stored = Inputs[0].Tensor.Channels;
        if (stored != _from.Channels)
            new Span<float>(target, positions * stored).Clear();
        for (int channel = 0; channel < _from.Channels; channel++, source += positions)
        {
            float* to = target + channel;
            for (int p = 0; p < positions; p++, to += stored)
                *to = source[p];
        }
    }

    private static void Copy(float* source, float* target, int count) => new Span<float>(source, count).CopyTo(new Span<float>(target, count));
}
