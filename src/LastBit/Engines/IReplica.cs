using LastBit.Models;

namespace LastBit.Engines;

/// <summary>
/// One copy of a network in an engine's memory: weights, running statistics, and the vectors of its update rule. Nothing of it leaves that
/// memory but what is asked for.
/// </summary>
public interface IReplica : IDisposable
{
    /// <summary>Names, shapes and places of its tensors.</summary>
    ParameterLayout Layout { get; }

    /// <summary>How its weights are updated.</summary>
    UpdateRule Rule { get; }

    /// <summary>
    /// Vectors of a state that holds every bit of the replica: those of its rule, unless the engine keeps more than binary32.
    /// </summary>
    int StateVectors => Rule.Vectors;

    /// <summary>Takes over all numbers of a state; vectors of the rule that the state does not have become zero.</summary>
    /// <param name="state">A state of a network of the same tensors.</param>
    /// <exception cref="ArgumentException">It is of another network.</exception>
    void Write(NetworkState state);

    /// <summary>Copies all numbers into a state, vectors of the rule as far as it has room for them.</summary>
    /// <param name="state">A state of a network of the same tensors.</param>
    /// <exception cref="ArgumentException">It is of another network.</exception>
    void Read(NetworkState state);

    /// <summary>Copies one tensor.</summary>
    /// <param name="tensor">A tensor of <see cref="Layout"/>.</param>
    /// <param name="values">Receives its numbers, in PyTorch's order.</param>
    void Read(Parameter tensor, Span<float> values);

    /// <summary>Whether every trainable number is finite.</summary>
    bool IsFinite();

    /// <summary>
    /// The relative L1 differences (<see cref="Arithmetic.RelativeDifference"/>) between tensors of two replicas, computed where they are:
    /// 0 says that all numbers are equal.
    /// </summary>
    /// <param name="other">A replica of the same factory and model.</param>
    /// <param name="tensors">Which tensors; <see cref="ParameterLayout.Weights"/> stands for all trainable numbers together.</param>
    /// <param name="differences">Receives one number a tensor.</param>
    void Differences(IReplica other, ReadOnlySpan<Parameter> tensors, Span<double> differences);

    /// <summary>
    /// Hands over the results of the forward passes since the last call, in their order. An engine that computes elsewhere waits here for
    /// the last of them; it keeps 1024 at least, so a trainer need not take them after each.
    /// </summary>
    /// <param name="results">Is cleared, then receives them.</param>
    void TakeResults(List<BatchResult> results);

    /// <summary><see cref="NetworkState.Digest"/> of its weights and running statistics.</summary>
    string Digest()
    {
        using var state = new NetworkState(Layout);
        Read(state);
        return state.Digest();
    }
}

/// <summary>A batch in an engine's memory.</summary>
public interface IBatch : IDisposable
{
    /// <summary>
    /// Takes images and labels. They must stay as they are until the next call: an engine that computes where they are need not copy them.
    /// </summary>
    /// <param name="images">One image after the other, each Height x Width x <see cref="TensorShape.BatchChannels"/> numbers.</param>
    /// <param name="labels">A class an image, as many as the batch was made for at most.</param>
    /// <param name="places">
    /// The place of each image in the batch as the plain run has it, where it has another here: what a layer draws at random for an image
    /// is a function of it. Empty where the places are the same.
    /// </param>
    /// <exception cref="ArgumentException">They do not fit each other or the model, or a label is not a class.</exception>
    void Write(ReadOnlyMemory<float> images, ReadOnlyMemory<int> labels, ReadOnlyMemory<int> places = default);
}
