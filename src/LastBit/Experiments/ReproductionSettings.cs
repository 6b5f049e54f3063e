using System.Text.Json.Serialization;
using LastBit.Models;

namespace LastBit.Experiments;

/// <summary>
/// What decides the bits of a reproduction of every figure and table; which parts are run does not, so that parts can be added to a folder.
/// </summary>
public sealed record ReproductionSettings
{
    /// <summary>demo, laptop or paper.</summary>
    [Setting("demo: minutes, no download. laptop: CIFAR-10, what decides each claim, in two hours. "
        + "paper: the paper's sizes. The one-layer experiments are the paper's at any scale.", Choices = ["demo", "laptop", "paper"])]
    public string Scale { get; init; } = "demo";

    /// <summary>
    /// Which sizes the scale means: those of laptop were others once, and their folders are not resumed with these.
    /// Left out where they have always been the same.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Sizes => Scale == "laptop" ? 2 : 0;

    /// <summary>
    /// How 3x3 convolutions are computed; left out of run.json where it is direct, as in folders that are older than the choice.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [Setting(NetworkTrainingSettings.ConvolutionHelp)]
    public ConvolutionAlgorithm Convolution { get; init; }
}
