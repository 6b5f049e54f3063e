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
    internal static string? FileOf(string folder, int seed, Perturbation perturbation) => perturbation is { IsK: true, K: var k } && k % 2 == 1
        ? Path.Combine(folder, "result", "accuracy", "cifar10_resnet_sgd", string.Create(CultureInfo.InvariantCulture, $"seed{seed}"),
            string.Create(CultureInfo.InvariantCulture, $"test{((int)k + 1) / 2}.npy"))
        : null;

    /// <summary>Reads the curves below a folder.</summary>
    /// <param name="folder">Any level from the folder of one seed up to the root of the results.</param>
    /// <returns>
    /// How many epochs every run has, whether the files hold fractions, and for seed and perturbation the accuracies in percent, as they are in the files where
    /// they are not finite.
    /// </returns>
    /// <exception cref="InputException">There are none, or they are damaged; the message says which and why.</exception>
    internal static (int Epochs, bool FromFractions, SortedDictionary<int, SortedDictionary<Perturbation, double[]>> TestAccuracy) Read(string folder)
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
        (string File, int Epochs)? first = null;
        foreach (string seedFolder in seedFolders.Order(StringComparer.Ordinal))
        {
            int seed = NumberIn(SeedName(), Path.GetFileName(seedFolder))!.Value;
            var runs = new SortedDictionary<Perturbation, double[]>();
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
                if (!runs.TryAdd(KOfFile(number), accuracy))
                    throw new InputException($"{file}: is a second file for test {number}; keep one");
            }
            if (!table.TryAdd(seed, runs))
                throw new InputException($"{seedFolder}: is a second folder for seed {seed}; keep one");
        }
        return (first!.Value.Epochs, ToPercent(table), table);
    }

    /// <summary>The folders of seeds below a folder.</summary>
    internal static List<string> SeedFolders(string folder)
    {
        List<string> found = [];
        Collect(Path.GetFullPath(folder), 0, found);
        return found;
    }

    /// <summary>Turns fractions into percent where every run has them; a run of fractions among percentages is left, as one that learned nothing.</summary>
    private static bool ToPercent(SortedDictionary<int, SortedDictionary<Perturbation, double[]>> table)
    {
        double[][] all = [.. table.Values.SelectMany(runs => runs.Values)];
        double[] finite = [.. all.SelectMany(accuracy => accuracy.TakeWhile(double.IsFinite))];
        if (finite.Length == 0 || finite.Max() > 1)
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
            throw new InputException($"{file}: has the shape ({string.Join(", ", array.Shape)}); one accuracy per epoch, a list of one dimension, is right");
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
