using System.Globalization;
using System.Text.Json.Nodes;
using LastBit.Engines.Cpu;
using LastBit.Experiments;
using LastBit.Experiments.Accuracy;
using LastBit.Experiments.Divergence;
using LastBit.Files;
using LastBit.Reports;
using LastBit.Reports.Claims;
using LastBit.Reports.Sections;
using LastBit.Runs;

namespace LastBit.Tests.Experiments;

/// <summary>The runs behind docs/results.md lie in docs/results; what is said of them must follow from them.</summary>
public class PublishedResultsTests
{
    private static string Table1 => Path.Combine(AppContext.BaseDirectory, "Results", "table1");

    private static string Figure2 => Path.Combine(AppContext.BaseDirectory, "Results", "figure2");

    private static string Page => Path.Combine(AppContext.BaseDirectory, "Results", "results.md");

    // The seeds of the published table.
    private const int Seeds = 6;

    [Fact]
    public void The_published_table_follows_from_its_runs()
    {
        string text = File.ReadAllText(Path.Combine(Table1, AccuracyCurves.FileName));
        AccuracyResult published = ResultJson.Deserialize<AccuracyResult>(text);
        Summary computed = Summary.Of(AccuracyCurves.Read(Table1));
        Assert.Equal(Enumerable.Range(1, Seeds), computed.Final.Keys);
        Assert.All(computed.Final.Values, column => Assert.Equal([1, 3, 5, 7, 9, 11], column.Keys));
        Assert.Equal(ResultJson.Serialize(published.ToSummary()), ResultJson.Serialize(computed));
    }

    [Fact]
    public void The_authors_layout_of_the_published_runs_holds_the_same_numbers()
    {
        AccuracyCurves own = AccuracyCurves.Read(Table1), authors = AccuracyCurves.Read(Path.Combine(Table1, "result"));
        Assert.Equal(own.Epochs, authors.Epochs);
        Assert.Equal(ResultJson.Serialize(own.TestAccuracy), ResultJson.Serialize(authors.TestAccuracy));
    }

    [Fact]
    public void The_page_says_what_the_runs_of_Table_1_say()
    {
        Summary summary = Summary.Of(AccuracyCurves.Read(Table1));
        string[][] rows =
            TableUnder($"| k | {string.Join(" | ", Enumerable.Range(1, Seeds).Select(seed => $"seed {seed}"))} | std over seeds |");
        Assert.Equal(7, rows.Length);
        foreach (string[] row in rows[..6])
        {
            int k = int.Parse(row[0], CultureInfo.InvariantCulture);
            for (int seed = 1; seed <= Seeds; seed++)
                AssertRounds(row[seed], summary.Final[seed][k]);
            AssertRounds(row[Seeds + 1], summary.StdOverSeeds[k]);
        }
        for (int seed = 1; seed <= Seeds; seed++)
            AssertRounds(rows[6][seed].Trim('*'), summary.StdOverK[seed]);
    }

    [Fact]
    public void The_published_curves_are_those_of_the_maps()
    {
        DivergenceResult result = ReadFigure2();
        Assert.Equal([2, 8, 32, 320], result.Runs.Select(run => run.Divisor));
        Assert.All(result.Runs[..3], run => Assert.Equal((100, 2), (run.RelativeL1.Length, run.Digests!.Length)));
        int column = Array.IndexOf(result.Tensors, result.Tensor);
        foreach (DivergenceRun run in result.Runs)
        {
            double[] map = Npy.Read(Path.Combine(Figure2, run.Map)).Get<double>();
            for (int j = 0; j < run.RelativeL1.Length; j++)
            {
                Assert.Equal(((j + 1) * run.Divisor) - 1, run.Iterations[j]);
                Assert.Equal(run.RelativeL1[j], map[(j * result.Tensors.Length) + column]);
                for (int tensor = 0; tensor < result.Tensors.Length; tensor++)
                {
                    double difference = map[(j * result.Tensors.Length) + tensor];
                    Assert.InRange(difference, 0, 2);
                    Assert.True(difference == 0 || run.FirstDifference[result.Tensors[tensor]] <= run.Iterations[j]);
                }
            }
        }
    }

