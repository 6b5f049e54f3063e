using System.Runtime.Intrinsics;
using LastBit.Random;

namespace LastBit.Data;

/// <summary>
/// Turns bytes into the numbers that a network sees. A training image may be padded with black pixels on every side, cropped back to its
/// size at a random place, and flipped from left to right with probability 1/2, as <see cref="Dataset.Augmentation"/> says; then it is
/// normalised. As in the paper's script, the padding is black before the normalisation, so it is -mean/deviation after; means of pixels are
/// those of the place that a pixel comes to.
/// A batch is a function of (data, seed, epoch, number of the batch) alone: every random number belongs to one image.
/// </summary>
public static class Augmentation
{
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
    /// <param name="images">Receives [count][height][width][<see cref="DatasetShape.BatchChannels"/>].</param>
    /// <param name="labels">Receives [count] labels.</param>
    /// <returns>count: the batch size, or what is left for the last batch.</returns>
    /// <exception cref="ArgumentException">There is no such batch, or a span is too short.</exception>
    public static int FillTrainingBatch(
        Dataset data, ulong seed, int epoch, int batchIndex, int batchSize, ReadOnlySpan<int> permutation, Span<float> images,
        Span<int> labels)
    {
        ArgumentNullException.ThrowIfNull(data);
        int count = CountOf(permutation.Length, batchIndex, batchSize), floats = data.Shape.ImageFloats;
        (int padding, bool mayFlip) = data.Augmentation;
        for (int i = 0; i < count; i++)
        {
            int image = permutation[batchIndex * batchSize + i];
            int top = (int)Philox.Below(seed, RandomPurpose.Crop, (uint)epoch, 2 * (ulong)image, 2 * (uint)padding + 1);
            int left = (int)Philox.Below(seed, RandomPurpose.Crop, (uint)epoch, 2 * (ulong)image + 1, 2 * (uint)padding + 1);
            bool flip = mayFlip && Philox.Below(seed, RandomPurpose.Flip, (uint)epoch, (ulong)image, 2) == 1;
            FillImage(data, image, top - padding, left - padding, flip, images.Slice(i * floats, floats));
            labels[i] = data.Labels[image];
        }
        return count;
    }

    /// <summary>Prepares a batch for evaluation: images in file order, neither cropped nor flipped.</summary>
    /// <param name="data">N images.</param>
    /// <param name="batchIndex">The number of the batch, from 0.</param>
    /// <param name="batchSize">Images a batch.</param>
    /// <param name="images">Receives [count][height][width][<see cref="DatasetShape.BatchChannels"/>].</param>
    /// <param name="labels">Receives [count] labels.</param>
    /// <returns>count: the batch size, or what is left for the last batch.</returns>
    /// <exception cref="ArgumentException">There is no such batch, or a span is too short.</exception>
    public static int FillTestBatch(Dataset data, int batchIndex, int batchSize, Span<float> images, Span<int> labels)
    {
        ArgumentNullException.ThrowIfNull(data);
        int count = CountOf(data.Count, batchIndex, batchSize), floats = data.Shape.ImageFloats;
        for (int i = 0; i < count; i++)
        {
            int image = batchIndex * batchSize + i;
            FillImage(data, image, 0, 0, flip: false, images.Slice(i * floats, floats));
            labels[i] = data.Labels[image];
        }
        return count;
    }

    // target[y][x] = image[down + y][right + (flip ? width - 1 - x : x)], black outside of the image; the channels beyond the image's are
    // 0.
    internal static unsafe void FillImage(Dataset data, int number, int down, int right, bool flip, Span<float> target)
    {
        (int channels, int height, int width, _) = data.Shape;
        int pixels = data.Shape.Pixels, stride = data.Shape.BatchChannels;
        if (target.Length < pixels * stride)
            throw new ArgumentException($"{target.Length} numbers are no room for an image of {pixels * stride}", nameof(target));
        // Columns [first, last) of the target lie inside of the image, the others beside it.
        int first = Math.Clamp(flip ? right : -right, 0, width), last = Math.Clamp(width + (flip ? right : -right), first, width);
        bool byPixel = data.Normalization.Mean.Count != channels;
        byte black = 0;
        fixed (byte* image = data.Image(number))
        fixed (float* table = data.Normalization.Table, begin = target)
        {
            for (int y = 0; y < height; y++)
            {
                int row = y + down, from = (uint)row < (uint)height ? first : width, to = (uint)row < (uint)height ? last : width;
                for (int part = 0; part < 3; part++)
                {
                    int x = part == 0 ? 0 : part == 1 ? from : to, end = part == 0 ? from : part == 1 ? to : width;
                    long place = ((long)y * width) + x;
                    byte* bytes = part == 1 ? image + ((long)row * width) + right + (flip ? width - 1 - x : x) : &black;
                    FillRun(byPixel ? table + (place * 256) : table, byPixel ? 256 : 0, byPixel ? pixels * 256L : 256,
                        bytes, part != 1 ? 0 : flip ? -1 : 1, part == 1 ? pixels : 0, end - x, begin + (place * stride), channels, stride);
                }
            }
        }
    }

    /// <summary>Some pixels of a row: the values that their bytes have in the tables of their channels.</summary>
    private static unsafe void FillRun(
        float* table, int tableStep, long tablePlane, byte* bytes, int step, int plane, int count, float* target, int channels, int stride)
    {
        if (channels == 3)
        {
            float* red = table, green = red + tablePlane, blue = green + tablePlane;
            for (; count > 0; count--, bytes += step, target += 4, red += tableStep, green += tableStep, blue += tableStep)
                Vector128.Create(red[*bytes], green[bytes[plane]], blue[bytes[2 * plane]], 0).Store(target);
            return;
        }
        for (; count > 0; count--, bytes += step, target += stride, table += tableStep)
        {
            for (int c = 0; c < stride; c++)
                target[c] = c < channels ? table[(c * tablePlane) + bytes[c * plane]] : 0;
        }
    }

    private static int CountOf(int total, int batchIndex, int batchSize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        ArgumentOutOfRangeException.ThrowIfNegative(batchIndex);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(batchIndex, BatchesPerEpoch(total, batchSize));
        return Math.Min(batchSize, total - batchIndex * batchSize);
    }
}
