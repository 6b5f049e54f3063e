using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LastBit.Arithmetic;

namespace LastBit.Pde;

/// <summary>
/// The one-layer CNN: z = valid correlation of the image with the kernel, Swish r(z) = z sigmoid(beta z), p = mean of r over the positions.
/// One pass gives p and the sum over the positions that the gradient consists of. Holds the memory of one thread.
/// </summary>
internal sealed unsafe class OneLayerCnn
{
    private readonly ValidCorrelation _correlation;
    private readonly CorrelationWork _work;
    private CorrelationWork? _along;

    // Sums of r(z) over one image column and the even or odd image rows: pieces that the shape fixes.
    private readonly AlignedBuffer _sums;

    /// <summary>Prepares the memory.</summary>
    /// <param name="correlation">Of the image.</param>
    /// <param name="beta">Slope of Swish.</param>
    public OneLayerCnn(ValidCorrelation correlation, double beta)
    {
        _correlation = correlation;
        _work = new CorrelationWork(correlation);
        Beta = beta;
        ImageMean = FixedOrderSum.Of(correlation.Image.Pixels) / correlation.Image.Pixels.Length;
        _sums = new AlignedBuffer(correlation.FieldPanels * PanelFft.RowSize);
    }

    /// <summary>What takes z's place before the correlation with the image.</summary>
    public enum Field
    {
        /// <summary>z itself, and no p.</summary>
        Z,

        /// <summary>z itself.</summary>
        ZAndActivation,

        /// <summary>r'(z).</summary>
        Derivative,
    }

    /// <summary>Slope of Swish.</summary>
    public double Beta { get; }

    /// <summary>mean(I), over the whole image.</summary>
    public double ImageMean { get; }

    /// <summary>N, how many valid positions there are.</summary>
    public double Positions => (double)_correlation.Height * _correlation.Width;

    /// <summary>sums[u] = sum over the valid x of f(x) I[x+u].</summary>
    /// <param name="field">What f is.</param>
    /// <param name="kernel">The kernel, row by row.</param>
    /// <param name="sums">As large as the kernel; receives the sums.</param>
    /// <returns>p, the mean of r(z); 0 for <see cref="Field.Z"/>.</returns>
    public double Evaluate(Field field, ReadOnlySpan<double> kernel, Span<double> sums)
    {
        if (VectorWidth.Is512)
            return Evaluate<Vector512<double>, Lanes512>(field, kernel, sums);
        if (VectorWidth.Is256)
            return Evaluate<Vector256<double>, Lanes256>(field, kernel, sums);
        if (VectorWidth.Is128)
            return Evaluate<Vector128<double>, Lanes128>(field, kernel, sums);
        return Evaluate<double, Lanes64>(field, kernel, sums);
    }

