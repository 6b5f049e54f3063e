using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// A fully connected layer with bias of inputs of any size, y[n, o] = bias[o] + sum over i of weight[o, i] x[n, i]; x is an image's numbers
/// channel by channel, each row by row, as PyTorch flattens them. A small one behind layers that go image by image is a
/// <see cref="LinearLayer"/>.
/// <para>
/// The tangent is y' = (b' + W' x) + W x'; going back, for the gradient g of the output, (W's gradient)' = g' x + g x', (b's gradient)' =
/// g', and (x's gradient)' = W g' + W' g. Each half is summed by itself, then the two are added.
/// </para>
/// </summary>
internal sealed unsafe class ConnectedLayer : BatchLayer
{
    private const int MostRows = 128, Panel = MatrixProduct.Panel;
    private readonly TensorShape _from;
    private readonly int _inputs;
    private readonly int _outputs;
    private readonly int _threads;
    private readonly long _rows;
    // Panels of 32 columns: the inputs, and the gradient with respect to the outputs.
    private readonly AlignedBuffer<float> _x;
    private readonly AlignedBuffer<float> _outer;
    private readonly PanelWeights _weights;
    // The same of the direction.
    private readonly AlignedBuffer<float>? _xTangent;
    private readonly AlignedBuffer<float>? _outerTangent;
    private readonly PanelWeights? _direction;

    public ConnectedLayer(LayerPlace place)
        : base(place)
    {
        Node node = place.Node;
        _weights = Own(new PanelWeights(node.Parameters[0], node.Parameters[1], place.GoesBack));
        (_outputs, _inputs) = (_weights.Outputs, _weights.Inputs);
        (_from, _threads) = (place.From, place.Threads);
        _rows = MatrixProduct.RowsFor(place.Images);
        _x = Own(new AlignedBuffer<float>(_weights.InputPanels * PanelSize));
        _outer = Own(new AlignedBuffer<float>(_weights.OutputPanels * PanelSize));
        if (place.Half == 0)
            return;
        _direction = Own(new PanelWeights(node.Parameters[0], node.Parameters[1], place.GoesBack));
        _outerTangent = Own(new AlignedBuffer<float>(_outer.Count));
        _xTangent = place.GoesBack ? Own(new AlignedBuffer<float>(_x.Count)) : null;
    }

    public override long ForwardFlop => 2L * _outputs * _inputs;

    public override long TileSize => _direction is null
        ? Math.Max(MatrixProduct.ScratchSize, Sinks[0] is null ? 0 : MatrixProduct.TileRows * _weights.InputRow)
        : Math.Max(MatrixProduct.TileRows * Math.Max(3 * _weights.InputRow, _weights.OutputRow),
            MatrixProduct.ScratchSize + ((long)_outputs * Panel));

    public override int LoadParts => _weights.LoadParts;

    public override int BackwardSteps => 2;

    // Floats from panel to panel of inputs and gradients.
    private long PanelSize => _rows * Panel;

    public override void LoadWeights(NetworkState state, int part) => _weights.Load(state, part);

    public override void LoadDirection(NetworkState direction, int part) => _direction!.Load(direction, part);

    public override int ForwardParts(int count) => (count + RowsOfPart(count) - 1) / RowsOfPart(count);

    public override void ForwardPart(int part, int count, Scratch scratch, ForwardPass pass)
    {
        var (from, to) = RowsOf(part, count);
        for (int row = from; row < to; row++)
            Flatten(ReadInput(0, row, scratch), _x.Pointer + ((long)row * Panel));
        _weights.Forward(_x.Pointer, PanelSize, Output.Data, Output.SampleSize, from, to);
    }

    public override void ForwardPartTangent(int part, int count, Scratch scratch)
    {
        var (from, to) = RowsOf(part, count);
        _direction!.Forward(_x.Pointer, PanelSize, Output.Sample(Half), Output.SampleSize, from, to);
        if (_xTangent is null)
            return;
        for (int row = from; row < to; row++)
        {
            ReadTangent(0, row, scratch.Inputs.Tangent, 0);
            Flatten(scratch.Inputs.Tangent, _xTangent.Pointer + ((long)row * Panel));
        }
        long outputRow = _weights.OutputRow;
        for (int row = from; row < to; row += MatrixProduct.TileRows)
        {
            int end = Math.Min(to, row + MatrixProduct.TileRows);
            float* tile = scratch.Rows;
            _weights.Forward(_xTangent.Pointer, PanelSize, tile - (row * outputRow), outputRow, row, end, biased: false);
            for (int r = row; r < end; r++, tile += outputRow)
                PointwiseTable.Accumulate(tile, Output.Sample(Half + r), (int)Output.SampleSize);
        }
    }

    public override int BackwardParts(int step, int count) => step == 0 ? ForwardParts(count) : _weights.GradientParts;

    public override void BackwardPart(int step, int part, int count, Scratch scratch, float* gradients)
    {
        if (step == 0)
            ReturnRows(part, count, scratch);
        else
            _weights.Gradient(part, _outer.Pointer, _x.Pointer, PanelSize, count, gradients, scratch.Rows);
    }

