namespace LastBit.Reports.Claims;

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
    /// <summary>A run of fewer iterations has not shown yet whether it settles.</summary>
    public const int FewestIterations = 200;

    /// <summary>A loss blows up if it stops being finite or ends this many times above where it began.</summary>
    public const double BlowUp = 1e3;

    /// <summary>A loss has settled if it varies over its last tenth by less than this fraction of its mean.</summary>
    public const double Settled = 1e-6;

    /// <summary>A loss diverges if it stops being finite or ends this many times above its lowest value.</summary>
    public const double Divergence = 10;

    /// <summary>Over how many iterations the paper averages a difference.</summary>
    public const int Window = 100;

    /// <summary>Whether every value is finite.</summary>
    public bool IsFinite => Array.TrueForAll(Values, double.IsFinite);

    /// <summary>Whether the run has shown where it goes.</summary>
    public bool IsLongEnough => Values.Length >= FewestIterations || !IsFinite;

    /// <summary>The lowest finite value; NaN where there is none.</summary>
    public double Lowest => Values.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Min();

    /// <summary>Whether it stops being finite or ends far above its lowest value.</summary>
    public bool Diverges => !IsFinite || Values.Length == 0 || !(Values[^1] <= Divergence * Lowest);

    /// <summary>The behaviour of the curve as a loss.</summary>
    public LossBehaviour Behaviour
    {
        get
        {
            if (!IsFinite || Values.Length == 0 || Values[^1] > BlowUp * Values[0])
                return LossBehaviour.BlowsUp;
            double[] tail = Values[^Math.Max(1, Values.Length / 10)..];
            return tail.Max() - tail.Min() <= Settled * Math.Abs(tail.Sum() / tail.Length)
                ? LossBehaviour.Settles : LossBehaviour.Oscillates;
        }
    }

    /// <summary>The behaviour in a word or two, as far as the run has shown it.</summary>
    public string Course => Behaviour switch
    {
        LossBehaviour.BlowsUp => "blows up",
        _ when !IsLongEnough => "too short to tell",
        LossBehaviour.Settles => "settles",
        _ => "oscillates",
    };

    /// <summary>The mean of the last tenth; NaN of a curve without values.</summary>
    public double MeanOfLastTenth
    {
        get
        {
            double[] tail = Values[^Math.Min(Values.Length, Math.Max(1, Values.Length / 10))..];
            return tail.Sum() / tail.Length;
        }
    }

    /// <summary>A curve from a result that holds only its finite values.</summary>
    /// <param name="parameter">What tells this run from the others.</param>
    /// <param name="finite">The finite values from iteration 0.</param>
    /// <param name="iterations">How many iterations were asked for.</param>
    /// <returns>The curve, with a NaN at its end if the run stopped.</returns>
    public static RunCurve Of(double parameter, double[] finite, int iterations) =>
        new(parameter, finite.Length < iterations ? [.. finite, double.NaN] : finite);

    /// <summary>The mean of each value and those before it, <paramref name="window"/> values in all; fewer at the beginning.</summary>
    /// <param name="values">One value an iteration.</param>
    /// <param name="window">How many, at least 1.</param>
    /// <returns>As many means as values.</returns>
    public static double[] MovingAverage(ReadOnlySpan<double> values, int window = Window)
    {
        double[] means = new double[values.Length];
        for (int i = 0; i < means.Length; i++)
        {
            // Each mean is summed anew: a running sum would leave rounding of the large values in the mean of the small ones.
            int count = Math.Min(window, i + 1);
            double sum = 0;
            foreach (double value in values.Slice(i + 1 - count, count))
                sum += value;
            means[i] = sum / count;
        }
        return means;
    }
}
