using System.Text.Json.Serialization;
using LastBit.Arithmetic;

namespace LastBit.Traces;

/// <summary>How large a difference is, by what could have made it.</summary>
public enum DifferenceSize
{
    /// <summary>No larger than another order of sums makes it in the precision of the tensors.</summary>
    [JsonStringEnumMemberName("rounding")]
    Rounding,

    /// <summary>As large as where factors are rounded to 11 bits: TF32, or float16.</summary>
    [JsonStringEnumMemberName("tf32")]
    Tf32,

    /// <summary>As large as where factors are rounded to 8 bits.</summary>
    [JsonStringEnumMemberName("bfloat16")]
    Bfloat16,

    /// <summary>Larger than any rounding.</summary>
    [JsonStringEnumMemberName("larger")]
    Larger,

    /// <summary>Other shapes, which cannot be compared number by number.</summary>
    [JsonStringEnumMemberName("structure")]
    Structure,
}

/// <summary>A difference, measured.</summary>
/// <param name="Size">By what could have made it.</param>
/// <param name="Ulps">The largest difference of the kept values, in units of the last place of the larger; null where none is kept.</param>
/// <param name="Relative">Their relative L1 difference, at most 2; of the norms, where the kept values do not differ.</param>
/// <param name="Share">The largest difference as a multiple of what rounding may make; null where shapes differ.</param>
/// <param name="Blocks">How many blocks differ.</param>
/// <param name="OfBlocks">How many there are.</param>
/// <param name="Values">How many of the kept values differ.</param>
/// <param name="Products">K: of how many products each number is the sum.</param>
public sealed record MeasuredDifference(
    DifferenceSize Size, double? Ulps, double? Relative, double? Share, int Blocks, int OfBlocks, int Values, double Products);

/// <summary>
/// Whether a difference of two tensors that were computed of equal inputs can be rounding. A sum of K products of factors with the root
/// mean squares r and s is of the size S = max(sqrt(K) r s, its own root mean square); in another order it differs by at most
/// <see cref="Margin"/> sqrt(K) u S, u = 2^-p with the precision p of its type, and with factors rounded to p bits by at most
/// <see cref="Margin"/> 2^-p S. docs/diff.md has the rule with its reasons, and a test simulates it.
/// </summary>
public static class RoundingRule
{
    /// <summary>How far above the deviation of independent roundings a difference may be: the largest of 16 is seen.</summary>
    public const double Margin = 4;

    /// <summary>Bits of a factor in TF32 and in float16.</summary>
    public const int Tf32Precision = 11;

    /// <summary>Bits of a factor in bfloat16.</summary>
    public const int Bfloat16Precision = 8;

    /// <summary>Products that an operation element by element counts as: an optimizer's step.</summary>
    public const double Elementwise = 16;

    /// <summary>Norms may themselves be summed in binary32: a difference of theirs below this fraction says nothing.</summary>
    public const double NormRounding = 1e-6;

