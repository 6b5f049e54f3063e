using System.Globalization;
using LastBit.Reports.Claims;
using LastBit.Statistics;

namespace LastBit.Reports.Accuracy;

/// <summary>Table 1: runs that differ only in rounding spread as widely in test accuracy as runs with other seeds do.</summary>
public static class AccuracyClaim
{
    /// <summary>The two spreads are alike within this factor.</summary>
    public const double Factor = 2;

    /// <summary>Fewer seeds than this have no spread to speak of.</summary>
    public const int FewestSeeds = 3;

    /// <summary>Fewer k of a seed than this have no spread to speak of.</summary>
    public const int FewestK = 3;

    /// <summary>A training with fewer epochs than this is not the paper's experiment.</summary>
    public const int FewestEpochs = 20;

    /// <summary>A test set smaller than CIFAR-10's measures a spread that is its own sampling noise.</summary>
    public const int FewestTestImages = 10_000;

    /// <summary>With fewer training images than this a network is not the paper's.</summary>
    public const int FewestTrainImages = 10_000;

    /// <summary>A network that classifies fewer images correctly, in percent, has not learnt what the claim is about.</summary>
    public const double LeastAccuracy = 50;

    /// <summary>The claim and its rule.</summary>
    public static Claim Claim { get; } = new(
        "table1", "Table 1", "Rounding alone spreads accuracy as much as seeds do",
        "Networks that start from the same weights and see the same batches, and differ only in how a step is rounded, end with "
        + "test accuracies as different as those of networks with different seeds.",
        "The spread (standard deviation) of final test accuracy over rounding alone, pooled over seeds, is between half and twice the "
        + $"spread over seeds. Tested with at least {FewestSeeds} seeds, {FewestK} $k$ per seed, {FewestEpochs} epochs, "
        + $"{NumberText.Count(FewestTrainImages)} training images, {NumberText.Count(FewestTestImages)} test images and a mean accuracy of "
        + $"{NumberText.Exact(LeastAccuracy)}%.",
        string.Create(CultureInfo.InvariantCulture,
            $"lastbit accuracy --network resnet20 --train-size {FewestTrainImages} --epochs {FewestEpochs} --seeds 1..{FewestSeeds}"));

    /// <summary>Applies the rule.</summary>
    /// <param name="seeds">How many seeds.</param>
    /// <param name="fewestK">How many k the seed with the fewest has.</param>
    /// <param name="epochs">Epochs of a run.</param>
    /// <param name="trainImages">Size of the training set; null where nothing says it.</param>
    /// <param name="testImages">Size of the test set.</param>
    /// <param name="meanAccuracy">Mean final accuracy of all runs, percent.</param>
    /// <param name="rounding">Spread over rounding, percentage points; null where it cannot be estimated.</param>
    /// <param name="overSeeds">Spread over seeds, percentage points; null where it cannot be estimated.</param>
    /// <param name="ratio">The first over the second; null where it cannot be estimated.</param>
    /// <returns>The verdict and the number that decides it.</returns>
    public static Finding Judge(
        int seeds, int fewestK, int epochs, int? trainImages, int testImages, double meanAccuracy, Estimate? rounding, Estimate? overSeeds,
        Estimate? ratio)
    {
        if (rounding is null || overSeeds is null || ratio is null)
            return Finding.NotTested(
                "The runs do not have two spreads to compare: that takes two seeds with two k each, and accuracies that differ.");

        string decides =
            $"Test accuracies of networks that differ only in rounding spread by {Finding.Text(rounding.Value)} percentage points "
            + $"(standard deviation), of networks with different seeds by {Finding.Text(overSeeds.Value)}; "
            + $"the first is {Finding.Text(ratio.Value)} times the second (95% interval {Finding.Text(ratio.Low)} to "
            + $"{Finding.Text(ratio.High)}).";
        string[] lacks =
        [
            .. Finding.Lack(seeds < FewestSeeds, NumberText.Count(seeds, "seed")), .. Finding.Lack(fewestK < FewestK, $"{fewestK} k"),
            .. Finding.Lack(epochs < FewestEpochs, NumberText.Count(epochs, "epoch")),
            .. Finding.Lack(trainImages is null, "a training set of unknown size"),
            .. Finding.Lack(trainImages < FewestTrainImages, NumberText.Count(trainImages ?? 0, "training image")),
            .. Finding.Lack(testImages < FewestTestImages, NumberText.Count(testImages, "test image")),
            .. Finding.Lack(!(meanAccuracy >= LeastAccuracy), $"a mean accuracy of {Finding.Text(meanAccuracy)}%"),
        ];
        return Finding.TooSmall(decides, lacks) ?? Finding.Decide(ratio.Value is >= 1 / Factor and <= Factor, decides);
    }
}
