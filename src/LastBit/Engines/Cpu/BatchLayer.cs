namespace LastBit.Engines.Cpu;

/// <summary>
/// A layer that computes the images of a batch together, as a product of matrices, and not one by one: its weights would otherwise be read from memory for every
/// image. It is a pass of its own. Its work is cut into parts that threads share; where a part ends decides no bit.
/// </summary>
internal abstract unsafe class BatchLayer(string name, StoredTensor output, params View[] inputs) : CpuLayer(name, output, inputs)
{
    /// <summary>Into how many parts the forward pass is cut.</summary>
    /// <param name="count">Images of the batch.</param>
    public abstract int ForwardParts(int count);

    /// <summary>Computes one part of the outputs.</summary>
    public abstract void ForwardPart(int part, int count, Scratch scratch, bool training);

    /// <summary>How many steps the backward pass has; each begins when all parts of the one before are done.</summary>
    public abstract int BackwardSteps { get; }

    /// <summary>Into how many parts a step of the backward pass is cut.</summary>
    public abstract int BackwardParts(int step, int count);

    /// <summary>Computes one part of a step of the backward pass, and writes the layer's gradients.</summary>
    public abstract void BackwardPart(int step, int part, int count, Scratch scratch, float* gradients);

    /// <inheritdoc/>
    public sealed override void Forward(int sample, Scratch scratch, bool training) => throw new NotSupportedException();

    /// <inheritdoc/>
    public sealed override void Backward(int sample, Scratch scratch, float* table) => throw new NotSupportedException();
}
