using LastBit.Arithmetic;
using LastBit.Engines.Cpu.Layers;
using LastBit.Models;

namespace LastBit.Engines.Cpu;

/// <summary>
/// Reads outputs where they lie, through the views that their readers see: normalisations and activation functions are computed again by
/// the same kernels. Gradients lie in memory that others use next, so they are copied on the way back, where that is asked for: of each
/// layer before it goes back, of an activated view before the gradient passes through the activation function.
/// </summary>
internal sealed unsafe class LayerOutputs(WorkPlan plan, CpuLayer[] layers, int capacity, Func<int> count) : IOutputReader, IDisposable
{
    // By layer: with respect to its output as it is, to its normalised output, and to its activated one.
    private readonly AlignedBuffer<float>?[] _raw = new AlignedBuffer<float>?[layers.Length],
        _normalised = new AlignedBuffer<float>?[layers.Length], _activated = new AlignedBuffer<float>?[layers.Length];

    /// <inheritdoc/>
    public int Count => count();

    /// <inheritdoc/>
    public bool KeepsGradients
    {
        get;
        set
        {
            if (field == value)
                return;
            field = value;
            Dispose();
            foreach (CpuLayer layer in value ? layers[..^1] : [])
            {
                _raw[layer.Plan.Index] = MemoryFor(layer.Output);
                if (layer.Output.Normalization is not null)
                    _normalised[layer.Plan.Index] = MemoryFor(layer.Output);
            }
            foreach (GradientSink sink in layers.SelectMany(layer => layer.Sinks).OfType<GradientSink>())
            {
                if (sink.Activated?.Plan.Producer is { } producer)
                    sink.Kept = value ? _activated[producer.Index] = MemoryFor(layers[producer.Index].Output) : null;
            }
        }
    }

    /// <inheritdoc/>
    public bool Read(Node node, Span<float> values)
    {
        ViewPlan view = plan.Views[node.Number];
        if (view.Tensor.Producer is not { } producer)
            return false;
        StoredTensor tensor = layers[producer.Index].Output;
        using AlignedBuffer<float>? seen = view.IsRaw ? null : new AlignedBuffer<float>(tensor.SampleSize);
        for (int sample = 0; sample < Count; sample++)
        {
            float* image = tensor.Sample(sample);
            if (seen is not null)
            {
                PointwiseTable.For(tensor.Channels).FillPadded(view.Normalised, view.Activation)(
                    image, tensor.Norm, seen.Pointer, tensor.Height, tensor.Width, tensor.Channels, 0);
                image = seen.Pointer;
            }
            CopyPlanes(image, tensor, node, sample, values);
        }
        return true;
    }

    /// <inheritdoc/>
    public bool ReadGradient(Node node, Span<float> values)
    {
        int index = plan.Views[node.Number].Tensor.Producer?.Index ?? -1;
        AlignedBuffer<float>? kept = index < 0 ? null : node.Layer switch
        {
            BatchNormalization => _normalised[index],
            Activate => _activated[index],
            _ => _raw[index],
        };
        for (int sample = 0; sample < Count && kept is not null; sample++)
            CopyPlanes(kept.Pointer + (sample * layers[index].Output.SampleSize), layers[index].Output, node, sample, values);
        return kept is not null;
    }

    /// <summary>Keeps the gradient with respect to one image's output of a layer that is about to go back.</summary>
    public void Keep(CpuLayer layer, int sample)
    {
        if (_raw[layer.Plan.Index] is not { } raw)
            return;
        int size = (int)layer.Output.SampleSize;
        layer.CopyOutputGradient(sample, raw.Pointer + ((long)sample * size));
        if (_normalised[layer.Plan.Index] is { } normalised)
            new Span<float>(layer.Output.ViewGradient!.Sample(sample), size).CopyTo(normalised.Span.Slice(sample * size, size));
    }

    /// <summary>The same of all images, where that is asked for.</summary>
    public void KeepAll(CpuLayer layer)
    {
        for (int sample = 0; sample < Count && KeepsGradients; sample++)
            Keep(layer, sample);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (AlignedBuffer<float>?[] some in (AlignedBuffer<float>?[][])[_raw, _normalised, _activated])
        {
            foreach (AlignedBuffer<float>? one in some)
                one?.Dispose();
            Array.Clear(some);
        }
    }

    private AlignedBuffer<float> MemoryFor(StoredTensor tensor) => new(tensor.SampleSize * capacity);

    /// <summary>Positions x channels become planes, without the channels that are stored to pad.</summary>
    private static void CopyPlanes(float* image, StoredTensor tensor, Node node, int sample, Span<float> values)
    {
        int positions = tensor.Positions, at = sample * node.Shape.Count;
        for (int channel = 0; channel < node.Shape.Channels; channel++)
        {
            for (int place = 0; place < positions; place++)
                values[at++] = image[((long)place * tensor.Channels) + channel];
        }
    }
}
