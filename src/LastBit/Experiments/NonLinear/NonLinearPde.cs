using System.Globalization;
using System.Text.Json.Serialization;
using LastBit.Experiments.OneLayer;
using LastBit.Files;
using LastBit.Pde;
using LastBit.Runs;

namespace LastBit.Experiments.NonLinear;

/// <summary>Settings of Figure 4 left.</summary>
public sealed record NonLinearPdeSettings : OneLayerSettings
{
    /// <summary>Learning rates dt, one run each.</summary>
    [Setting("Learning rates dt, one run each.", Name = "learning-rate", Alias = "dt")]
    public double[] LearningRates { get; init; } = [0.01, 0.03, 0.05, 0.07, 0.09, 0.1, 0.11, 0.13];

    /// <summary>Weight decay alpha.</summary>
    [Setting("Weight decay alpha.", Alias = "alpha")]
    public double WeightDecay { get; init; } = 20;

    /// <summary>The slope beta of Swish.</summary>
    [Setting(OneLayerSetup.BetaHelp)]
    public double Beta { get; init; } = 1;

    /// <summary>Gradient steps per run.</summary>
    [Setting("Gradient steps per run.")]
    public int Iterations { get; init; } = 1000;

    /// <summary>Steps between two values of lambda_max of the loss, the first before the first step; 0 for none.</summary>
    [Setting(OneLayerSharpness.EveryHelp, Least = 0)]
    public int SharpnessEvery { get; init; } = OneLayerSharpness.DefaultEvery;
}

/// <summary>One learning rate's run.</summary>
/// <param name="LearningRate">The learning rate.</param>
/// <param name="Loss">The finite losses, one an iteration from iteration 0.</param>
/// <param name="Finite">How many iterations gave a finite loss: the run stopped at iteration <c>Finite</c> when this is below the
/// iterations asked for.</param>
/// <param name="Sharpness">lambda_max of the loss along the run; null where it was not computed.</param>
public sealed record NonLinearPdeRun(double LearningRate, double[] Loss, int Finite, SharpnessPoint[]? Sharpness = null)
{
    /// <summary>
    /// 2/dt: gradient descent is unstable along an eigenvector of the Hessian whose eigenvalue is above. Null without
    /// <see cref="Sharpness"/>.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Threshold => Sharpness is null ? null : StabilityThreshold.OfSharpness(LearningRate);

    /// <summary>lambda_max of the loss along the run; null where it was not computed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SharpnessPoint[]? Sharpness { get; init; } = Sharpness;
}

/// <summary>Figure 4 left as numbers; nonlinear.json.</summary>
/// <param name="WeightDecay">Weight decay of every run.</param>
/// <param name="Iterations">Iterations asked for.</param>
/// <param name="Runs">One run a learning rate, in the order of the settings.</param>
public sealed record NonLinearPdeResult(double WeightDecay, int Iterations, NonLinearPdeRun[] Runs) : ICheckedDocument
{
    /// <summary>The name of the document in its folder.</summary>
    public const string FileName = "nonlinear.json";

    /// <summary>The document that --json prints and nonlinear.json holds.</summary>
    public string ToJson() => ResultJson.Document(this);

    /// <inheritdoc/>
    public string? Problem() =>
        Iterations < 1 || Runs.Any(run => !(run.LearningRate > 0)) ? "iterations and every learningRate must be positive"
        : Runs.Any(run => run.Finite < 0 || run.Finite > Iterations || run.Loss.Length != run.Finite)
        ? "a run does not have a loss for each finite iteration"
        : Runs.Select(run => SharpnessPoint.Problem(run.Sharpness, Iterations)).FirstOrDefault(problem => problem is not null);
}

/// <summary>Figure 4 left: the non-linear PDE (8) oscillates without blowing up between two learning rates.</summary>
public static class NonLinearPde
{
    /// <summary>Runs every learning rate; writes result/loss/nonlinear/loss_dt*_L*.npy and nonlinear.json.</summary>
    public static Experiment<NonLinearPdeSettings, NonLinearPdeResult> Experiment { get; } =
        new("nonlinear", Check, Compute) { Document = NonLinearPdeResult.FileName, Part = "figure4", Title = "the non-linear PDE" };

    private static void Check(NonLinearPdeSettings settings)
    {
        OneLayerSetup.CheckList(nameof(settings.LearningRates), settings.LearningRates, OneLayerSetup.CheckPositive);
        OneLayerSetup.CheckNotNegative(nameof(settings.WeightDecay), settings.WeightDecay);
        OneLayerSetup.CheckFinite(nameof(settings.Beta), settings.Beta);
        OneLayerSetup.CheckIterations(settings.Iterations);
        OneLayerSetup.CheckImage(settings.Image, settings.KernelSize);
        OneLayerSharpness.CheckEvery(settings.SharpnessEvery);
    }

    private static NonLinearPdeResult Compute(NonLinearPdeSettings settings, ExperimentContext context)
    {
        using var correlation = new ValidCorrelation(settings.Image, settings.KernelSize.Height, settings.KernelSize.Width);
        double[] initial = OneLayerSetup.InitialKernel(settings.KernelSize);
        var runs = new NonLinearPdeRun[settings.LearningRates.Length];
        OneLayerSetup.ForEach(runs.Length, context, i =>
        {
            double learningRate = settings.LearningRates[i];
            using var cnn = new OneLayerCnn(correlation, settings.Beta);
            string task = string.Create(CultureInfo.InvariantCulture, $"learning rate {NumberText.Exact(learningRate)}");
            var sharpness = new OneLayerSharpness(cnn, settings.WeightDecay, initial, settings.SharpnessEvery, context.Cancellation);
            double[] losses = OneLayerSetup.Watch(context, task, "non-linear PDE: loss", settings.Iterations,
                observe => GradientDescent.NonLinear(cnn, initial, 1, settings.WeightDecay, learningRate, settings.Iterations, observe),
                (iteration, _, kernel) => sharpness.Observe(iteration + 1, kernel));
            Npy.Write(Path.Combine(context.Folder, "result", "loss", "nonlinear",
                $"loss_dt{PythonNumber.Float(learningRate)}_L{PythonNumber.IntOrFloat(settings.WeightDecay)}.npy"),
                OneLayerSetup.Padded(losses, settings.Iterations), settings.Iterations);
            runs[i] = new NonLinearPdeRun(learningRate, losses, losses.Length, sharpness.Points);
        });
        var result = new NonLinearPdeResult(settings.WeightDecay, settings.Iterations, runs);
        AtomicFile.WriteAllText(Path.Combine(context.Folder, NonLinearPdeResult.FileName), result.ToJson());
        return result;
    }
}
