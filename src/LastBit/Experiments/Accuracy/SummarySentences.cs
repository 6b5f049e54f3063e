using System.Globalization;
using LastBit.Statistics;

namespace LastBit.Experiments.Accuracy;

/// <summary>What a table says in words.</summary>
internal static class SummarySentences
{
    internal static string Noise(VarianceComponents components, int runs, int degrees)
    {
        if (components.LeastDifference is { } least)
        {
            return "Two single runs of this training whose test accuracies differ by less than "
                + $"{Points(least)} percentage points cannot be told apart from rounding error: "
                + "of two runs that differ in nothing but rounding, 95% differ by less "
                + $"(t of {Count(degrees, "degree")} of freedom times the square root of 2 "
                + $"times the rounding spread of {Points(components.Rounding!.Value)}).";
        }
        if (components.Seeds is { } seeds)
        {
            string hidden = degrees > 0
                ? "Runs of one seed have the same accuracy: the resolution of the test set or of the training hides the spread over "
                    + "rounding. " : "";
            return $"{hidden}Two single runs with different seeds whose test accuracies differ by less than "
                + $"{Points(VarianceComponents.LeastDifferenceOf(seeds.Value, components.SeedsDegrees))} percentage points cannot be told "
                + "apart from noise: "
                + "of two runs that differ in nothing but seed and rounding, 95% differ by "
                + $"less{(degrees > 0 ? "" : "; what rounding alone does takes two k of one seed")}.";
        }
        return runs == 1 ? "One run says nothing about noise: that takes two seeds, or two k of one seed."
            : "All runs have the same accuracy. Equal values do not show that there is no noise: the resolution of the test set or of the "
                + "training hides it.";
    }

    internal static string Comparison(VarianceComponents components, GroupEffectTest? test, int groups, int degrees)
    {
        if (groups < 2 || degrees == 0)
            return "To compare the spread over rounding with the spread over seeds takes two seeds, and two k of one seed.";
        if (components.Rounding is null)
        {
            return components.Seeds is null ? "All runs have the same accuracy: there is no spread to compare."
                : "Runs of one seed have the same accuracy and seeds do not: the two spreads cannot be compared.";
        }
        if (components.Ratio is not { } ratio || test is null)
            return "The means of all seeds are equal: the resolution of the test set or of the training hides what a seed does.";
        string verdict = test.PermutationP < GroupEffectTest.Level
            ? "a seed changes the accuracy by more than rounding does"
            : "no difference between the two is seen";
        return $"The spread over rounding alone is {Points(ratio.Value)} (95% interval {Points(ratio.Low)} to {Points(ratio.High)}) "
            + "times the spread over seeds; "
            + string.Create(CultureInfo.InvariantCulture,
                $"{verdict} (F test p = {test.P:0.0000}, by permutation p = {test.PermutationP:0.0000}).");
    }

    private static string Points(double value) => value.ToString(value < 0.1 ? "0.0000" : "0.00", CultureInfo.InvariantCulture);

    internal static string Count(int count, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");
}
