using LastBit.Arithmetic;

namespace LastBit.Reports;

public static partial class Claims
{
    /// <summary>A training with fewer epochs than this is not the paper's experiment.</summary>
    public const int FewestEpochs = 20;

    /// <summary>A test set smaller than CIFAR-10's measures a spread that is its own sampling noise.</summary>
    public const int FewestTestImages = 10_000;

    /// <summary>The rule of <see cref="RoundingSpreadsLikeSeeds"/> in words.</summary>
    public const string SpreadRule =
        "The spread (standard deviation) of final test accuracy over rounding alone, pooled over seeds, is between half and twice the spread over seeds. "
        + "Tested with at least 3 seeds, 3 k of a seed, 20 epochs, 10,000 test images and a mean accuracy of 50%.";

    /// <summary>Table 1: runs that differ only in rounding spread as widely in test accuracy as runs with other seeds do.</summary>
    /// <param name="seeds">How many seeds.</param>
    /// <param name="fewestK">How many k the seed with the fewest has.</param>
    /// <param name="epochs">Epochs of a run.</param>
    /// <param name="testImages">Size of the test set.</param>
    /// <param name="meanAccuracy">Mean final accuracy of all runs, percent.</param>
    /// <param name="rounding">Spread over rounding, percentage points; null where it cannot be estimated.</param>
    /// <param name="overSeeds">Spread over seeds, percentage points; null where it cannot be estimated.</param>
    /// <param name="ratio">The first over the second; null where it cannot be estimated.</param>
    /// <returns>The verdict and the number that decides it.</returns>
    public static Finding RoundingSpreadsLikeSeeds(
        int seeds, int fewestK, int epochs, int testImages, double meanAccuracy, Estimate? rounding, Estimate? overSeeds, Estimate? ratio)
    {
        if (rounding is null || overSeeds is null || ratio is null)
            return NotTested("The runs do not have two spreads to compare: that takes two seeds with two k each, and accuracies that differ.");

        string decides = $"Test accuracies of networks that differ only in rounding spread by {Text(rounding.Value)} percentage points (standard deviation), of networks with different seeds by "
            + $"{Text(overSeeds.Value)}; the first is {Text(ratio.Value)} times the second (95% interval {Text(ratio.Low)} to {Text(ratio.High)}).";
        string[] lacks =
        [
            .. Lack(seeds < 3, $"{seeds} seeds"), .. Lack(fewestK < 3, $"{fewestK} k"), .. Lack(epochs < FewestEpochs, $"{epochs} epochs"),
            .. Lack(testImages < FewestTestImages, $"{testImages:N0} test images"), .. Lack(!(meanAccuracy >= 50), $"a mean accuracy of {Text(meanAccuracy)}%"),
        ];
        return lacks.Length > 0
            ? NotTested($"{decides} Too small to test the claim: {string.Join(", ", lacks)}.")
            : Decide(ratio.Value is >= 0.5 and <= 2, decides);

        static string[] Lack(bool isLacking, string what) => isLacking ? [what] : [];
    }
}
