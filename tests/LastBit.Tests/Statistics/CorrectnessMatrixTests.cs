using LastBit.Statistics;

namespace LastBit.Tests.Statistics;

public class CorrectnessMatrixTests
{
    [Fact]
    public void A_matrix_small_enough_for_paper()
    {
        var matrix = new CorrectnessMatrix([[true, true, false, false], [true, false, true, false], [true, false, false, false]]);
        Assert.Equal([0.5, 0.5, 0.25], matrix.Accuracies);
        // Of three pairs of runs image 1 is disputed by none, images 2 and 3 by two each, image 4 by none.
        Assert.Equal((2.0 / 3 + 2.0 / 3) / 4, matrix.Churn()!.Value, 1e-12);
        // V = 1/48; image variances 0, 1/3, 1/3, 0: 4/3 (1/48 - (2/3)/16).
        Assert.Equal(4.0 / 3 * (1.0 / 48 - 2.0 / 3 / 16), matrix.DistributionVariance()!.Value, 1e-12);
        var classes = matrix.ByClass([0, 0, 1, 1]);
        Assert.Equal(2, classes[0].Images);
        Assert.Equal(4.0 / 6, classes[0].Mean, 1e-12);
        Assert.Equal(Math.Sqrt(1.0 / 12), classes[0].Std!.Value, 1e-12);
        Assert.Equal((1, 1), matrix.Disputed(0, matrix, 1));
        Assert.Null(new CorrectnessMatrix([[true, false]]).Churn());
        Assert.Null(new CorrectnessMatrix([[true, false], [false, true]]).DistributionVariance());
        Assert.Throws<ArgumentException>(() => new CorrectnessMatrix([[true], [true, false]]));
        Assert.Throws<ArgumentException>(() => matrix.ByClass([1]));
    }

    /// <summary>Runs whose quality on the distribution varies by a known amount, beside images that are hard for all.</summary>
    [Theory]
    [InlineData(0.0)]
    [InlineData(0.02)]
    public void The_variance_on_the_distribution_is_estimated_without_bias(double quality)
    {
        const int tables = 300, runs = 8, images = 400;
        double sum = 0, testSet = 0;
        int held = 0, churnHeld = 0;
        Parallel.For(0, tables, table =>
        {
            var random = new Normals((uint)(table + 60_000));
            double[] chance = [.. Enumerable.Range(0, images).Select(_ => random.Uniform() < 0.6 ? 0.95 : 0.3 + 0.5 * random.Uniform())];
            bool[][] rows = [.. Enumerable.Range(0, runs).Select(_ =>
            {
                // A run is better or worse than the ensemble by the same on every image: the standard deviation on the distribution.
                double shift = random.Uniform() < 0.5 ? -quality : quality;
                return chance.Select(p => random.Uniform() < p + shift).ToArray();
            })];
            var matrix = new CorrectnessMatrix(rows);
            Estimate? variance = matrix.DistributionVariance();
            double std = matrix.TestSetStd?.Value ?? 0;
            // Churn of two runs on the distribution: E of p(1-q) + q(1-p) over images and shifts.
            Estimate churn = matrix.Churn()!;
            double expected = 0.6 * 2 * 0.95 * 0.05 + 0.4 * (2 * 0.55 - 2 * (0.55 * 0.55 + 0.25 / 12));
            lock (chance.GetType())
            {
                sum += variance?.Value ?? 0;
                testSet += std * std;
                held += variance is null || (variance.Low <= quality * quality && quality * quality <= variance.High) ? 1 : 0;
                churnHeld += churn.Low <= expected && expected <= churn.High ? 1 : 0;
            }
        });
        string counts = $"variance {held}, churn {churnHeld} of {tables}";
        Assert.Equal(quality * quality, sum / tables, 5e-5);
        // The spread on the test set is more than that on the distribution, by mean p(1-p)/n.
        Assert.True(testSet / tables > quality * quality + 2e-4, $"{testSet / tables}");
        Assert.True(held >= 0.91 * tables, counts);
        Assert.True(churnHeld >= 0.91 * tables, counts);
    }
}
