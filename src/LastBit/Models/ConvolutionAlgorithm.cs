namespace LastBit.Models;

/// <summary>
/// How 3x3 convolutions with stride 1 are computed. Both have one order of every sum, so that either gives the same bits on every machine;
/// between the two the bits differ.
/// </summary>
public enum ConvolutionAlgorithm
{
    /// <summary>The sums of the definition.</summary>
    Direct,

    /// <summary>
    /// Winograd's algorithm: F(2x2, 3x3) forward and for the input gradient, the transpose of F(4x4, 3x3) for the weight gradient.
    /// </summary>
    Winograd,
}
