using System.Globalization;
using LastBit.Random;
using LastBit.Statistics;

namespace LastBit.Benchmarks;

/// <summary>
/// How often rules of a verdict call a difference real where the means are equal and the shapes are not, and how often they see one where
/// the shapes are equal:
/// the tables of docs/statistics.md. Nothing here is timed; the numbers are the same on every machine.
/// </summary>
internal static class VerdictRule
{
    private const double Level = 0.05;

    /// <summary>Permutations are costly: of so many experiments each has this many.</summary>
    private const int Permutations = 400;

    private static readonly string[] Shapes = ["normal", "exponential", "lognormal", "t(3)", "outliers"];
    private static readonly string[] Rules = ["Welch", "permut.", "today", "student.", "Johnson", "W and J", "Yuen", "W and Y", "min df"];
    private static readonly string[] PairedRules = ["Student", "signs", "today", "student.", "Johnson", "S and J", "Chen"];
    private static readonly Dictionary<double, double> Critical = [];

    /// <summary>Prints both tables.</summary>
    /// <param name="args">The number of experiments of a row, 20,000 if it is not given.</param>
    internal static int Run(ReadOnlySpan<string> args)
    {
        int experiments = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 20_000;
        Console.WriteLine($"Equal means: percent called real, {experiments} experiments a row (those with permutations "
            + $"{experiments / 10})");
        Console.WriteLine($"| A | B | SD of B | runs | {string.Join(" | ", Rules)} |");
        foreach ((string a, string b) in Pairs())
        {
            foreach (double ratio in a == b ? [1, 3, 10] : new[] { 1.0 / 3, 1, 3 })
            {
                foreach ((int runsA, int runsB) in new[] { (3, 3), (5, 5), (8, 8), (10, 10), (20, 20), (3, 10), (10, 3) })
                    Print($"| {a} | {b} | {ratio:0.##} | {runsA}:{runsB} |", Unpaired(a, b, ratio, runsA, runsB, 0, experiments));
            }
        }
        Console.WriteLine("Equal shapes, a difference that Welch's test of normal runs sees four times in five: percent called real");
        foreach (string shape in Shapes)
        {
            foreach (int runs in new[] { 5, 8, 10, 20 })
                Print($"| {shape} | {shape} | 1 | {runs}:{runs} |", Unpaired(shape, shape, 1, runs, runs, Power.DetectableEffect(runs),
                    experiments));
        }
        Console.WriteLine("Paired, differences of mean 0, then of the mean that Student's test of normal differences sees four times in "
            + "five: percent called real");
        Console.WriteLine($"| differences | pairs | {string.Join(" | ", PairedRules)} |");
        foreach (bool isNull in new[] { true, false })
        {
            foreach (string shape in Shapes)
            {
                foreach (int pairs in new[] { 3, 5, 8, 10, 20 })
                    Print($"| {shape} | {pairs} |", Paired(shape, pairs, isNull ? 0 : Power.DetectableEffect(pairs, paired: true),
                        experiments));
            }
        }
        return 0;
    }

    private static IEnumerable<(string A, string B)> Pairs() => Shapes.SelectMany((a, i) => Shapes[i..].Select(b => (a, b)));

    private static void Print(string row, double[] shares) =>
        Console.WriteLine(row
            + string.Concat(shares.Select(share => string.Create(CultureInfo.InvariantCulture, $" {100 * share:0.0} |"))));

    private static double[] Unpaired(string shapeA, string shapeB, double ratio, int runsA, int runsB, double effect, int experiments)
    {
        var source = new Source($"{shapeA} {shapeB} {ratio} {runsA} {runsB} {effect > 0}");
        var counts = new int[Rules.Length];
        int permuted = Math.Max(1, experiments / 10);
        var (x, y) = (new double[runsA], new double[runsB]);
        for (int experiment = 0; experiment < experiments; experiment++)
        {
            source.Fill(shapeA, x, 1, 0);
            source.Fill(shapeB, y, ratio, effect);
            (double meanA, double varianceA, double thirdA) = Moments(x);
            (double meanB, double varianceB, double thirdB) = Moments(y);
            double partA = varianceA / runsA, partB = varianceB / runsB, variance = partA + partB, difference = meanB - meanA;
            double degrees = variance * variance / (partA * partA / (runsA - 1) + partB * partB / (runsB - 1)),
                t = difference / Math.Sqrt(variance);
            bool welch = Beyond(t, degrees);
            // Johnson (1978), for two samples Cressie and Whitford (1986).
            double third = thirdB / runsB / runsB - thirdA / runsA / runsA;
            bool johnson = Beyond((difference + third / (6 * variance)
                + third * difference * difference / (3 * variance * variance)) / Math.Sqrt(variance), degrees);
            (double trimmedA, double squaresA, int keptA) = Trimmed(x);
            (double trimmedB, double squaresB, int keptB) = Trimmed(y);
            double trimmed = squaresA + squaresB;
            bool yuen = Beyond((trimmedB - trimmedA) / Math.Sqrt(trimmed), trimmed * trimmed / (squaresA * squaresA / (keptA - 1)
                + squaresB * squaresB / (keptB - 1)));
            Count(0, welch);
            Count(4, johnson);
            Count(5, welch && johnson);
            Count(6, yuen);
            Count(7, welch && yuen);
            Count(8, Beyond(t, Math.Min(runsA, runsB) - 1));
            if (experiment >= permuted)
                continue;
            (double plain, double least, double studentised) = Permuted(x, y, source);
            Count(1, least < Level && plain < Level);
            Count(2, welch && (plain < Level || least >= Level));
            Count(3, least < Level && studentised < Level);
        }
        return Shares(counts, experiments, permuted);

        void Count(int rule, bool real) => counts[rule] += real ? 1 : 0;
    }

