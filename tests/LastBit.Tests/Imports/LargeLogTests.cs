using System.Globalization;
using System.Text;
using LastBit.Imports;
using LastBit.Imports.Formats;
using LastBit.Reports.Trainings;

namespace LastBit.Tests.Imports;

/// <summary>Logs of many rows: what is kept of them is the metric that is asked for, and nothing else grows with them.</summary>
public sealed class LargeLogTests
{
    private const int Rows = 100_000, Runs = 10;

    [Theory]
    [InlineData("log.csv")]
    [InlineData("log.jsonl")]
    [InlineData("wide.csv")]
    public void Memory_grows_by_the_values_of_one_metric_and_not_by_the_file(string name)
    {
        using var folder = new TemporaryFolder();
        string file = Write(folder[name]);
        // What is made once, whatever the length, is not counted.
        Assert.Equal(Runs, LogReader.Read([file], new ImportOptions(), TestContext.Current.CancellationToken).Runs.Count);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ImportResult result = LogReader.Read([file], new ImportOptions(), TestContext.Current.CancellationToken);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(Rows, result.Runs.Sum(run => run.Values.Length));
        // Step, value and line are 20 bytes; lists double as they grow, and the answer is a copy. A million rows take 150 MB so, of 500
        // allowed.
        Assert.True(allocated < 150L * Rows, $"{allocated / Rows} bytes a row");
    }

    [Fact]
    public void A_metric_that_is_logged_late_is_found()
    {
        string rows = string.Concat(Enumerable.Range(1, 500)
            .Select(i => FormattableString.Invariant($"{i},{1.0 / i:0.####},{(i % 100 == 0 ? $"{50 + i}" : "")}\n")));
        ImportResult csv = Logs.ReadText("log.csv", "step,loss,val_acc\n" + rows);
        Assert.Equal(("val_acc", 5), (csv.Metric, csv.Runs[0].Values.Length));
        string lines = string.Concat(Enumerable.Range(1, 500)
            .Select(i => i % 100 == 0
                ? $$"""{"step": {{i}}, "val": {"acc": {{50 + i}}}, "name": "é\n"}""" + "\n"
                : $$"""{"step": {{i}}, "loss": 1, "name": "é\n"}""" + "\n"));
        ImportResult json = Logs.ReadText("log.jsonl", lines);
        Assert.Equal(("val.acc", 5), (json.Metric, json.Runs[0].Values.Length));
        Assert.Equal("é\n", json.Runs[0].Params["name"]);
    }

    [Fact]
    public void Curves_that_are_too_long_to_be_seen_are_thinned_to_common_steps_and_keep_their_end()
    {
        double[] steps = [.. Enumerable.Range(1, 100_001).Select(step => (double)step)];
        ShownRun run = new("a", null, null, 1, steps, [.. steps.Select(step => -step)]), shorter =
            run with { Name = "b", Steps = steps[1..], Values = run.Values[1..] };
        (IReadOnlyList<ShownGroup> groups, int every) = DrawnRuns.Of([new ShownGroup("A", [run, shorter], 1, null)]);
        Assert.Equal(6, every);
        ShownRun[] drawn = [.. groups[0].Runs];
        Assert.All(drawn, one => Assert.Equal(100_001, one.Steps[^1]));
        Assert.All(drawn, one => Assert.Equal(one.Steps, one.Values.Select(value => -value)));
        Assert.True(drawn.Sum(one => one.Steps.Length) <= DrawnRuns.MostPoints);
        Assert.Equal(drawn[0].Steps[^1000..], drawn[1].Steps[^1000..]);
        ShownRun[] small = [.. DrawnRuns.Of(groups, DrawnRuns.MostFigurePoints).Groups[0].Runs];
        Assert.InRange(small.Sum(one => one.Steps.Length), DrawnRuns.MostFigurePoints / 2, DrawnRuns.MostFigurePoints);
        Assert.All(small, one => Assert.Equal(100_001, one.Steps[^1]));
        Assert.Equal((1, 100),
            (DrawnRuns.Of([new ShownGroup("A", [run with { Steps = steps[..100], Values = steps[..100] }], 1, null)]).Every,
                steps[..100].Length));
    }

    [Fact]
    public void The_last_steps_are_those_of_each_training_also_where_one_has_fewer()
    {
        ShownGroup longer = Group("before", 1600), shorter = Group("after", 1400);
        Assert.Equal((1280, 1600), RunsFigure.LastSteps([longer]));
        Assert.Equal((1120, 1600), RunsFigure.LastSteps([longer, shorter]));
        Assert.Equal(160, RunsFigure.Settled([longer, shorter]));
        Assert.Equal(80, RunsFigure.Settled([longer, Group("short", 100)]));

        static ShownGroup Group(string name, double steps) =>
            new(name, [new ShownRun(name, null, null, 1, [0, steps / 2, steps], [3, 2, 1])], 1, null);
    }

    private static string Write(string file)
    {
        bool lines = file.EndsWith(".jsonl", StringComparison.Ordinal);
        using var writer = new StreamWriter(file, false, new UTF8Encoding(false));
        if (file.EndsWith("wide.csv", StringComparison.Ordinal))
        {
            writer.WriteLine("step," + string.Join(',', Enumerable.Range(1, Runs).Select(seed => $"seed{seed}")));
            for (int step = 1; step <= Rows / Runs; step++)
                writer.WriteLine(
                    string.Create(CultureInfo.InvariantCulture,
                        $"{step},{string.Join(',', Enumerable.Range(1, Runs).Select(seed => $"0.{step % 89 + 10}{seed}"))}"));
            return file;
        }
        if (!lines)
            writer.WriteLine("seed,recipe,epoch,loss,val_acc");
        for (int row = 0; row < Rows; row++)
        {
            int seed = row / (Rows / Runs) + 1, epoch = row % (Rows / Runs) + 1;
            writer.WriteLine(lines
                ? string.Create(CultureInfo.InvariantCulture,
                    $$"""{"seed": {{seed}}, "recipe": "long enough to be seen {{seed}}", "epoch": {{epoch}}, "loss": 1.{{epoch % 97}}, "val_acc": 0.{{epoch % 89 + 10}}}""")
                : string.Create(CultureInfo.InvariantCulture,
                    $"{seed},long enough to be seen {seed},{epoch},1.{epoch % 97},0.{epoch % 89 + 10}"));
        }
        return file;
    }
}
