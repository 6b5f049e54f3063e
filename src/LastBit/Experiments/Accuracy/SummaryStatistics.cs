using System.Text.Json.Serialization;
using LastBit.Statistics;
using LastBit.Training;

namespace LastBit.Experiments.Accuracy;

/// <summary>
/// What a test set of this size explains of the spread by sampling alone; in percentage points where it is an accuracy.
/// </summary>
/// <param name="TestImages">The size of the test set.</param>
/// <param name="Classes">How many classes it has.</param>
/// <param name="MeanAccuracy">Mean final accuracy of all runs, percent.</param>
/// <param name="AccuracyLow">Lower end of the 95% (Clopper and Pearson) interval of the accuracy on images like these, percent.</param>
/// <param name="AccuracyHigh">Its upper end.</param>
/// <param name="BinomialStd">sqrt(p(1-p)/n): the spread between fresh test sets of this size.</param>
/// <param name="CalibratedStdLow">Lower bound of the spread between runs that calibration makes unavoidable: sqrt(err/(classes n)).</param>
/// <param name="CalibratedStdHigh">Upper bound, sqrt(err/(2n)), which is Jordan's formula for two classes.</param>
/// <param name="BinomialOverRounding">The square of the spread between fresh test sets over the rounding variance; above 1 says that runs
/// on one test set vary less than test sets do.</param>
/// <param name="BinomialOverSeeds">The same over the variance over seeds.</param>
/// <param name="CalibratedOverRoundingLow">The square of the lower bound over the rounding variance.</param>
/// <param name="CalibratedOverRoundingHigh">The square of the upper bound over the rounding variance.</param>
public sealed record SamplingSpread(
    int TestImages, int Classes, double MeanAccuracy, double AccuracyLow, double AccuracyHigh,
    double BinomialStd, double CalibratedStdLow, double CalibratedStdHigh,
    double? BinomialOverRounding = null, double? BinomialOverSeeds = null,
    double? CalibratedOverRoundingLow = null, double? CalibratedOverRoundingHigh = null)
{
    /// <summary>What older versions called <see cref="BinomialOverRounding"/>, though it can exceed 1; read and not written.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? BinomialShareOfRounding { get => null; init => BinomialOverRounding ??= value; }

    /// <summary>Likewise <see cref="BinomialOverSeeds"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? BinomialShareOfSeeds { get => null; init => BinomialOverSeeds ??= value; }

    /// <summary>Likewise <see cref="CalibratedOverRoundingLow"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? CalibratedShareOfRoundingLow { get => null; init => CalibratedOverRoundingLow ??= value; }

    /// <summary>Likewise <see cref="CalibratedOverRoundingHigh"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? CalibratedShareOfRoundingHigh { get => null; init => CalibratedOverRoundingHigh ??= value; }

    /// <summary>What the test set of these runs explains.</summary>
    internal static SamplingSpread Of(AccuracyCurves curves, double[][] groups, VarianceComponents components)
    {
        int images = curves.TestImages ?? Summary.CifarTestImages, classes = curves.Classes ?? Summary.CifarClasses;
        double accuracy = SampleStatistics.Mean([.. groups.SelectMany(group => group)]) / 100;
        double binomial = TestSetSampling.BinomialVariance(accuracy, images);
        (double low, double high) = TestSetSampling.CalibratedVarianceBounds(accuracy, images, classes);
        (double accuracyLow, double accuracyHigh) = Distributions.ClopperPearson(accuracy * images, images);
        return new SamplingSpread(
            images, classes, 100 * accuracy, 100 * accuracyLow, 100 * accuracyHigh,
            100 * Math.Sqrt(binomial), 100 * Math.Sqrt(low), 100 * Math.Sqrt(high),
            Over(binomial, components.Rounding), Over(binomial, components.Seeds), Over(low, components.Rounding),
            Over(high, components.Rounding));

        static double? Over(double variance, Estimate? std) => std is { Value: > 0 } ? variance * 1e4 / (std.Value * std.Value) : null;
    }
}

/// <summary>The statistics of Table 1; docs/statistics.md says what each assumes. Standard deviations in percentage points.</summary>
/// <param name="Confidence">The confidence of all intervals.</param>
/// <param name="Runs">How many runs are compared (equal k counted once).</param>
/// <param name="StdOverK">For each seed with two runs: the standard deviation over rounding alone, its value by the sample formula.</param>
/// <param name="StdOverSeeds">For each perturbation with two runs: the standard deviation over seeds, likewise.</param>
/// <param name="Rounding">The spread over rounding alone, pooled over seeds.</param>
/// <param name="Seeds">The spread of a run with a fresh seed (which holds the spread over rounding too).</param>
/// <param name="Ratio">Rounding over Seeds.</param>
/// <param name="Test">Whether a seed adds to the spread over rounding.</param>
/// <param name="KEffect">Whether some perturbation has another mean accuracy than the others, which would be more than rounding; complete
/// tables only.</param>
/// <param name="Sampling">What the size of the test set explains.</param>
/// <param name="LeastDifference">Two runs that differ by rounding alone differ by less with probability 0.95.</param>
/// <param name="Roundings">Whether the spread depends on which rounding was changed; null, and left out of documents, where only k
/// was.</param>
public sealed record SummaryStatistics(
    double Confidence, int Runs, SortedDictionary<int, Estimate> StdOverK, SortedDictionary<Perturbation, Estimate> StdOverSeeds,
    Estimate? Rounding, Estimate? Seeds, Estimate? Ratio, GroupEffectTest? Test, RowMeansTest? KEffect, SamplingSpread Sampling,
    double? LeastDifference,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RoundingSpreads? Roundings = null);
