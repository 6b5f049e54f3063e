using System.Globalization;

namespace LastBit.Traces;

/// <summary>
/// What sets two gradients apart where everything before them is equal: one holds that of the step before too, or is a multiple of the
/// other. The kept values tell.
/// </summary>
internal sealed class GradientHistory
{
    /// <summary>How a gradient that was not reset is spoken of.</summary>
    public const string NotReset = "is the sum of this step's and of what stood there after the step before";

    /// <summary>How a gradient that is a multiple is spoken of.</summary>
    public const string Multiple = "times A's in every kept value";

    // Roundings of a sum of two, and of a product: units of the last place.
    private const double Tolerance = 4;
    private readonly Dictionary<string, (double[] A, double[] B)> _before = new(StringComparer.Ordinal);
    private long _step = -1;

    /// <summary>Takes up the gradients of a step that is over.</summary>
    public void Remember(TraceStep mine, IReadOnlyDictionary<string, TraceTensor> theirs)
    {
        _before.Clear();
        _step = mine.Number;
        foreach (TraceRecord record in mine.Records.Where(record => record is { Key.Kind: TraceKind.Gradient, Key.Index: 0 }))
        {
            if (record.Tensor?.Values() is { } a && theirs.GetValueOrDefault(record.Key.Name)?.Values() is { } b)
                _before[record.Key.Name] = (a, b);
        }
    }

    /// <summary>What sets them apart, as the end of a sentence; null where neither is it.</summary>
    public string? Why(TraceRecord a, TraceRecord b)
    {
        if (a.Tensor?.Values() is not { } x || b.Tensor?.Values() is not { } y || x.Length != y.Length
            || TraceNumbers.Of(a.Tensor.Dtype) is not { } type || a.Tensor.Dtype != b.Tensor.Dtype)
            return null;
        if (a.Key.Kind == TraceKind.Gradient && _step == a.Step - 1 && _before.TryGetValue(a.Key.Name, out (double[] A, double[] B) before))
        {
            foreach ((string whose, double[] sum, double[] other, double[] last) in
                ((string, double[], double[], double[])[])[("B", y, x, before.B), ("A", x, y, before.A)])
            {
                if (last.Length == sum.Length && last.Any(value => value != 0) && IsNear(sum, [.. other.Zip(last, (g, l) => g + l)], last,
                    type))
                    return $"on {whose} it {NotReset}, so gradients are not reset there";
            }
        }
        double squares = x.Sum(value => value * value), factor = x.Zip(y, (p, q) => p * q).Sum() / squares;
        // Of values of one magnitude any two would be multiples.
        return double.IsFinite(factor) && x.Select(Math.Abs).Where(value => value > 0).Distinct().Count() > 2 && Math.Abs(factor) > 1e-3
            && Math.Abs(factor - 1) > 1e-3 && IsNear(y, [.. x.Select(value => factor * value)], y, type)
            ? string.Create(CultureInfo.InvariantCulture, $"B's is {NumberText.Of(factor, 4)} {Multiple}, so it is scaled, averaged or ")
                + "clipped otherwise" : null;
    }

    private static bool IsNear(double[] values, double[] expected, double[] summands, TraceNumbers type)
    {
        for (int i = 0; i < values.Length; i++)
        {
            double size = Math.Max(Math.Abs(expected[i]), Math.Abs(summands[i]));
            if (!(Math.Abs(values[i] - expected[i]) <= Tolerance * type.Ulp(size)))
                return false;
        }
        return true;
    }
}
