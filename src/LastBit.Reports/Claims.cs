using System.Globalization;

namespace LastBit.Reports;

/// <summary>What the data say of a claim of the paper.</summary>
public enum Verdict
{
    /// <summary>The rule of the claim holds.</summary>
    Confirmed,

    /// <summary>The rule was applied and does not hold.</summary>
    NotConfirmed,

    /// <summary>The folder does not hold the runs that the rule needs, or not at the size that it needs.</summary>
    NotTested,
}

/// <summary>What a rule finds.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Decides">The number that decides it, in words.</param>
public sealed record Finding(Verdict Verdict, string Decides);

/// <summary>How a loss curve behaves.</summary>
public enum LossBehaviour
{
    /// <summary>It comes to rest.</summary>
    Settles,

    /// <summary>It moves for ever and does not grow: a restrained instability.</summary>
    Oscillates,

    /// <summary>It grows without bound.</summary>
    BlowsUp,
}

/// <summary>One recorded curve of a run.</summary>
/// <param name="Parameter">What tells this run from the others (alpha, learning rate, divisor).</param>
/// <param name="Values">One value an iteration; when the run stopped being finite, the last one is NaN.</param>
public sealed record RunCurve(double Parameter, double[] Values)
{
    /// <summary>Whether every value is finite.</summary>
    public bool IsFinite => Array.TrueForAll(Values, double.IsFinite);

    /// <summary>A curve from a result that holds only its finite values.</summary>
    /// <param name="parameter">What tells this run from the others.</param>
    /// <param name="finite">The finite values from iteration 0.</param>
    /// <param name="iterations">How many iterations were asked for.</param>
    /// <returns>The curve, with a NaN at its end if the run stopped.</returns>
    public static RunCurve Of(double parameter, double[] finite, int iterations) =>
        new(parameter, finite.Length < iterations ? [.. finite, double.NaN] : finite);
}

/// <summary>
/// The claims of the paper as rules on numbers. Each rule is a pure function with its thresholds beside it: the report prints
/// the verdict that comes out, and nobody writes one by hand.
/// </summary>
public static partial class Claims
{
    /// <summary>A run of fewer iterations has not shown yet whether it settles.</summary>
    public const int FewestIterations = 200;

    /// <summary>A loss blows up if it stops being finite or ends this many times above where it began.</summary>
    public const double BlowUp = 1e3;

    /// <summary>A loss has settled if it varies over its last tenth by less than this fraction of its mean.</summary>
    public const double Settled = 1e-6;

    /// <summary>The behaviour of a loss curve.</summary>
    /// <param name="loss">One value an iteration, the first finite.</param>
    /// <returns>The behaviour.</returns>
    public static LossBehaviour Classify(ReadOnlySpan<double> loss)
    {
        bool finite = true;
        foreach (double value in loss)
            finite &= double.IsFinite(value);
        if (!finite || loss[^1] > BlowUp * loss[0])
            return LossBehaviour.BlowsUp;

        ReadOnlySpan<double> tail = loss[^Math.Max(1, loss.Length / 10)..];
        double low = tail[0], high = tail[0], sum = 0;
        foreach (double value in tail)
        {
            low = Math.Min(low, value);
            high = Math.Max(high, value);
            sum += value;
        }
        return high - low <= Settled * Math.Abs(sum / tail.Length) ? LossBehaviour.Settles : LossBehaviour.Oscillates;
    }

    /// <summary>A number for a sentence: 3 digits, powers of ten where the size calls for it.</summary>
    /// <param name="value">The number.</param>
    /// <returns>"0.693", "12,960,000", "1.31×10⁻¹⁵".</returns>
    public static string Text(double value)
    {
        double size = Math.Abs(value);
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "not a number" : "infinite";
        if (value == 0)
            return "0";
        if (size is >= 1000 and < 1e9 || (value == Math.Round(value) && size < 1e9))
            return value.ToString("#,0", CultureInfo.InvariantCulture);
        if (size is >= 1e-3 and < 1000)
        {
            double rounded = double.Parse(value.ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
            return rounded.ToString("0.######", CultureInfo.InvariantCulture);
        }

        string[] parts = value.ToString("0.##e+0", CultureInfo.InvariantCulture).Split('e');
        string exponent = string.Concat(parts[1].Select(digit => digit switch
        {
            '+' => "",
            '-' => "⁻",
            _ => $"{"⁰¹²³⁴⁵⁶⁷⁸⁹"[digit - '0']}",
        }));
        return parts[0] == "1" ? $"10{exponent}" : $"{parts[0]}×10{exponent}";
    }

    /// <summary>Parameters as the figures write them.</summary>
    /// <param name="values">The parameters.</param>
    /// <returns>"0.01, 0.03"; "1.1×10⁷, 2×10⁸"; "none" when there is none.</returns>
    public static string Listed(IEnumerable<double> values)
    {
        string[] texts = [.. values.Order().Select(FigureStyle.Number)];
        return texts.Length == 0 ? "none" : string.Join(", ", texts);
    }

    private static Finding NotTested(string why) => new(Verdict.NotTested, why);

    private static Finding Decide(bool holds, string decides) => new(holds ? Verdict.Confirmed : Verdict.NotConfirmed, decides);
}
