namespace LastBit.Models;

/// <summary>The activation functions of the paper's networks.</summary>
public enum Activation
{
    /// <summary>The identity.</summary>
    None,

    /// <summary>max(0, x).</summary>
    Relu,

    /// <summary>x * sigmoid(5 x).</summary>
    Swish,
}
