using System.Globalization;
using System.Text.Json.Serialization;
using LastBit.Experiments.Authors;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Accuracy;

/// <summary>The test accuracies of the runs of Table 1, epoch by epoch, as a result folder holds them.</summary>
/// <param name="Epochs">How many epochs a finished run has, at least 1.</param>
/// <param name="TestImages">The size of the test set, where the folder says; null in the authors' layout.</param>
/// <param name="Classes">How many classes, where the folder says; null in the authors' layout.</param>
/// <param name="TestAccuracy">Seed, then perturbation, then the accuracy (percent) after each epoch. An unfinished run has fewer
/// epochs.</param>
/// <param name="Diverged">Seed, then perturbation, then where and why a run stopped being finite; null where none did.</param>
public sealed record AccuracyCurves(
    int Epochs, int? TestImages, int? Classes, SortedDictionary<int, SortedDictionary<Perturbation, double[]>> TestAccuracy,
    SortedDictionary<int, SortedDictionary<Perturbation, DivergedTraining>>? Diverged = null)
{
    /// <summary>The name of the document of an `accuracy` run in its folder.</summary>
    public const string FileName = "accuracy.json";

    /// <summary>What a reader of a table must know of how the files were read, in sentences.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Whether a run diverged.</summary>
    internal bool IsDiverged(int seed, Perturbation one) =>
        Diverged is not null && Diverged.TryGetValue(seed, out var runs) && runs.ContainsKey(one);

    /// <summary>Whether a path is a folder that <see cref="Read"/> reads.</summary>
    /// <param name="folder">A file, a folder or a pattern.</param>
    public static bool IsIn(string folder)
    {
        if (!Directory.Exists(folder))
            return false;
        return File.Exists(Path.Combine(folder, FileName)) || AuthorsLayout.SeedFolders(folder).Count > 0;
    }

    /// <summary>Reads the curves of an `accuracy` run (accuracy.json) or of the authors' scripts (seed*/test*.npy).</summary>
    /// <param name="folder">The folder itself, or for the authors' layout any level from the folder of one seed up to the root of the
    /// results.</param>
    /// <param name="unit">What the accuracies are, in the authors' layout; accuracy.json has percent.</param>
    /// <returns>The curves, complete and checked.</returns>
    /// <exception cref="InputException">There are none, or they are damaged; the message says which and why.</exception>
    public static AccuracyCurves Read(string folder, AccuracyUnit unit = AccuracyUnit.Auto)
    {
        if (!Directory.Exists(folder))
            throw new InputException(
                $"{folder}: is not a folder; name one with the results of `lastbit accuracy` or of the authors' scripts");
        string file = Path.Combine(folder, FileName);
        if (File.Exists(file))
        {
            if (unit == AccuracyUnit.Fraction)
                throw InputException.Of("unit", $"{file} holds percent; leave the unit out");
            var document = DocumentFile.Read<CurvesDocument>(file, "it should be what `lastbit accuracy` writes");
            return new AccuracyCurves(document.Epochs, document.TestImages, document.Classes, document.TestAccuracy,
                document.Diverged).WithoutDiverged();
        }
        (int epochs, IReadOnlyList<string> notes, var testAccuracy) = AuthorsLayout.Read(folder, unit);
        return new AccuracyCurves(epochs, null, null, testAccuracy) { Notes = notes }.WithoutDiverged();
    }

    /// <summary>
    /// Marks runs that diverged without a word of it: those of the authors' scripts, and of versions that took them for runs of 0%.
    /// </summary>
    private AccuracyCurves WithoutDiverged()
    {
        var diverged = Diverged ?? [];
        foreach ((int seed, SortedDictionary<Perturbation, double[]> runs) in TestAccuracy)
        {
            foreach ((Perturbation one, double[] accuracy) in runs.ToArray())
            {
                if (accuracy.Length == 0 || IsDiverged(seed, one) || DivergedIn(accuracy) is not { } why)
                    continue;
                diverged.TryAdd(seed, []);
                diverged[seed][one] = why;
                runs[one] = [.. accuracy.TakeWhile(double.IsFinite)];
            }
        }
        return diverged.Count > 0 ? this with { Diverged = diverged } : this;
    }

    /// <summary>What is wrong with the members of accuracy.json that hold curves; null when nothing is.</summary>
    internal static string? Problem(
        int epochs, int? testImages, int? classes, SortedDictionary<int, SortedDictionary<Perturbation, double[]>> testAccuracy,
        SortedDictionary<int, SortedDictionary<Perturbation, DivergedTraining>>? diverged)
    {
        if (epochs < 1 || testImages < 1 || classes < 2)
            return "epochs and testImages must be at least 1, and classes at least 2";
        foreach ((int seed, SortedDictionary<Perturbation, double[]> runs) in testAccuracy)
        {
            foreach ((Perturbation one, double[] accuracy) in runs)
            {
                string what = string.Create(CultureInfo.InvariantCulture, $"seed {seed}, {one.Name}");
                if (seed < 0 || one.K < 1 || one.K != Math.Floor(one.K))
                    return $"{what} is not a run; seeds are at least 0, and k is a whole number of at least 1";
                if (accuracy.Length > epochs)
                    return $"{what} has {NumberText.Count(accuracy.Length, "epoch")} where {epochs} were to be run";
                if (AuthorsLayout.Problem(accuracy) is { } problem)
                    return $"{what}: {problem}";
            }
        }
        return diverged?.Values.SelectMany(runs => runs.Values).Select(one => one.Problem()).FirstOrDefault(problem => problem is not null);
    }

    /// <summary>
    /// How a curve shows that its run diverged; null where it does not. A network that guesses is right
    /// about some images; an accuracy of 0% at every epoch is that of a diverged run.
    /// </summary>
    internal static DivergedTraining? DivergedIn(double[] accuracy)
    {
        int at = Array.FindIndex(accuracy, value => !double.IsFinite(value));
        return at >= 0
            ? new DivergedTraining(0, string.Create(CultureInfo.InvariantCulture, $"the test accuracy of epoch {at + 1} is not a number"))
            : accuracy.All(value => value == 0) ? new DivergedTraining(0, "its test accuracy is 0 in every epoch")
            : null;
    }

    /// <summary>The members of accuracy.json that a summary needs.</summary>
    private sealed record CurvesDocument(
        int Epochs, SortedDictionary<int, SortedDictionary<Perturbation, double[]>> TestAccuracy, int? TestImages = null,
        int? Classes = null,
        SortedDictionary<int, SortedDictionary<Perturbation, DivergedTraining>>? Diverged = null) : ICheckedDocument
    {
        public string? Problem() => AccuracyCurves.Problem(Epochs, TestImages, Classes, TestAccuracy, Diverged);
    }
}
