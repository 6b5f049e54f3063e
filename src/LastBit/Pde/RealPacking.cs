using LastBit.Arithmetic;

namespace LastBit.Pde;

/// <summary>
/// The transform of real sequences of even length P = 2h by complex ones of length h: number 2y is the real part and 2y+1 the imaginary part of
/// row y. The spectrum has h+1 rows: frequency k &lt; h where the complex transform left it, and frequency h last.
/// </summary>
internal sealed unsafe class RealPacking
{
    private readonly PanelFft _fft;

    // For k = 0 .. h/2: (-sin, -cos) and (-sin, cos) of 2 pi k / P.
    private readonly AlignedBuffer _forward, _inverse;

    public RealPacking(PanelFft fft)
    {
        _fft = fft;
        int length = 2 * fft.Length;
        _forward = new AlignedBuffer(fft.Length + 2);
        _inverse = new AlignedBuffer(fft.Length + 2);
        for (int k = 0; k <= fft.Length / 2; k++)
        {
            (double cos, double sin) = Rotation.Of(k, length);
            _forward.Start[2 * k] = _inverse.Start[2 * k] = -sin;
            _forward.Start[2 * k + 1] = -cos;
            _inverse.Start[2 * k + 1] = cos;
        }
    }

    /// <summary>In which row frequency k = 0 .. h lies.</summary>
    public int Row(int frequency) => frequency == _fft.Length ? _fft.Length : _fft.Position[frequency];

    /// <summary>Puts eight columns of an array into a panel, two rows of the array in one of the panel; what lies outside of the array is 0.</summary>
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
    public void ToSpectrum<V, L>(double* panel)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (int lane = 0; lane < PanelFft.Lanes; lane += L.Count)
        {
            double* first = panel + lane, last = first + _fft.Length * PanelFft.RowSize;
            var z = Complex<V, L>.Load(first);
            V two = L.All(2), zero = L.All(0);
            new Complex<V, L>(L.Multiply(two, L.Add(z.Re, z.Im)), zero).Store(first);
            new Complex<V, L>(L.Multiply(two, L.Subtract(z.Re, z.Im)), zero).Store(last);
            Combine<V, L>(first, _forward.Start);
        }
    }

    /// <summary>Turns the spectrum of real sequences into twice the complex transform that the complex inverse starts from.</summary>
    public void FromSpectrum<V, L>(double* panel)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        for (int lane = 0; lane < PanelFft.Lanes; lane += L.Count)
        {
            double* first = panel + lane, last = first + _fft.Length * PanelFft.RowSize;
            V zeroth = L.Load(first), highest = L.Load(last);
            new Complex<V, L>(L.Add(zeroth, highest), L.Subtract(zeroth, highest)).Store(first);
            Combine<V, L>(first, _inverse.Start);
        }
    }

    // With a = x[k], b = conj(x[h-k]), t = factor[k] (a - b): x[k] becomes a + b + t and x[h-k] conj(a + b - t).
    private void Combine<V, L>(double* panel, double* factors)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        int half = _fft.Length;
        for (int k = 1; 2 * k < half; k++)
        {
            double* low = panel + _fft.Position[k] * PanelFft.RowSize, high = panel + _fft.Position[half - k] * PanelFft.RowSize;
            Complex<V, L> a = Complex<V, L>.Load(low), c = Complex<V, L>.Load(high), b = new(c.Re, L.Negate(c.Im));
            Complex<V, L> sum = a + b, t = (a - b).Times(factors + 2 * k), x = sum - t;
            (sum + t).Store(low);
            new Complex<V, L>(x.Re, L.Negate(x.Im)).Store(high);
        }
        if (half % 2 == 0)
        {
            double* middle = panel + _fft.Position[half / 2] * PanelFft.RowSize;
            var x = Complex<V, L>.Load(middle);
            new Complex<V, L>(L.Multiply(L.All(2), x.Re), L.Multiply(L.All(-2), x.Im)).Store(middle);
        }
    }
}
