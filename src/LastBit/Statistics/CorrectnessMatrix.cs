namespace LastBit.Statistics;

/// <summary>
/// Which run has which test image right. It tells what accuracies alone cannot: how much runs differ on the distribution that the test
/// images come from, rather than on this test set (Jordan, "On the Variance of Neural Network Training with respect to Test Sets and
/// Distributions", 2023).
/// </summary>
public sealed class CorrectnessMatrix
{
    private readonly bool[][] _correct;

    /// <summary>Takes the matrix.</summary>
    /// <param name="correct">A row a run, a column an image; at least one of each, all rows of one length.</param>
    /// <exception cref="ArgumentException">The matrix is empty or ragged.</exception>
    public CorrectnessMatrix(IReadOnlyList<bool[]> correct)
    {
        ArgumentNullException.ThrowIfNull(correct);
        if (correct.Count == 0 || correct[0].Length == 0 || correct.Any(row => row.Length != correct[0].Length))
            throw new ArgumentException("needs rows of one length, one per run", nameof(correct));
        _correct = [.. correct];
    }

    /// <summary>How many runs.</summary>
    public int Runs => _correct.Length;

    /// <summary>How many images.</summary>
    public int Images => _correct[0].Length;

    /// <summary>The accuracy of each run, from 0 to 1.</summary>
    public double[] Accuracies => [.. _correct.Select(row => (double)row.Count(one => one) / Images)];

    /// <summary>
    /// The standard deviation between runs on this test set: the sample formula with its chi-square interval; null with one run or
    /// where all accuracies are equal.
    /// </summary>
    public Estimate? TestSetStd
    {
        get
        {
            double squares = SampleStatistics.SquaredDeviations(Accuracies);
            return Runs < 2 || squares == 0 ? null : SampleStatistics.StdFromSquares(squares, Runs - 1);
        }
    }

    /// <summary>
    /// The variance between runs on the test distribution (of accuracies from 0 to 1), estimated without bias (Jordan's Theorem 2): with
    /// the variance V over the n images and the variance v_i over runs on image i, n/(n-1) (V - sum v_i/n^2). It can come out negative,
    /// which says that it is too small to be seen. The interval follows the chi-square interval of V; the sum is known far better.
    /// </summary>
    /// <returns>Null where <see cref="TestSetStd"/> is, or there is but one image.</returns>
    public Estimate? DistributionVariance()
    {
        if (Images < 2 || TestSetStd is not { } std)
            return null;
        double noise = 0, n = Images;
        foreach (double disagreement in Disagreements())
            noise += disagreement / 2;
        noise /= n * n;
        return new Estimate(At(std.Value), At(std.Low), At(std.High), std.DegreesOfFreedom);

        double At(double deviation) => n / (n - 1) * (deviation * deviation - noise);
    }

    /// <summary>
    /// Churn: the share of images on which one of two runs is right and the other wrong, averaged over all pairs of runs. The variance
    /// behind its 95% interval is that of a mean over images plus, from three runs on, the jackknife's over runs: a little wide.
    /// </summary>
    /// <returns>Null with one run, or with one image.</returns>
    public Estimate? Churn()
    {
        if (Runs < 2 || Images < 2)
            return null;
        double[] disagreements = Disagreements();
        double mean = SampleStatistics.Mean(disagreements);
        double variance = SampleStatistics.SquaredDeviations(disagreements) / (Images - 1) / Images + VarianceOverRuns(mean);
        double margin = Distributions.NormalQuantile(1 - SampleStatistics.Tail) * Math.Sqrt(variance);
        return new Estimate(mean, Math.Max(0, mean - margin), Math.Min(1, mean + margin), Images - 1);
    }

    /// <summary>The jackknife's variance of churn: how it changes as one run after the other is left out.</summary>
    private double VarianceOverRuns(double churn)
    {
        if (Runs < 3)
            return 0;
        double all = churn * Images * Runs * (Runs - 1) / 2, pairsLeft = (Runs - 1.0) * (Runs - 2) / 2;
        var without = new double[Runs];
        for (int run = 0; run < Runs; run++)
        {
            double disputed = 0;
            for (int other = 0; other < Runs; other++)
            {
                (int only, int otherOnly) = Disputed(run, this, other);
                disputed += only + otherOnly;
            }
            without[run] = (all - disputed) / pairsLeft / Images;
        }
        return (Runs - 1.0) / Runs * SampleStatistics.SquaredDeviations(without);
    }

    /// <summary>The spread between runs of each class's accuracy.</summary>
    /// <param name="labels">The class of each image.</param>
    /// <returns>Class, then its images, the mean accuracy over runs and the standard deviation between runs (null with one run, or where it
    /// is 0).</returns>
    /// <exception cref="ArgumentException">There are not as many labels as images.</exception>
    public SortedDictionary<int, (int Images, double Mean, Estimate? Std)> ByClass(IReadOnlyList<int> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (labels.Count != Images)
            throw new ArgumentException($"needs one label per image, {Images}; there are {labels.Count}", nameof(labels));
        var classes = new SortedDictionary<int, (int, double, Estimate?)>();
        foreach (IGrouping<int, int> images in Enumerable.Range(0, Images).GroupBy(image => labels[image]))
        {
            int[] members = [.. images];
            double[] accuracies = [.. _correct.Select(row => (double)members.Count(image => row[image]) / members.Length)];
            double squares = SampleStatistics.SquaredDeviations(accuracies);
            Estimate? std = Runs < 2 || squares == 0 ? null : SampleStatistics.StdFromSquares(squares, Runs - 1);
            classes.Add(images.Key, (members.Length, SampleStatistics.Mean(accuracies), std));
        }
        return classes;
    }

    /// <summary>On how many images only this run, and on how many only the other, is right.</summary>
    /// <param name="run">A run of this matrix.</param>
    /// <param name="other">The other matrix, of the same images.</param>
    /// <param name="otherRun">A run of it.</param>
    /// <exception cref="ArgumentException">The matrices have different numbers of images.</exception>
    public (int OnlyThis, int OnlyOther) Disputed(int run, CorrectnessMatrix other, int otherRun)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Images != Images)
            throw new ArgumentException($"has {other.Images} images where {Images} are compared", nameof(other));
        int only = 0, otherOnly = 0;
        for (int image = 0; image < Images; image++)
        {
            only += _correct[run][image] && !other._correct[otherRun][image] ? 1 : 0;
            otherOnly += !_correct[run][image] && other._correct[otherRun][image] ? 1 : 0;
        }
        return (only, otherOnly);
    }

    /// <summary>
    /// For each image the probability that two of the runs, drawn without replacement, disagree: twice its variance over runs.
    /// </summary>
    private double[] Disagreements()
    {
        var shares = new double[Images];
        double pairs = (double)Runs * (Runs - 1) / 2;
        for (int image = 0; image < shares.Length; image++)
        {
            double right = 0;
            foreach (bool[] row in _correct)
                right += row[image] ? 1 : 0;
            shares[image] = right * (Runs - right) / pairs;
        }
        return shares;
    }
}
