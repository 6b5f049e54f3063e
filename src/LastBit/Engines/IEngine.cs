using LastBit.Models;

namespace LastBit.Engines;

/// <summary>
/// Computes a <see cref="Models.Model"/>: outputs and losses of a batch, then gradients. Memory is taken when an engine is made; states
/// (<see cref="NetworkState"/>) are loaded into it in turn, so that any number of replicas share one engine. For one thread at a time.
/// </summary>
public interface IEngine : IDisposable
{
    /// <summary>What it computes.</summary>
    Model Model { get; }

    /// <summary>Images in the largest batch.</summary>
    int Capacity { get; }

    /// <summary>Takes the weights of a state; to be called again when they have changed. Forward passes in training move the state's running statistics.</summary>
    /// <param name="state">A state of the model's layout.</param>
    void Load(NetworkState state);

    /// <summary>Computes outputs and losses of a batch with the state that was loaded last.</summary>
    /// <param name="images">
    /// One image after the other, each Height x Width x <see cref="TensorShape.BatchChannels"/> numbers; they may change once the method has returned.
    /// </param>
    /// <param name="labels">A class an image, from 1 to <see cref="Capacity"/> of them.</param>
    /// <param name="training">
    /// Whether batch normalisation uses the moments of this batch (and moves the running statistics towards them), rather than the running statistics.
    /// </param>
    /// <returns>The sum of the losses of the images, and how many were classified correctly.</returns>
    /// <exception cref="ArgumentException">The spans do not fit each other or the model, or a label is not a class.</exception>
    /// <exception cref="InvalidOperationException">No state was loaded.</exception>
    BatchResult Forward(ReadOnlySpan<float> images, ReadOnlySpan<int> labels, bool training);

    /// <summary>Computes <see cref="Gradients"/> for the batch of the last forward pass.</summary>
    /// <exception cref="InvalidOperationException">There was no forward pass, or it was not in training mode.</exception>
    void Backward();

    /// <summary>
    /// The gradient of the mean loss with respect to every trainable number, in definition order and PyTorch's layouts; written by <see cref="Backward"/>.
    /// </summary>
    ReadOnlySpan<float> Gradients { get; }

    /// <summary>The outputs of the last forward pass.</summary>
    /// <param name="sample">Which image of the batch.</param>
    /// <returns>One number a class; valid until the next forward pass.</returns>
    ReadOnlySpan<float> Outputs(int sample);
}

/// <summary>What a forward pass says of a batch.</summary>
/// <param name="LossSum">Sum of the losses of its images.</param>
/// <param name="Correct">Images classified correctly.</param>
/// <param name="Count">Images.</param>
public readonly record struct BatchResult(double LossSum, int Correct, int Count);
