namespace LastBit.Data;

/// <summary>What is done to a training image at random, drawn anew in every epoch.</summary>
/// <param name="Padding">Black pixels added on every side, from which a crop of the image's own size is taken at a random place; 0 for no crop.</param>
/// <param name="Flip">Whether left and right are exchanged with probability 1/2.</param>
public sealed record AugmentationSettings(int Padding, bool Flip)
{
    /// <summary>Images as they are.</summary>
    public static AugmentationSettings None { get; } = new(0, false);

    /// <summary>The paper's for CIFAR: padded by 4, cropped, flipped.</summary>
    public static AugmentationSettings Cifar { get; } = new(4, true);
}
