using LastBit.Statistics;

namespace LastBit.Tests.Statistics;

/// <summary>
/// What `noise` and `compare` say with 95%, held against 2,000 simulated trainings each; the standard error of such a share is 0.5%.
/// </summary>
public class CoverageTests
{
    private const int Tables = 2000;
    private static readonly Measure Accuracy = new("accuracy", MeasureUnit.Percent, LowerIsBetter: false);

    /// <summary>The noise floor is about two further runs, its mean about the training.</summary>
    [Theory]
    [InlineData(5, 1, 1.0)]
    [InlineData(5, 3, 1.0)]
    [InlineData(4, 3, 0.0)]
    public void The_mean_and_the_noise_floor_of_a_training_hold_what_they_say(int seeds, int repeats, double seedStd)
    {
        int mean = 0, floor = 0, spread = 0, rounding = 0;
        double total = Math.Sqrt(1 + seedStd * seedStd);
        Parallel.For(0, Tables, table =>
        {
            var random = new Normals((uint)(table + 70_000));
            List<MeasuredRun> runs = [];
            for (int seed = 0; seed < seeds; seed++)
            {
                double effect = 90 + seedStd * random.Next();
                for (int k = 0; k < repeats; k++)
                    runs.Add(new MeasuredRun($"{seed} {k}", $"{seed}", $"{2 * k + 1}", effect + random.Next()));
            }
            NoiseAnalysis noise = NoiseAnalysis.Of(runs, Accuracy);
            Count(ref mean, noise.MeanInterval![0] <= 90 && 90 <= noise.MeanInterval[1]);
            Count(ref spread, noise.SpreadInterval![0] <= total && total <= noise.SpreadInterval[1]);
            Count(ref floor, Math.Abs(total * (random.Next() - random.Next())) < noise.NoiseFloor);
            Count(ref rounding, repeats == 1 || Math.Abs(random.Next() - random.Next()) < noise.RoundingFloor);
        });
        string counts = $"mean {mean}, spread {spread}, floor {floor}, rounding {rounding} of {Tables}";
        Assert.True(mean is > (int)(0.935 * Tables) and < (int)(0.965 * Tables), counts);
        Assert.True(spread >= 0.935 * Tables, counts);
        // With repeats the degrees of freedom are themselves estimated.
        Assert.True(floor >= (repeats == 1 ? 0.935 : 0.925) * Tables && floor < 0.98 * Tables, counts);
        Assert.True(rounding >= 0.935 * Tables, counts);
    }

    [Theory]
    [InlineData(5, false)]
    [InlineData(10, false)]
    [InlineData(10, true)]
    public void Intervals_and_tests_of_pairs_keep_their_word(int pairs, bool skewed)
    {
        int student = 0, permutation = 0, bootstrap = 0;
        Parallel.For(0, Tables, table =>
        {
            var random = new Normals((uint)(table + 80_000));
            // The difference of two runs of one training is symmetric, however skewed the runs are.
            double[] differences =
                [.. Enumerable.Range(0, pairs).Select(_ => skewed ? random.Exponential() - random.Exponential() : random.Next())];
            DifferenceTest test = DifferenceTest.Paired(differences)!;
            Count(ref student, test.Low <= 0 && 0 <= test.High);
            Count(ref permutation, PermutationTest.Paired(differences, 400).P < 0.05);
            (double low, double high) = Bootstrap.Mean(differences, 499)!.Value;
            Count(ref bootstrap, low <= 0 && 0 <= high);
        });
        string counts = $"Student {student}, permutation {permutation}, bootstrap {bootstrap} of {Tables}";
        Assert.True(student >= 0.935 * Tables, counts);
        Assert.True(permutation <= 0.065 * Tables, counts);
        Assert.True(bootstrap >= (pairs < 10 ? 0.78 : 0.86) * Tables, counts);
    }

    [Fact]
    public void Tests_of_cases_reject_as_seldom_as_they_say()
    {
        int mcNemar = 0, homogeneity = 0;
        Parallel.For(0, Tables, table =>
        {
            var random = new Normals((uint)(table + 90_000));
            int onlyA = 0, onlyB = 0;
            for (int image = 0; image < 300; image++)
            {
                // Two runs equally good on each image, some of which are harder.
                double p = image % 3 == 0 ? 0.6 : 0.95;
                bool a = random.Uniform() < p, b = random.Uniform() < p;
                onlyA += a && !b ? 1 : 0;
                onlyB += b && !a ? 1 : 0;
            }
            Count(ref mcNemar, Proportions.McNemar(onlyA, onlyB) < 0.05);
            (double, double)[] rates =
                [.. Enumerable.Range(0, 5).Select(_ => ((double)Enumerable.Range(0, 60).Count(_ => random.Uniform() < 0.4), 60.0))];
            Count(ref homogeneity, Proportions.Homogeneity(rates) < 0.05);
        });
        // McNemar's test is exact, and so cautious.
        Assert.InRange(mcNemar, 0.015 * Tables, 0.055 * Tables);
        Assert.InRange(homogeneity, 0.035 * Tables, 0.065 * Tables);
    }

    private static void Count(ref int counter, bool what)
    {
        if (what)
            Interlocked.Increment(ref counter);
    }
}
