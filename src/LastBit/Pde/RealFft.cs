using LastBit.Arithmetic;

namespace LastBit.Pde;

/// <summary>
/// The transform of real sequences of even length P = 2h by complex ones of length h: number 2y is the real part and 2y+1 the imaginary
/// part of row y. The spectrum has h+1 rows: frequency k &lt; h where the complex transform left it, and frequency h last.
/// </summary>
internal sealed unsafe class RealFft : IDisposable
{
    private readonly PanelFft _fft;

    // For k = 0 .. h/2: (-sin, -cos) and (-sin, cos) of 2 pi k / P.
    private readonly AlignedBuffer<double> _forward, _inverse;

    public RealFft(PanelFft fft)
    {
        _fft = fft;
        int length = 2 * fft.Length;
        _forward = new AlignedBuffer<double>(fft.Length + 2);
        _inverse = new AlignedBuffer<double>(fft.Length + 2);
        for (int k = 0; k <= fft.Length / 2; k++)
        {
            (double cos, double sin) = RootOfUnity.Of(k, length);
            _forward.Pointer[2 * k] = _inverse.Pointer[2 * k] = -sin;
            _forward.Pointer[2 * k + 1] = -cos;
            _inverse.Pointer[2 * k + 1] = cos;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _forward.Dispose();
        _inverse.Dispose();
    }

    /// <summary>In which row frequency k = 0 .. h lies.</summary>
    public int Row(int frequency) => frequency == _fft.Length ? _fft.Length : _fft.Position[frequency];

    /// <summary>
    /// Puts eight columns of an array into a panel, two rows of the array in one of the panel; what lies outside of the array is 0.
    /// </summary>
    public static void Pack(ReadOnlySpan<double> values, int height, int width, int panel, double* to)
    {
        for (int row = 0; row < (height + 1) / 2 * 2; row++)
        {
            double* target = to + row / 2 * PanelFft.RowSize + row % 2 * PanelFft.Lanes;
            for (int lane = 0; lane < PanelFft.Lanes; lane++)
            {
                int column = panel * PanelFft.Lanes + lane;
                target[lane] = row < height && column < width ? values[row * width + column] : 0;
            }
        }
    }

    /// <summary>Takes eight columns of an array out of a panel.</summary>
    public static void Unpack(double* from, Span<double> values, int height, int width, int panel)
    {
        int columns = Math.Min(PanelFft.Lanes, width - panel * PanelFft.Lanes);
        for (int row = 0; row < height; row++)
        {
            double* source = from + row / 2 * PanelFft.RowSize + row % 2 * PanelFft.Lanes;
            for (int lane = 0; lane < columns; lane++)
                values[row * width + panel * PanelFft.Lanes + lane] = source[lane];
        }
    }

    /// <summary>Turns the complex transform of a panel into twice the spectrum of its real sequences.</summary>
    public void ToSpectrum<T>(double* panel)
        where T : unmanaged, ILanes<T, double>
    {
        for (int lane = 0; lane < PanelFft.Lanes; lane += T.Count)
        {
            double* first = panel + lane, last = first + _fft.Length * PanelFft.RowSize;
            var z = Complex<T>.Load(first);
            T two = T.Broadcast(2), zero = T.Broadcast(0);
            new Complex<T>(T.Multiply(two, T.Add(z.Re, z.Im)), zero).Store(first);
            new Complex<T>(T.Multiply(two, T.Subtract(z.Re, z.Im)), zero).Store(last);
            Combine<T>(first, _forward.Pointer);
        }
    }

    /// <summary>Turns the spectrum of real sequences into twice the complex transform that the complex inverse starts from.</summary>
    public void FromSpectrum<T>(double* panel)
        where T : unmanaged, ILanes<T, double>
    {
        for (int lane = 0; lane < PanelFft.Lanes; lane += T.Count)
        {
            double* first = panel + lane, last = first + _fft.Length * PanelFft.RowSize;
            T zeroth = T.Load(first), highest = T.Load(last);
            new Complex<T>(T.Add(zeroth, highest), T.Subtract(zeroth, highest)).Store(first);
            Combine<T>(first, _inverse.Pointer);
        }
    }

    // With a = x[k], b = conj(x[h-k]), t = factor[k] (a - b): x[k] becomes a + b + t and x[h-k] conj(a + b - t).
    private void Combine<T>(double* panel, double* factors)
        where T : unmanaged, ILanes<T, double>
    {
        int half = _fft.Length;
        for (int k = 1; 2 * k < half; k++)
        {
            double* low = panel + _fft.Position[k] * PanelFft.RowSize, high = panel + _fft.Position[half - k] * PanelFft.RowSize;
            Complex<T> a = Complex<T>.Load(low), c = Complex<T>.Load(high), b = new(c.Re, T.Negate(c.Im));
            Complex<T> sum = a + b, t = (a - b).Times(factors + 2 * k), x = sum - t;
            (sum + t).Store(low);
            new Complex<T>(x.Re, T.Negate(x.Im)).Store(high);
        }
        if (half % 2 == 0)
        {
            double* middle = panel + _fft.Position[half / 2] * PanelFft.RowSize;
            var x = Complex<T>.Load(middle);
            new Complex<T>(T.Multiply(T.Broadcast(2), x.Re), T.Multiply(T.Broadcast(-2), x.Im)).Store(middle);
        }
    }
}