    /// <summary>Measures and judges a difference.</summary>
    /// <param name="a">A tensor.</param>
    /// <param name="b">The other one, of other bits.</param>
    /// <param name="products">K, at least 1.</param>
    /// <param name="scale">sqrt(K) r s; 0 where the factors are not known.</param>
    /// <param name="ofProducts">Whether it is made of products, whose factors may have been rounded.</param>
    public static MeasuredDifference Judge(TraceTensor a, TraceTensor b, double products, double scale, bool ofProducts)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        bool sameBlocks = a.Blocks.Count == b.Blocks.Count;
        int of = Math.Max(a.Blocks.Count, b.Blocks.Count);
        int blocks = sameBlocks ? a.Blocks.Zip(b.Blocks).Count(pair => pair.First != pair.Second) : of;
        if (!a.Shape.SequenceEqual(b.Shape))
            return new MeasuredDifference(DifferenceSize.Structure, null, null, null, blocks, of, 0, products);
        TraceNumbers? mine = TraceNumbers.Of(a.Dtype), theirs = TraceNumbers.Of(b.Dtype);
        if (mine is null || theirs is null || a.Values() is not { } x || b.Values() is not { } y || x.Length != y.Length)
        {
            DifferenceSize size = mine is null != theirs is null ? DifferenceSize.Structure : DifferenceSize.Larger;
            int other = a.Sample.Zip(b.Sample).Count(two => two.First != two.Second);
            return new MeasuredDifference(size, null, null, null, blocks, of, other, products);
        }
        TraceNumbers coarse = mine.Precision <= theirs.Precision ? mine : theirs;
        double size0 = Math.Max(scale, Math.Max(a.Rms, b.Rms));
        // A sum in a short type is added up in binary32 and rounded once.
        double sums = Math.Sqrt(Math.Max(1, products)) * Math.ScaleB(1, -Math.Max(24, coarse.Precision)) * size0;
        double allowed = Margin * (sums + (coarse.Precision < 24 && mine == theirs ? Math.ScaleB(size0, -coarse.Precision) : 0));
        (double largest, double ulps, double relative, int differ) = Largest(x, y, coarse);
        if (differ == 0)
            (largest, relative) = OfNorms(a, b, blocks, of);
        double share = allowed > 0 ? largest / allowed : largest > 0 ? double.PositiveInfinity : 0;
        bool lostNumbers = a.Nan != b.Nan || double.IsNaN(largest);
        DifferenceSize judged = lostNumbers ? DifferenceSize.Larger : share <= 1 && mine == theirs ? DifferenceSize.Rounding
            : (ofProducts || mine != theirs) && Math.Max(mine.Precision, theirs.Precision) <= 24
                ? OfFactors(largest, size0, allowed, mine == theirs ? 24 : coarse.Precision) : DifferenceSize.Larger;
        return new MeasuredDifference(judged, differ > 0 && double.IsFinite(ulps) ? ulps : null,
            double.IsFinite(relative) ? relative : null, double.IsFinite(share) ? share : null, blocks, of, differ, products);
    }

    /// <summary>A difference that factors of fewer bits make.</summary>
    private static DifferenceSize OfFactors(double largest, double size, double allowed, int precision) =>
        precision >= Tf32Precision && largest <= allowed + (Margin * Math.ScaleB(size, -Tf32Precision)) ? DifferenceSize.Tf32
        : largest <= allowed + (Margin * Math.ScaleB(size, -Bfloat16Precision)) ? DifferenceSize.Bfloat16 : DifferenceSize.Larger;

    /// <summary>The largest difference of kept values, also in units of the last place, and their relative L1 difference.</summary>
    private static (double Largest, double Ulps, double Relative, int Differ) Largest(double[] x, double[] y, TraceNumbers type)
    {
        double largest = 0, ulps = 0;
        int differ = 0;
        for (int i = 0; i < x.Length; i++)
        {
            // Equal numbers of other bits: zeros of either sign, and of values that are not numbers those with another payload.
            if (x[i].Equals(y[i]) || x[i] == y[i])
                continue;
            differ++;
            double difference = Math.Abs(x[i] - y[i]);
            largest = double.IsFinite(difference) ? Math.Max(largest, difference) : double.NaN;
            ulps = Math.Max(ulps, difference / type.Ulp(Math.Max(Math.Abs(x[i]), Math.Abs(y[i]))));
        }
        return (largest, ulps, differ == 0 ? 0 : RelativeDifference.L1(x, y), differ);
    }

    /// <summary>
    /// What norms say where no kept value differs: the sum of magnitudes moved by what m elements of the differing blocks may add up to.
    /// </summary>
    private static (double Largest, double Relative) OfNorms(TraceTensor a, TraceTensor b, int blocks, int of)
    {
        double l1 = Math.Max(a.L1, b.L1), moved = Math.Abs(a.L1 - b.L1), largest = Math.Max(a.Max, b.Max);
        double relative = l1 > 0 ? moved / l1 : 0, elements = Math.Max(1, a.Count * blocks / Math.Max(1, of));
        double peak = Math.Abs(a.Max - b.Max) > NormRounding * largest ? Math.Abs(a.Max - b.Max) : 0;
        return (Math.Max(relative > NormRounding ? moved / Math.Sqrt(elements) : 0, peak), relative);
    }
}
