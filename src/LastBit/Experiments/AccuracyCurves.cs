using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using LastBit.Files;
using LastBit.Runs;
using LastBit.Statistics;
using LastBit.Training;

namespace LastBit.Experiments;

/// <summary>The test accuracies of the runs of Table 1, epoch by epoch, as a result folder holds them.</summary>
/// <param name="Epochs">How many epochs a finished run has, at least 1.</param>
/// <param name="TestImages">The size of the test set, where the folder says; null in the authors' layout.</param>
/// <param name="Classes">How many classes, where the folder says; null in the authors' layout.</param>
/// <param name="TestAccuracy">Seed, then perturbation, then the accuracy (percent) after each epoch. An unfinished run has fewer epochs.</param>
/// <param name="Diverged">Seed, then perturbation, then where and why a run stopped being finite; null where none did.</param>
public sealed partial record AccuracyCurves(
    int Epochs, int? TestImages, int? Classes, SortedDictionary<int, SortedDictionary<Perturbation, double[]>> TestAccuracy,
    SortedDictionary<int, SortedDictionary<Perturbation, DivergedTraining>>? Diverged = null)
{
    /// <summary>The name of the document of an `accuracy` run in its folder.</summary>
    public const string FileName = "accuracy.json";

    /// <summary>Whether the files hold fractions, which are percent here.</summary>
    [JsonIgnore]
    public bool FromFractions { get; init; }

    /// <summary>Whether a run diverged.</summary>
    internal bool IsDiverged(int seed, Perturbation one) => Diverged is not null && Diverged.TryGetValue(seed, out var runs) && runs.ContainsKey(one);

    /// <summary>
    /// The k of the file test<paramref name="number"/>.npy in the layout of the authors' scripts: test1, test2, ... are k = 1, 3, ...
    /// </summary>
    /// <param name="number">The number in the file's name, from 1.</param>
    public static int KOfFile(int number) => 2 * number - 1;

    /// <summary>Whether a path is a folder that <see cref="Read"/> reads.</summary>
    /// <param name="folder">A file, a folder or a pattern.</param>
    public static bool IsIn(string folder)
    {
        if (!Directory.Exists(folder))
            return false;
        List<string> seedFolders = [];
        if (!File.Exists(Path.Combine(folder, FileName)))
            Collect(Path.GetFullPath(folder), 0, seedFolders);
        return seedFolders.Count > 0 || File.Exists(Path.Combine(folder, FileName));
    }

    /// <summary>Reads the curves of an `accuracy` run (accuracy.json) or of the authors' scripts (seed*/test*.npy).</summary>
    /// <param name="folder">The folder itself, or for the authors' layout any level from the folder of one seed up to the root of the results.</param>
    /// <returns>The curves, complete and checked.</returns>
    /// <exception cref="InputException">There are none, or they are damaged; the message says which and why.</exception>
    public static AccuracyCurves Read(string folder)
    {
        if (!Directory.Exists(folder))
            throw new InputException($"{folder}: is not a folder; name one with the results of `lastbit accuracy` or of the authors' scripts");
        string file = Path.Combine(folder, FileName);
        return File.Exists(file) ? ReadJson(file) : ReadAuthors(folder);
    }

    private static AccuracyCurves ReadJson(string file)
    {
        var document = DocumentFile.Read<CurvesDocument>(file, "it should be what `lastbit accuracy` writes");
        var curves = new AccuracyCurves(document.Epochs, document.TestImages, document.Classes, document.TestAccuracy, document.Diverged);
        foreach ((int seed, SortedDictionary<Perturbation, double[]> runs) in curves.TestAccuracy)
        {
            foreach ((Perturbation one, double[] accuracy) in runs)
            {
                if (accuracy.Length > 0 && !curves.IsDiverged(seed, one) && DivergedIn(accuracy) is { } why)
                {
                    // Written by a version that took a diverged run for one of 0%.
                    curves = curves with { Diverged = curves.Diverged ?? [] };
                    curves.Diverged!.TryAdd(seed, []);
                    curves.Diverged[seed][one] = why;
                }
            }
        }
        return curves;
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
                if (Problem(accuracy) is { } problem)
                    return $"{what}: {problem}";
            }
        }
        return diverged?.Values.SelectMany(runs => runs.Values).Select(one => one.Problem()).FirstOrDefault(problem => problem is not null);
    }

    private static AccuracyCurves ReadAuthors(string folder)
    {
        List<string> seedFolders = [];
        Collect(Path.GetFullPath(folder), 0, seedFolders);
        if (seedFolders.Count == 0)
        {
            throw new InputException($"{folder}: holds neither {FileName} nor seed*/test*.npy; "
                + "name a folder with the results of `lastbit accuracy` or of the authors' scripts");
        }
        string[] networks = [.. seedFolders.Select(path => Path.GetDirectoryName(path)!).Distinct().Order(StringComparer.Ordinal)];
        if (networks.Length > 1)
        {
            throw new InputException($"{folder}: holds the results of {networks.Length} trainings "
                + $"({string.Join(", ", networks.Select(Path.GetFileName))}); name the folder of one");
        }

        var table = new SortedDictionary<int, SortedDictionary<Perturbation, double[]>>();
        var diverged = new SortedDictionary<int, SortedDictionary<Perturbation, DivergedTraining>>();
        (string File, int Epochs)? first = null;
        foreach (string seedFolder in seedFolders.Order(StringComparer.Ordinal))
        {
            int seed = NumberIn(SeedName(), Path.GetFileName(seedFolder))!.Value;
            var runs = new SortedDictionary<Perturbation, double[]>();
            var divergedRuns = new SortedDictionary<Perturbation, DivergedTraining>();
            foreach (string file in Directory.GetFiles(seedFolder, "*.npy").Order(StringComparer.Ordinal))
            {
                if (NumberIn(TestName(), Path.GetFileName(file)) is not { } number)
                    continue;
                double[] accuracy = ReadNpy(file);
                first ??= (file, accuracy.Length);
                if (accuracy.Length != first.Value.Epochs)
                {
                    throw new InputException($"{file}: has {accuracy.Length} epochs where {first.Value.File} has {first.Value.Epochs}; "
                        + "all runs of a table need the same number");
                }
                if (DivergedIn(accuracy) is { } why)
                {
                    divergedRuns[KOfFile(number)] = why;
                    accuracy = [.. accuracy.TakeWhile(double.IsFinite)];
                }
                if (!runs.TryAdd(KOfFile(number), accuracy))
                    throw new InputException($"{file}: is a second file for test {number}; keep one");
            }
            if (divergedRuns.Count > 0)
                diverged[seed] = divergedRuns;
            if (!table.TryAdd(seed, runs))
                throw new InputException($"{seedFolder}: is a second folder for seed {seed}; keep one");
        }
        return new AccuracyCurves(first!.Value.Epochs, null, null, table, diverged.Count > 0 ? diverged : null) { FromFractions = ToPercent(table) };
    }

    /// <summary>Turns fractions into percent where every run has them; a run of fractions among percentages is left, as one that learned nothing.</summary>
    private static bool ToPercent(SortedDictionary<int, SortedDictionary<Perturbation, double[]>> table)
    {
        double[][] all = [.. table.Values.SelectMany(runs => runs.Values).Where(accuracy => accuracy.Length > 0)];
        if (all.Length == 0 || all.Max(accuracy => accuracy.Max()) > 1)
            return false;
        foreach (double[] accuracy in all)
        {
            for (int epoch = 0; epoch < accuracy.Length; epoch++)
                accuracy[epoch] *= 100;
        }
        return true;
    }

    /// <summary>The folders seed* with files test*.npy, at most four levels below (result/accuracy/NETWORK/seed1).</summary>
    private static void Collect(string folder, int depth, List<string> found)
    {
        try
        {
            if (NumberIn(SeedName(), Path.GetFileName(folder)) is not null
                && Directory.EnumerateFiles(folder, "*.npy").Any(file => NumberIn(TestName(), Path.GetFileName(file)) is not null))
            {
                found.Add(folder);
                return;
            }
            if (depth == 4)
                return;
            foreach (string child in Directory.EnumerateDirectories(folder))
                Collect(child, depth + 1, found);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{folder}: cannot be read ({error.Message.ReplaceLineEndings(" ")}); name a folder that can be", error);
        }
    }

    private static double[] ReadNpy(string file)
    {
        NumericArray array = Npy.Read(file);
        if (array.Shape is not [> 0])
            throw new InputException($"{file}: has the shape ({string.Join(", ", array.Shape)}); one accuracy an epoch, a list of one dimension, is right");
        double[] accuracy = array.ToDoubles();
        return Problem([.. accuracy.TakeWhile(double.IsFinite)]) is { } problem ? throw new InputException($"{file}: {problem}") : accuracy;
    }

    /// <summary>How a curve shows that its run diverged; null where it does not. Whoever guesses is right now and then; 0% throughout is no guess.</summary>
    private static DivergedTraining? DivergedIn(double[] accuracy)
    {
        int at = Array.FindIndex(accuracy, value => !double.IsFinite(value));
        return at >= 0 ? new DivergedTraining(0, string.Create(CultureInfo.InvariantCulture, $"the test accuracy of epoch {at + 1} is not a number"))
            : accuracy.All(value => value == 0) ? new DivergedTraining(0, "its test accuracy is 0 in every epoch")
            : null;
    }

    private static string? Problem(double[] accuracy)
    {
        int epoch = Array.FindIndex(accuracy, value => !(value >= 0 && value <= 100));
        return epoch < 0 ? null : string.Create(CultureInfo.InvariantCulture,
            $"the accuracy of epoch {epoch + 1} is {accuracy[epoch]}; it must be in percent, from 0 to 100");
    }

    private static int? NumberIn(Regex pattern, string name) =>
        pattern.Match(name) is { Success: true } match
        && int.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : null;

    [GeneratedRegex(@"^seed(\d+)$")]
    private static partial Regex SeedName();

    [GeneratedRegex(@"^test([1-9]\d{0,4})\.npy$")]
    private static partial Regex TestName();

    /// <summary>The members of accuracy.json that a summary needs.</summary>
    private sealed record CurvesDocument(
        int Epochs, SortedDictionary<int, SortedDictionary<Perturbation, double[]>> TestAccuracy, int? TestImages = null, int? Classes = null,
        SortedDictionary<int, SortedDictionary<Perturbation, DivergedTraining>>? Diverged = null) : ICheckedDocument
    {
        public string? Problem() => AccuracyCurves.Problem(Epochs, TestImages, Classes, TestAccuracy, Diverged);
    }
}