    [Fact]
    public void The_page_says_what_the_runs_of_Figure_2_say()
    {
        DivergenceResult result = ReadFigure2();
        int[] at = [1, 2, 3, 5, 10, 20, 50, 100];
        string[][] rows = TableUnder($"| n | learning rate | {string.Join(" | ", at)} |");
        Assert.Equal(result.Runs.Select(run => $"{run.Divisor}"), rows.Select(row => row[0]));
        foreach ((string[] row, DivergenceRun run) in rows.Zip(result.Runs))
        {
            Assert.Equal(run.LearningRate, double.Parse(row[1], CultureInfo.InvariantCulture), 1e-12);
            for (int i = 0; i < at.Length; i++)
            {
                if (at[i] <= run.RelativeL1.Length)
                    AssertRounds(row[i + 2], run.RelativeL1[at[i] - 1]);
                else
                    Assert.True(row[i + 2] is "" || row[i + 2] == $"(stopped after {run.RelativeL1.Length})");
            }
        }
        ReportSection section = Report.Sections(Report.Open(Figure2)).Single(one => one.Id == "figure2");
        Assert.Equal(Verdict.NotConfirmed, section.Finding.Verdict);
        Assert.Contains("| not confirmed |", File.ReadAllText(Page), StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_says_what_the_runs_with_another_algorithm_say()
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "Results", "figure2-convolution");
        DivergenceResult result = ReadDivergence(folder);
        Assert.Equal([null, "convolution"], result.Runs.Select(run => run.Perturbation?.Name));
        int[] at = [1, 2, 3, 5, 10, 20, 50, 100];
        string[][] rows = TableUnder($"| beside the plain run | {string.Join(" | ", at)} |");
        foreach ((string[] row, DivergenceRun run) in rows.Zip(result.Runs))
        {
            for (int i = 0; i < at.Length; i++)
                AssertRounds(row[i + 1], run.RelativeL1[at[i] - 1]);
        }
        double[] ratios = [.. result.Runs[0].RelativeL1.Zip(result.Runs[1].RelativeL1, (k, algorithm) => algorithm / k).Skip(1)];
        Assert.All(ratios, ratio => Assert.InRange(ratio, 0.95, 1.05));
        // One plain run stands beside both.
        Assert.Equal(result.Runs[0].Digests![0], result.Runs[1].Digests![0]);
    }

    [Fact]
    public void The_published_runs_are_resumed_with_nothing_to_compute_and_nothing_changed_but_checksums()
    {
        using var folder = new TemporaryFolder();
        Copy(Table1, folder["table1"]);
        Copy(Figure2, folder["figure2"]);
        // Results get the checksums that they did not have when they were written.
        string table = folder["table1/accuracy.json"], figure = folder["figure2/divergence.json"];
        // Ratios that can exceed 1 are no longer called shares.
        JsonNode[] documents = [.. ((string[])[table, figure]).Select(file => JsonNode.Parse(DocumentFile.ReadObject(file).ToJsonString()
            .Replace("ShareOfRounding", "OverRounding", StringComparison.Ordinal)
            .Replace("ShareOfSeeds", "OverSeeds", StringComparison.Ordinal))!)];
        SortedDictionary<string, string> before = FolderFiles.Read(folder.Path);

        // The images themselves are not needed, and their digests are in the folders.
        var accuracy = ResultJson.Deserialize<AccuracySettings>(RunFolder.Read(folder["table1"])!["settings"]!.ToJsonString());
        accuracy = accuracy.With(CellStore.ReadPlan(folder["table1"], AccuracyExperiment.Kind));
        Assert.Equal(6 * Seeds, AccuracyExperiment.Experiment.StatusOf(folder["table1"]).Count(cell => cell.State == CellState.Done));
        AccuracyExperiment.Experiment.Run(accuracy, Context("table1"), Data("table1/cells/accuracy", 10_000));
        var divergence = ResultJson.Deserialize<DivergenceSettings>(RunFolder.Read(folder["figure2"])!["settings"]!.ToJsonString());
        Assert.Equal([2, 8, 32, 320], divergence.With(CellStore.ReadPlan(folder["figure2"], DivergenceExperiment.Kind)).Divisors);
        DivergenceExperiment.Experiment.Run(divergence with { Divisors = [2, 8, 32] }, Context("figure2"),
            Data("figure2/cells/divergence", 50_000));

        SortedDictionary<string, string> after = FolderFiles.Read(folder.Path);
        Assert.True(JsonNode.DeepEquals(documents[0], DocumentFile.ReadObject(table)));
        Assert.True(JsonNode.DeepEquals(documents[1], DocumentFile.ReadObject(figure)));
        foreach (string file in new[] { table, figure })
        {
            string name = Path.GetRelativePath(folder.Path, file);
            Assert.NotEqual(before[name], after[name]);
            after[name] = before[name];
        }
        Assert.Equal(before, after);

        ExperimentContext Context(string name) => TrainingContext.In(folder[name], 1);

        TrainingData Data(string cells, int images) =>
            new(DocumentFile.ReadObject(Path.Combine(folder[cells], "settings.json"))["data"]!.GetValue<string>(), images, 10_000, 10,
                new CpuEngineFactory(1));

        static void Copy(string from, string to)
        {
            foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
            {
                string copy = Path.Combine(to, Path.GetRelativePath(from, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }
        }
    }

    private static DivergenceResult ReadFigure2() => ReadDivergence(Figure2);

    private static DivergenceResult ReadDivergence(string folder) =>
        ResultJson.Deserialize<DivergenceResult>(File.ReadAllText(Path.Combine(folder, DivergenceResult.FileName)));

    private static string[][] TableUnder(string header) => DocumentedTable.Under("docs/results.md", header);

    private static void AssertRounds(string text, double value) => DocumentedTable.Rounds(text, value);
}
