using CsCheck;
using LastBit.Random;
using LastBit.Statistics;

namespace LastBit.Tests.Statistics;

public class TestSetSamplingTests
{
    [Fact]
    public void The_formulas_are_what_the_paper_and_the_textbook_say()
    {
        // 92% on 10,000 images: sqrt(0.92 * 0.08/10000) and sqrt(0.08/20000).
        Assert.Equal(0.0027129, Math.Sqrt(TestSetSampling.BinomialVariance(0.92, 10_000)), 1e-7);
        Assert.Equal(0.002, Math.Sqrt(TestSetSampling.CalibratedVariance(0.92, 10_000)), 1e-12);
        (double low, double high) = TestSetSampling.CalibratedVarianceBounds(0.92, 10_000, 10);
        Assert.Equal(0.08 / (10 * 10_000), low, 1e-15);
        Assert.Equal(0.08 / (2 * 10_000), high, 1e-15);
        // What lies between runs is a part of the sampling, also where most images are wrong.
        (low, high) = TestSetSampling.CalibratedVarianceBounds(0.436, 500, 10);
        Assert.Equal(0.564 / (10 * 500), low, 1e-15);
        Assert.Equal(TestSetSampling.BinomialVariance(0.436, 500), high, 1e-15);
    }

    [Fact]
    public void With_two_classes_the_bounds_meet_in_the_formula() =>
        Gen.Select(Gen.Double[0, 1], Gen.Int[1, 100_000]).Sample((accuracy, images) =>
    {
        double formula = TestSetSampling.CalibratedVariance(accuracy, images);
        Assert.Equal((formula, formula), TestSetSampling.CalibratedVarianceBounds(accuracy, images, 2));
    });

    /// <summary>
    /// Calibration and independence, and nothing else: for any votes q, err and variance obey the bounds; with two classes the formula.
    /// </summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(10)]
    public void Any_calibrated_ensemble_lies_within_the_bounds(int classes)
    {
        Gen.Int[0, 1000].Array[classes].Array[1, 20].Where(votes => votes.All(v => v.Sum() > 0)).Sample(votes =>
        {
            double error = 0, variance = 0;
            foreach (int[] vote in votes)
            {
                double sum = vote.Sum();
                foreach (int v in vote)
                {
                    // The image is of class c with probability q, and then a run is right with probability q.
                    double q = v / sum;
                    error += q * (1 - q) / votes.Length;
                    variance += q * q * (1 - q) / votes.Length / votes.Length;
                }
            }
            (double low, double high) = TestSetSampling.CalibratedVarianceBounds(1 - error, votes.Length, classes);
            Assert.InRange(variance, low * (1 - 1e-9), high * (1 + 1e-9));
        });
    }

    [Fact]
    public void Simulated_runs_of_a_calibrated_ensemble_vary_as_the_formula_says()
    {
        const int images = 2000, runs = 4000;
        var right = new double[images];
        for (int i = 0; i < images; i++)
        {
            // A vote q for class 1; the label is of class 1 with probability q, which is calibration.
            float q = Philox.Uniform(1, RandomPurpose.Resample, 0, (ulong)i);
            q *= q;
            right[i] = Philox.Uniform(1, RandomPurpose.Resample, 1, (ulong)i) < q ? q : 1 - q;
        }
        var accuracies = new double[runs];
        Parallel.For(0, runs, run =>
        {
            int correct = 0;
            for (int i = 0; i < images; i++)
                correct += Philox.Uniform(2, RandomPurpose.Resample, (uint)run, (ulong)i) < right[i] ? 1 : 0;
            accuracies[run] = (double)correct / images;
        });

        double observed = SampleStatistics.SquaredDeviations(accuracies) / (runs - 1);
        double mean = SampleStatistics.Mean(accuracies);
        // The formula is an expectation over labels too: 2000 labels leave 3% of chance, 4000 runs 2%.
        Assert.InRange(observed / TestSetSampling.CalibratedVariance(mean, images), 0.9, 1.1);
        // And the binomial variance, of fresh test sets, is more than runs on one test set show.
        Assert.True(observed < 0.85 * TestSetSampling.BinomialVariance(mean, images));
    }

    [Fact]
    public void Arguments_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => TestSetSampling.BinomialVariance(1.1, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => TestSetSampling.CalibratedVariance(double.NaN, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => TestSetSampling.CalibratedVarianceBounds(0.5, 0, 10));
        Assert.Throws<ArgumentOutOfRangeException>(() => TestSetSampling.CalibratedVarianceBounds(0.5, 10, 1));
    }
}
