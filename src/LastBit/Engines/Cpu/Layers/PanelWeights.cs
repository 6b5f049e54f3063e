using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Kernels;
using LastBit.Models;

namespace LastBit.Engines.Cpu.Layers;

/// <summary>
/// A matrix of weights, [outputs, inputs], with its bias, in the panels in which the products of matrices read it: y = W x + b going
/// forward, W's transpose times g going back, and the gradients of both. Inputs and gradients of the outputs come in panels too, [row][32].
/// </summary>
internal sealed unsafe class PanelWeights : IDisposable
{
    private const int Panel = MatrixProduct.Panel;
    private readonly Parameter? _bias;
    private readonly AlignedBuffer<float> _forward;
    private readonly AlignedBuffer<float>? _backward;
    private readonly AlignedBuffer<float> _initial;
    private readonly AlignedBuffer<float> _zeros;

    /// <summary>Takes the memory.</summary>
    /// <param name="weight">The weights; what follows its first extent counts as one.</param>
    /// <param name="bias">The bias, if any.</param>
    /// <param name="goesBack">Whether the gradient of the inputs is asked for.</param>
    public PanelWeights(Parameter weight, Parameter? bias, bool goesBack)
    {
        (Weight, _bias, Outputs) = (weight, bias, weight.Shape[0]);
        Inputs = weight.Count / Outputs;
        _forward = new AlignedBuffer<float>(OutputRow * Inputs);
        _backward = goesBack ? new AlignedBuffer<float>(InputRow * Outputs) : null;
        _initial = new AlignedBuffer<float>(OutputRow);
        _zeros = new AlignedBuffer<float>(Math.Max(InputRow, OutputRow));
    }

    /// <summary>Where the weights lie among all parameters.</summary>
    public Parameter Weight { get; }

    /// <summary>Rows of the matrix.</summary>
    public int Outputs { get; }

    /// <summary>Columns of the matrix.</summary>
    public int Inputs { get; }

    /// <summary>Panels of the inputs.</summary>
    public int InputPanels => MatrixProduct.Panels(Inputs);

    /// <summary>Panels of the outputs.</summary>
    public int OutputPanels => MatrixProduct.Panels(Outputs);

    /// <summary>Floats of a row of inputs that is written at once.</summary>
    public long InputRow => (long)InputPanels * Panel;

    /// <summary>Floats of a row of outputs that is written at once.</summary>
    public long OutputRow => (long)OutputPanels * Panel;

    /// <summary>Parts of <see cref="Load"/>.</summary>
    public int LoadParts => OutputPanels + (_backward is null ? 0 : InputPanels);

    /// <summary>Parts of <see cref="Gradient"/>.</summary>
    public int GradientParts => InputPanels + (_bias is null ? 0 : OutputPanels);

    /// <inheritdoc/>
    public void Dispose()
    {
        _forward.Dispose();
        _backward?.Dispose();
        _initial.Dispose();
        _zeros.Dispose();
    }

    /// <summary>Brings a part of the weights into the panels.</summary>
    public void Load(NetworkState state, int part)
    {
        float* weights = state.ParameterPointer + Weight.Offset;
        int first = part * Panel;
        if (part < OutputPanels)
        {
            int outputs = Math.Min(Panel, Outputs - first);
            MatrixProduct.Transpose(weights + ((long)first * Inputs), outputs, Inputs, _forward.Pointer + ((long)first * Inputs));
            if (_bias is not null)
                state.Parameters.Slice(_bias.Offset + first, outputs).CopyTo(new Span<float>(_initial.Pointer + first, outputs));
            return;
        }
        first = (part - OutputPanels) * Panel;
        MatrixProduct.CopyPanel(weights + first, Outputs, Math.Min(Panel, Inputs - first), Inputs,
            _backward!.Pointer + ((long)first * Outputs));
    }

    /// <summary>W x + b of some rows.</summary>
    /// <param name="x">The inputs of all rows.</param>
    /// <param name="panel">Floats from panel to panel of the inputs.</param>
    /// <param name="result">Where row 0 would go.</param>
    /// <param name="resultRow">Floats from row to row of the result.</param>
    /// <param name="from">The first row, a multiple of 8.</param>
    /// <param name="to">The row after the last.</param>
    /// <param name="biased">Whether the sums begin with the bias; otherwise with 0.</param>
    public void Forward(float* x, long panel, float* result, long resultRow, int from, int to, bool biased = true) =>
        Multiply(x, panel, _forward, biased ? _initial : _zeros, Inputs, Outputs, result, resultRow, from, to);

    /// <summary>W's transpose times the gradient of the outputs, of some rows.</summary>
    /// <inheritdoc cref="Forward"/>
    public void Backward(float* outer, long panel, float* result, long resultRow, int from, int to) =>
        Multiply(outer, panel, _backward!, _zeros, Outputs, Inputs, result, resultRow, from, to);

    /// <summary>A part of the gradients of weights and bias: 32 columns of the weights, or 32 numbers of the bias.</summary>
    /// <param name="part">The part.</param>
    /// <param name="outer">The gradient of the outputs.</param>
    /// <param name="x">The inputs.</param>
    /// <param name="panel">Floats from panel to panel of both.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="gradients">The gradients of all parameters.</param>
    /// <param name="scratch"><see cref="MatrixProduct.ScratchSize"/> floats.</param>
    public void Gradient(int part, float* outer, float* x, long panel, int rows, float* gradients, float* scratch)
    {
        int first = part * Panel;
        if (part < InputPanels)
        {
            MatrixProduct.WeightGradient(
                outer, panel, x + (part * panel), rows, Outputs, Math.Min(Panel, Inputs - first), gradients + Weight.Offset + first, Inputs,
                scratch);
            return;
        }
        first = (part - InputPanels) * Panel;
        float* sums = stackalloc float[Panel];
        MatrixProduct.ColumnSums(outer + ((part - InputPanels) * panel), rows, sums, scratch);
        int width = Math.Min(Panel, Outputs - first);
        new Span<float>(sums, width).CopyTo(new Span<float>(gradients + _bias!.Offset + first, width));
    }

    private static void Multiply(
        float* left, long leftPanel, AlignedBuffer<float> right, AlignedBuffer<float> initial, int terms, int columns, float* result,
        long resultRow, int from, int to) =>
        MatrixProduct.Multiply(
            new MatrixShape
            {
                Left = left,
                LeftPanel = leftPanel,
                Right = right.Pointer,
                Initial = initial.Pointer,
                Result = result,
                ResultRow = resultRow,
                Terms = terms,
                Columns = columns,
            },
            from, to);
}
