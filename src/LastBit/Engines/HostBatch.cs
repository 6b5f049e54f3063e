using LastBit.Models;

namespace LastBit.Engines;

/// <summary>A batch where the caller has it: nothing is copied.</summary>
internal sealed class HostBatch(Model model, int capacity) : IBatch
{
    private ReadOnlyMemory<int> _places;

    /// <summary>The images.</summary>
    public ReadOnlyMemory<float> Images { get; private set; }

    /// <summary>Their labels.</summary>
    public ReadOnlyMemory<int> Labels { get; private set; }

    /// <summary>The place of an image in the batch as the plain run has it.</summary>
    public int PlaceOf(int image) => _places.IsEmpty ? image : _places.Span[image];

    /// <inheritdoc/>
    public void Write(ReadOnlyMemory<float> images, ReadOnlyMemory<int> labels, ReadOnlyMemory<int> places = default)
    {
        int count = labels.Length;
        if (count < 1 || count > capacity || images.Length != (long)count * model.ImageFloats)
        {
            throw new ArgumentException($"{images.Length} numbers and {count} labels are no batch of 1 to {capacity} images "
                + $"of {model.ImageFloats} numbers.", nameof(images));
        }
        if (labels.Span.ContainsAnyExceptInRange(0, model.Classes - 1))
            throw new ArgumentException($"A label is not one of the {model.Classes} classes.", nameof(labels));
        (Images, Labels, _places) = (images, labels, places);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
