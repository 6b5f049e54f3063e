namespace LastBit.Models;

/// <summary>The shape of one image's tensor, channels last: Height x Width x Channels numbers.</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
/// <param name="Channels">Numbers a position.</param>
public readonly record struct TensorShape(int Height, int Width, int Channels)
{
    /// <summary>Rows times columns.</summary>
    public int Positions => Height * Width;

    /// <summary>Numbers of an image.</summary>
    public int Count => Height * Width * Channels;

    /// <summary>
    /// Channels of an image in a batch: <see cref="Channels"/> and as many zeros as make a multiple of 4, so that a vector holds whole
    /// pixels.
    /// </summary>
    public int BatchChannels => (Channels + 3) / 4 * 4;

    /// <summary>As messages say it: "32x32x16".</summary>
    public override string ToString() => $"{Height}x{Width}x{Channels}";
}
