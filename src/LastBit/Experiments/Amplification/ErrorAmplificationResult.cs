using System.Text.Json.Serialization;
using LastBit.Experiments.OneLayer;
using LastBit.Runs;
using LastBit.Training;

namespace LastBit.Experiments.Amplification;

/// <summary>One learning rate's pair of copies.</summary>
/// <param name="LearningRate">The learning rate.</param>
/// <param name="RelativeL1">Average relative L1 difference of the two kernels after every step, from iteration 0; between 0 and 2.</param>
/// <param name="Finite">
/// How many iterations left both kernels finite: the pair stopped at iteration <c>Finite</c> when this is below the iterations asked for.
/// </param>
/// <param name="Sharpness">lambda_max of the first copy's loss along the run; null where it was not computed.</param>
public sealed record ErrorAmplificationRun(double LearningRate, double[] RelativeL1, int Finite, SharpnessPoint[]? Sharpness = null)
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

/// <summary>Figure 4 right as numbers; amplify.json.</summary>
/// <param name="Perturbation">Perturbation of the second copy.</param>
/// <param name="WeightDecay">Weight decay of every run.</param>
/// <param name="Iterations">Iterations asked for.</param>
/// <param name="Runs">One pair a learning rate, in the order of the settings.</param>
public sealed record ErrorAmplificationResult([property: JsonPropertyName("k")] Perturbation Perturbation, double WeightDecay,
    int Iterations, ErrorAmplificationRun[] Runs) : ICheckedDocument
{
    /// <summary>The name of the document in its folder.</summary>
    public const string FileName = "amplify.json";

    /// <summary>The document that --json prints and amplify.json holds.</summary>
    public string ToJson() => ResultJson.Document(this);

    /// <inheritdoc/>
    public string? Problem() =>
        Iterations < 1 || !ErrorAmplification.IsPossible(Perturbation) || Runs.Any(run => !(run.LearningRate > 0))
            ? "iterations, k and every learningRate must be positive"
        : Runs.Any(run => run.Finite < 0 || run.Finite > Iterations || run.RelativeL1.Length != run.Finite)
        ? "a run does not have a difference for each finite iteration"
        : Runs.Any(run => run.RelativeL1.Any(difference => difference is not (>= 0 and <= 2))) ? "a relativeL1 lies outside 0 to 2"
        : Runs.Select(run => SharpnessPoint.Problem(run.Sharpness, Iterations)).FirstOrDefault(problem => problem is not null);
}
