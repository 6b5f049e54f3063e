using System.Globalization;
using LastBit.Experiments.Accuracy;
using LastBit.Experiments.Amplification;
using LastBit.Experiments.Bounds;
using LastBit.Experiments.Divergence;
using LastBit.Experiments.Edge;
using LastBit.Experiments.Heat;
using LastBit.Experiments.Linear;
using LastBit.Experiments.NonLinear;
using LastBit.Reports.Claims;
using LastBit.Runs;
using LastBit.Statistics;

namespace LastBit.Tests.Experiments;

/// <summary>The tables of docs/paper.md, and that of the demo in docs/edge.md, say what the documents in docs/results/demo say.</summary>
public class PaperPageTests
{
    [Fact]
    public void Figure_1()
    {
        HeatEquationRun[] runs = Read<HeatEquationResult>(HeatEquationResult.FileName).Runs;
        string[][] rows = Rows("| Δt | largest \\|u\\| at t = 0 | at t = 4 | at t = 800 | above 1000 | no longer finite |", runs.Length);
        foreach ((string[] row, HeatEquationRun run) in rows.Zip(runs))
        {
            DocumentedTable.Rounds(row[0], run.Dt);
            foreach ((string text, double time) in row[1..4].Zip([0.0, 4, 800]).Where(one => one.First.Length > 0))
                DocumentedTable.Rounds(text, run.Snapshots.Single(at => Math.Abs(at.Time - time) < 1e-9).U.Max(Math.Abs));
            Assert.Equal(run.FirstStepAbove1000 is { } above ? $"step {above}" : "never", row[4]);
            Assert.Equal(run.FirstStepNotFinite is { } last ? $"step {last}" : "never", row[5]);
        }
    }

    [Fact]
    public void Table_2_and_Figure_3()
    {
        LinearizedPdeRun[] runs = Read<LinearizedPdeResult>(LinearizedPdeResult.FileName).Runs;
        string[][] rows = Rows("| α | first loss | lowest | last (iteration 1000) | |", runs.Length);
        foreach ((string[] row, LinearizedPdeRun run) in rows.Zip(runs))
        {
            double[] values = [run.Alpha, run.Loss[0], run.Loss.Min(), run.Loss[^1]];
            Assert.All(row[..4].Zip(values), pair => DocumentedTable.Rounds(pair.First, pair.Second));
        }
    }

