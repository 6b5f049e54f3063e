using System.Text.Json.Serialization;
using LastBit.LinearAlgebra;
using LastBit.Models;
using LastBit.Runs;

namespace LastBit.Experiments.Edge;

/// <summary>The edge of stability as numbers; edge.json.</summary>
/// <param name="Network">The network.</param>
/// <param name="Activation">Its activation function.</param>
/// <param name="TrainImages">How many training images.</param>
/// <param name="BatchSize">Images a step; 0 is all.</param>
/// <param name="Momentum">mu.</param>
/// <param name="Nesterov">Whether it looks ahead.</param>
/// <param name="Iterations">How many a finished run has.</param>
/// <param name="Tensors">Every parameter tensor in definition order: the columns of the maps.</param>
/// <param name="Runs">One a learning rate and weight decay, in ascending order; an unfinished one as far as it is.</param>
/// <param name="Objective">What the outputs are measured by.</param>
public sealed record EdgeResult(
    string Network, Activation Activation, [property: JsonPropertyName("loss")] Loss Objective, int TrainImages, int BatchSize,
    double Momentum, bool Nesterov,
    int Iterations, string[] Tensors, EdgeRun[] Runs) : ICheckedDocument
{
    /// <summary>The name of the document in its folder.</summary>
    public const string FileName = "edge.json";

    /// <summary>The document that --json prints and edge.json holds.</summary>
    public string ToJson() => ResultJson.Document(this);

    /// <summary>How many of the searches for eigenvalues looked elsewhere for a larger one, in a sentence.</summary>
    public string VerificationInWords()
    {
        EdgePoint[] searched = [.. Runs.SelectMany(run => run.Searched)];
        EigenvalueVerification[] verified = [.. searched.Select(point => point.Verified).OfType<EigenvalueVerification>()];
        return verified.Length == 0 ? "No search for eigenvalues verified that no other is larger."
            : $"{NumberText.Count(verified.Length)} of {NumberText.Count(searched.Length)} searches for eigenvalues verified with random "
                + "vectors that no other is larger by more than "
                + $"{NumberText.Exact(verified.Max(one => one.Tolerance))} of the spectrum's width, but for a chance of "
                + $"{NumberText.Exact(verified.Max(one => one.Chance))}; "
                + "those between began with the vectors found before.";
    }

    /// <inheritdoc/>
    public string? Problem() => TrainImages < 1 || Iterations < 1 || BatchSize < 0 ? "trainImages, iterations or batchSize cannot be"
        : Runs.Select(run => run is null ? "a run is null" : run.Problem(new EdgeKey(run.LearningRate, run.WeightDecay), Iterations))
            .FirstOrDefault(problem => problem is not null);
}
