using LastBit.Arithmetic;

namespace LastBit.Pde;

/// <summary>
/// The memory in which one thread correlates. The steps, in this order: <see cref="FromKernel"/>; for every panel of the field
/// <see cref="ToPositions"/>, whatever is done with z there, <see cref="ToFrequencies"/>; then <see cref="ToKernel"/>.
/// </summary>
internal sealed unsafe class CorrelationWork : IDisposable
{
    private readonly ValidCorrelation _correlation;
    private readonly AlignedBuffer<double> _field, _kernel, _row;

    public CorrelationWork(ValidCorrelation correlation)
    {
        _correlation = correlation;
        _field = new AlignedBuffer<double>(correlation.FieldPanels * correlation.ColumnPanelSize);
        _kernel = new AlignedBuffer<double>(correlation.KernelPanels * correlation.ColumnPanelSize);
        _row = new AlignedBuffer<double>(correlation.RowPanelSize);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _field.Dispose();
        _kernel.Dispose();
        _row.Dispose();
    }

    /// <summary>
    /// Eight columns of the field, from column 8 panel on: row y holds eight positions of image row 2y, then eight of 2y+1. What lies
    /// outside of the valid positions is finite and without meaning.
    /// </summary>
    public double* Field(int panel) => _field.Pointer + panel * _correlation.ColumnPanelSize;

    /// <summary>Starts from a kernel, row by row: its spectrum, the product with the image's, and back along the rows.</summary>
    public void FromKernel<T>(ReadOnlySpan<double> kernel)
        where T : unmanaged, ILanes<T, double>
    {
        ValidCorrelation c = _correlation;
        for (int panel = 0; panel < c.KernelPanels; panel++)
        {
            double* data = Kernel(panel);
            RealFft.Pack(kernel, c.KernelHeight, c.KernelWidth, panel, data);
            c.Columns.Forward<T>(data, (c.KernelHeight + 1) / 2);
            c.Real.ToSpectrum<T>(data);
        }
        for (int frequencies = 0; frequencies < c.FrequencyPanels; frequencies++)
        {
            for (int panel = 0; panel < c.KernelPanels; panel++)
                Transposition.Complex8x8(Kernel(panel) + Block(frequencies), _row.Pointer + Block(panel));
            Multiply<T>(frequencies, c.KernelWidth, c.Width);
            for (int panel = 0; panel < c.FieldPanels; panel++)
                Transposition.Complex8x8(_row.Pointer + Block(panel), Field(panel) + Block(frequencies));
        }
    }

    /// <summary>Computes z in one panel of the field.</summary>
    public void ToPositions<T>(int panel)
        where T : unmanaged, ILanes<T, double>
    {
        _correlation.Real.FromSpectrum<T>(Field(panel));
        _correlation.Columns.Inverse<T>(Field(panel), (_correlation.Height + 1) / 2);
    }

    /// <summary>Takes what stands in one panel of the field at the valid positions, and 0 elsewhere.</summary>
    public void ToFrequencies<T>(int panel)
        where T : unmanaged, ILanes<T, double>
    {
        ValidCorrelation c = _correlation;
        double* data = Field(panel);
        int rows = (c.Height + 1) / 2, columns = Math.Min(PanelFft.Lanes, c.Width - panel * PanelFft.Lanes);
        for (int row = 0; columns < PanelFft.Lanes && row < rows; row++)
        {
            for (int lane = columns; lane < PanelFft.Lanes; lane++)
                data[row * PanelFft.RowSize + lane] = data[row * PanelFft.RowSize + PanelFft.Lanes + lane] = 0;
        }
        if (c.Height % 2 != 0)
        {
            for (int lane = 0; lane < PanelFft.Lanes; lane++)
                data[(rows - 1) * PanelFft.RowSize + PanelFft.Lanes + lane] = 0;
        }
        c.Columns.Forward<T>(data, rows);
        c.Real.ToSpectrum<T>(data);
    }

    /// <summary>Correlates the field with the image: what comes out has the kernel's shape.</summary>
    public void ToKernel<T>(Span<double> kernel)
        where T : unmanaged, ILanes<T, double>
    {
        ValidCorrelation c = _correlation;
        for (int frequencies = 0; frequencies < c.FrequencyPanels; frequencies++)
        {
            for (int panel = 0; panel < c.FieldPanels; panel++)
                Transposition.Complex8x8(Field(panel) + Block(frequencies), _row.Pointer + Block(panel));
            Multiply<T>(frequencies, c.Width, c.KernelWidth);
            for (int panel = 0; panel < c.KernelPanels; panel++)
                Transposition.Complex8x8(_row.Pointer + Block(panel), Kernel(panel) + Block(frequencies));
        }
        for (int panel = 0; panel < c.KernelPanels; panel++)
        {
            double* data = Kernel(panel);
            c.Real.FromSpectrum<T>(data);
            c.Columns.Inverse<T>(data, (c.KernelHeight + 1) / 2);
            RealFft.Unpack(data, kernel, c.KernelHeight, c.KernelWidth, panel);
        }
    }

    private static int Block(int index) => index * PanelFft.Lanes * PanelFft.RowSize;

    private double* Kernel(int panel) => _kernel.Pointer + panel * _correlation.ColumnPanelSize;

    // Along the rows: transform, conjugate times the image's spectrum, transform back.
    private void Multiply<T>(int frequencies, int nonzero, int wanted)
        where T : unmanaged, ILanes<T, double>
    {
        PanelFft rows = _correlation.Rows;
        rows.Forward<T>(_row.Pointer, nonzero);
        double* spectrum = _correlation.Spectrum(frequencies);
        for (int lane = 0; lane < PanelFft.Lanes; lane += T.Count)
        {
            for (int i = lane; i < rows.Length * PanelFft.RowSize; i += PanelFft.RowSize)
                Complex<T>.Load(_row.Pointer + i).ConjugateTimes(Complex<T>.Load(spectrum + i)).Store(_row.Pointer + i);
        }
        rows.Inverse<T>(_row.Pointer, wanted);
    }
}
