using System.Text.Json;
using CsCheck;
using LastBit.Experiments.Accuracy;
using LastBit.Experiments.Authors;
using LastBit.Files;
using LastBit.Runs;
using LastBit.Statistics;
using LastBit.Training;

namespace LastBit.Tests.Experiments;

public class SummaryTests : IDisposable
{
    private readonly TemporaryFolder _temporary = new();

    private string Folder => _temporary.Path;

    public void Dispose()
    {
        _temporary.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void The_final_accuracy_is_the_mean_of_the_last_ten_epochs_or_of_all()
    {
        Assert.Equal(14.5, Summary.FinalAccuracy([.. Enumerable.Range(0, 20).Select(epoch => (double)epoch)]));
        Assert.Equal(2, Summary.FinalAccuracy([1, 2, 3]));
        Assert.Contains(Summary.Of(Curves(3)).Notes, note =>
            note.StartsWith("Runs have 3 epochs, so the final accuracy is the mean of them all", StringComparison.Ordinal));
        Assert.Empty(Summary.Of(Curves(12)).Notes);
    }

    [Fact]
    public void The_table_has_the_standard_deviations_of_its_rows_and_columns()
    {
        Summary summary =
            Summary.Of(new AccuracyCurves(1, 10_000, 10, Table(((1, 1), [90]), ((1, 3), [92]), ((2, 1), [94]), ((2, 3), [92]))));
        Assert.Equal([1.0, 1.0], summary.StdOverK.Values);
        Assert.Equal([2.0, 0.0], summary.StdOverSeeds.Values);
        Assert.Equal(Math.Sqrt(2), summary.Statistics.StdOverK[1].Value, 1e-12);
        Assert.Equal(Math.Sqrt(2), summary.Statistics.Rounding!.Value, 1e-12);
        // Between: 2 * 2 = 4; within: 2; so the variance over seeds is (4 + 2)/2.
        Assert.Equal(Math.Sqrt(3), summary.Statistics.Seeds!.Value, 1e-12);
        Assert.Equal(92, summary.Statistics.Sampling.MeanAccuracy, 1e-12);
        Assert.Equal(0.2712932, summary.Statistics.Sampling.BinomialStd, 1e-7);
        Assert.Equal(0.92 * 0.08, summary.Statistics.Sampling.BinomialOverRounding!.Value * 2, 1e-9);

        // The names that older versions gave are read and not written.
        string document = ResultJson.Serialize(summary.Statistics.Sampling);
        string older = document.Replace("OverRounding", "ShareOfRounding", StringComparison.Ordinal)
            .Replace("OverSeeds", "ShareOfSeeds", StringComparison.Ordinal);
        Assert.Equal((4, 0), (older.Split("ShareOf").Length - 1, document.Split("ShareOf").Length - 1));
        Assert.Equal(document, ResultJson.Serialize(ResultJson.Deserialize<SamplingSpread>(older)));
    }

    [Fact]
    public void The_document_has_the_members_that_scripts_rely_on_and_is_the_file()
    {
        WriteOwn(Curves(12));
        Summary summary = Summary.Run(Folder);
        string text = File.ReadAllText(Path.Combine(Folder, "summary.json"));
        Assert.Equal(summary.ToJson(), text);
        JsonElement root = JsonDocument.Parse(text).RootElement;
        Assert.Equal(Summary.FinalAccuracy(Curves(12).TestAccuracy[2][5]),
            root.GetProperty("final").GetProperty("2").GetProperty("5").GetDouble());
        Assert.Equal(summary.StdOverK[3], root.GetProperty("stdOverK").GetProperty("3").GetDouble());
        Assert.Equal(summary.StdOverSeeds[5], root.GetProperty("stdOverSeeds").GetProperty("5").GetDouble());
        Assert.Equal(summary.Statistics.Ratio!.High, root.GetProperty("statistics").GetProperty("ratio").GetProperty("high").GetDouble());
        Assert.Equal(summary.Sentence, root.GetProperty("sentence").GetString());
        Assert.Equal(text, Summary.Run(Folder).ToJson());
    }

    [Fact]
    public void The_sentence_names_the_difference_that_rounding_alone_makes()
    {
        Summary summary = Summary.Of(Curves(12));
        double difference = summary.Statistics.LeastDifference!.Value;
        Assert.Equal(Distributions.StudentTQuantile(0.975, 6) * Math.Sqrt(2) * summary.Statistics.Rounding!.Value, difference, 1e-12);
        Assert.StartsWith(string.Create(System.Globalization.CultureInfo.InvariantCulture,
            $"Two single runs of this training whose test accuracies differ by less than {difference:0.00} percentage points "
            + $"cannot be told apart from rounding error"),
            summary.Sentence, StringComparison.Ordinal);
        Assert.Contains("6 degrees of freedom", summary.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void Unfinished_runs_are_left_out_and_missing_ones_named()
    {
        AccuracyCurves curves = Curves(12);
        curves.TestAccuracy[3][5] = [90, 91];
        curves.TestAccuracy[1].Remove(1);
        Summary summary = Summary.Of(curves);
        Assert.Equal(7, summary.Statistics.Runs);
        Assert.Equal([1, 3], summary.Final[3].Keys);
        Assert.Null(summary.Statistics.KEffect);
        Assert.NotNull(summary.Statistics.Ratio);
        Assert.Contains("Seed 3, k = 5 has 2 of 12 epochs and is left out.", summary.Notes);
        Assert.Contains(summary.Notes, note => note.Contains("seed 1 with k = 1, seed 3 with k = 5", StringComparison.Ordinal));
        var none = new AccuracyCurves(12, null, null, Table(((1, 1), [90.0])));
        Assert.Contains("12 epochs", Assert.Throws<InputException>(() => Summary.Of(none)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_k_that_rounds_like_another_counts_once()
    {
        AccuracyCurves curves = Curves(12);
        Summary without = Summary.Of(curves);
        foreach (SortedDictionary<Perturbation, double[]> runs in curves.TestAccuracy.Values)
        {
            runs[2] = runs[1];
            runs[12] = runs[3];
        }
        Summary with = Summary.Of(curves);
        Assert.Equal(without.Statistics.Rounding, with.Statistics.Rounding);
        Assert.Equal(without.StdOverK, with.StdOverK);
        Assert.Equal([1, 2, 3, 5, 12], with.Final[1].Keys);
        string[] expected =
        [
            "k = 2 is the same run as k = 1 (a factor of 2 changes no rounding) and counts once.",
            "k = 12 is the same run as k = 3 (a factor of 2 changes no rounding) and counts once.",
        ];
        Assert.Equal(expected, with.Notes);
    }

    [Fact]
    public void Runs_that_are_all_the_same_claim_nothing_and_say_why() =>
        Gen.Select(Gen.Double[0, 100], Gen.Int[1, 4], Gen.Int[1, 4]).Sample((accuracy, seeds, ks) =>
        {
            var cells = from seed in Enumerable.Range(1, seeds)
                        from k in Enumerable.Range(0, ks)
                        select ((seed, 2 * k + 1),
                new[] { accuracy });
            var curves = new AccuracyCurves(1, 100, 10, Table([.. cells]));
            Summary summary = Summary.Of(curves);
            Assert.All(summary.StdOverK.Values.Concat(summary.StdOverSeeds.Values), std => Assert.Equal(0, std));
            Assert.DoesNotContain("NaN", summary.ToJson() + summary.Sentence + summary.Comparison, StringComparison.Ordinal);
            Assert.Null(summary.Statistics.LeastDifference);
            Assert.Equal((null, null, null, null),
                (summary.Statistics.Rounding, summary.Statistics.Seeds, summary.Statistics.Ratio, summary.Statistics.Test));
            Assert.Contains(seeds * ks > 1 ? "hides it" : "One run says nothing", summary.Sentence, StringComparison.Ordinal);
        });

    [Fact]
    public void Five_seeds_of_one_k_have_a_threshold_and_the_last_epoch_can_be_asked_for()
    {
        var curves = new AccuracyCurves(12, null, null, Table([.. from seed in Enumerable.Range(1, 5)
            select ((seed, 1), Enumerable.Range(0, 12).Select(epoch => 80 + epoch + (epoch == 11 ? seed : 0.1 * seed)).ToArray())]));
        Summary mean = Summary.Of(curves), last = Summary.Of(curves, lastEpochs: 1);
        Assert.Contains("two k of one seed", mean.Sentence, StringComparison.Ordinal);
        // Standard deviation of 1..5 with four degrees of freedom: t(0.975) sqrt(2) sqrt(2.5).
        Assert.Contains("less than 6.21 percentage points", last.Sentence, StringComparison.Ordinal);
        Assert.Equal((1, 93.0), (last.FinalEpochs, last.Final[2][1]));
    }

    [Fact]
    public void Means_of_seeds_that_are_equal_have_no_ratio()
    {
        Summary summary = Summary.Of(new AccuracyCurves(1, 100, 10, Table(((1, 1), [90]), ((1, 3), [91]), ((2, 1), [91]), ((2, 3), [90]))));
        Assert.Null(summary.Statistics.Ratio);
        Assert.Contains("hides what a seed does", summary.Comparison, StringComparison.Ordinal);
    }

    [Fact]
    public void Fractions_of_the_authors_layout_are_read_as_percent()
    {
        for (int seed = 1; seed <= 2; seed++)
            Npy.Write(Path.Combine(Folder, $"seed{seed}", "test1.npy"), [0.5, 0.75], 2);
        AccuracyCurves curves = AccuracyCurves.Read(Folder);
        Assert.Equal([50, 75], curves.TestAccuracy[2][1]);
        Assert.Contains(Summary.Of(curves).Notes, note => note.Contains("fractions", StringComparison.Ordinal));
    }

    [Fact] // Case layout-chance-one: percents at chance among a hundred classes.
    public void Where_nothing_is_above_1_the_unit_can_be_said()
    {
        Npy.Write(Path.Combine(Folder, "seed1", "test1.npy"), [0.98, 1.0], 2);
        Npy.Write(Path.Combine(Folder, "seed1", "test2.npy"), [0.97, 0.96], 2);
        AccuracyCurves guessed = AccuracyCurves.Read(Folder);
        Assert.Equal([98, 100], guessed.TestAccuracy[1][1]);
        Assert.Equal(
            "No accuracy is above 1: they are read as fractions and shown in percent. If they are percents, as at chance among a hundred "
                + "classes, "
            + "read them again with the unit percent.", Assert.Single(guessed.Notes));
        AccuracyCurves said = AccuracyCurves.Read(Folder, AccuracyUnit.Percent);
        Assert.Equal([0.98, 1], said.TestAccuracy[1][1]);
        Assert.Empty(said.Notes);
        Assert.Equal([98, 100], AccuracyCurves.Read(Folder, AccuracyUnit.Fraction).TestAccuracy[1][1]);
    }

    [Fact] // Case layout-mixfrac.
    public void Fractions_and_percents_make_no_table()
    {
        string percent = Path.Combine(Folder, "seed1", "test1.npy"), fraction = Path.Combine(Folder, "seed2", "test1.npy");
        Npy.Write(percent, [88, 89.5], 2);
        Npy.Write(fraction, [0.88, 0.89], 2);
        InputException refused = Assert.Throws<InputException>(() => AccuracyCurves.Read(Folder));
        Assert.Equal(("unit", $": {fraction} holds numbers up to 0.89 and {percent} up to 89.5: fractions and percents make no table; "
            + "convert the fractions, or give percent if all are percents"), (refused.Setting, refused.Problem));
        Assert.Equal([0.88, 0.89], AccuracyCurves.Read(Folder, AccuracyUnit.Percent).TestAccuracy[2][1]);
        Assert.Contains("test1.npy holds 89.5, which is no fraction; give percent",
            Assert.Throws<InputException>(() => AccuracyCurves.Read(Folder, AccuracyUnit.Fraction)).Message, StringComparison.Ordinal);
        // A run of zeros has diverged and has no unit.
        Npy.Write(fraction, [0.0, 0.0], 2);
        Assert.True(AccuracyCurves.Read(Folder).IsDiverged(2, 1));
    }

    [Theory] // Case layout-zerotail.
    [InlineData(3, 0)]
    [InlineData(3, 1)]
    [InlineData(3, 9)]
    [InlineData(5, 0)]
    public void A_run_that_stopped_is_named_and_left_out(int epochs, int zeros)
    {
        for (int seed = 1; seed <= 2; seed++)
        {
            for (int test = 1; test <= 3; test++)
                Npy.Write(Path.Combine(Folder, $"seed{seed}", $"test{test}.npy"), [.. Enumerable.Repeat(90.0 + test, 12)], 12);
        }
        int length = zeros > 0 ? 12 : epochs, done = zeros > 0 ? 12 - zeros : epochs;
        Npy.Write(Path.Combine(Folder, "seed2", "test2.npy"), [.. Enumerable.Repeat(80.0, done), .. new double[length - done]], length);
        Summary summary = Summary.Of(AccuracyCurves.Read(Folder));
        Assert.Equal(zeros > 0,
            summary.Notes.Contains(
                $"Seed 2, k = 3 ends in {zeros} epoch{(zeros == 1 ? "" : "s")} of accuracy 0, which are taken as never run."));
        Assert.Contains($"Seed 2, k = 3 has {done} of 12 epochs and is left out.", summary.Notes);
        Assert.Equal([91, 93], summary.Final[2].Values);
    }

    [Fact]
    public void Lists_in_a_row_or_a_column_are_read()
    {
        Npy.Write(Path.Combine(Folder, "seed1", "test1.npy"), [88, 89], 2, 1);
        Npy.Write(Path.Combine(Folder, "seed1", "test2.npy"), [87, 86], 1, 2);
        AccuracyCurves curves = AccuracyCurves.Read(Folder);
        Assert.Equal([88, 89], curves.TestAccuracy[1][1]);
        Assert.Equal([87, 86], curves.TestAccuracy[1][3]);
    }

    [Fact]
    public void A_link_to_a_seed_counts_once_and_a_circle_ends()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege on Windows.");
        Npy.Write(Path.Combine(Folder, "runs", "seed1", "test1.npy"), [88, 89], 2);
        Directory.CreateSymbolicLink(Path.Combine(Folder, "runs", "zlatest"), "seed1");
        for (int i = 0; i < 40; i++)
            Directory.CreateSymbolicLink(Path.Combine(Folder, "runs", $"loop{i}"), ".");
        Assert.Equal([1], AccuracyCurves.Read(Folder).TestAccuracy.Keys);
    }

    [Fact]
    public void Names_of_seeds_do_not_matter() => Gen.Shuffle(new[] { 1, 2, 3 }).Sample(order =>
    {
        AccuracyCurves curves = Curves(12);
        var renamed = new SortedDictionary<int, SortedDictionary<Perturbation, double[]>>();
        for (int i = 0; i < 3; i++)
            renamed.Add(order[i], curves.TestAccuracy[i + 1]);
        Summary a = Summary.Of(curves), b = Summary.Of(curves with { TestAccuracy = renamed });
        Assert.Equal(a.Statistics.Ratio!.High, b.Statistics.Ratio!.High, 1e-9);
        Assert.Equal(a.Statistics.Test!.PermutationP, b.Statistics.Test!.PermutationP, 0.001);
        Assert.Equal(a.Sentence, b.Sentence);
    });

    [Theory]
    [InlineData("")]
    [InlineData("result")]
    [InlineData("result/accuracy")]
    [InlineData("result/accuracy/cifar10_resnet_sgd")]
    public void The_authors_layout_is_read_at_any_level(string level)
    {
        AccuracyCurves curves = Curves(12);
        WriteAuthors(curves);
        AccuracyCurves read = AccuracyCurves.Read(Path.Combine(Folder, level));
        Assert.Equal(Summary.Of(curves).ToJson(), Summary.Of(read).ToJson());
    }

    [Fact]
    public void TheFolder_of_one_seed_is_read_and_single_precision_too()
    {
        WriteAuthors(Curves(12));
        string seed2 = Path.Combine(Folder, "result", "accuracy", "cifar10_resnet_sgd", "seed2");
        Npy.Write(Path.Combine(seed2, "test4.npy"), Enumerable.Repeat(90.5f, 12).ToArray(), 12);
        File.WriteAllText(Path.Combine(seed2, "train1.npy"), "not a test accuracy");
        AccuracyCurves read = AccuracyCurves.Read(seed2);
        Assert.Equal([2], read.TestAccuracy.Keys);
        Assert.Equal([1, 3, 5, 7], read.TestAccuracy[2].Keys);
        Assert.Null(Summary.Of(read).Statistics.Seeds);
        Assert.Equal(0, SampleStatistics.PopulationStd(read.TestAccuracy[2][7]));
    }

    [Fact]
    public void Damaged_results_are_refused_with_the_file_and_the_reason()
    {
        Refused("is not a folder", Path.Combine(Folder, "none"));
        Refused("holds neither accuracy.json nor seed*/test*.npy", Folder);

        WriteAuthors(Curves(12));
        string file = Path.Combine(Folder, "result", "accuracy", "cifar10_resnet_sgd", "seed2", "test2.npy");
        byte[] whole = File.ReadAllBytes(file);
        File.WriteAllBytes(file, whole[..^3]);
        Refused("truncated", Folder, file);
        Npy.Write(file, [.. Enumerable.Repeat(90.0, 13)], 13);
        Refused("has 13 epochs where most runs have 12", Folder, file);
        Npy.Write(file, [.. Enumerable.Repeat(90.0, 12)], 3, 4);
        Refused("has the shape (3, 4)", Folder, file);
        Npy.Write(file, [.. Enumerable.Repeat(90.0, 11), 100.5], 12);
        Refused("the accuracy of epoch 12 is 100.5", Folder, file);
        File.WriteAllBytes(file, whole);
        Npy.Write(Path.Combine(Folder, "result", "accuracy", "other", "seed1", "test1.npy"), [90], 1);
        Refused("holds the results of 2 trainings (cifar10_resnet_sgd, other)", Folder);
    }

    [Fact]
    public void A_damaged_document_is_refused_with_the_reason()
    {
        string file = Path.Combine(Folder, "accuracy.json");
        foreach ((string text, string reason) in new[]
        {
            ("{", "is damaged"),
            ("null", "is damaged"),
            ("{\"epochs\":2}", "testAccuracy"),
            ("{\"epochs\":2,\"testAccuracy\":{\"1\":null}}", "testAccuracy.1 is null"),
            ("{\"epochs\":2,\"epochs\":2,\"testAccuracy\":{}}", "is damaged"),
            ("{\"epochs\":2,\"testAccuracy\":{\"1\":{\"1\":[90,1e400]}}}", "is damaged"),
            ("{\"epochs\":2,\"testAccuracy\":{\"1\":{\"1\":[90,\"91\"]}}}", "is damaged"),
            ("{\"epochs\":2,\"testAccuracy\":{\"1\":{\"0\":[90]}}}", "k is a whole number of at least 1"),
            ("{\"epochs\":2,\"testAccuracy\":{\"1\":{\"1\":[90,91,92]}}}", "has 3 epochs where 2"),
            ("{\"epochs\":2,\"testAccuracy\":{\"1\":{\"1\":[90,101]}}}", "the accuracy of epoch 2 is 101"),
            ("{\"epochs\":2,\"testAccuracy\":{\"x\":{}}}", "is damaged"),
        })
        {
            File.WriteAllText(file, text);
            Refused(reason, Folder, file);
        }
    }

    private static void Refused(string reason, string folder, string? file = null)
    {
        string message = Assert.Throws<InputException>(() => AccuracyCurves.Read(folder)).Message;
        Assert.StartsWith((file ?? folder) + ":", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    private static SortedDictionary<int,
        SortedDictionary<Perturbation, double[]>> Table(params ((int Seed, int K) Cell, double[] Accuracy)[] cells)
    {
        var table = new SortedDictionary<int, SortedDictionary<Perturbation, double[]>>();
        foreach (((int seed, int k), double[] accuracy) in cells)
        {
            table.TryAdd(seed, []);
            table[seed][k] = accuracy;
        }
        return table;
    }

    /// <summary>Three seeds, k = 1, 3, 5, with a curve of its own for each.</summary>
    private static AccuracyCurves Curves(int epochs) => new(epochs, 10_000, 10, Table(
        [.. from seed in Enumerable.Range(1, 3)
            from k in new[] { 1, 3, 5 }
            select ((seed, k),
                Enumerable.Range(0, epochs).Select(epoch => 88 + (seed * 7 + k * k * 3 + epoch * 5) % 11 * 0.25).ToArray())]));

    private void WriteOwn(AccuracyCurves curves) => File.WriteAllText(Path.Combine(Folder, "accuracy.json"), ResultJson.Serialize(curves));

    private void WriteAuthors(AccuracyCurves curves)
    {
        foreach ((int seed, SortedDictionary<Perturbation, double[]> runs) in curves.TestAccuracy)
        {
            foreach ((Perturbation one, double[] accuracy) in runs)
                Npy.Write(Path.Combine(Folder, "result", "accuracy", "cifar10_resnet_sgd", $"seed{seed}",
                    $"test{((int)one.K + 1) / 2}.npy"), accuracy, accuracy.Length);
        }
    }
}
