namespace LastBit.Statistics;

/// <summary>
/// How much of the spread of test accuracy between runs a test set of finite size explains by itself. All variances are of
/// accuracies as fractions (0 to 1), for a single evaluation. Calibration results: Jordan, "Calibrated Chaos: Variance Between
/// Runs of Neural Network Training is Harmless and Inevitable", 2023 (later "On the Variance of Neural Network Training with
/// respect to Test Sets and Distributions").
/// </summary>
public static class TestSetSampling
{
    /// <summary>
    /// The binomial variance p(1-p)/n: that of the accuracy on a fresh test set, every image counted as a coin with the same p.
    /// Runs that share one test set vary less by sampling, since most images are right, or wrong, in every run.
    /// </summary>
    /// <param name="accuracy">The mean accuracy p, from 0 to 1.</param>
    /// <param name="images">The size n of the test set, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static double BinomialVariance(double accuracy, int images)
    {
        Check(accuracy, images);
        return accuracy * (1 - accuracy) / images;
    }

    /// <summary>
    /// Jordan's formula: on one shared test set of n images and two classes, if the ensemble of runs is calibrated and runs err
    /// independently from image to image, the variance over runs is err/(2n). No run better than another is needed for it.
    /// </summary>
    /// <param name="accuracy">The mean accuracy 1 - err, from 0 to 1.</param>
    /// <param name="images">The size n of the test set, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static double CalibratedVariance(double accuracy, int images)
    {
        Check(accuracy, images);
        return (1 - accuracy) / (2.0 * images);
    }

    /// <summary>
    /// The same for more than two classes, where accuracies alone give but bounds: err/(classes n) to err/(2n). With q the
    /// shares of the runs that vote for each class of an image, calibration makes err = mean sum q(1-q) and the variance
    /// mean sum q^2(1-q)/n; the ratio lies between 1/classes (votes spread evenly) and 1/2 (votes between two classes). Nor is the
    /// variance above p(1-p)/n, which is less where more than half are wrong: a mean of r(1-r) is at most that of the mean r.
    /// </summary>
    /// <param name="accuracy">The mean accuracy 1 - err, from 0 to 1.</param>
    /// <param name="images">The size n of the test set, at least 1.</param>
    /// <param name="classes">How many classes, at least 2.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static (double Low, double High) CalibratedVarianceBounds(double accuracy, int images, int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        double formula = CalibratedVariance(accuracy, images);
        double high = classes == 2 ? formula : Math.Min(formula, BinomialVariance(accuracy, images));
        return (Math.Min(formula * 2 / classes, high), high);
    }

    private static void Check(double accuracy, int images)
    {
        if (!(accuracy >= 0 && accuracy <= 1))
            throw new ArgumentOutOfRangeException(nameof(accuracy), accuracy, "must lie between 0 and 1");
        ArgumentOutOfRangeException.ThrowIfLessThan(images, 1);
    }
}
