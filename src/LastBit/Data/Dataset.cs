namespace LastBit.Data;

/// <summary>Labelled images of 32 x 32 pixels in three channels, in the order of their files.</summary>
public sealed class Dataset
{
    /// <summary>Pixels in a row, and rows.</summary>
    public const int Side = 32;

    /// <summary>Pixels of an image.</summary>
    public const int Pixels = Side * Side;

    /// <summary>Bytes of an image: three planes of <see cref="Pixels"/>.</summary>
    public const int ImageBytes = 3 * Pixels;

    /// <summary>Classes; labels are 0 .. 9.</summary>
    public const int Classes = 10;

    /// <summary>Takes images and labels over (they are not copied).</summary>
    /// <param name="images">[N][3][32][32]: red, green and blue plane of each image, rows from the top.</param>
    /// <param name="labels">[N], each below <see cref="Classes"/>.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, or a label is not below 10.</exception>
    public Dataset(byte[] images, byte[] labels)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(labels);
        if (images.LongLength != (long)labels.Length * ImageBytes)
            throw new ArgumentException($"{images.Length} bytes are not {labels.Length} images", nameof(images));
        if (labels.AsSpan().ContainsAnyExceptInRange((byte)0, (byte)(Classes - 1)))
            throw new ArgumentException("a label is not one of 0 .. 9", nameof(labels));
        Images = images;
        Labels = labels;
    }

    /// <summary>[N][3][32][32] bytes.</summary>
    public byte[] Images { get; }

    /// <summary>[N] labels, 0 .. 9.</summary>
    public byte[] Labels { get; }

    /// <summary>N, the number of images.</summary>
    public int Count => Labels.Length;

    /// <summary>SHA-256 over all images and then all labels: equal digests mean the same data in the same order.</summary>
    /// <returns>64 lower-case hexadecimal digits.</returns>
    public string Digest()
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        hash.AppendData(Images);
        hash.AppendData(Labels);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The first images, in file order.</summary>
    /// <param name="count">How many, 0 .. <see cref="Count"/>.</param>
    /// <returns>This data set itself if it has no more.</returns>
    public Dataset First(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count);
        return count == Count ? this : new Dataset(Images[..(count * ImageBytes)], Labels[..count]);
    }

    /// <summary>The first images of each class, in file order: how the sample in the repository was taken from CIFAR-10.</summary>
    /// <param name="perClass">How many of each class; a class that has fewer gives all it has.</param>
    /// <returns>At most <see cref="Classes"/> * <paramref name="perClass"/> images.</returns>
    public Dataset FirstOfEachClass(int perClass)
    {
        int[] taken = new int[Classes];
        int[] kept = [.. Enumerable.Range(0, Count).Where(i => taken[Labels[i]]++ < perClass)];
        byte[] images = new byte[kept.Length * ImageBytes], labels = new byte[kept.Length];
        for (int i = 0; i < kept.Length; i++)
        {
            Images.AsSpan(kept[i] * ImageBytes, ImageBytes).CopyTo(images.AsSpan(i * ImageBytes));
            labels[i] = Labels[kept[i]];
        }
        return new Dataset(images, labels);
    }
}
