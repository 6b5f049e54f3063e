using System.Globalization;
using System.Text;

namespace LastBit.Data;

/// <summary>
/// Labelled images of one shape, in the order of their files, with what makes a batch of them: normalisation and augmentation.
/// </summary>
public sealed class Dataset
{
    /// <summary>Takes images and labels over (they are not copied).</summary>
    /// <param name="shape">Channels, size and classes.</param>
    /// <param name="normalization">Mean and deviation of each channel, or of each pixel of each channel.</param>
    /// <param name="images">[N][channels][height][width]: the planes of each image, rows from the top.</param>
    /// <param name="labels">[N], each below <see cref="DatasetShape.Classes"/>.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, or a label is not one of the classes.</exception>
    public Dataset(DatasetShape shape, Normalization normalization, byte[] images, byte[] labels)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(normalization);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(labels);
        shape.Validate();
        if (normalization.Mean.Count != shape.Channels && normalization.Mean.Count != shape.ImageBytes)
            throw new ArgumentException(
                $"{normalization.Mean.Count} means are not those of {shape.Channels} channels or {shape.ImageBytes} numbers",
                nameof(normalization));
        if (images.LongLength != (long)labels.Length * shape.ImageBytes)
            throw new ArgumentException($"{images.Length} bytes are not {labels.Length} images", nameof(images));
        if (labels.AsSpan().ContainsAnyExceptInRange((byte)0, (byte)(shape.Classes - 1)))
            throw new ArgumentException($"a label is not one of 0 .. {shape.Classes - 1}", nameof(labels));
        Shape = shape;
        Normalization = normalization;
        Images = images;
        Labels = labels;
    }

    /// <summary>Channels, size and classes.</summary>
    public DatasetShape Shape { get; }

    /// <summary>What a byte becomes in a batch.</summary>
    public Normalization Normalization { get; }

    /// <summary>What is done at random to the images of a training batch; nothing unless it is set.</summary>
    public AugmentationSettings Augmentation { get; init; } = AugmentationSettings.None;

    /// <summary>What the labels mean; null where the classes have no names but their numbers.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>Where the images come from.</summary>
    public DataOrigin Origin { get; init; } = new();

    /// <summary>[N][channels][height][width] bytes.</summary>
    public byte[] Images { get; }

    /// <summary>[N] labels, 0 .. classes - 1.</summary>
    public byte[] Labels { get; }

    /// <summary>N, the number of images.</summary>
    public int Count => Labels.Length;

    /// <summary>The planes of one image.</summary>
    /// <param name="i">Its number, from 0.</param>
    /// <returns>[channels][height][width].</returns>
    public ReadOnlySpan<byte> Image(int i) => Images.AsSpan(i * Shape.ImageBytes, Shape.ImageBytes);

    /// <summary>
    /// SHA-256 over all images, then all labels, then whatever of shape, normalisation and augmentation is not the paper's for CIFAR-10:
    /// equal digests mean the same batches.
    /// </summary>
    /// <returns>64 lower-case hexadecimal digits.</returns>
    public string Digest()
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        hash.AppendData(Images);
        hash.AppendData(Labels);
        bool paper = Shape == DatasetShape.Cifar10 && Augmentation == AugmentationSettings.Cifar
            && Normalization.Mean.SequenceEqual(Normalization.Paper.Mean)
            && Normalization.Deviation.SequenceEqual(Normalization.Paper.Deviation);
        if (!paper)
        {
            string numbers = string.Join(' ',
                Normalization.Mean.Concat(Normalization.Deviation).Select(x => x.ToString("R", CultureInfo.InvariantCulture)));
            hash.AppendData(Encoding.UTF8.GetBytes($"{Shape}; {numbers}; {Augmentation}"));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The first images, in file order.</summary>
    /// <param name="count">How many, 0 .. <see cref="Count"/>.</param>
    /// <returns>This data set itself if it has no more.</returns>
    public Dataset First(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        return count == Count ? this : With(Images[..(count * Shape.ImageBytes)], Labels[..count]);
    }

    /// <summary>The first images of each class, in file order: how the sample in the repository was taken from CIFAR-10.</summary>
    /// <param name="perClass">How many of each class; a class that has fewer gives all it has.</param>
    /// <returns>At most classes * <paramref name="perClass"/> images.</returns>
    public Dataset FirstOfEachClass(int perClass)
    {
        int[] taken = new int[Shape.Classes];
        int[] kept = [.. Enumerable.Range(0, Count).Where(i => taken[Labels[i]]++ < perClass)];
        byte[] images = new byte[kept.Length * Shape.ImageBytes], labels = new byte[kept.Length];
        for (int i = 0; i < kept.Length; i++)
        {
            Image(kept[i]).CopyTo(images.AsSpan(i * Shape.ImageBytes));
            labels[i] = Labels[kept[i]];
        }
        return With(images, labels);
    }

    private Dataset With(byte[] images, byte[] labels) => new(Shape, Normalization, images, labels)
    {
        Augmentation = Augmentation,
        ClassNames = ClassNames,
        Origin = Origin,
    };
}
