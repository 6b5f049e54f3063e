using LastBit.Arithmetic;

namespace LastBit.Traces;

/// <summary>Where two traces part: the first record that differs.</summary>
/// <param name="Step">Its step.</param>
/// <param name="Key">What it is of.</param>
/// <param name="InputsEqual">Whether all that it was computed of, as far as both recorded it, is equal.</param>
/// <param name="Measured">How large the difference is.</param>
/// <param name="Types">The types of the two tensors; null where it is none.</param>
/// <param name="Why">What follows from what is equal, as the end of a sentence.</param>
public sealed record TracePart(
    long Step, TraceKey Key, bool InputsEqual, MeasuredDifference Measured, (string A, string B)? Types, string Why)
{
    /// <summary>What parts, in the words of documents. What lies between modules is an output of none of them.</summary>
    public string Kind => Key.Kind switch
    {
        TraceKind.Input or TraceKind.Loss => "output",
        TraceKind.Op => Key.Phase == TraceKey.Backward ? "gradient-of-output" : "output",
        TraceKind.Buffer or TraceKind.Scale => "update",
        _ => Key.Word,
    };
}

/// <summary>How two trainings drift apart: the relative L1 difference of the kept values of their weights, after each step.</summary>
/// <param name="Steps">The steps.</param>
/// <param name="Differences">A number each; 0 where all weights are equal.</param>
public sealed record TraceGrowth(IReadOnlyList<long> Steps, IReadOnlyList<double> Differences)
{
    // Beyond it weights are as far apart as they come, and grow no more.
    private const double Saturated = 0.05;

    /// <summary>The first difference that is not 0; null where there is none.</summary>
    public double? First => Differences.FirstOrDefault(one => one > 0) is > 0 and var first ? first : null;

    /// <summary>Steps in which it grows tenfold, by least squares of its logarithm; null where it does not grow or is too short.</summary>
    public double? TenfoldEvery()
    {
        int from = Differences.ToList().FindIndex(one => one > 0);
        if (from < 0)
            return null;
        (double X, double Y)[] points = [.. Steps.Zip(Differences).Skip(from).TakeWhile(one => one.Second is > 0 and < Saturated)
            .Select(one => ((double)one.First, Logarithm.Log(one.Second)))];
        if (points.Length < 3)
            return null;
        double x = points.Average(point => point.X), y = points.Average(point => point.Y);
        double slope = points.Sum(point => (point.X - x) * (point.Y - y)) / points.Sum(point => (point.X - x) * (point.X - x));
        return slope > 0 && (points[^1].X - points[0].X) * slope > Logarithm.Log(3) ? Logarithm.Log(10) / slope : null;
    }

    /// <summary>
    /// How many times as far apart as another pair it is, step by step since each parted: the median; null where one does not part.
    /// </summary>
    public double? Beside(TraceGrowth other)
    {
        ArgumentNullException.ThrowIfNull(other);
        double[] mine = [.. Differences.SkipWhile(one => one == 0)], theirs = [.. other.Differences.SkipWhile(one => one == 0)];
        double[] ratios = [.. mine.Zip(theirs).Where(pair => pair is { First: > 0, Second: > 0 }).Select(pair => pair.First / pair.Second)
            .Order()];
        return ratios.Length == 0 ? null : ratios[ratios.Length / 2];
    }
}

/// <summary>What two traces come to, question by question.</summary>
public sealed class TraceDifference
{
    /// <summary>The files.</summary>
    public required (string A, string B) Files { get; init; }

    /// <summary>What wrote them.</summary>
    public required (string A, string B) Programs { get; init; }

    /// <summary>Settings that are not the same.</summary>
    public required IReadOnlyList<SettingDifference> Settings { get; init; }

    /// <summary>Whether both ran on a GPU.</summary>
    public required bool HasGpu { get; init; }

    /// <summary>Whether what parts may be a module that computes otherwise in training than in evaluation.</summary>
    public bool ModeMatters { get; internal set; }

