using LastBit.Arithmetic;

namespace LastBit.Pde;

/// <summary>
/// The valid cross-correlation of one image with kernels, z[x] = sum_u K[u] I[x+u], and the correlation of a field over the valid positions
/// with the image, g[u] = sum_x R[x] I[x+u], which is its adjoint. Both are circular correlations of the length of the image: what wraps
/// around falls outside of what is wanted. So both take a real Fourier transform of an argument, the product of its conjugate with the
/// image's spectrum
/// (computed once), and a transform back, of which only what is not zero and what is wanted is computed.
/// <para>
/// The transform along the columns of the image takes pairs of image rows as complex numbers; eight image columns make a panel. The
/// transform along the rows follows on panels of eight vertical frequencies. Immutable: any number of <see cref="CorrelationWork"/>s share
/// one.
/// </para>
/// </summary>
internal sealed unsafe class ValidCorrelation : IDisposable
{
    // 1 in 4 PQ of the image's spectrum: the factors that the transforms leave out, all in one place.
    private readonly AlignedBuffer<double> _spectrum;

    /// <summary>Transforms the image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="kernelHeight">Rows of the kernels, at most the image's.</param>
    /// <param name="kernelWidth">Columns of the kernels, at most the image's.</param>
    public ValidCorrelation(GreyImage image, int kernelHeight, int kernelWidth)
    {
        Image = image;
        KernelHeight = kernelHeight;
        KernelWidth = kernelWidth;
        Height = image.Height - kernelHeight + 1;
        Width = image.Width - kernelWidth + 1;
        ColumnLength = PanelFft.GoodLength(image.Height, 2);
        Columns = new PanelFft(ColumnLength / 2);
        Rows = new PanelFft(PanelFft.GoodLength(image.Width));
        Real = new RealFft(Columns);
        FrequencyPanels = Panels(ColumnLength / 2 + 1);
        FieldPanels = Panels(Width);
        KernelPanels = Panels(kernelWidth);
        RowPanelSize = (Panels(Rows.Length) * PanelFft.Lanes) * PanelFft.RowSize;
        ColumnPanelSize = FrequencyPanels * PanelFft.Lanes * PanelFft.RowSize;

        _spectrum = new AlignedBuffer<double>(FrequencyPanels * RowPanelSize);
        var work = new TransformWork(this, image);
        Widest.Double(ref work, PanelFft.Lanes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Real.Dispose();
        _spectrum.Dispose();
    }

    /// <summary>The image.</summary>
    public GreyImage Image { get; }

    /// <summary>Rows of a kernel.</summary>
    public int KernelHeight { get; }

    /// <summary>Columns of a kernel.</summary>
    public int KernelWidth { get; }

    /// <summary>Rows of the valid positions.</summary>
    public int Height { get; }

    /// <summary>Columns of the valid positions.</summary>
    public int Width { get; }

    /// <summary>Length of the circular correlation along the columns, at least the image's height.</summary>
    public int ColumnLength { get; }

    /// <summary>Length of the circular correlation along the rows, at least the image's width.</summary>
    public int RowLength => Rows.Length;

    internal PanelFft Columns { get; }

    internal PanelFft Rows { get; }

    internal RealFft Real { get; }

    internal int FrequencyPanels { get; }

    internal int FieldPanels { get; }

    internal int KernelPanels { get; }

    internal int RowPanelSize { get; }

    internal int ColumnPanelSize { get; }

    internal double* Spectrum(int panel) => _spectrum.Pointer + panel * RowPanelSize;

    /// <summary>
    /// The least and the greatest |Ihat|^2, the squared spectrum of the image (zero outside),
    /// over the frequencies (j / ColumnLength, k / RowLength).
    /// </summary>
    public (double Min, double Max) PowerRange()
    {
        double min = double.PositiveInfinity, max = 0;
        for (int j = 0; j <= ColumnLength / 2; j++)
        {
            int row = Real.Row(j);
            double* panel = Spectrum(row / PanelFft.Lanes) + row % PanelFft.Lanes;
            for (int k = 0; k < RowLength; k++)
            {
                double re = panel[k * PanelFft.RowSize] * 2 * ColumnLength * RowLength;
                double im = panel[k * PanelFft.RowSize + PanelFft.Lanes] * 2 * ColumnLength * RowLength;
                double power = Math.FusedMultiplyAdd(re, re, im * im);
                min = Math.Min(min, power);
                max = Math.Max(max, power);
            }
        }
        return (min, max);
    }

    internal static int Panels(int size) => (size + PanelFft.Lanes - 1) / PanelFft.Lanes;

    private void Transform<T>(GreyImage image)
        where T : unmanaged, ILanes<T, double>
    {
        int imagePanels = Panels(image.Width);
        using var columns = new AlignedBuffer<double>(imagePanels * ColumnPanelSize);
        for (int panel = 0; panel < imagePanels; panel++)
        {
            double* data = columns.Pointer + panel * ColumnPanelSize;
            RealFft.Pack(image.Pixels, image.Height, image.Width, panel, data);
            Columns.Forward<T>(data, (image.Height + 1) / 2);
            Real.ToSpectrum<T>(data);
        }
        double scale = 1.0 / (4.0 * ColumnLength * RowLength);
        for (int panel = 0; panel < FrequencyPanels; panel++)
        {
            double* spectrum = Spectrum(panel);
            for (int i = 0; i < imagePanels; i++)
            {
                Transposition.Complex8x8(columns.Pointer + i * ColumnPanelSize + panel * PanelFft.Lanes * PanelFft.RowSize,
                    spectrum + i * PanelFft.Lanes * PanelFft.RowSize);
            }
            Rows.Forward<T>(spectrum, image.Width);
            for (int i = 0; i < RowLength * PanelFft.RowSize; i++)
                spectrum[i] *= scale;
        }
    }

    private readonly struct TransformWork(ValidCorrelation correlation, GreyImage image) : IOverLanes<double>
    {
        public void Run<T>()
            where T : unmanaged, ILanes<T, double> => correlation.Transform<T>(image);
    }
}
