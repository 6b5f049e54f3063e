using System.Globalization;
using LastBit.Experiments.OneLayer;
using LastBit.Files;
using LastBit.Pde;
using LastBit.Runs;

namespace LastBit.Experiments.Linear;

/// <summary>Settings of Figure 3 and Table 2.</summary>
public sealed record LinearizedPdeSettings : OneLayerSettings
{
    /// <summary>Weight decays alpha, one run each.</summary>
    [Setting("Weight decays alpha, one run each.", Name = "weight-decay", Alias = "alpha")]
    public double[] Alphas { get; init; } = [1.1e7, 1.2e7, 1.3e7, 1.9e8, 2.0e8, 2.1e8, 2.2e8];

    /// <summary>Learning rate dt.</summary>
    [Setting("Learning rate dt.", Alias = "dt")]
    public double LearningRate { get; init; } = 1e-8;

    /// <summary>The constant a of the linearization.</summary>
    [Setting("The constant a of the linearization.")]
    public double A { get; init; } = -0.5;

    /// <summary>The slope beta of Swish.</summary>
    [Setting(OneLayerSetup.BetaHelp)]
    public double Beta { get; init; } = 1;

    /// <summary>Gradient steps per run.</summary>
    [Setting("Gradient steps per run.")]
    public int Iterations { get; init; } = 1000;
}

/// <summary>One weight decay's run.</summary>
/// <param name="Alpha">The weight decay.</param>
/// <param name="Loss">The finite losses, one an iteration from iteration 0.</param>
/// <param name="Finite">How many iterations gave a finite loss: the run stopped at iteration <c>Finite</c> when this is below the
/// iterations asked for.</param>
public sealed record LinearizedPdeRun(double Alpha, double[] Loss, int Finite);

/// <summary>Figure 3 as numbers; linear.json.</summary>
/// <param name="LearningRate">Learning rate of every run.</param>
/// <param name="Iterations">Iterations asked for.</param>
/// <param name="Runs">One run a weight decay, in the order of the settings.</param>
public sealed record LinearizedPdeResult(double LearningRate, int Iterations, LinearizedPdeRun[] Runs) : ICheckedDocument
{
    /// <summary>The name of the document in its folder.</summary>
    public const string FileName = "linear.json";

    /// <summary>The document that --json prints and linear.json holds.</summary>
    public string ToJson() => ResultJson.Document(this);

    /// <inheritdoc/>
    public string? Problem() => !(LearningRate > 0) || Iterations < 1 ? "learningRate and iterations must be positive"
        : Runs.Any(run => run.Finite < 0 || run.Finite > Iterations || run.Loss.Length != run.Finite)
        ? "a run does not have a loss for each finite iteration"
        : null;
}

/// <summary>Figure 3 and Table 2: the linearized PDE (9), stable between two weight decays.</summary>
public static class LinearizedPde
{
    /// <summary>Runs every weight decay; writes result/loss/linear/loss_alpha*.npy and linear.json.</summary>
    public static Experiment<LinearizedPdeSettings, LinearizedPdeResult> Experiment { get; } =
        new("linear", Check, Compute) { Document = LinearizedPdeResult.FileName, Part = "figure3", Title = "the linearized PDE" };

    private static void Check(LinearizedPdeSettings settings)
    {
        OneLayerSetup.CheckList(nameof(settings.Alphas), settings.Alphas, OneLayerSetup.CheckNotNegative);
        OneLayerSetup.CheckPositive(nameof(settings.LearningRate), settings.LearningRate);
        OneLayerSetup.CheckFinite(nameof(settings.A), settings.A);
        OneLayerSetup.CheckFinite(nameof(settings.Beta), settings.Beta);
        OneLayerSetup.CheckIterations(settings.Iterations);
        OneLayerSetup.CheckImage(settings.Image, settings.KernelSize);
    }

    private static LinearizedPdeResult Compute(LinearizedPdeSettings settings, ExperimentContext context)
    {
        using var correlation = new ValidCorrelation(settings.Image, settings.KernelSize.Height, settings.KernelSize.Width);
        double[] initial = OneLayerSetup.InitialKernel(settings.KernelSize);
        var runs = new LinearizedPdeRun[settings.Alphas.Length];
        OneLayerSetup.ForEach(runs.Length, context, i =>
        {
            double alpha = settings.Alphas[i];
            using var cnn = new OneLayerCnn(correlation, settings.Beta);
            string task = string.Create(CultureInfo.InvariantCulture, $"alpha {NumberText.Exact(alpha)}");
            double[] losses = OneLayerSetup.Watch(context, task, "linearized PDE: loss", settings.Iterations,
                observe => GradientDescent.Linearized(cnn, initial, settings.A, alpha, settings.LearningRate, settings.Iterations,
                    observe));
            Npy.Write(Path.Combine(context.Folder, "result", "loss", "linear", $"loss_alpha{PythonNumber.Float(alpha)}.npy"),
                OneLayerSetup.Padded(losses, settings.Iterations), settings.Iterations);
            runs[i] = new LinearizedPdeRun(alpha, losses, losses.Length);
        });
        var result = new LinearizedPdeResult(settings.LearningRate, settings.Iterations, runs);
        AtomicFile.WriteAllText(Path.Combine(context.Folder, LinearizedPdeResult.FileName), result.ToJson());
        return result;
    }
}