    /// <summary>The steps that both have, in their order.</summary>
    public List<long> Steps { get; } = [];

    /// <summary>How many steps only A, and only B, has.</summary>
    public (long A, long B) OnlySteps { get; internal set; }

    /// <summary>Whether neither file is cut or has steps that the other lacks, so that no difference can have been missed there.</summary>
    public bool IsWhole => Cut.Count == 0 && OnlySteps == (0, 0);

    /// <summary>Names that were compared under another: that of A and that of B.</summary>
    public IReadOnlyList<(string A, string B)> Renamed { get; internal set; } = [];

    /// <summary>Names that only A has records of, where B has some of that kind at all.</summary>
    public SortedSet<string> Missing { get; } = new(StringComparer.Ordinal);

    /// <summary>Names that only B has records of.</summary>
    public SortedSet<string> Extra { get; } = new(StringComparer.Ordinal);

    /// <summary>How many records were compared.</summary>
    public long Compared { get; internal set; }

    /// <summary>How many tensors the first step begins with, and how many of them differ.</summary>
    public (int Compared, int Differ) Weights { get; internal set; }

    /// <summary>In how many steps batches were compared.</summary>
    public int BatchSteps { get; internal set; }

    /// <summary>What is not the same about the batches, as the end of a sentence; null where they are equal.</summary>
    public (long Step, string What)? Batches { get; internal set; }

    /// <summary>Generators of random numbers whose states differ, with the first step of it.</summary>
    public SortedDictionary<string, long> Random { get; } = new(StringComparer.Ordinal);

    /// <summary>Those of them whose state is the same in every step, so that nothing is drawn of them.</summary>
    public IReadOnlyList<string> Idle { get; internal set; } = [];

    /// <summary>How many states of generators were compared.</summary>
    public int RandomCompared { get; internal set; }

    /// <summary>The first tensor whose strides differ, which is no difference of numbers; null where all are alike.</summary>
    public (long Step, string Name)? Strides { get; internal set; }

    /// <summary>Where they part; null where all that both recorded is equal to the last bit.</summary>
    public TracePart? Parted { get; internal set; }

    /// <summary>How the weights drift apart.</summary>
    public TraceGrowth Growth { get; internal set; } = new([], []);

    /// <summary>The names of what gives outputs, in the order of the first step.</summary>
    public List<string> Outputs { get; } = [];

    /// <summary>Of each of them the relative L1 difference in each step; NaN where it was not compared.</summary>
    public Dictionary<string, float[]> Map { get; } = new(StringComparer.Ordinal);

    /// <summary>What was cut off of a file, as sentences.</summary>
    public List<string> Cut { get; } = [];

    /// <summary>How the weights of A drift apart from a run with other rounding; null where none was given.</summary>
    public TraceGrowth? RoundingGrowth { get; internal set; }

    /// <summary>How the weights grow beside other rounding: the median of the ratio; null where it is not known.</summary>
    public double? BesideRounding => RoundingGrowth is { } rounding ? Growth.Beside(rounding) : null;

    /// <summary>
    /// How large the difference is, by its size and, of a gradient and where a run with other rounding was given, by its growth: a gradient
    /// may be a small difference of large sums, so what never comes farther than ten times as far as rounding takes the same weights is
    /// rounding. An output or an update is not judged by its growth: saturation hides a dropout or another epsilon.
    /// </summary>
    public DifferenceSize? Size => Parted is not { } parted ? null
        : parted is { Measured.Size: DifferenceSize.Larger, InputsEqual: true, Key.Kind: TraceKind.Gradient or TraceKind.OutputGradient }
            && BesideRounding is <= AsRounding ? DifferenceSize.Rounding : parted.Measured.Size;

    /// <summary>Up to this many times as far apart as other rounding takes the weights is as rounding.</summary>
    public const double AsRounding = 10;
}
