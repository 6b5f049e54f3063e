using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.ExceptionServices;
using LastBit.Pde;
using LastBit.Random;

namespace LastBit.Experiments.OneLayer;

/// <summary>
/// What the one-layer experiments share: checks of their settings, the kernel that they start from, and runs side by side.
/// </summary>
internal static class OneLayerSetup
{
    /// <summary>What the setting is.</summary>
    public const string BetaHelp = "The slope beta of Swish.";

    // The spectrum of an image of this many pixels takes 512 MB.
    private const long LargestImage = 1 << 26;

    /// <summary>The paper's kernel: RandomState(7).randn(1, 1, rows, columns).</summary>
    public static double[] InitialKernel(KernelSize size)
    {
        var generator = new Mt19937(7);
        double[] kernel = new double[size.Count];
        for (int i = 0; i < kernel.Length; i++)
            kernel[i] = generator.NextNormal();
        return kernel;
    }

    public static void CheckImage(GreyImage image, KernelSize kernel)
    {
        if (kernel.Height < 1 || kernel.Width < 1)
            throw InputException.Of("kernelSize", $"{kernel} is not a possible size; give at least 1");
        if (kernel.Height > image.Height || kernel.Width > image.Width)
        {
            throw InputException.Of("kernelSize",
                $"a kernel of {kernel.Height} x {kernel.Width} does not fit into the image {image.Name} of {image.Height} x {image.Width}; "
                + $"it is at most {new KernelSize(image.Height, image.Width)}");
        }
        if ((long)image.Height * image.Width > LargestImage)
            throw InputException.Of("image",
                $"{image.Name} has {image.Height} x {image.Width} pixels; at most {LargestImage} fit into memory");
    }

    public static void CheckPositive(string setting, double value)
    {
        if (!(value > 0 && double.IsFinite(value)))
            throw InputException.Of(setting,
                string.Create(CultureInfo.InvariantCulture, $"{value} is not possible; give a number above 0"));
    }

    public static void CheckNotNegative(string setting, double value)
    {
        if (!(value >= 0 && double.IsFinite(value)))
            throw InputException.Of(setting,
                string.Create(CultureInfo.InvariantCulture, $"{value} is not possible; give a number of at least 0"));
    }

    public static void CheckFinite(string setting, double value)
    {
        if (!double.IsFinite(value))
            throw InputException.Of(setting, string.Create(CultureInfo.InvariantCulture, $"{value} is not possible; give a finite number"));
    }

    public static void CheckIterations(int iterations)
    {
        if (iterations < 1)
            throw InputException.Of("iterations", $"{iterations} is not possible; give at least 1");
    }

    /// <summary>A list of values of which each makes a run of its own, with files named after it.</summary>
    public static void CheckList(string setting, double[] values, Action<string, double> check)
    {
        if (values.Length == 0)
            throw InputException.Of(setting, "the list is empty; give at least one number");
        foreach (double value in values)
            check(setting, value);
        for (int i = 0; i < values.Length; i++)
        {
            if (Array.IndexOf(values, values[i]) < i)
            {
                throw InputException.Of(setting, string.Create(CultureInfo.InvariantCulture,
                    $"{values[i]} occurs twice; every number makes one run and one file"));
            }
        }
    }

    /// <summary>Does independent tasks, as many at once as the context has threads; the first failure stops the others.</summary>
    public static void ForEach(int count, ExperimentContext context, Action<int> work)
    {
        try
        {
            // Tasks are handed out one by one and in order: they take about the same time.
            var tasks = Partitioner.Create(Enumerable.Range(0, count), EnumerablePartitionerOptions.NoBuffering);
            var options =
                new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, context.Threads), CancellationToken = context.Cancellation };
            Parallel.ForEach(tasks, options, work);
        }
        catch (AggregateException error)
        {
            ExceptionDispatchInfo.Throw(error.InnerExceptions.FirstOrDefault(inner => inner is not OperationCanceledException)
                ?? error.InnerExceptions[0]);
        }
    }

    /// <summary>
    /// Tells the observer of one run of gradient descent, iteration by iteration, and stops it when the experiment is cancelled.
    /// </summary>
    /// <param name="context">The experiment's.</param>
    /// <param name="task">Name of the run.</param>
    /// <param name="chart">Where its losses are drawn.</param>
    /// <param name="iterations">Of the run.</param>
    /// <param name="descend">Runs, and returns the losses that were finite.</param>
    /// <param name="also">What else is done after an iteration, or null.</param>
    public static double[] Watch(ExperimentContext context, string task, string chart, int iterations,
        Func<GradientDescent.Observe, double[]> descend,
        GradientDescent.Observe? also = null)
    {
        // Often enough for a bar and a curve, seldom enough to cost nothing.
        const int Every = 10;
        context.Observer.Begin(task, iterations, "iterations");
        double[] losses = descend((iteration, loss, kernel) =>
        {
            context.Cancellation.ThrowIfCancellationRequested();
            also?.Invoke(iteration, loss, kernel);
            if ((iteration + 1) % Every != 0)
                return;
            context.Observer.Advance(task, iteration + 1, $"loss {NumberText.Of(loss)}");
            context.Observer.Point(chart, task, iteration, loss);
        });
        context.Observer.End(task, losses.Length == iterations
            ? $"loss {NumberText.Of(losses[^1])}"
            : NumberText.NotFinite(losses.Length));
        return losses;
    }

    /// <summary>One value an iteration, as the authors' scripts expect: infinite from where the run stopped.</summary>
    public static double[] Padded(double[] losses, int iterations)
    {
        double[] padded = new double[iterations];
        losses.CopyTo(padded, 0);
        Array.Fill(padded, double.PositiveInfinity, losses.Length, iterations - losses.Length);
        return padded;
    }
}