    internal double Evaluate<V, L>(Field field, ReadOnlySpan<double> kernel, Span<double> sums)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        _work.FromKernel<V, L>(kernel);
        for (int panel = 0; panel < _correlation.FieldPanels; panel++)
        {
            _work.ToPositions<V, L>(panel);
            if (field != Field.Z)
                Activate<V, L>(panel, field == Field.Derivative);
            _work.ToFrequencies<V, L>(panel);
        }
        _work.ToKernel<V, L>(sums);
        return field == Field.Z ? 0 : MeanOfSums();
    }

    /// <summary>
    /// The two parts of the second derivative along a direction D of the kernel, with dz = valid correlation of the image with D:
    /// curvature[u] = sum over the valid x of r''(z[x]) dz[x] I[x+u], and the mean of r'(z) dz.
    /// </summary>
    /// <param name="kernel">The kernel, row by row.</param>
    /// <param name="direction">D, as large.</param>
    /// <param name="curvature">As large; receives the sums.</param>
    /// <returns>The mean over the positions of r'(z) dz, which is the derivative of p along D.</returns>
    public double Curvature(ReadOnlySpan<double> kernel, ReadOnlySpan<double> direction, Span<double> curvature)
    {
        if (VectorWidth.Is512)
            return Curvature<Vector512<double>, Lanes512>(kernel, direction, curvature);
        if (VectorWidth.Is256)
            return Curvature<Vector256<double>, Lanes256>(kernel, direction, curvature);
        if (VectorWidth.Is128)
            return Curvature<Vector128<double>, Lanes128>(kernel, direction, curvature);
        return Curvature<double, Lanes64>(kernel, direction, curvature);
    }

    internal double Curvature<V, L>(ReadOnlySpan<double> kernel, ReadOnlySpan<double> direction, Span<double> curvature)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        _along ??= new CorrelationWork(_correlation);
        _work.FromKernel<V, L>(kernel);
        _along.FromKernel<V, L>(direction);
        for (int panel = 0; panel < _correlation.FieldPanels; panel++)
        {
            _work.ToPositions<V, L>(panel);
            _along.ToPositions<V, L>(panel);
            double* sums = _sums.Start + panel * PanelFft.RowSize;
            for (int lane = 0; lane < PanelFft.RowSize; lane += L.Count)
                L.Store(CurveLanes<V, L>(_work.Field(panel) + lane, _along.Field(panel) + lane, RowsOf(lane), L.All(Beta)), sums + lane);
            _along.ToFrequencies<V, L>(panel);
        }
        _along.ToKernel<V, L>(curvature);
        return MeanOfSums();
    }

    // Replaces dz by r''(z) dz, and returns the sum of r'(z) dz.
    private static V CurveLanes<V, L>(double* z, double* along, int rows, V beta)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        V sum = L.All(0), two = L.All(2);
        for (int row = 0; row < rows; row++, z += PanelFft.RowSize, along += PanelFft.RowSize)
        {
            V steep = L.Multiply(beta, L.Load(z)), dz = L.Load(along);
            (V sigmoid, V complement) = Swish.Sigmoids<V, L>(steep);
            // r' = s + beta z s (1-s) and r'' = beta s (1-s) (2 + beta z (1 - 2s)), where 1 - 2s = (1-s) - s.
            V product = L.Multiply(sigmoid, complement);
            sum = L.MultiplyAdd(L.MultiplyAdd(steep, product, sigmoid), dz, sum);
            V bend = L.MultiplyAdd(steep, L.Subtract(complement, sigmoid), two);
            L.Store(L.Multiply(L.Multiply(L.Multiply(beta, product), bend), dz), along);
        }
        return sum;
    }

    // Lanes 0 to 7 are even image rows, 8 to 15 odd ones.
    private int RowsOf(int lane) => lane < PanelFft.Lanes ? (_correlation.Height + 1) / 2 : _correlation.Height / 2;

    private double MeanOfSums()
    {
        // The lanes beyond the last column hold sums over what is not there.
        int lastColumns = _correlation.Width - (_correlation.FieldPanels - 1) * PanelFft.Lanes;
        double* last = _sums.Start + (_correlation.FieldPanels - 1) * PanelFft.RowSize;
        for (int lane = lastColumns; lane < PanelFft.Lanes; lane++)
            last[lane] = last[PanelFft.Lanes + lane] = 0;
        return FixedOrderSum.Of(new ReadOnlySpan<double>(_sums.Start, _correlation.FieldPanels * PanelFft.RowSize)) / Positions;
    }

    private void Activate<V, L>(int panel, bool derivative)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        double* sums = _sums.Start + panel * PanelFft.RowSize;
        for (int lane = 0; lane < PanelFft.RowSize; lane += L.Count)
            L.Store(ActivateLanes<V, L>(_work.Field(panel) + lane, RowsOf(lane), derivative, L.All(Beta)), sums + lane);
    }

    private static V ActivateLanes<V, L>(double* data, int rows, bool derivative, V beta)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        V sum = L.All(0);
        for (int row = 0; row < rows; row++, data += PanelFft.RowSize)
        {
            V z = L.Load(data), steep = L.Multiply(beta, z);
            (V sigmoid, V complement) = Swish.Sigmoids<V, L>(steep);
            sum = L.MultiplyAdd(z, sigmoid, sum);
            if (derivative)
                L.Store(L.MultiplyAdd(L.Multiply(steep, complement), sigmoid, sigmoid), data);
        }
        return sum;
    }
}
