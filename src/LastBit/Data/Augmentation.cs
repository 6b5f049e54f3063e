using LastBit.Random;

namespace LastBit.Data;

/// <summary>
/// Turns bytes into the numbers that a network sees. A training image is padded by 4 black pixels on every side, cropped back to 32 x 32
/// at a random place, flipped from left to right with probability 1/2, and normalised: (byte/255 - mean)/std by channel, computed in
/// binary64 and rounded once to binary32. As in the paper's script, the padding is black before the normalisation, so it is -mean/std after.
/// A batch is a function of (data, seed, epoch, number of the batch) alone: every random number belongs to one image.
/// </summary>
public static class Augmentation
{
    /// <summary>Floats a pixel in a batch: red, green, blue and a zero, since the kernels want a multiple of four channels.</summary>
    public const int Channels = 4;

    /// <summary>Floats an image in a batch.</summary>
    public const int ImageFloats = Dataset.Pixels * Channels;

    /// <summary>Pixels of padding on every side.</summary>
    public const int Padding = 4;

    private const int Side = Dataset.Side;

    /// <summary>The mean of red, green and blue that is taken off.</summary>
    public static IReadOnlyList<double> Mean { get; } = [0.507, 0.487, 0.441];

    /// <summary>The standard deviation of red, green and blue that is divided by.</summary>
    public static IReadOnlyList<double> StandardDeviation { get; } = [0.267, 0.256, 0.276];

    // [3][256] normalised values of every byte. (Below Mean and StandardDeviation, since fields are initialised in the order of the text.)
    private static readonly float[] s_normalized = MakeTable();

    /// <summary>The normalised value of a byte.</summary>
    /// <param name="channel">0 red, 1 green, 2 blue.</param>
    /// <param name="value">The byte.</param>
    /// <returns>(float)((value/255 - mean)/std).</returns>
    public static float Normalize(int channel, byte value) => s_normalized[channel * 256 + value];

    /// <summary>How many batches an epoch has; the last may be smaller.</summary>
    /// <param name="count">Images.</param>
    /// <param name="batchSize">Images a batch.</param>
    /// <returns>count / batchSize, rounded up.</returns>
    public static int BatchesPerEpoch(int count, int batchSize) => (count + batchSize - 1) / batchSize;

    /// <summary>The order of the images in an epoch.</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="epoch">The epoch.</param>
    /// <param name="permutation">[N], receives the numbers of the images.</param>
    public static void FillPermutation(ulong seed, int epoch, Span<int> permutation) =>
        Philox.FillPermutation(seed, RandomPurpose.Shuffle, (uint)epoch, permutation);

    /// <summary>Prepares a batch for training.</summary>
    /// <param name="data">N images.</param>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="epoch">The epoch, the one that the permutation was made for.</param>
    /// <param name="batchIndex">The number of the batch in the epoch, from 0.</param>
    /// <param name="batchSize">Images a batch.</param>
    /// <param name="permutation">[N], from <see cref="FillPermutation"/>.</param>
    /// <param name="images">Receives [count][32][32][4].</param>
    /// <param name="labels">Receives [count] labels.</param>
    /// <returns>count: the batch size, or what is left for the last batch.</returns>
    /// <exception cref="ArgumentException">There is no such batch, or a span is too short.</exception>
    public static int FillTrainingBatch(
        Dataset data, ulong seed, int epoch, int batchIndex, int batchSize, ReadOnlySpan<int> permutation, Span<float> images, Span<int> labels)
    {
        int count = CountOf(permutation.Length, batchIndex, batchSize);
        for (int i = 0; i < count; i++)
        {
            int image = permutation[batchIndex * batchSize + i];
            int top = (int)Philox.Below(seed, RandomPurpose.Crop, (uint)epoch, 2 * (ulong)image, 2 * Padding + 1);
            int left = (int)Philox.Below(seed, RandomPurpose.Crop, (uint)epoch, 2 * (ulong)image + 1, 2 * Padding + 1);
            bool flip = Philox.Below(seed, RandomPurpose.Flip, (uint)epoch, (ulong)image, 2) == 1;
            FillImage(data.Images.AsSpan(image * Dataset.ImageBytes, Dataset.ImageBytes), top, left, flip, images.Slice(i * ImageFloats, ImageFloats));
            labels[i] = data.Labels[image];
        }
        return count;
    }

    /// <summary>Prepares a batch for evaluation: images in file order, neither cropped nor flipped.</summary>
    /// <param name="data">N images.</param>
    /// <param name="batchIndex">The number of the batch, from 0.</param>
    /// <param name="batchSize">Images a batch.</param>
    /// <param name="images">Receives [count][32][32][4].</param>
    /// <param name="labels">Receives [count] labels.</param>
    /// <returns>count: the batch size, or what is left for the last batch.</returns>
    /// <exception cref="ArgumentException">There is no such batch, or a span is too short.</exception>
    public static int FillTestBatch(Dataset data, int batchIndex, int batchSize, Span<float> images, Span<int> labels)
    {
        int count = CountOf(data.Count, batchIndex, batchSize);
        for (int i = 0; i < count; i++)
        {
            int image = batchIndex * batchSize + i;
            FillImage(
                data.Images.AsSpan(image * Dataset.ImageBytes, Dataset.ImageBytes), Padding, Padding, flip: false,
                images.Slice(i * ImageFloats, ImageFloats));
            labels[i] = data.Labels[image];
        }
        return count;
    }

    // target[y][x] = padded[top + y][left + (flip ? 31 - x : x)], where padded is 40 x 40 and the image begins at (4, 4).
    internal static void FillImage(ReadOnlySpan<byte> image, int top, int left, bool flip, Span<float> target)
    {
        ReadOnlySpan<float> reds = s_normalized.AsSpan(0, 256), greens = s_normalized.AsSpan(256, 256), blues = s_normalized.AsSpan(512, 256);
        int step = flip ? -1 : 1;
        for (int y = 0; y < Side; y++)
        {
            Span<float> line = target.Slice(y * Side * Channels, Side * Channels);
            int row = y + top - Padding, column = left - Padding + (flip ? Side - 1 : 0);
            bool inside = (uint)row < Side;
            ReadOnlySpan<byte> red = image.Slice(inside ? row * Side : 0, Side);
            ReadOnlySpan<byte> green = image.Slice(Dataset.Pixels + (inside ? row * Side : 0), Side);
            ReadOnlySpan<byte> blue = image.Slice(2 * Dataset.Pixels + (inside ? row * Side : 0), Side);
            for (int i = 0; i < line.Length; i += Channels, column += step)
            {
                Span<float> pixel = line.Slice(i, Channels);
                bool black = !inside || (uint)column >= Side;
                pixel[0] = reds[black ? 0 : red[column]];
                pixel[1] = greens[black ? 0 : green[column]];
                pixel[2] = blues[black ? 0 : blue[column]];
                pixel[3] = 0;
            }
        }
    }

    private static int CountOf(int total, int batchIndex, int batchSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        ArgumentOutOfRangeException.ThrowIfNegative(batchIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(batchIndex, BatchesPerEpoch(total, batchSize));
        return Math.Min(batchSize, total - batchIndex * batchSize);
    }

    private static float[] MakeTable()
    {
        float[] table = new float[3 * 256];
        for (int i = 0; i < table.Length; i++)
            table[i] = (float)((i % 256 / 255.0 - Mean[i / 256]) / StandardDeviation[i / 256]);
        return table;
    }
}
