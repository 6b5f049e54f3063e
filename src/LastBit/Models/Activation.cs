namespace LastBit.Models;

/// <summary>The activation functions of the networks: ReLU and Swish are the paper's.</summary>
public enum Activation
{
    /// <summary>The identity.</summary>
    None,

    /// <summary>max(0, x).</summary>
    Relu,

    /// <summary>x * sigmoid(5 x).</summary>
    Swish,

    /// <summary>tanh x.</summary>
    Tanh,

    /// <summary>x above 0, exp(x) - 1 elsewhere.</summary>
    Elu,

    /// <summary>log(1 + exp(x)).</summary>
    Softplus,
}