    private static double[] Paired(string shape, int pairs, double effect, int experiments)
    {
        var source = new Source($"{shape} {pairs} {effect > 0}");
        var counts = new int[PairedRules.Length];
        int permuted = Math.Max(1, experiments / 10);
        var x = new double[pairs];
        for (int experiment = 0; experiment < experiments; experiment++)
        {
            source.Fill(shape, x, 1, effect);
            (double mean, double variance, double third) = Moments(x);
            double error = Math.Sqrt(variance / pairs), t = mean / error;
            bool student = Beyond(t, pairs - 1);
            bool johnson = Beyond((mean + third / (6 * variance * pairs) + third * mean * mean / (3 * variance * variance)) / error,
                pairs - 1);
            // Chen (1995), on the side of the tail; on the other the t test.
            double skewness = third / (variance * Math.Sqrt(variance)), a = skewness / (6 * Math.Sqrt(pairs)), signed = skewness < 0 ? -t
                : t, size = Math.Abs(a);
            double chen = signed + size * (1 + 2 * signed * signed) + 4 * size * size * (signed + 2 * signed * signed * signed);
            Count(0, student);
            Count(4, johnson);
            Count(5, student && johnson);
            Count(6, Beyond(Math.Max(chen, 0), pairs - 1) || (signed < 0 && Beyond(signed, pairs - 1)));
            if (experiment >= permuted)
                continue;
            (double plain, double least, double studentised) = Signed(x, source);
            Count(1, least < Level && plain < Level);
            Count(2, student && (plain < Level || least >= Level));
            Count(3, least < Level && studentised < Level);
        }
        return Shares(counts, experiments, permuted);

        void Count(int rule, bool real) => counts[rule] += real ? 1 : 0;
    }

    private static double[] Shares(int[] counts, int experiments, int permuted) =>
        [.. counts.Select((count, rule) => (double)count / (rule is >= 1 and <= 3 ? permuted : experiments))];

    private static (double Mean, double Variance, double Third) Moments(double[] x)
    {
        double mean = x.Sum() / x.Length, squares = 0, cubes = 0;
        foreach (double value in x)
        {
            double deviation = value - mean;
            squares += deviation * deviation;
            cubes += deviation * deviation * deviation;
        }
        return (mean, squares / (x.Length - 1), cubes / x.Length);
    }

    /// <summary>Yuen's trimmed mean, a fifth off each end, with the square of its standard error and how many values it keeps.</summary>
    private static (double Mean, double Square, int Kept) Trimmed(double[] x)
    {
        double[] sorted = [.. x.Order()];
        int cut = x.Length / 5, kept = x.Length - 2 * cut;
        double mean = sorted[cut..^cut].Sum() / kept;
        for (int i = 0; i < cut; i++)
            (sorted[i], sorted[^(i + 1)]) = (sorted[cut], sorted[^(cut + 1)]);
        return (mean, Moments(sorted).Variance * (x.Length - 1) / (kept * (kept - 1.0)), kept);
    }

