using System.Text.Json.Serialization;
using LastBit.Models;

namespace LastBit.Cli.PaperItems;

/// <summary>What decides the bits of a reproduction; which parts are run does not, so that parts can be added to a folder.</summary>
/// <param name="Scale">demo, laptop or paper.</param>
internal sealed record ReproduceSettings(string Scale)
{
    /// <summary>How 3x3 convolutions are computed; left out of run.json where it is direct, as in folders that are older than the choice.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ConvolutionAlgorithm Convolution { get; init; }
}
