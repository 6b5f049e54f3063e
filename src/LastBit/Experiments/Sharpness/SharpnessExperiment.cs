using System.Globalization;
using System.Text.Json.Serialization;
using LastBit.Engines;
using LastBit.Experiments.Train;
using LastBit.Files;
using LastBit.LinearAlgebra;
using LastBit.Models;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Sharpness;

/// <summary>The curvature of a training loss; sharpness.json.</summary>
/// <param name="Eigenvalues">The algebraically largest eigenvalues of the Hessian, in descending order; the first is the sharpness.</param>
/// <param name="Residuals">|H v - lambda v| of each with its unit vector v, from one more product: an eigenvalue lies within this distance,
/// rounding of H v included.</param>
/// <param name="Loss">Mean loss over the images.</param>
/// <param name="Converged">Whether all residuals are small enough: each value is near an eigenvalue. That none is missing is said by
/// <paramref name="Verified"/>.</param>
/// <param name="Products">Products with the Hessian that the search took.</param>
/// <param name="Images">How many images the loss is a mean over.</param>
/// <param name="State">The digest of the weights (docs/arithmetic.md).</param>
/// <param name="LearningRate">The learning rate at this point of the run, where it is known.</param>
/// <param name="TwoOverLearningRate">2 / learning rate: above it plain gradient descent overshoots along the first eigenvector.</param>
/// <param name="Threshold">The same for the momentum and the weight decay of the checkpoint's run,
/// <see cref="StabilityThreshold"/>.</param>
/// <param name="Verified">How far any other eigenvalue can lie above these; null where the search ended before that was known.</param>
public sealed record SharpnessResult(
    double[] Eigenvalues,
    double[] Residuals,
    double Loss,
    bool Converged,
    int Products,
    int Images,
    string State,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? LearningRate = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? TwoOverLearningRate = null,
    EigenvalueVerification? Verified = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Threshold = null)
    : ICheckedDocument
{
    /// <summary>The document that --json prints and sharpness.json holds.</summary>
    public string ToJson() => ResultJson.Document(this);

    /// <inheritdoc/>
    public string? Problem() =>
        Eigenvalues is null || Residuals is null || Eigenvalues.Length != Residuals.Length || Eigenvalues.Length == 0
        ? "eigenvalues and residuals do not belong together" : DocumentFile.DigestProblem(State);
}

/// <summary>The largest eigenvalues of the Hessian of a network's training loss, at its initial weights or at a checkpoint.</summary>
public static class SharpnessExperiment
{
    /// <summary>The name of the document in its folder.</summary>
    public const string FileName = "sharpness.json";

    /// <summary>Computes them and writes sharpness.json.</summary>
    public static Experiment<SharpnessSettings, SharpnessResult> Experiment { get; } =
        new("sharpness", Prepare, () => new() { Convolution = ConvolutionAlgorithm.Winograd }) { Document = FileName };

    private static Func<ExperimentContext, SharpnessResult> Prepare(SharpnessSettings settings, EngineSource? engines)
    {
        settings.Validate();
        TrainingData data = TrainingData.Load(settings, engines, hessian: true);
        return context => Run(settings, context, data);
    }

    private static SharpnessResult Run(SharpnessSettings settings, ExperimentContext context, TrainingData loaded)
    {
        using TrainingData data = loaded.With(context.Threads);
        data.Tell(context);
        using var hessian = new LossHessian(settings, data, settings.BatchSize);
        double? learningRate = settings.LearningRate > 0 ? settings.LearningRate : null;
        hessian.State.Initialise(settings.Seed);
        if (settings.Run is { } run)
            learningRate = LoadCheckpoint(settings.Checkpoint!, run, context, hessian.State);
        string digest = hessian.State.Digest();
        if (!hessian.State.IsFinite)
            throw InputException.OfPath("checkpoint", settings.Checkpoint!,
                "its training has diverged: weights are not finite; give an earlier one");

        string task = string.Create(CultureInfo.InvariantCulture, $"{settings.Network}, {hessian.Images} images");
        double verify = settings.Verify ?? LossHessian.DefaultVerify;
        context.Observer.BeginAtMost(task, settings.MostProducts + Lanczos.ProductsToVerify(hessian.Product.Size, verify), "products");
        int products = 0;
        LargestEigenvalues largest = hessian.Largest(settings.Eigenvalues, settings.Tolerance, settings.MostProducts, verify: verify,
            journal: Path.Combine(context.Folder, "search.bin"), multiplied: () => context.Observer.Advance(task, ++products),
            cancellation: context.Cancellation)
            ?? throw new InputException(
                $"{settings.Network}: a product with the Hessian is not finite; its weights are too large for binary32");
        double[] residuals = [.. largest.Values.Select((value, i) => hessian.Residual(value, largest.Vectors[i]))];
        // Of AdamW no threshold is known.
        bool isDescent = settings.Run is not { Optimizer: not Optimizer.Sgd };
        var result = new SharpnessResult(
            largest.Values, residuals, hessian.Product.Loss, largest.IsConverged(residuals), largest.Products, hessian.Images, digest,
            learningRate, isDescent ? 2 / learningRate : null, largest.Verified,
            isDescent && learningRate is { } rate
                ? StabilityThreshold.OfSharpness(rate, settings.Run?.Momentum ?? 0, settings.Run is not null,
                    settings.Run?.WeightDecay ?? 0) : null);
        context.Observer.End(task, $"sharpness {NumberText.Of(largest.Values[0])}");
        Directory.CreateDirectory(context.Folder);
        AtomicFile.WriteAllText(Path.Combine(context.Folder, FileName), result.ToJson());
        return result;
    }

    // The learning rate of the run at that point.
    private static double LoadCheckpoint(string path, TrainingRunSettings run, ExperimentContext context, NetworkState state)
    {
        TrainingSettings training = run.ToTraining();
        using TrainingData data = TrainingData.Load(run, context.Engines).With(context.Threads);
        using Trainer trainer = data.CreateTrainer(training, [run.Perturbation]);
        Checkpoint.Load(path, trainer, data.Digest);
        trainer.Replicas[0].State.Read(state);
        return training.LearningRateAt(Math.Min(trainer.Epoch, training.Epochs - 1));
    }
}