    /// <summary>
    /// The shares of random assignments, the observed one among them, whose difference of means and whose Welch's t are at least as large.
    /// </summary>
    private static (double Plain, double Least, double Studentised) Permuted(double[] x, double[] y, Source source)
    {
        double[] pool = [.. x, .. y];
        (double difference, double t) = Statistic(pool, x.Length);
        int plain = 1, studentised = 1;
        for (int i = 1; i < Permutations; i++)
        {
            source.Shuffle(pool);
            (double other, double otherT) = Statistic(pool, x.Length);
            plain += other >= difference * (1 - 1e-9) ? 1 : 0;
            studentised += otherT >= t * (1 - 1e-9) ? 1 : 0;
        }
        double assignments = 1;
        for (int i = 1; i <= x.Length; i++)
            assignments = assignments * (y.Length + i) / i;
        return ((double)plain / Permutations, (x.Length == y.Length ? 2 : 1) / assignments, (double)studentised / Permutations);

        static (double, double) Statistic(double[] pool, int first)
        {
            int second = pool.Length - first;
            double sumA = 0, sumB = 0, squaresA = 0, squaresB = 0;
            for (int i = 0; i < pool.Length; i++)
            {
                if (i < first)
                    (sumA, squaresA) = (sumA + pool[i], squaresA + pool[i] * pool[i]);
                else
                    (sumB, squaresB) = (sumB + pool[i], squaresB + pool[i] * pool[i]);
            }
            double difference = Math.Abs(sumA / first - sumB / second);
            double variance = (squaresA - sumA * sumA / first) / (first - 1) / first
                + (squaresB - sumB * sumB / second) / (second - 1) / second;
            return (difference, difference / Math.Sqrt(Math.Max(variance, 1e-300)));
        }
    }

    private static (double Plain, double Least, double Studentised) Signed(double[] x, Source source)
    {
        double observed = Math.Abs(x.Sum()), squares = x.Sum(value => value * value), t = Of(observed);
        int plain = 1, studentised = 1;
        for (int i = 1; i < Permutations; i++)
        {
            double sum = 0;
            foreach (double value in x)
                sum += source.Uniform() < 0.5 ? value : -value;
            plain += Math.Abs(sum) >= observed * (1 - 1e-9) ? 1 : 0;
            studentised += Of(Math.Abs(sum)) >= t * (1 - 1e-9) ? 1 : 0;
        }
        return ((double)plain / Permutations, Math.Pow(2, 1 - x.Length), (double)studentised / Permutations);

        double Of(double sum) => sum / Math.Sqrt(Math.Max(squares - sum * sum / x.Length, 1e-300));
    }

    /// <summary>
    /// Whether |t| is beyond the 5% of Student's t; between whole degrees of freedom the critical value is interpolated in 1/degrees.
    /// </summary>
    private static bool Beyond(double t, double degrees)
    {
        double low = Math.Max(1, Math.Floor(degrees)), high = low + 1, share = (1 / low - 1 / Math.Max(degrees, 1)) / (1 / low - 1 / high);
        return Math.Abs(t) > At(low) + share * (At(high) - At(low));

        static double At(double whole)
        {
            if (!Critical.TryGetValue(whole, out double quantile))
                Critical.Add(whole, quantile = Distributions.StudentTQuantile(1 - Level / 2, whole));
            return quantile;
        }
    }

    /// <summary>Random numbers of one row, the same on every machine: standard deviation 1, mean 0, and what is asked for on top.</summary>
    private sealed class Source
    {
        private readonly uint _row;
        private ulong _next;

        /// <summary>Begins at a row's own place.</summary>
        internal Source(string row)
        {
            foreach (char letter in row)
                _row = unchecked(_row * 16777619 ^ letter);
        }

        internal double Uniform() => Philox.Uniform(11, RandomPurpose.Resample, _row, _next++);

        internal void Shuffle(double[] values)
        {
            for (int i = values.Length - 1; i > 0; i--)
            {
                int other = (int)(Uniform() * (i + 1));
                (values[i], values[other]) = (values[other], values[i]);
            }
        }

        internal void Fill(string shape, double[] values, double scale, double mean)
        {
            for (int i = 0; i < values.Length; i++)
                values[i] = mean + scale * One(shape);
        }

        private double One(string shape) => shape switch
        {
            "normal" => Normal(),
            "exponential" => -Math.Log(1 - Uniform()) - 1,
            "lognormal" => (Math.Exp(Normal()) - Math.Exp(0.5)) / Math.Sqrt((Math.E - 1) * Math.E),
            "t(3)" => Normal() / Math.Sqrt(Square() + Square() + Square()),
            // One run in ten lies six deviations low.
            _ => (Normal() - (Uniform() < 0.1 ? 6 : 0) + 0.6) / Math.Sqrt(1 + 36 * 0.09),
        };

        private double Normal() => Philox.NormalPair(11, RandomPurpose.Resample, _row, _next++).First;

        private double Square()
        {
            double normal = Normal();
            return normal * normal;
        }
    }
}
