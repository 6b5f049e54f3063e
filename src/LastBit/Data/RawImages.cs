namespace LastBit.Data;

/// <summary>Images and labels as their files hold them, before they are padded and before a mean is known.</summary>
/// <param name="Channels">Planes of an image.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Images">[N][channels][height][width].</param>
/// <param name="Labels">[N].</param>
internal sealed record RawImages(int Channels, int Height, int Width, byte[] Images, byte[] Labels)
{
    /// <summary>
    /// Mean and standard deviation (over all pixels, not the sample's n - 1) of each channel on the scale from 0 to 1. The sums are whole
    /// numbers, so that the result does not depend on their order.
    /// </summary>
    /// <param name="name">What to call the data in an error.</param>
    /// <exception cref="InputException">All pixels of a channel are equal.</exception>
    public Normalization Measure(string name)
    {
        double[] mean = new double[Channels], deviation = new double[Channels];
        int plane = Height * Width;
        ulong n = (ulong)Labels.Length * (ulong)plane;
        for (int c = 0; c < Channels; c++)
        {
            ulong sum = 0, squares = 0;
            for (int i = 0; i < Labels.Length; i++)
            {
                foreach (byte value in Images.AsSpan((i * Channels + c) * plane, plane))
                {
                    sum += value;
                    squares += (ulong)(value * value);
                }
            }
            UInt128 spread = (UInt128)n * squares - (UInt128)sum * sum;
            if (spread == 0)
                throw new InputException(
                    $"{name}: all pixels of channel {c + 1} of the training images are equal, so that they cannot be divided by their "
                        + "deviation; give mean and deviation");
            mean[c] = sum / (255.0 * n);
            deviation[c] = Math.Sqrt((double)spread) / (255.0 * n);
        }
        return new Normalization(mean, deviation);
    }

    /// <summary>
    /// Mean and standard deviation (over all images, not the sample's n - 1) of each pixel of each channel on the scale from 0 to 1, in
    /// whole numbers as in
    /// <see cref="Measure"/>. A pixel that is the same in all images has the deviation 1, so that it becomes 0.
    /// </summary>
    public Normalization MeasurePixels()
    {
        int numbers = Channels * Height * Width;
        long[] sum = new long[numbers], squares = new long[numbers];
        for (int i = 0; i < Labels.Length; i++)
        {
            ReadOnlySpan<byte> image = Images.AsSpan(i * numbers, numbers);
            for (int k = 0; k < image.Length; k++)
            {
                sum[k] += image[k];
                squares[k] += image[k] * image[k];
            }
        }
        double n = Labels.Length;
        return new Normalization(
            [.. sum.Select(s => s / (255 * n))],
            [.. sum.Zip(squares, (s, q) => (Int128)Labels.Length * q - (Int128)s * s)
                .Select(spread => spread == 0 ? 1 : Math.Sqrt((double)spread) / (255 * n))]);
    }

    /// <summary>
    /// The same images in the middle of larger black ones; where the margins differ by one, the larger is at the right and at the bottom.
    /// </summary>
    /// <param name="height">Rows, at least as many as there are.</param>
    /// <param name="width">Columns, at least as many as there are.</param>
    public RawImages Pad(int height, int width)
    {
        int top = (height - Height) / 2, left = (width - Width) / 2;
        byte[] padded = new byte[(long)Labels.Length * Channels * height * width];
        for (int plane = 0; plane < Labels.Length * Channels; plane++)
        {
            for (int y = 0; y < Height; y++)
                Images.AsSpan((plane * Height + y) * Width, Width).CopyTo(padded.AsSpan((plane * height + y + top) * width + left));
        }
        return this with { Height = height, Width = width, Images = padded };
    }
}

/// <summary>What a folder holds, read.</summary>
/// <param name="Train">Training images.</param>
/// <param name="Test">Test images of the same shape.</param>
/// <param name="Classes">How many classes.</param>
internal sealed record RawData(RawImages Train, RawImages Test, int Classes)
{
    /// <summary><see cref="Dataset.ClassNames"/>.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary><see cref="Dataset.Origin"/>.</summary>
    public DataOrigin Origin { get; init; } = new();
}
