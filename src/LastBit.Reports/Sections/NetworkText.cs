using LastBit.Models;

namespace LastBit.Reports.Sections;

/// <summary>What sections on trainings have in common.</summary>
internal static class NetworkText
{
    /// <summary>The network of a result with its loss, as a sentence has it.</summary>
    internal static string Of(string network, Activation activation, Loss loss) =>
        $"{network} with {ActivationNames.InProse(activation)}{(loss == Loss.SquaredError ? " and squared error" : "")}";
}
