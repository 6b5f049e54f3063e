using System.Numerics;

namespace LastBit.Models;

/// <summary>
/// A custom layer: one with one input that the models do not know: a record that says its output's shape and its parameters as every layer
/// does, and computes them by two plain functions on one image. They are written once for any kind of number: the engines call them in
/// binary32, checks of gradients in binary64.
/// <para>
/// What the arithmetic contract asks of them (docs/arithmetic.md): sums in one fixed order, a product that feeds a sum fused
/// (<c>T.FusedMultiplyAdd</c>), and no function of the platform's libm (so no <c>T.Exp</c>), for its bits differ from system to system.
/// </para>
/// </summary>
/// <param name="Name">The name of the layer; its parameters are "NAME.weight" and so on.</param>
public abstract record CustomLayer(string Name) : Layer(Name)
{
    /// <inheritdoc/>
    public sealed override int InputCount => 1;

    /// <summary>Computes one image's output.</summary>
    /// <typeparam name="T">Binary32 or binary64.</typeparam>
    /// <param name="shape">The input's shape.</param>
    /// <param name="input">Height x Width x Channels numbers.</param>
    /// <param name="parameters">The layer's trainable numbers in definition order, one tensor after the other.</param>
    /// <param name="output">Receives the output, channels last; every number must be written.</param>
    public abstract void Forward<T>(TensorShape shape, ReadOnlySpan<T> input, ReadOnlySpan<T> parameters, Span<T> output)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>Computes one image's gradients.</summary>
    /// <typeparam name="T">Binary32 or binary64.</typeparam>
    /// <param name="shape">The input's shape.</param>
    /// <param name="input">Height x Width x Channels numbers.</param>
    /// <param name="parameters">The layer's trainable numbers.</param>
    /// <param name="outputGradient">The gradient of the loss with respect to the output.</param>
    /// <param name="inputGradient">Receives the gradient with respect to the input; every number must be written.</param>
    /// <param name="parameterGradients">
    /// The gradients with respect to the parameters: this image's are to be added to what is there.
    /// </param>
    public abstract void Backward<T>(
        TensorShape shape, ReadOnlySpan<T> input, ReadOnlySpan<T> parameters, ReadOnlySpan<T> outputGradient, Span<T> inputGradient,
        Span<T> parameterGradients)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>;

    /// <summary>
    /// Whether it gives the two functions below, and so has a part in products with the Hessian (<c>sharpness</c> and <c>edge</c>).
    /// </summary>
    public virtual bool HasTangent => false;

    /// <summary>Computes the derivative of one image's output in a direction of inputs and parameters.</summary>
    /// <typeparam name="T">Binary32 or binary64.</typeparam>
    /// <param name="shape">The input's shape.</param>
    /// <param name="input">Height x Width x Channels numbers.</param>
    /// <param name="inputTangent">The direction of the input; zeros for the images.</param>
    /// <param name="parameters">The layer's trainable numbers.</param>
    /// <param name="parameterTangents">Their direction.</param>
    /// <param name="outputTangent">Receives the derivative of the output; every number must be written.</param>
    public virtual void ForwardTangent<T>(
        TensorShape shape, ReadOnlySpan<T> input, ReadOnlySpan<T> inputTangent, ReadOnlySpan<T> parameters,
        ReadOnlySpan<T> parameterTangents, Span<T> outputTangent)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => throw new NotSupportedException();

    /// <summary>
    /// Computes the derivatives of what <see cref="Backward"/> computes of one image, in a direction of its inputs, parameters and output
    /// gradient.
    /// </summary>
    /// <typeparam name="T">Binary32 or binary64.</typeparam>
    /// <param name="shape">The input's shape.</param>
    /// <param name="input">Height x Width x Channels numbers.</param>
    /// <param name="inputTangent">The direction of the input; zeros for the images.</param>
    /// <param name="parameters">The layer's trainable numbers.</param>
    /// <param name="parameterTangents">Their direction.</param>
    /// <param name="outputGradient">The gradient of the loss with respect to the output.</param>
    /// <param name="outputGradientTangent">Its direction.</param>
    /// <param name="inputGradientTangent">
    /// Receives the derivative of the gradient with respect to the input; every number must be written.
    /// </param>
    /// <param name="parameterGradientTangents">
    /// The derivatives of the gradients with respect to the parameters: this image's are to be added to what is there.
    /// </param>
    public virtual void BackwardTangent<T>(
        TensorShape shape, ReadOnlySpan<T> input, ReadOnlySpan<T> inputTangent, ReadOnlySpan<T> parameters,
        ReadOnlySpan<T> parameterTangents,
        ReadOnlySpan<T> outputGradient, ReadOnlySpan<T> outputGradientTangent, Span<T> inputGradientTangent,
        Span<T> parameterGradientTangents)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => throw new NotSupportedException();
}
