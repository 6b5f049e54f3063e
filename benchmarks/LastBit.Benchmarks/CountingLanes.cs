using LastBit.Arithmetic;
using LastBit.Statistics;

namespace LastBit.Benchmarks;

/// <summary>One number at a time, every operation counted: what a computation needs, taken from the code itself and not from a formula.</summary>
internal readonly unsafe struct CountingLanes : ILanes<double>
{
    /// <summary>Additions, multiplications and divisions so far; a fused multiply-add is two.</summary>
    public static long Operations { get; set; }

    /// <summary>Fused multiply-adds so far.</summary>
    public static long Fused { get; set; }

    public static int Count => 1;

    public static double Load(double* from) => *from;

    public static void Store(double value, double* to) => *to = value;

    public static double All(double value) => value;

    public static double Add(double a, double b) => Counted(a + b);

    public static double Subtract(double a, double b) => Counted(a - b);

    public static double Multiply(double a, double b) => Counted(a * b);

    public static double Divide(double a, double b) => Counted(a / b);

    // Signs, comparisons and bits are not arithmetic.
    public static double Negate(double a) => -a;

    public static double Abs(double a) => Math.Abs(a);

    public static double Max(double a, double b) => Math.Max(a, b);

    public static double MultiplyAdd(double a, double b, double c)
    {
        Operations += 2;
        Fused++;
        return Math.FusedMultiplyAdd(a, b, c);
    }

    public static double WhereNotNegative(double x, double yes, double no) => Lanes64.WhereNotNegative(x, yes, no);

    public static double PowerOfTwo(double shifted) => Lanes64.PowerOfTwo(shifted);

    private static double Counted(double result)
    {
        Operations++;
        return result;
    }
}
