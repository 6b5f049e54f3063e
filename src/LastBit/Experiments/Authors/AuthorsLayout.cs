using System.Globalization;
using System.Text.RegularExpressions;
using LastBit.Files;
using LastBit.Training;

namespace LastBit.Experiments.Authors;

/// <summary>Test accuracies in the layout of the authors' scripts: result/accuracy/NETWORK/seed*/test*.npy.</summary>
public static partial class AuthorsLayout
{
    /// <summary>
    /// The k of the file test<paramref name="number"/>.npy in the layout of the authors' scripts: test1, test2, ... are k = 1, 3, ...
    /// </summary>
    /// <param name="number">The number in the file's name, from 1.</param>
    public static int KOfFile(int number) => 2 * number - 1;

    /// <summary>The file of a run's test accuracies; null for one that the authors' scripts have no file for.</summary>
    internal static string? FileOf(string folder, int seed, Perturbation perturbation) =>
        perturbation is { IsK: true, K: var k } && k % 2 == 1
        ? Path.Combine(folder, "result", "accuracy", "cifar10_resnet_sgd", string.Create(CultureInfo.InvariantCulture, $"seed{seed}"),
            string.Create(CultureInfo.InvariantCulture, $"test{((int)k + 1) / 2}.npy"))
        : null;

    /// <summary>Reads the curves below a folder.</summary>
    /// <param name="folder">Any level from the folder of one seed up to the root of the results.</param>
    /// <param name="unit">What the accuracies are.</param>
    /// <returns>
    /// How many epochs a finished run has, what a reader must know of how the files were read, and for seed and perturbation the accuracies
    /// in percent, as they are in the files where they are not finite.
    /// </returns>
    /// <exception cref="InputException">There are none, they are damaged, or their unit is not clear; the message says which and
    /// why.</exception>
    internal static (int Epochs, IReadOnlyList<string> Notes,
        SortedDictionary<int, SortedDictionary<Perturbation, double[]>> TestAccuracy) Read(
        string folder, AccuracyUnit unit = AccuracyUnit.Auto)
    {
        List<string> seedFolders = SeedFolders(folder);
        if (seedFolders.Count == 0)
        {
            throw new InputException($"{folder}: holds neither accuracy.json nor seed*/test*.npy; "
                + "name a folder with the results of `lastbit accuracy` or of the authors' scripts");
        }
        string[] networks = [.. seedFolders.Select(path => Path.GetDirectoryName(path)!).Distinct().Order(StringComparer.Ordinal)];
        if (networks.Length > 1)
        {
            throw new InputException($"{folder}: holds the results of {networks.Length} trainings "
                + $"({string.Join(", ", networks.Select(Path.GetFileName))}); name the folder of one");
        }

        var table = new SortedDictionary<int, SortedDictionary<Perturbation, double[]>>();
        var files = new List<(string File, double[] Accuracy)>();
        var notes = new List<string>();
        foreach (string seedFolder in seedFolders.Order(StringComparer.Ordinal))
        {
            int seed = NumberIn(SeedName(), Path.GetFileName(seedFolder))!.Value;
            var runs = new SortedDictionary<Perturbation, double[]>();
            foreach (FolderEntry entry in new FolderWalk().Entries(seedFolder))
            {
                if (entry.Kind != EntryKind.File || NumberIn(TestName(), entry.Name) is not { } number)
                    continue;
                string file = entry.Path;
                double[] accuracy = ReadNpy(file);
                files.Add((file, accuracy));
                int done = Array.FindLastIndex(accuracy, value => value != 0) + 1;
                if (done > 0 && done < accuracy.Length && accuracy.All(double.IsFinite))
                {
                    // An array that was made before the run, of which the run filled a part.
                    notes.Add(string.Create(CultureInfo.InvariantCulture,
                        $"Seed {seed}, {((Perturbation)KOfFile(number)).Name} ends in {NumberText.Count(accuracy.Length - done, "epoch")} "
                            + $"of accuracy 0, which are taken as never run."));
                    accuracy = accuracy[..done];
                }
                if (!runs.TryAdd(KOfFile(number), accuracy))
                    throw new InputException($"{file}: is a second file for test {number}; keep one");
            }
            if (!table.TryAdd(seed, runs))
                throw new InputException($"{seedFolder}: is a second folder for seed {seed}; keep one");
        }
        // A run that is shorter than most has stopped, and the summary names it; one that is longer is of another training.
        int epochs = files.GroupBy(one => one.Accuracy.Length).OrderBy(group => group.Count()).ThenBy(group => group.Key).Last().Key;
        if (files.FirstOrDefault(one => one.Accuracy.Length > epochs) is { File: { } longer } run)
            throw new InputException(
                $"{longer}: has {run.Accuracy.Length} epochs where most runs have {epochs}; all runs of a table need the same number");
        if (AccuracyUnits.IsFraction(unit, files, notes))
        {
            foreach (double[] accuracy in table.Values.SelectMany(runs => runs.Values))
            {
                for (int epoch = 0; epoch < accuracy.Length; epoch++)
                    accuracy[epoch] *= 100;
            }
        }
        return (epochs, notes, table);
    }

    /// <summary>The folders seed* with files test*.npy, at most four levels below (result/accuracy/NETWORK/seed1).</summary>
    internal static List<string> SeedFolders(string folder)
    {
        List<string> found = [];
        Collect(new FolderWalk(), Path.GetFullPath(folder), 0, found);
        return found;
    }

    private static void Collect(FolderWalk walk, string folder, int depth, List<string> found)
    {
        IReadOnlyList<FolderEntry> entries = walk.Entries(folder);
        if (NumberIn(SeedName(), Path.GetFileName(folder)) is not null
            && entries.Any(entry => entry.Kind == EntryKind.File && NumberIn(TestName(), entry.Name) is not null))
        {
            found.Add(folder);
            return;
        }
        if (depth == 4)
            return;
        foreach (FolderEntry child in entries.Where(entry => entry.Kind == EntryKind.Folder))
            Collect(walk, child.Path, depth + 1, found);
    }

    private static double[] ReadNpy(string file)
    {
        NumericArray array = Npy.Read(file);
        // (n, 1) and (1, n) are lists too.
        if (array.Length == 0 || array.Shape.Length == 0 || array.Shape.Count(extent => extent != 1) > 1)
            throw new InputException(
                $"{file}: has the shape ({string.Join(", ", array.Shape)}); one accuracy per epoch, a list of one dimension, is right");
        double[] accuracy = array.ToDoubles();
        return Problem([.. accuracy.TakeWhile(double.IsFinite)]) is { } problem ? throw new InputException($"{file}: {problem}") : accuracy;
    }

    /// <summary>What is wrong with accuracies after each epoch; null when nothing is.</summary>
    internal static string? Problem(double[] accuracy)
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
}
