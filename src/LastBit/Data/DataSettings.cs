namespace LastBit.Data;

/// <summary>Which images, and what becomes of them; a member that is null is as the data set has it.</summary>
public sealed record DataSettings
{
    /// <summary>
    /// "sample" for the sample inside the program; "NAME" for a data set in the cache; "NAME=DIR" for a data set in a folder; anything else
    /// is a folder with CIFAR-10; null for CIFAR-10 from the cache. The names are those of <see cref="DataSets.All"/>.
    /// </summary>
    public string? Data { get; init; }

    /// <summary>How many training images, the first in file order; null for all.</summary>
    public int? TrainSize { get; init; }

    /// <summary>
    /// What is done to training images at random, as <see cref="AugmentationSettings.Parse"/> reads it: "none", "flip", "crop4+flip".
    /// </summary>
    public string? Augmentation { get; init; }

    /// <summary>
    /// The mean of each channel on the scale from 0 to 1; null for the data set's own, or what is computed from the training images.
    /// </summary>
    public IReadOnlyList<double>? Mean { get; init; }

    /// <summary>The standard deviation of each channel; null as for <see cref="Mean"/>.</summary>
    public IReadOnlyList<double>? Deviation { get; init; }

    /// <summary>
    /// What shares a mean and a deviation; for <see cref="StandardizationKind.Pixel"/> they are computed from all training images of the
    /// data set.
    /// </summary>
    public StandardizationKind Standardization { get; init; }

    /// <summary>
    /// The network that the images are for, by its name: they are padded to a size that it takes. Null leaves their size as it is.
    /// </summary>
    public string? Network { get; init; }
}
