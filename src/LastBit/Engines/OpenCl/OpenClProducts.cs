using LastBit.Models;

namespace LastBit.Engines.OpenCl;

/// <summary>
/// Products with a matrix of weights, [outputs, inputs]: a fully connected layer, or a convolution of few pixels as the fully connected
/// layer of the patches that its kernel sees.
/// </summary>
internal sealed class OpenClProducts : OpenClLayer
{
    private readonly Parameter _weight;
    private readonly Parameter? _bias;
    private readonly TensorShape _from;
    private readonly OpenClBuffer _rows;
    // Of a kernel; 0 where the layer is fully connected.
    private readonly int _size;

    public OpenClProducts(OpenClMemory memory, LayerPlan plan)
        : base(memory, plan)
    {
        (_weight, _bias) = (plan.Node!.Parameters[0], plan.Node.Parameters.ElementAtOrDefault(1));
        _from = plan.InputShapes[0];
        _size = plan.Node.Layer is Convolution convolution ? convolution.Size : 0;
        _rows = memory.Allocate((long)memory.Capacity * RowsOfImage * Terms);
    }

    private int RowsOfImage => _size == 0 ? 1 : _from.Positions;

    /// <summary>Rows of one replica.</summary>
    private int Rows => Images * RowsOfImage;

    private int Columns => _weight.Shape[0];

    private int Terms => _weight.Count / _weight.Shape[0];

    public override void Forward()
    {
        int count = Count * RowsOfImage * Terms, stored = Inputs[0].Channels;
        if (_size == 0)
            Program.Run("flatten", [count], ReadInput(0), _rows, count, _from.Positions, _from.Channels, stored);
        else
            Program.Run("take_patches", [count], ReadInput(0), _rows, count, _from.Height, _from.Width, _from.Channels, stored, _size);
        Multiply(_rows, Terms, Terms, 1, _bias?.Offset ?? -1, Output.Data, Output.Channels, Columns, Terms);
    }

    public override void Backward()
    {
        OpenClBuffer outer = ReadOutputGradient();
        Program.Run("matrix_gradient", [(Terms + 63) / 64 * 16, (Columns + 63) / 64 * 16, Replicas], [16, 16, 1], outer, Output.Channels,
            _rows, Terms, Memory.Gradients, _weight.Offset, Rows, Columns, Terms, Memory.Stride);
        if (_bias is not null)
            Program.Run("column_sums", [Columns, Replicas], [64, 1], outer, Output.Channels, Memory.Gradients, _bias.Offset, Rows, Columns,
                Memory.Stride);
        if (!GoesBack(0))
            return;
        OpenClBuffer back = Memory.Scratch("rows", (long)Memory.Capacity * RowsOfImage * Terms), to = Destination(0);
        Multiply(outer, Output.Channels, 1, Terms, -1, back, Terms, Terms, Columns);
        int count = Count * Inputs[0].ImageSize, stored = Inputs[0].Channels;
        if (_size == 0)
            Program.Run("unflatten", [count], back, to, count, _from.Positions, _from.Channels, stored);
        else
            Program.Run("return_patches", [count], back, to, count, _from.Height, _from.Width, _from.Channels, stored, _size);
        Contribute(0, to);
    }

    private void Multiply(OpenClBuffer x, int row, int columnStep, int termStep, int initial, OpenClBuffer result,
        int resultRow, int columns, int terms) =>
        Program.Run("multiply", [(columns + 63) / 64 * 16, (Rows + 63) / 64 * 16, Replicas], [16, 16, 1], x, row, Memory.Parameters,
            _weight.Offset, columnStep, termStep, initial, result, resultRow, Rows, columns, terms, Memory.Stride);
}