    [Fact]
    public void Table_3()
    {
        StabilityBoundsResult bounds = Read<StabilityBoundsResult>(StabilityBoundsResult.FileName);
        string[][] rows = Rows("| region | α at least | α at most (Δt = 1e-8) |", 4);
        double?[] least = [bounds.Regions[0].AlphaMin, bounds.AlphaMin, bounds.FourierAlphaMin, bounds.Regions[2].AlphaMin];
        double[] most = [bounds.Regions[0].AlphaMax, bounds.AlphaMax, bounds.FourierAlphaMax, bounds.Regions[2].AlphaMax];
        Assert.Equal(least.Select(alpha => alpha is null ? "none" : Grouped(alpha.Value)), rows.Select(row => row[1]));
        Assert.Equal(most.Select(Grouped), rows.Select(row => row[2]));

        static string Grouped(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Figure_4_left()
    {
        NonLinearPdeResult result = Read<NonLinearPdeResult>(NonLinearPdeResult.FileName);
        foreach (string[] row in Rows("| Δt | loss in the last 100 of 1000 iterations | |", 7))
        {
            foreach (double rate in row[0].Split(',').Select(text => double.Parse(text, CultureInfo.InvariantCulture)))
            {
                NonLinearPdeRun run = result.Runs.Single(one => one.LearningRate == rate);
                double[] last = run.Loss[^100..];
                string[] words = row[1].Split(' ');
                if (words is ["not", ..])
                    Assert.Equal($"not finite after {run.Finite} iterations", row[1]);
                else if (words is ["up", "to", var most])
                    DocumentedTable.Rounds(most, last.Max());
                else
                    Assert.All(words.Where(word => word != "to").Zip([last.Min(), last.Max()]),
                        pair => DocumentedTable.Rounds(pair.First, pair.Second));
            }
        }
    }

    [Fact]
    public void Figure_4_right()
    {
        ErrorAmplificationRun[] runs = Read<ErrorAmplificationResult>(ErrorAmplificationResult.FileName).Runs;
        string[][] rows = Rows("| Δt | after 1 iteration | largest | above 0.1 from iteration | mean of the last 100 |", runs.Length);
        foreach ((string[] row, ErrorAmplificationRun run) in rows.Zip(runs))
        {
            double[] values = run.RelativeL1;
            DocumentedTable.Rounds(row[0], run.LearningRate);
            DocumentedTable.Rounds(row[1], values[0]);
            DocumentedTable.Rounds(row[2], values.Max());
            int apart = Array.FindIndex(values, value => value > 0.1);
            Assert.Equal(apart >= 0 ? $"{apart + 1}"
                : $"never; exactly 0 from iteration {Array.FindLastIndex(values, value => value > 0) + 2} on", row[3]);
            DocumentedTable.Rounds(row[4], new RunCurve(run.LearningRate, values).MeanOfLastTenth);
        }
    }

    [Fact]
    public void Table_1()
    {
        SummaryStatistics statistics = Read<AccuracyResult>(AccuracyCurves.FileName).ToSummary()!.Statistics;
        Estimate[] estimates = [statistics.Rounding!, statistics.Seeds!, statistics.Ratio!];
        foreach ((string[] row, Estimate one) in Rows("| spread, in points | estimate | 95% interval |", 3).Zip(estimates))
        {
            DocumentedTable.Rounds(row[1], one.Value);
            Assert.All(row[2].Split(" to ").Zip([one.Low, one.High]), pair => DocumentedTable.Rounds(pair.First, pair.Second));
        }
    }

    [Fact]
    public void Figure_2()
    {
        DivergenceRun[] runs = Read<DivergenceResult>(DivergenceResult.FileName).Runs;
        foreach ((string[] row, DivergenceRun run) in Rows("| learning rate | largest | last |", runs.Length).Zip(runs))
        {
            Assert.Equal($"0.1/{run.Divisor}", row[0]);
            DocumentedTable.Rounds(row[1], run.RelativeL1.Max());
            DocumentedTable.Rounds(row[2], run.RelativeL1[^1]);
        }
    }

    [Fact]
    public void The_demo_of_the_edge_of_stability()
    {
        EdgeRun[] runs = Read<EdgeResult>(EdgeResult.FileName).Runs;
        string[][] rows = DocumentedTable.Under("docs/edge.md",
            "| learning rate | threshold | sharpness: first, largest | crossed at | difference: first, largest, last |");
        Assert.Equal(runs.Length, rows.Length);
        foreach ((string[] row, EdgeRun run) in rows.Zip(runs))
        {
            double[] sharpness = [.. run.Sharpness.Select(point => point.Judged)], difference = run.RelativeL1;
            double[] values =
            [
                run.LearningRate, run.JudgedThreshold, sharpness[0], sharpness.Max(), difference[0], difference.Max(), difference[^1],
            ];
            Assert.All(string.Join(", ", row[0], row[1], row[2], row[4]).Split(", ").Zip(values),
                pair => DocumentedTable.Rounds(pair.First, pair.Second));
            int crossed = Array.FindIndex(sharpness, one => one >= run.JudgedThreshold);
            Assert.Equal(crossed < 0 ? "never" : $"{run.Sharpness[crossed].Iteration}", row[3]);
        }
    }

    private static string[][] Rows(string header, int count)
    {
        string[][] rows = DocumentedTable.Under("docs/paper.md", header);
        Assert.Equal(count, rows.Length);
        return rows;
    }

    private static T Read<T>(string document) =>
        ResultJson.Deserialize<T>(File.ReadAllText(Path.Combine(Repository.Root, "docs", "results", "demo", document)));
}
