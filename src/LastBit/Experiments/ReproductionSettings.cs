using System.Text.Json.Serialization;
using LastBit.Models;

namespace LastBit.Experiments;

/// <summary>
/// What decides the bits of a reproduction of every figure and table; which parts are run does not, so that parts can be added to a folder.
/// </summary>
public sealed record ReproductionSettings
{
    /// <summary>demo, laptop or paper.</summary>
    [Setting("demo: minutes, no download. laptop: all of CIFAR-10 and a smaller network. paper: the paper's sizes. "
        + "The one-layer experiments are the paper's at any scale.", Choices = ["demo", "laptop", "paper"])]
    public string Scale { get; init; } = "demo";

    /// <summary>
    /// How 3x3 convolutions are computed; left out of run.json where it is direct, as in folders that are older than the choice.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [Setting(NetworkTrainingSettings.ConvolutionHelp)]
    public ConvolutionAlgorithm Convolution { get; init; }
}
