using LastBit.Data;
using LastBit.Engines;
using LastBit.Random;

namespace LastBit.Training;

/// <summary>
/// What a replica sees of a batch whose perturbation is <see cref="PerturbationKind.Order"/> or <see cref="PerturbationKind.Input"/>.
/// </summary>
internal sealed class BatchPerturbation
{
    private readonly PerturbationKind _kind;
    private readonly int _image;
    private readonly ulong _seed;
    private readonly float[] _images;
    private readonly int[] _labels;
    private readonly int[] _places;

    private BatchPerturbation(PerturbationKind kind, int image, ulong seed, int capacity, int imageFloats)
    {
        (_kind, _image, _seed) = (kind, image, seed);
        _images = new float[capacity * imageFloats];
        _labels = new int[capacity];
        _places = new int[capacity];
    }

    /// <summary>The one of a replica; null where its perturbation leaves the batches as they are.</summary>
    /// <param name="perturbation">The perturbation.</param>
    /// <param name="settings">The seed, and how the first batch is taken.</param>
    /// <param name="data">The training images.</param>
    /// <param name="capacity">Images in the largest pass.</param>
    public static BatchPerturbation? Of(Perturbation perturbation, TrainingSettings settings, Dataset data, int capacity)
    {
        if (perturbation.Kind is not (PerturbationKind.Order or PerturbationKind.Input))
            return null;
        int[] order = [.. Enumerable.Range(0, data.Count)];
        if (settings.Shuffle)
            Augmentation.FillPermutation(settings.Seed, 0, order);
        uint first = (uint)Math.Min(settings.BatchSize, data.Count);
        int image = order[Philox.Below(settings.Seed, RandomPurpose.Perturbation, 0, 1, first)];
        return new BatchPerturbation(perturbation.Kind, image, settings.Seed, capacity, data.Shape.ImageFloats);
    }

    /// <summary>Whether passes are taken from the last to the first.</summary>
    public bool IsReversed => _kind == PerturbationKind.Order;

    /// <summary>Gives a pass as its replica sees it.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="from">The first image of the pass.</param>
    /// <param name="count">How many it has.</param>
    /// <param name="seen">Receives the images to compute with.</param>
    public void Take(Batch batch, int from, int count, IBatch seen)
    {
        int floats = batch.Images.Length / batch.Count;
        for (int i = 0; i < count; i++)
            _places[i] = IsReversed ? from + count - 1 - i : from + i;
        ReadOnlyMemory<int> places = _places.AsMemory(0, count);
        ReadOnlyMemory<float> images = batch.ImageMemory.Slice(from * floats, count * floats);
        ReadOnlyMemory<int> labels = batch.LabelMemory.Slice(from, count);
        if (IsReversed)
        {
            for (int i = 0; i < count; i++)
            {
                images.Span.Slice(i * floats, floats).CopyTo(_images.AsSpan((count - 1 - i) * floats));
                _labels[count - 1 - i] = labels.Span[i];
            }
            seen.Write(_images.AsMemory(0, images.Length), _labels.AsMemory(0, count), places);
            return;
        }
        int at = batch.Numbers.Slice(from, count).IndexOf(_image);
        if (at < 0)
        {
            seen.Write(images, labels, places);
            return;
        }
        images.Span.CopyTo(_images);
        Span<float> image = _images.AsSpan(at * floats, floats);
        int pixel = Replica.NonZeroFrom((int)Philox.Below(_seed, RandomPurpose.Perturbation, 0, 2, (uint)floats), image);
        if (pixel >= 0)
            image[pixel] = Replica.OneUlpFurther(image[pixel]);
        seen.Write(_images.AsMemory(0, images.Length), labels, places);
    }
}
