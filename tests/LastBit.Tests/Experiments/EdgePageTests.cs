using System.Globalization;
using System.Text.RegularExpressions;
using LastBit.Experiments.Edge;
using LastBit.Runs;

namespace LastBit.Tests.Experiments;

/// <summary>What docs/edge.md says of the runs on 5000 images follows from docs/results.</summary>
public partial class EdgePageTests
{
    [Theory]
    [InlineData("edge", "squared error", "fc-tanh", 51)]
    [InlineData("edge-cross-entropy", "cross-entropy", "fc-tanh", 51)]
    [InlineData("edge-cnn-relu", "cnn-relu", "cnn-relu", 51)]
    public void The_page_says_what_the_runs_say(string folder, string row, string network, int every)
    {
        EdgeResult result = DocumentFile.Read<EdgeResult>(Path.Combine(Repository.Root, "docs", "results", folder, EdgeResult.FileName));
        Assert.Equal((network, 5000, 0), (result.Network, result.TrainImages, result.BatchSize));
        string[][] rows =
        [
            .. DocumentedTable.Under("docs/edge.md", "| run, learning rate | threshold | sharpness: first, largest | crossed at "
                + "| after it, over the threshold: median (range) | difference: largest before, at the crossing | grows after "
                + "| largest after | training accuracy |").Where(cells => cells[0].StartsWith($"{row}, ", StringComparison.Ordinal)),
        ];
        Assert.Equal(result.Runs.Select(run => string.Create(CultureInfo.InvariantCulture, $"{row}, {run.LearningRate}")),
            rows.Select(cells => cells[0]));
        foreach ((string[] cells, EdgeRun run) in rows.Zip(result.Runs))
        {
            EdgePoint[] points = run.Sharpness;
            Assert.All(points[1..], (point, i) => Assert.True(point.Iteration == every * (i + 1) || i == points.Length - 2));
            // The first search and the last one verify that nothing is larger.
            Assert.NotNull(points[0].Verified);
            Assert.NotNull(points[^1].Verified);
            int crossing = points.First(point => point.Eigenvalues[0] >= run.Threshold).Iteration;
            double[] after = [.. points.Where(point => point.Iteration > crossing).Select(point => point.Eigenvalues[0] / run.Threshold)];
            double before = run.RelativeL1.Take(crossing).DefaultIfEmpty(0).Max();
            int grown = Array.FindIndex(run.RelativeL1, crossing, difference => difference >= 10 * before);
            double[] values =
            [
                run.Threshold, points[0].Eigenvalues[0], points.Max(point => point.Eigenvalues[0]), crossing,
                Median(after), after.Min(), after.Max(), .. crossing == 0 ? [] : new[] { before }, run.RelativeL1[crossing],
                .. crossing == 0 ? [] : new[] { (double)(grown - crossing) }, run.RelativeL1.Skip(crossing).Max(), run.Accuracy[^1],
            ];
            string[] said = [.. cells[1..].SelectMany(cell => Number().Matches(cell)).Select(match => match.Value)];
            Assert.Equal(values.Length, said.Length);
            foreach ((string text, double value) in said.Zip(values))
                DocumentedTable.Rounds(text, value);
        }
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    [GeneratedRegex(@"\d+(\.\d+)?(e-?\d+)?")]
    private static partial Regex Number();
}
