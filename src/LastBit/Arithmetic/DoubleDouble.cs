namespace LastBit.Arithmetic;

/// <summary>
/// The unevaluated sum of two binary64 numbers, about 106 bits. Functions that are evaluated in it and rounded once at the end are
/// correctly rounded for all but about one argument in 2^45. Slow; for constants, twiddle factors and single values.
/// </summary>
/// <param name="High">The value rounded to binary64.</param>
/// <param name="Low">What rounding left over.</param>
internal readonly record struct DoubleDouble(double High, double Low)
{
    public static readonly DoubleDouble Pi = new(3.141592653589793, 1.2246467991473532e-16);
    public static readonly DoubleDouble Ln2 = new(0.6931471805599453, 2.3190468138462996e-17);

    public static implicit operator DoubleDouble(double value) => new(value, 0);

    /// <summary>The exact sum of two numbers (Knuth's two-sum).</summary>
    public static DoubleDouble Sum(double a, double b)
    {
        double sum = a + b;
        double part = sum - a;
        return new(sum, (a - (sum - part)) + (b - part));
    }

    /// <summary>The exact product of two numbers.</summary>
    public static DoubleDouble Product(double a, double b)
    {
        double product = a * b;
        return new(product, Math.FusedMultiplyAdd(a, b, -product));
    }

    public static DoubleDouble operator -(DoubleDouble a) => new(-a.High, -a.Low);

    public static DoubleDouble operator -(DoubleDouble a, DoubleDouble b) => a + -b;

    public static DoubleDouble operator +(DoubleDouble a, DoubleDouble b)
    {
        DoubleDouble high = Sum(a.High, b.High), low = Sum(a.Low, b.Low);
        DoubleDouble first = Normal(high.High, high.Low + low.High);
        return Normal(first.High, first.Low + low.Low);
    }

    public static DoubleDouble operator *(DoubleDouble a, DoubleDouble b)
    {
        DoubleDouble product = Product(a.High, b.High);
        return Normal(product.High, Math.FusedMultiplyAdd(a.High, b.Low, Math.FusedMultiplyAdd(a.Low, b.High, product.Low)));
    }

    public static DoubleDouble operator /(DoubleDouble a, DoubleDouble b)
    {
        double first = a.High / b.High;
        DoubleDouble rest = a - b * first;
        double second = rest.High / b.High;
        rest -= b * second;
        return Sum(first, second) + rest.High / b.High;
    }

    // Needs |high| >= |low|.
    private static DoubleDouble Normal(double high, double low)
    {
        double sum = high + low;
        return new(sum, low - (sum - high));
    }
}
