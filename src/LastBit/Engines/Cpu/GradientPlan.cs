using LastBit.Arithmetic;
using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>
/// Decides where the gradient of each tensor lies. Going back through the layers, a gradient is needed from its first contribution
/// until its producer has used it; then its memory serves another tensor of the same size.
/// A residual addition hands the same numbers to both operands, so they share its buffer.
/// </summary>
internal static unsafe class GradientPlan
{
    /// <summary>Gives every layer its sinks and every tensor its gradient buffers.</summary>
    /// <param name="layers">The layers in the order of the forward pass.</param>
    /// <param name="images">The images, which need no gradient.</param>
    /// <param name="capacity">Images in the largest batch.</param>
    /// <param name="passes">Backward passes in which one worker takes a piece's images through all layers one after the other; none, if they are taken otherwise.</param>
    /// <returns>The memory behind all buffers.</returns>
    public static AlignedBuffer<float> Assign(CpuLayer[] layers, StoredTensor images, int capacity, CpuEngine.Pass[] passes)
    {
        foreach (var view in layers.SelectMany(layer => layer.Inputs))
            CheckView(view);
        var all = new List<GradientBuffer>();
        var free = new List<GradientBuffer>();
        for (int index = layers.Length - 1; index >= 0; index--)
        {
            var layer = layers[index];
            for (int input = 0; input < layer.Inputs.Count; input++)
            {
                var view = layer.Inputs[input];
                var tensor = view.Tensor;
                if (tensor == images)
                    continue;
                bool bypass = view.IsPastTheView;
                int firstReader = Array.FindIndex(layers, other => other.Inputs.Any(read => read.Tensor == tensor && read.IsPastTheView == bypass));
                var buffer = bypass ? tensor.RawGradient : tensor.ViewGradient;
                bool first = buffer is null;
                bool last = firstReader == index;
                if (buffer is null)
                {
                    bool brief = IsBrief(tensor, bypass);
                    buffer = Shared(layers, layer, input, firstReader, last);
                    if (buffer is null || buffer.IsBrief != brief)
                        buffer = Rent(tensor.SampleSize, brief);
                    buffer.Owners++;
                    if (bypass)
                        tensor.RawGradient = buffer;
                    else
                        tensor.ViewGradient = buffer;
                }
                layer.Sinks[input] = new GradientSink(view, buffer, first, last);
            }
            Release(layer.Output.ViewGradient);
            Release(layer.Output.RawGradient);
        }

        var memory = new AlignedBuffer<float>(all.Sum(buffer => buffer.SizeFor(capacity)));
        float* next = memory.Pointer;
        foreach (var buffer in all)
        {
            buffer.Data = next;
            next += buffer.SizeFor(capacity);
        }
        return memory;

        // Whether a tensor's gradient is needed in one pass only.
        bool IsBrief(StoredTensor tensor, bool bypass) => passes.Any(pass => pass.Together is null && pass.Layers.Contains(tensor.Producer!) && layers
            .Where(other => other.Inputs.Any(read => read.Tensor == tensor && read.IsPastTheView == bypass)).All(pass.Layers.Contains));

        GradientBuffer Rent(long size, bool brief)
        {
            // Only buffers of the same image size are exchanged: within a pass, image s of the one is dead when image s of the other is written.
            var buffer = free.Find(candidate => candidate.SampleSize == size && candidate.IsBrief == brief);
            if (buffer is not null)
            {
                free.Remove(buffer);
                return buffer;
            }
            buffer = new GradientBuffer(size, brief);
            all.Add(buffer);
            return buffer;
        }

        void Release(GradientBuffer? buffer)
        {
            if (buffer is not null && --buffer.Owners == 0)
                free.Add(buffer);
        }
    }

    /// <summary>
    /// The buffer of a residual addition, when operand <paramref name="input"/> can share it:
    /// nothing is to be computed in place while another operand still needs the numbers.
    /// </summary>
    private static GradientBuffer? Shared(CpuLayer[] layers, CpuLayer layer, int input, int firstReader, bool last)
    {
        if (layer is not AddLayer add)
            return null;
        var view = layer.Inputs[input];
        if (last)
            return view.Activation == Activation.None ? add.TotalGradient : null;
        // The last contribution will overwrite the numbers: by then the producer of the other operand, which reads them, must have run.
        var other = layer.Inputs[1 - input].Tensor.Producer;
        return other is not null && Array.IndexOf(layers, other) > firstReader ? add.TotalGradient : null;
    }

    private static void CheckView(View view)
    {
        if (view.IsRaw)
            return;
        if (view.Tensor.Normalization is not null && !view.Normalised)
            throw new InputException($"{view.Tensor.Name} is read past its normalisation with an activation function; the engine cannot do that");
        if (view.Tensor.HasView && view.Tensor.ViewActivation != view.Activation)
            throw new InputException($"{view.Tensor.Name} is read with two activation functions; the engine cannot do that");
        view.Tensor.HasView = true;
        view.Tensor.ViewActivation = view.Activation;
    }
}
