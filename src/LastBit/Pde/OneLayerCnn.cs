using LastBit.Arithmetic;

namespace LastBit.Pde;

/// <summary>
/// The one-layer CNN: z = valid correlation of the image with the kernel, Swish r(z) = z sigmoid(beta z), p = mean of r over the positions.
/// One pass gives p and the sum over the positions that the gradient consists of. Holds the memory of one thread.
/// </summary>
internal sealed unsafe class OneLayerCnn : IDisposable
{
    private readonly ValidCorrelation _correlation;
    private readonly CorrelationWork _work;
    private CorrelationWork? _along;

    // Sums of r(z) over one image column and the even or odd image rows: the shape fixes this partition.
    private readonly AlignedBuffer<double> _sums;

    /// <summary>Prepares the memory.</summary>
    /// <param name="correlation">Of the image.</param>
    /// <param name="beta">Slope of Swish.</param>
    public OneLayerCnn(ValidCorrelation correlation, double beta)
    {
        _correlation = correlation;
        _work = new CorrelationWork(correlation);
        Beta = beta;
        ImageMean = FixedOrderSum.Of(correlation.Image.Pixels) / correlation.Image.Pixels.Length;
        _sums = new AlignedBuffer<double>(correlation.FieldPanels * PanelFft.RowSize);
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

    /// <inheritdoc/>
    public void Dispose()
    {
        _work.Dispose();
        _along?.Dispose();
        _sums.Dispose();
    }

    /// <summary>sums[u] = sum over the valid x of f(x) I[x+u].</summary>
    /// <param name="field">What f is.</param>
    /// <param name="kernel">The kernel, row by row.</param>
    /// <param name="sums">As large as the kernel; receives the sums.</param>
    /// <returns>p, the mean of r(z); 0 for <see cref="Field.Z"/>.</returns>
    public double Evaluate(Field field, ReadOnlySpan<double> kernel, Span<double> sums)
    {
        var work = new EvaluateWork(this, field, kernel, sums);
        Widest.Double(ref work, PanelFft.Lanes);
        return work.Mean;
    }

    internal double Evaluate<T>(Field field, ReadOnlySpan<double> kernel, Span<double> sums)
        where T : unmanaged, ILanes<T, double>
    {
        _work.FromKernel<T>(kernel);
        for (int panel = 0; panel < _correlation.FieldPanels; panel++)
        {
            _work.ToPositions<T>(panel);
            if (field != Field.Z)
                Activate<T>(panel, field == Field.Derivative);
            _work.ToFrequencies<T>(panel);
        }
        _work.ToKernel<T>(sums);
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
        var work = new CurvatureWork(this, kernel, direction, curvature);
        Widest.Double(ref work, PanelFft.Lanes);
        return work.Mean;
    }

    internal double Curvature<T>(ReadOnlySpan<double> kernel, ReadOnlySpan<double> direction, Span<double> curvature)
        where T : unmanaged, ILanes<T, double>
    {
        _along ??= new CorrelationWork(_correlation);
        _work.FromKernel<T>(kernel);
        _along.FromKernel<T>(direction);
        for (int panel = 0; panel < _correlation.FieldPanels; panel++)
        {
            _work.ToPositions<T>(panel);
            _along.ToPositions<T>(panel);
            double* sums = _sums.Pointer + panel * PanelFft.RowSize;
            for (int lane = 0; lane < PanelFft.RowSize; lane += T.Count)
                T.Store(CurveLanes<T>(_work.Field(panel) + lane, _along.Field(panel) + lane, RowsOf(lane), T.Broadcast(Beta)), sums + lane);
            _along.ToFrequencies<T>(panel);
        }
        _along.ToKernel<T>(curvature);
        return MeanOfSums();
    }

    // Replaces dz by r''(z) dz, and returns the sum of r'(z) dz.
    private static T CurveLanes<T>(double* z, double* along, int rows, T beta)
        where T : unmanaged, ILanes<T, double>
    {
        T sum = T.Broadcast(0), two = T.Broadcast(2);
        for (int row = 0; row < rows; row++, z += PanelFft.RowSize, along += PanelFft.RowSize)
        {
            T steep = T.Multiply(beta, T.Load(z)), dz = T.Load(along);
            (T sigmoid, T complement) = Swish.Sigmoids<T>(steep);
            // r' = s + beta z s (1-s) and r'' = beta s (1-s) (2 + beta z (1 - 2s)), where 1 - 2s = (1-s) - s.
            T product = T.Multiply(sigmoid, complement);
            sum = T.FusedMultiplyAdd(T.FusedMultiplyAdd(steep, product, sigmoid), dz, sum);
            T bend = T.FusedMultiplyAdd(steep, T.Subtract(complement, sigmoid), two);
            T.Store(T.Multiply(T.Multiply(T.Multiply(beta, product), bend), dz), along);
        }
        return sum;
    }

    // Lanes 0 to 7 are even image rows, 8 to 15 odd ones.
    private int RowsOf(int lane) => lane < PanelFft.Lanes ? (_correlation.Height + 1) / 2 : _correlation.Height / 2;

    private double MeanOfSums()
    {
        // The lanes beyond the last column hold sums over what is not there.
        int lastColumns = _correlation.Width - (_correlation.FieldPanels - 1) * PanelFft.Lanes;
        double* last = _sums.Pointer + (_correlation.FieldPanels - 1) * PanelFft.RowSize;
        for (int lane = lastColumns; lane < PanelFft.Lanes; lane++)
            last[lane] = last[PanelFft.Lanes + lane] = 0;
        return FixedOrderSum.Of(new ReadOnlySpan<double>(_sums.Pointer, _correlation.FieldPanels * PanelFft.RowSize)) / Positions;
    }

    private void Activate<T>(int panel, bool derivative)
        where T : unmanaged, ILanes<T, double>
    {
        double* sums = _sums.Pointer + panel * PanelFft.RowSize;
        for (int lane = 0; lane < PanelFft.RowSize; lane += T.Count)
            T.Store(ActivateLanes<T>(_work.Field(panel) + lane, RowsOf(lane), derivative, T.Broadcast(Beta)), sums + lane);
    }

    private static T ActivateLanes<T>(double* data, int rows, bool derivative, T beta)
        where T : unmanaged, ILanes<T, double>
    {
        T sum = T.Broadcast(0);
        for (int row = 0; row < rows; row++, data += PanelFft.RowSize)
        {
            T z = T.Load(data), steep = T.Multiply(beta, z);
            (T sigmoid, T complement) = Swish.Sigmoids<T>(steep);
            sum = T.FusedMultiplyAdd(z, sigmoid, sum);
            if (derivative)
                T.Store(T.FusedMultiplyAdd(T.Multiply(steep, complement), sigmoid, sigmoid), data);
        }
        return sum;
    }

    private ref struct EvaluateWork(OneLayerCnn cnn, Field field, ReadOnlySpan<double> kernel, Span<double> sums) : IOverLanes<double>
    {
        private readonly ReadOnlySpan<double> _kernel = kernel;
        private readonly Span<double> _sums = sums;

        public double Mean { get; private set; }

        public void Run<T>()
            where T : unmanaged, ILanes<T, double> => Mean = cnn.Evaluate<T>(field, _kernel, _sums);
    }

    private ref struct CurvatureWork(OneLayerCnn cnn, ReadOnlySpan<double> kernel, ReadOnlySpan<double> direction, Span<double> curvature)
        : IOverLanes<double>
    {
        private readonly ReadOnlySpan<double> _kernel = kernel, _direction = direction;
        private readonly Span<double> _curvature = curvature;

        public double Mean { get; private set; }

        public void Run<T>()
            where T : unmanaged, ILanes<T, double> => Mean = cnn.Curvature<T>(_kernel, _direction, _curvature);
    }
}
