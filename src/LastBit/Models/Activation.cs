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

/// <summary>Names of activation functions.</summary>
public static class ActivationNames
{
    /// <summary>The function as a sentence spells it: "ReLU", "Swish", "tanh".</summary>
    /// <param name="activation">The function.</param>
    public static string InProse(Activation activation) => activation switch
    {
        Activation.None => "no activation function",
        Activation.Relu => "ReLU",
        Activation.Elu => "ELU",
        Activation.Tanh => "tanh",
        Activation.Softplus => "softplus",
        _ => activation.ToString(),
    };
}