    /// <summary>The gradient with respect to the outputs of some images, and what it makes of the inputs.</summary>
    private void ReturnRows(int part, int count, Scratch scratch)
    {
        var (from, to) = RowsOf(part, count);
        for (int row = from; row < to; row++)
        {
            ReadOutputGradient(row, scratch.OutputGradient, 0);
            FlattenGradient(scratch.OutputGradient, _outer.Pointer + ((long)row * Panel));
        }
        if (Sinks[0] is not { } sink)
            return;
        long resultRow = _weights.InputRow;
        for (int row = from; row < to; row += MatrixProduct.TileRows)
        {
            int end = Math.Min(to, row + MatrixProduct.TileRows);
            _weights.Backward(_outer.Pointer, PanelSize, scratch.Rows - (row * resultRow), resultRow, row, end);
            for (int r = row; r < end; r++)
            {
                Unflatten(scratch.Rows + ((r - row) * resultRow), scratch.InputGradient);
                sink.Contribute(r, scratch.InputGradient);
            }
        }
    }

    public override void BackwardPartTangent(int step, int part, int count, Scratch scratch, float* gradientTangents)
    {
        if (step == 0)
            ReturnRowsTangent(part, count, scratch);
        else
            ReturnWeightsTangent(part, count, scratch, gradientTangents);
    }

    private void ReturnRowsTangent(int part, int count, Scratch scratch)
    {
        var (from, to) = RowsOf(part, count);
        for (int row = from; row < to; row++)
        {
            ReadOutputGradients(row, scratch, 0);
            FlattenGradient(scratch.OutputGradients.Value, _outer.Pointer + ((long)row * Panel));
            FlattenGradient(scratch.OutputGradients.Tangent, _outerTangent!.Pointer + ((long)row * Panel));
        }
        if (Sinks[0] is not { } sink)
            return;
        long inputRow = _weights.InputRow, size = MatrixProduct.TileRows * inputRow;
        float* value = scratch.Rows, tangent = value + size, other = tangent + size;
        for (int row = from; row < to; row += MatrixProduct.TileRows)
        {
            int end = Math.Min(to, row + MatrixProduct.TileRows);
            long skip = row * inputRow;
            _weights.Backward(_outer.Pointer, PanelSize, value - skip, inputRow, row, end);
            _weights.Backward(_outerTangent!.Pointer, PanelSize, tangent - skip, inputRow, row, end);
            _direction!.Backward(_outer.Pointer, PanelSize, other - skip, inputRow, row, end);
            PointwiseTable.Accumulate(other, tangent, (int)((end - row) * inputRow));
            for (int r = row; r < end; r++)
            {
                Unflatten(value + ((r - row) * inputRow), scratch.InputGradients.Value);
                Unflatten(tangent + ((r - row) * inputRow), scratch.InputGradients.Tangent);
                sink.Contribute(r, scratch.InputGradients);
            }
        }
    }

    private void ReturnWeightsTangent(int part, int count, Scratch scratch, float* gradientTangents)
    {
        float* products = scratch.Rows, other = products + MatrixProduct.ScratchSize;
        _weights.Gradient(part, _outerTangent!.Pointer, _x.Pointer, PanelSize, count, gradientTangents, products);
        if (_xTangent is null || part >= _weights.InputPanels)
            return;
        int first = part * Panel, inputs = Math.Min(Panel, _inputs - first);
        float* target = gradientTangents + _weights.Weight.Offset + first;
        MatrixProduct.WeightGradient(_outer.Pointer, PanelSize, _xTangent.Pointer + (part * PanelSize), count, _outputs, inputs, other,
            Panel, products);
        for (int o = 0; o < _outputs; o++, target += _inputs, other += Panel)
        {
            for (int i = 0; i < inputs; i++)
                target[i] += other[i];
        }
    }

    private int RowsOfPart(int count)
    {
        // A part a thread at least; the more rows, the less often the weights are read, but their inputs are to stay in the second-level
        // cache.
        int share = (count + _threads - 1) / _threads;
        return Math.Min(MostRows, (share + MatrixProduct.TileRows - 1) / MatrixProduct.TileRows * MatrixProduct.TileRows);
    }

    /// <summary>The images of a part that goes by images.</summary>
    private (int From, int To) RowsOf(int part, int count)
    {
        int rows = RowsOfPart(count);
        return (part * rows, Math.Min(count, (part + 1) * rows));
    }

    /// <summary>From positions x stored channels to a row of panels, channel by channel.</summary>
    private void Flatten(float* source, float* target)
    {
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
    private void FlattenGradient(float* source, float* target)
    {
        for (int o = 0; o < _outputs; o += Panel, target += PanelSize)
            Copy(source + o, target, Math.Min(Panel, _outputs - o));
    }

    /// <summary>
    /// The inverse of <see cref="Flatten"/> for a row that is contiguous; channels that are stored but not there are zero.
    /// </summary>
    private void Unflatten(float* source, float* target)
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

    private static void Copy(float* source, float* target, int count) =>
        new Span<float>(source, count).CopyTo(new Span<float>(target, count));
}
