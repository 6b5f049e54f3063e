using LastBit.Engines.Cpu.Kernels;

namespace LastBit.Engines.Cpu.Tangents;

/// <summary>
/// The tangents of a fully connected layer y = W x + b of a whole batch, by the layer's own products of matrices: y' = (b' + W' x) + W x'; going back, for the gradient g of
/// the output, (W's gradient)' = g' x + g x', (b's gradient)' = g', and (x's gradient)' = W g' + W' g. Each half is summed by itself, then the two are added.
/// </summary>
internal sealed unsafe class ConnectedTangent : BatchTangent, IDisposable
{
    private const int Panel = MatrixProduct.Panel;
    private readonly ConnectedLayer _layer;
    private readonly int _inputs;
    private readonly int _outputs;
    private readonly long _inputRow;
    private readonly long _outputRow;
    // The direction's weights as the layer has its own, and the tangents of its inputs and gradients.
    private readonly NativeBuffer _forward;
    private readonly NativeBuffer _initial;
    private readonly NativeBuffer _zeros;
    private readonly NativeBuffer _outer;
    private readonly NativeBuffer? _backward;
    private readonly NativeBuffer? _x;

    public ConnectedTangent(ConnectedLayer layer, int half, IReadOnlyDictionary<StoredTensor, TangentStatistics> statistics)
        : base(layer, half, statistics)
    {
        _layer = layer;
        (_outputs, _inputs) = (layer.Weight.Shape[0], layer.Weight.Shape[1]);
        int inputPanels = MatrixProduct.Panels(_inputs), outputPanels = MatrixProduct.Panels(_outputs);
        (_inputRow, _outputRow) = ((long)inputPanels * Panel, (long)outputPanels * Panel);
        _forward = new NativeBuffer(_outputRow * _inputs);
        _initial = new NativeBuffer(_outputRow);
        _zeros = new NativeBuffer(Math.Max(_inputRow, _outputRow));
        _outer = new NativeBuffer(outputPanels * layer.PanelSize);
        if (!Moves(0))
            return;
        _backward = new NativeBuffer(_inputRow * _outputs);
        _x = new NativeBuffer(inputPanels * layer.PanelSize);
    }

    public override long TileSize => Math.Max(
        Math.Max(MatrixProduct.TileRows * Math.Max(3 * _inputRow, _outputRow), MatrixProduct.Room + ((long)_outputs * Panel)), Layer.TileSize);

    public override int LoadParts => Layer.LoadParts;

    /// <inheritdoc/>
    public void Dispose()
    {
        _forward.Dispose();
        _initial.Dispose();
        _zeros.Dispose();
        _outer.Dispose();
        _backward?.Dispose();
        _x?.Dispose();
    }

    public override void LoadDirection(NetworkState direction, int part)
    {
        float* weights = direction.ParameterPointer + _layer.Weight.Offset;
        int panels = MatrixProduct.Panels(_outputs), first = part * Panel;
        if (part < panels)
        {
            int outputs = Math.Min(Panel, _outputs - first);
            MatrixProduct.Transpose(weights + ((long)first * _inputs), outputs, _inputs, _forward.Pointer + ((long)first * _inputs));
            new Span<float>(direction.ParameterPointer + _layer.Bias.Offset + first, outputs).CopyTo(new Span<float>(_initial.Pointer + first, outputs));
            return;
        }
        first = (part - panels) * Panel;
        MatrixProduct.CopyPanel(weights + first, _outputs, Math.Min(Panel, _inputs - first), _inputs, _backward!.Pointer + ((long)first * _outputs));
    }

    public override void ForwardPart(int part, int count, TangentScratch scratch)
    {
        _layer.ForwardPart(part, count, scratch.Value, training: true);
        var (from, to) = _layer.RowsOf(part, count);
        StoredTensor output = Layer.Output;
        Multiply(_layer.FlatInputs, _layer.PanelSize, _forward.Pointer, _initial, _inputs, _outputs, output.Sample(Half), output.SampleSize, from, to);
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
            Multiply(_x.Pointer, _layer.PanelSize, _layer.ForwardWeights, _zeros, _inputs, _outputs, tile - (row * _outputRow), _outputRow, row, end);
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
            Multiply(_layer.FlatGradients, _layer.PanelSize, _layer.BackwardWeights, _zeros, _outputs, _inputs, value - skip, _inputRow, row, end);
            Multiply(_outer.Pointer, _layer.PanelSize, _layer.BackwardWeights, _zeros, _outputs, _inputs, tangent - skip, _inputRow, row, end);
            Multiply(_layer.FlatGradients, _layer.PanelSize, _backward!.Pointer, _zeros, _outputs, _inputs, other - skip, _inputRow, row, end);
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
        int panels = MatrixProduct.Panels(_inputs), first = part * Panel;
        long panel = _layer.PanelSize;
        float* room = scratch.Value.Tiles, other = room + MatrixProduct.Room;
        if (part >= panels)
        {
            first = (part - panels) * Panel;
            float* sums = stackalloc float[Panel];
            MatrixProduct.ColumnSums(_outer.Pointer + ((part - panels) * panel), count, sums, room);
            int width = Math.Min(Panel, _outputs - first);
            new Span<float>(sums, width).CopyTo(new Span<float>(gradientTangents + _layer.Bias.Offset + first, width));
            return;
        }
        int inputs = Math.Min(Panel, _inputs - first);
        float* target = gradientTangents + _layer.Weight.Offset + first;
        MatrixProduct.WeightGradient(_outer.Pointer, panel, _layer.FlatInputs + (part * panel), count, _outputs, inputs, target, _inputs, room);
        if (_x is null)
            return;
        MatrixProduct.WeightGradient(_layer.FlatGradients, panel, _x.Pointer + (part * panel), count, _outputs, inputs, other, Panel, room);
        for (int o = 0; o < _outputs; o++, target += _inputs, other += Panel)
        {
            for (int i = 0; i < inputs; i++)
                target[i] += other[i];
        }
    }

    private static void Multiply(
        float* left, long leftPanel, float* right, NativeBuffer initial, int terms, int columns, float* result, long resultRow, int from, int to) =>
        MatrixProduct.Multiply(
            new MatrixShape
            {
                Left = left,
                LeftPanel = leftPanel,
                Right = right,
                Initial = initial.Pointer,
                Result = result,
                ResultRow = resultRow,
                Terms = terms,
                Columns = columns,
            },
            from, to);
}
