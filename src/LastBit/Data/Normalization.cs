namespace LastBit.Data;

/// <summary>What shares a mean and a standard deviation.</summary>
public enum StandardizationKind
{
    /// <summary>All pixels of a channel.</summary>
    Channel,

    /// <summary>Each pixel of each channel by itself, as in the literature on the edge of stability.</summary>
    Pixel,
}

/// <summary>
/// Takes the mean off and divides by the standard deviation, channel by channel or pixel by pixel: a byte b becomes (float)((b/255 -
/// mean)/deviation), computed in binary64 and rounded once to binary32.
/// </summary>
public sealed class Normalization
{
    private readonly float[] _table; // [channel or number of an image][256]: the value of every byte.

    /// <summary>With given numbers.</summary>
    /// <param name="mean">The mean of each channel, or of each number of an image, [channels][height][width]; on the scale from 0 to
    /// 1.</param>
    /// <param name="deviation">The standard deviations, as many, on the same scale; above 0.</param>
    /// <exception cref="ArgumentException">The numbers of means and deviations differ, a mean is not finite, or a deviation is not above
    /// 0.</exception>
    public Normalization(IReadOnlyList<double> mean, IReadOnlyList<double> deviation)
    {
        ArgumentNullException.ThrowIfNull(mean);
        ArgumentNullException.ThrowIfNull(deviation);
        if (mean.Count == 0 || mean.Count != deviation.Count)
            throw new ArgumentException($"{mean.Count} means and {deviation.Count} deviations are not one of each per channel",
                nameof(deviation));
        if (!mean.All(double.IsFinite))
            throw new ArgumentException("a mean is not finite", nameof(mean));
        if (!deviation.All(value => value > 0 && double.IsFinite(value)))
            throw new ArgumentException("a deviation is not above 0", nameof(deviation));
        Mean = [.. mean];
        Deviation = [.. deviation];
        _table = new float[mean.Count * 256];
        for (int i = 0; i < _table.Length; i++)
            _table[i] = (float)((i % 256 / 255.0 - Mean[i / 256]) / Deviation[i / 256]);
    }

    /// <summary>What the paper's script takes for CIFAR-10: mean (0.507, 0.487, 0.441), deviation (0.267, 0.256, 0.276).</summary>
    public static Normalization Paper { get; } = new([0.507, 0.487, 0.441], [0.267, 0.256, 0.276]);

    /// <summary>The mean of each channel, or of each number of an image.</summary>
    public IReadOnlyList<double> Mean { get; }

    /// <summary>The standard deviations, as many.</summary>
    public IReadOnlyList<double> Deviation { get; }

    /// <summary>The normalised value of a byte.</summary>
    /// <param name="channel">The channel, or the number of an image, from 0.</param>
    /// <param name="value">The byte.</param>
    /// <returns>(float)((value/255 - mean)/deviation).</returns>
    public float this[int channel, byte value] => _table[channel * 256 + value];

    /// <summary>[channel or number of an image][256]: the normalised value of every byte.</summary>
    internal ReadOnlySpan<float> Table => _table;
}
