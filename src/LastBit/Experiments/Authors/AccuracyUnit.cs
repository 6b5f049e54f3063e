using System.Globalization;

namespace LastBit.Experiments.Authors;

/// <summary>What the accuracies of files are that do not say so themselves.</summary>
public enum AccuracyUnit
{
    /// <summary>Fractions where no number of any run is above 1, percent where every run has one; anything else is refused.</summary>
    Auto,

    /// <summary>From 0 to 100.</summary>
    Percent,

    /// <summary>From 0 to 1.</summary>
    Fraction,
}

/// <summary>Finds out what the accuracies of files are.</summary>
internal static class AccuracyUnits
{
    /// <summary>Whether the accuracies are fractions.</summary>
    /// <param name="unit">What is said of them.</param>
    /// <param name="files">The files with their accuracies after each epoch.</param>
    /// <param name="notes">Takes what a reader must know of it.</param>
    /// <exception cref="InputException">They cannot be what is said of them, or are of both kinds.</exception>
    public static bool IsFraction(AccuracyUnit unit, List<(string File, double[] Accuracy)> files, List<string> notes)
    {
        // What shows no accuracy shows no unit either.
        var shown = files.Select(one => (one.File, Largest: one.Accuracy.TakeWhile(double.IsFinite).DefaultIfEmpty(0).Max()))
            .Where(one => one.Largest > 0).ToLookup(one => one.Largest <= 1);
        (string File, double Largest)[] small = [.. shown[true]], large = [.. shown[false]];
        if (unit == AccuracyUnit.Fraction && large.Length > 0)
            throw InputException.Of("unit",
                string.Create(CultureInfo.InvariantCulture,
                    $"{large[0].File} holds {NumberText.Of(large[0].Largest)}, which is no fraction; give percent"));
        if (unit != AccuracyUnit.Auto || small.Length == 0)
            return unit == AccuracyUnit.Fraction;
        if (large.Length > 0)
        {
            throw InputException.Of("unit", string.Create(CultureInfo.InvariantCulture,
                $"{small[0].File} holds numbers up to {NumberText.Of(small[0].Largest)} and {large[0].File} up to "
                    + $"{NumberText.Of(large[0].Largest)}: fractions and percents make no table; ")
                + "convert the fractions, or give percent if all are percents");
        }
        notes.Add("No accuracy is above 1: they are read as fractions and shown in percent. If they are percents, as at chance among a "
            + "hundred classes, read them again with the unit percent.");
        return true;
    }
}
