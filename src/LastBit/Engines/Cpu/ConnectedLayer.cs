using LastBit.Arithmetic;
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
    // Panels of 32 columns: the inputs, and the gradient with respect to the outputs.
    private readonly AlignedBuffer<float> _x;
    private readonly AlignedBuffer<float> _outer;

    public ConnectedLayer(Node node, TensorShape from, View input, StoredTensor output, int capacity, int threads)
        : base(node.Layer.Name, output, input)
    {
        Weights = new PanelWeights(node.Parameters[0], node.Parameters[1], goesBack: input.Tensor.Producer is not null);
        (_outputs, _inputs) = (Weights.Outputs, Weights.Inputs);
        (_from, _threads) = (from, threads);
        _rows = MatrixProduct.RowsFor(capacity);
        _x = new AlignedBuffer<float>(Weights.InputPanels * PanelSize);
        _outer = new AlignedBuffer<float>(Weights.OutputPanels * PanelSize);
    }

    public override long ForwardFlop => 2L * _outputs * _inputs;

    public override long PaddedSize => Math.Max(Inputs[0].Tensor.SampleSize, Output.SampleSize);

    public override long TileSize => Math.Max(MatrixProduct.Room, Inputs[0].Tensor.Producer is null ? 0 : MatrixProduct.TileRows * Weights.InputRow);

    public override int LoadParts => Weights.LoadParts;

    public override int BackwardSteps => 2;

    /// <summary>Weights, [outputs, inputs], and bias, [outputs].</summary>
    public PanelWeights Weights { get; }

    /// <summary>The batch's inputs in panels, as the forward pass leaves them.</summary>
    public float* FlatInputs => _x.Pointer;

    /// <summary>Room for the gradients with respect to the batch's outputs in panels.</summary>
    public float* FlatGradients => _outer.Pointer;

    /// <summary>Floats from panel to panel of inputs and gradients.</summary>
    public long PanelSize => _rows * MatrixProduct.Panel;

    public void Dispose()
    {
        Weights.Dispose();
        _x.Dispose();
        _outer.Dispose();
    }

    public override void LoadWeights(NetworkState state, int part) => Weights.Load(state, part);

    public override int ForwardParts(int count) => (count + RowsOfPart(count) - 1) / RowsOfPart(count);

    public override void ForwardPart(int part, int count, Scratch scratch, bool training)
    {
        var (from, to) = RowsOf(part, count);
        for (int row = from; row < to; row++)
            Flatten(ReadInput(0, row, scratch), _x.Pointer + ((long)row * MatrixProduct.Panel));
        Weights.Forward(_x.Pointer, PanelSize, Output.Data, Output.SampleSize, from, to);
    }

    public override int BackwardParts(int step, int count) => step == 0 ? ForwardParts(count) : Weights.GradientParts;

    public override void BackwardPart(int step, int part, int count, Scratch scratch, float* gradients)
    {
        if (step == 0)
            ReturnRows(part, count, scratch);
        else
            Weights.Gradient(part, _outer.Pointer, _x.Pointer, PanelSize, count, gradients, scratch.Tiles);
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
        long resultRow = Weights.InputRow;
        for (int row = from; row < to; row += MatrixProduct.TileRows)
        {
            int end = Math.Min(to, row + MatrixProduct.TileRows);
            Weights.Backward(_outer.Pointer, PanelSize, scratch.Tiles - (row * resultRow), resultRow, row, end);
            for (int r = row; r < end; r++)
            {
                Unflatten(scratch.Tiles + ((r - row) * resultRow), scratch.Flat);
                sink.Contribute(r, scratch.Flat);
            }
        }
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
