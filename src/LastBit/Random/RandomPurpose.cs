namespace LastBit.Random;

/// <summary>
/// What a random number is drawn for. Draws for different purposes are independent; a value, once used, keeps its
/// meaning for ever, since the bits of every result depend on it. Values stay below 65536 (see <see cref="Philox"/>).
/// </summary>
public enum RandomPurpose : uint
{
    /// <summary>No purpose: the raw generator.</summary>
    None = 0,

    /// <summary>Initial weights; the "epoch" is the number of the parameter in definition order, the index its element.</summary>
    Weights = 1,

    /// <summary>The order of the training images of an epoch.</summary>
    Shuffle = 2,

    /// <summary>Crop offsets: index 2i is the row of training image i, 2i + 1 its column.</summary>
    Crop = 3,

    /// <summary>Horizontal flip of training image i.</summary>
    Flip = 4,

    /// <summary>Resampling in statistical tests of the results.</summary>
    Resample = 5,

    /// <summary>
    /// Where a run is perturbed by one unit in the last place: index 0 is the weight, 1 the image in the first batch, 2 the pixel.
    /// </summary>
    Perturbation = 6,

    /// <summary>Stochastic rounding: the "epoch" is the step, draw i rounds weights 4i to 4i + 3.</summary>
    Rounding = 7,

    /// <summary>Dropout: the "epoch" is the step; draw i of an image decides on its numbers 4i to 4i + 3.</summary>
    Dropout = 8,
}
