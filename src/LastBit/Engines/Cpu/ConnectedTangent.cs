using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;

namespace LastBit.Engines.Cpu;

/// <summary>
/// The tangents of a fully connected layer y = W x + b of a whole batch, by the layer's own products of matrices: y' = (b' + W' x) + W x'; going back, for the gradient g of
/// the output, (W's gradient)' = g' x + g x', (b's gradient)' = g', and (x's gradient)' = W g' + W' g. Each half is summed by itself, then the two are added.
/// </summary>
internal sealed unsafe class ConnectedTangent : BatchTangent, IDisposable
{
    private const int Panel = MatrixProduct.Panel;
    private readonly ConnectedLayer _layer;
    private readonly int _outputs;
    private readonly long _inputRow;
    private readonly long _outputRow;
    // The direction's weights as the layer has its own, and the tangents of its inputs and gradients.
    private readonly PanelWeights _direction;
    private readonly AlignedBuffer<float> _outer;
    private readonly AlignedBuffer<float>? _x;

    public ConnectedTangent(ConnectedLayer layer, int half, IReadOnlyDictionary<StoredTensor, TangentStatistics> statistics)
        : base(layer, half, statistics)
    {
        _layer = layer;
        _direction = layer.Weights.ForDirection(goesBack: Moves(0));
        (_outputs, _inputRow, _outputRow) = (_direction.Outputs, _direction.InputRow, _direction.OutputRow);
        _outer = new AlignedBuffer<float>(_direction.OutputPanels * layer.PanelSize);
        _x = Moves(0) ? new AlignedBuffer<float>(_direction.InputPanels * layer.PanelSize) : null;
    }

    public override long TileSize => Math.Max(
        Math.Max(MatrixProduct.TileRows * Math.Max(3 * _inputRow, _outputRow), MatrixProduct.Room + ((long)_outputs * Panel)), Layer.TileSize);

    public override int LoadParts => Layer.LoadParts;

    /// <inheritdoc/>
    public void Dispose()
    {
        _direction.Dispose();
        _outer.Dispose();
        _x?.Dispose();
    }

    public override void LoadDirection(NetworkState direction, int part) => _direction.Load(direction, part);

    public override void ForwardPart(int part, int count, TangentScratch scratch)
    {
        _layer.ForwardPart(part, count, scratch.Value, training: true);
        var (from, to) = _layer.RowsOf(part, count);
        StoredTensor output = Layer.Output;
        _direction.Forward(_layer.FlatInputs, _layer.PanelSize, output.Sample(Half), output.SampleSize, from, to);
        if (_x is null)
            return;
        for (int row = from; row < to; row++)
        {
            ReadTangent(0, row, scratch.Input.Tangent, 0);
            _layer.Flatten(scratch.Input.Tangent, _x.Pointer + ((long)row * Panel));
        }
        for (int row = from; row < to; row += MatrixProduct.TileRows)
        {
            int end = Math.Min(to, row + MatrixProduct.TileRows);
            float* tile = scratch.Value.Tiles;
            _layer.Weights.Forward(_x.Pointer, _layer.PanelSize, tile - (row * _outputRow), _outputRow, row, end, biased: false);
            for (int r = row; r < end; r++, tile += _outputRow)
                PointwiseTable.Accumulate(tile, output.Sample(Half + r), (int)output.SampleSize);
        }
    }

    public override void BackwardPart(int step, int part, int count, TangentScratch scratch, float* gradientTangents)
    {
        if (step == 0)
            ReturnRows(part, count, scratch);
        else
            ReturnWeights(part, count, scratch, gradientTangents);
    }

    private void ReturnRows(int part, int count, TangentScratch scratch)
    {
        var (from, to) = _layer.RowsOf(part, count);
        for (int row = from; row < to; row++)
        {
            ReadOutputGradient(row, scratch.Gradient, 0);
            _layer.FlattenGradient(scratch.Gradient.Value, _layer.FlatGradients + ((long)row * Panel));
            _layer.FlattenGradient(scratch.Gradient.Tangent, _outer.Pointer + ((long)row * Panel));
        }
        if (!HasSink(0))
            return;
        long size = MatrixProduct.TileRows * _inputRow;
        float* value = scratch.Value.Tiles, tangent = value + size, other = tangent + size;
        for (int row = from; row < to; row += MatrixProduct.TileRows)
        {
            int end = Math.Min(to, row + MatrixProduct.TileRows);
            long skip = row * _inputRow;
            _layer.Weights.Backward(_layer.FlatGradients, _layer.PanelSize, value - skip, _inputRow, row, end);
            _layer.Weights.Backward(_outer.Pointer, _layer.PanelSize, tangent - skip, _inputRow, row, end);
            _direction.Backward(_layer.FlatGradients, _layer.PanelSize, other - skip, _inputRow, row, end);
            PointwiseTable.Accumulate(other, tangent, (int)((end - row) * _inputRow));
            for (int r = row; r < end; r++)
            {
                _layer.Unflatten(value + ((r - row) * _inputRow), scratch.Flat.Value);
                _layer.Unflatten(tangent + ((r - row) * _inputRow), scratch.Flat.Tangent);
                Contribute(0, r, scratch.Flat);
            }
        }
    }

    private void ReturnWeights(int part, int count, TangentScratch scratch, float* gradientTangents)
    {
        long panel = _layer.PanelSize;
        float* room = scratch.Value.Tiles, other = room + MatrixProduct.Room;
        _direction.Gradient(part, _outer.Pointer, _layer.FlatInputs, panel, count, gradientTangents, room);
        if (_x is null || part >= _direction.InputPanels)
            return;
        int first = part * Panel, inputs = Math.Min(Panel, _direction.Inputs - first);
        float* target = gradientTangents + _direction.Weight.Offset + first;
        MatrixProduct.WeightGradient(_layer.FlatGradients, panel, _x.Pointer + (part * panel), count, _outputs, inputs, other, Panel, room);
        for (int o = 0; o < _outputs; o++, target += _direction.Inputs, other += Panel)
        {
            for (int i = 0; i < inputs; i++)
                target[i] += other[i];
        }
    }
}
