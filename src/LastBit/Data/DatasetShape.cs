using LastBit.Models;

namespace LastBit.Data;

/// <summary>What every image of a data set has in common, and how many classes there are: what a network has to fit.</summary>
/// <param name="Channels">Planes of an image: 1 grey, 3 red, green and blue.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Classes">Classes; labels are 0 .. Classes - 1, at most 256 of them.</param>
public sealed record DatasetShape(int Channels, int Height, int Width, int Classes)
{
    /// <summary>CIFAR-10: 32 x 32 pixels in three channels, ten classes.</summary>
    public static DatasetShape Cifar10 { get; } = new(3, 32, 32, 10);

    /// <summary>The largest image.</summary>
    internal const int MostBytes = 1 << 24;

    /// <summary>Pixels of an image.</summary>
    public int Pixels => Height * Width;

    /// <summary>Bytes of an image: <see cref="Channels"/> planes of <see cref="Pixels"/>.</summary>
    public int ImageBytes => Channels * Pixels;

    /// <summary>An image as networks have it.</summary>
    public TensorShape Image => new(Height, Width, Channels);

    /// <summary>Floats a pixel in a batch.</summary>
    public int BatchChannels => Image.BatchChannels;

    /// <summary>Floats an image in a batch, [Height][Width][BatchChannels].</summary>
    public int ImageFloats => Pixels * BatchChannels;

    /// <summary>As messages say it: "32 x 32 pixels in 3 channels, 10 classes".</summary>
    public override string ToString() => $"{Width} x {Height} pixels in {Channels} channel{(Channels == 1 ? "" : "s")}, {Classes} classes";

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Channels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Classes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Classes, 256);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)Channels * Height * Width, MostBytes, "the bytes of an image");
    }
}
