using System.Globalization;
using LastBit.Arithmetic;
using LastBit.Experiments.Authors;
using LastBit.Experiments.OneLayer;
using LastBit.Files;
using LastBit.Pde;
using LastBit.Training;

namespace LastBit.Experiments.Amplification;

/// <summary>Figure 4 right: two copies that differ only in rounding, side by side.</summary>
public static class ErrorAmplification
{
    /// <summary>
    /// Runs every pair; writes result/parameter/1layer/dt*_L*/1_1.npy (k = 1) and 1_2.npy (the other k), with Mat also the trees of .mat
    /// files, and amplify.json.
    /// </summary>
    public static Experiment<ErrorAmplificationSettings, ErrorAmplificationResult> Experiment { get; } =
        new("amplify", Check, Compute) { Document = ErrorAmplificationResult.FileName, Part = "figure4", Title = "error amplification" };

    private static void Check(ErrorAmplificationSettings settings)
    {
        OneLayerSetup.CheckList(nameof(settings.LearningRates), settings.LearningRates, OneLayerSetup.CheckPositive);
        OneLayerSetup.CheckNotNegative(nameof(settings.WeightDecay), settings.WeightDecay);
        OneLayerSetup.CheckFinite(nameof(settings.Beta), settings.Beta);
        OneLayerSetup.CheckIterations(settings.Iterations);
        OneLayerSetup.CheckImage(settings.Image, settings.KernelSize);
        OneLayerSharpness.CheckEvery(settings.SharpnessEvery);
        if (!IsPossible(settings.Perturbation))
            throw InputException.Of("k", $"{settings.Perturbation.Word} is not possible; give a whole number of at least 1");
        int size = settings.KernelSize.Count;
        if ((long)settings.Iterations * size > Array.MaxLength)
            throw InputException.Of(nameof(settings.Iterations),
                $"{settings.Iterations} kernels do not fit into one file; at most {Array.MaxLength / size} do");
    }

    /// <summary>The kernel's descent divides by k, and rounds nothing else otherwise.</summary>
    internal static bool IsPossible(Perturbation perturbation) =>
        perturbation.IsK && perturbation.K is >= 1 and <= int.MaxValue && perturbation.K == Math.Floor(perturbation.K);

    private static ErrorAmplificationResult Compute(ErrorAmplificationSettings settings, ExperimentContext context)
    {
        int size = settings.KernelSize.Count;
        using var correlation = new ValidCorrelation(settings.Image, settings.KernelSize.Height, settings.KernelSize.Width);
        double[] initial = OneLayerSetup.InitialKernel(settings.KernelSize);
        var pairs = new Pair[settings.LearningRates.Length];
        for (int i = 0; i < pairs.Length; i++)
            pairs[i] = new Pair();
        var runs = new ErrorAmplificationRun[pairs.Length];
        // The copies of a pair are independent runs too; whichever ends last compares them.
        OneLayerSetup.ForEach(2 * pairs.Length, context, i =>
        {
            double learningRate = settings.LearningRates[i / 2];
            bool perturbed = i % 2 == 1;
            string task = string.Create(CultureInfo.InvariantCulture,
                $"learning rate {NumberText.Exact(learningRate)}, "
                    + $"{(perturbed ? $"{settings.Perturbation.Name}, copy 2" : Perturbation.None.Name)}");
            using var cnn = new OneLayerCnn(correlation, settings.Beta);
            double[] kernels = new double[settings.Iterations * size];
            int finite = 0;
            // The second copy differs by rounding: one lambda_max stands for both.
            var sharpness =
                new OneLayerSharpness(cnn, settings.WeightDecay, initial, perturbed ? 0 : settings.SharpnessEvery, context.Cancellation);
            OneLayerSetup.Watch(context, task, "error amplification: loss", settings.Iterations,
                observe => GradientDescent.NonLinear(
                    cnn, initial, (perturbed ? settings.Perturbation : Perturbation.None).K, settings.WeightDecay, learningRate,
                    settings.Iterations, observe),
                (iteration, _, kernel) =>
                {
                    kernel.CopyTo(kernels.AsSpan(iteration * size));
                    finite = iteration + 1;
                    sharpness.Observe(finite, kernel);
                });
            string copy = Path.Combine(context.Folder, "result", "parameter", "1layer",
                $"dt{PythonNumber.Float(learningRate)}_L{PythonNumber.IntOrFloat(settings.WeightDecay)}", perturbed ? "1_2" : "1_1");
            WriteKernels(copy, kernels.AsSpan(0, finite * size).ToArray(), finite, settings, context);
            if (!perturbed)
                pairs[i / 2].Sharpness = sharpness.Points;
            if (pairs[i / 2].Add(kernels, finite) is var (first, second, both))
                runs[i / 2] = Compare(learningRate, first, second, both, size) with { Sharpness = pairs[i / 2].Sharpness };
        });
        var result = new ErrorAmplificationResult(settings.Perturbation, settings.WeightDecay, settings.Iterations, runs);
        AtomicFile.WriteAllText(Path.Combine(context.Folder, ErrorAmplificationResult.FileName), result.ToJson());
        return result;
    }

    private static ErrorAmplificationRun Compare(double learningRate, double[] first, double[] second, int finite, int size)
    {
        double[] differences = new double[finite];
        for (int i = 0; i < finite; i++)
            differences[i] = RelativeDifference.L1(first.AsSpan(i * size, size), second.AsSpan(i * size, size));
        return new ErrorAmplificationRun(learningRate, differences, finite);
    }

    private static void WriteKernels(string path, double[] kernels, int finite, ErrorAmplificationSettings settings,
        ExperimentContext context)
    {
        (int rows, int columns) = settings.KernelSize;
        Npy.Write(path + ".npy", kernels, finite, 1, 1, rows, columns);
        if (settings.Mat)
            AuthorsWeights.Write(path, kernels, [1, 1, rows, columns], context.Cancellation);
    }

    /// <summary>Two copies of which one waits for the other.</summary>
    private sealed class Pair
    {
        private readonly Lock _gate = new();
        private double[]? _kernels;
        private int _finite;

        /// <summary>lambda_max along the first copy's run; set before that copy is handed in.</summary>
        public SharpnessPoint[]? Sharpness { get; set; }

        /// <summary>Hands in one copy.</summary>
        /// <returns>Null for the first; both and the iterations that both have for the second.</returns>
        public (double[] First, double[] Second, int Finite)? Add(double[] kernels, int finite)
        {
            lock (_gate)
            {
                if (_kernels is null)
                {
                    (_kernels, _finite) = (kernels, finite);
                    return null;
                }
                double[] other = _kernels;
                _kernels = null;
                return (other, kernels, Math.Min(finite, _finite));
            }
        }
    }
}
