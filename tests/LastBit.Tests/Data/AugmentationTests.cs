using CsCheck;
using LastBit.Data;

namespace LastBit.Tests.Data;

public class AugmentationTests
{
    private static readonly Dataset s_train = Cifar10.Load("sample", 300).Train;
    private static readonly Gen<byte[]> s_image = Gen.Byte.Array[Dataset.ImageBytes];

    [Fact]
    public void Bytes_are_normalised_in_binary64_and_rounded_once()
    {
        double[] mean = [0.507, 0.487, 0.441], deviation = [0.267, 0.256, 0.276];
        for (int channel = 0; channel < 3; channel++)
            for (int value = 0; value < 256; value++)
                Assert.Equal((float)(((double)value / 255 - mean[channel]) / deviation[channel]), Augmentation.Normalize(channel, (byte)value));
    }

    // The definition, step by step: pad with black, crop, flip, normalise.
    [Fact]
    public void An_image_is_padded_with_black_cropped_flipped_and_then_normalised() =>
        Gen.Select(s_image, Gen.Int[0, 8], Gen.Int[0, 8], Gen.Bool).Sample((image, top, left, flip) =>
        {
            byte[,,] padded = new byte[3, 40, 40];
            for (int c = 0; c < 3; c++)
                for (int y = 0; y < 32; y++)
                    for (int x = 0; x < 32; x++)
                        padded[c, y + 4, x + 4] = image[c * 1024 + y * 32 + x];
            float[] expected = new float[32 * 32 * 4], actual = new float[32 * 32 * 4];
            for (int y = 0; y < 32; y++)
                for (int x = 0; x < 32; x++)
                    for (int c = 0; c < 3; c++)
                        expected[(y * 32 + x) * 4 + c] = Augmentation.Normalize(c, padded[c, top + y, left + (flip ? 31 - x : x)]);
            actual.AsSpan().Fill(float.NaN);
            Augmentation.FillImage(image, top, left, flip, actual);
            return expected.AsSpan().SequenceEqual(actual);
        }, iter: 50);

    [Fact]
    public void Crops_and_flips_are_uniform_and_drawn_anew_each_epoch()
    {
        int[] permutation = [.. Enumerable.Range(0, s_train.Count)];
        int[] offsets = new int[81];
        int flips = 0;
        float[] batch = new float[s_train.Count * Augmentation.ImageFloats], candidate = new float[Augmentation.ImageFloats];
        int[] labels = new int[s_train.Count];
        var marked = new Dataset(Mark(s_train.Count), s_train.Labels);
        for (int epoch = 0; epoch < 10; epoch++)
        {
            Augmentation.FillTrainingBatch(marked, 5, epoch, 0, s_train.Count, permutation, batch, labels);
            for (int i = 0; i < s_train.Count; i++)
            {
                // Red holds the column and green the row, so that one inner pixel tells what was done.
                ReadOnlySpan<float> a = batch.AsSpan(i * Augmentation.ImageFloats + (16 * 32 + 16) * 4, 4);
                ReadOnlySpan<float> b = batch.AsSpan(i * Augmentation.ImageFloats + (16 * 32 + 17) * 4, 4);
                bool flip = b[0] < a[0];
                int column = ByteOf(0, a[0]), row = ByteOf(1, a[1]);
                flips += flip ? 1 : 0;
                offsets[(row - 16 + 4) * 9 + column - (flip ? 15 : 16) + 4]++;
            }
        }
        int draws = 10 * s_train.Count;
        double chiSquared = offsets.Sum(count => Math.Pow(count - draws / 81.0, 2) / (draws / 81.0));
        Assert.True(chiSquared < 124.8, $"chi squared {chiSquared} with 80 degrees of freedom (99.9%: 124.8)");
        Assert.Equal(0.5, (double)flips / draws, 4 * 0.5 / Math.Sqrt(draws));

        static byte[] Mark(int count)
        {
            byte[] images = new byte[count * Dataset.ImageBytes];
            for (int i = 0; i < images.Length; i++)
                images[i] = (i / 1024 % 3) switch { 0 => (byte)(i % 32), 1 => (byte)(i / 32 % 32), _ => 0 };
            return images;
        }

        static int ByteOf(int channel, float value) => Enumerable.Range(0, 256).First(b => Augmentation.Normalize(channel, (byte)b) == value);
    }

    [Fact]
    public void An_epoch_shows_every_image_once_and_its_last_batch_is_what_is_left()
    {
        int[] permutation = new int[s_train.Count], labels = new int[128];
        float[] images = new float[128 * Augmentation.ImageFloats];
        Augmentation.FillPermutation(3, 2, permutation);
        Assert.Equal(3, Augmentation.BatchesPerEpoch(300, 128));
        int[] counts = [.. Enumerable.Range(0, 3).Select(b => Augmentation.FillTrainingBatch(s_train, 3, 2, b, 128, permutation, images, labels))];
        Assert.Equal([128, 128, 44], counts);
        Assert.Equal(permutation[256..].Select(i => (int)s_train.Labels[i]), labels[..44]);
        Assert.Equal(Enumerable.Range(0, 300), permutation.Order());
        Assert.Throws<ArgumentOutOfRangeException>(() => Augmentation.FillTrainingBatch(s_train, 3, 2, 3, 128, permutation, images, labels));
    }

    [Fact]
    public void What_happens_to_an_image_depends_on_seed_epoch_and_image_and_not_on_its_batch() =>
        Gen.Select(Gen.ULong, Gen.Int[0, 200], Gen.Int[1, 300]).Sample((seed, epoch, batchSize) =>
        {
            int[] permutation = new int[s_train.Count], identity = [.. Enumerable.Range(0, s_train.Count)];
            int[] labels = new int[batchSize], allLabels = new int[s_train.Count];
            float[] images = new float[batchSize * Augmentation.ImageFloats], all = new float[s_train.Count * Augmentation.ImageFloats];
            Augmentation.FillPermutation(seed, epoch, permutation);
            Augmentation.FillTrainingBatch(s_train, seed, epoch, 0, s_train.Count, identity, all, allLabels);
            int last = Augmentation.BatchesPerEpoch(s_train.Count, batchSize) - 1;
            int count = Augmentation.FillTrainingBatch(s_train, seed, epoch, last, batchSize, permutation, images, labels);
            return Enumerable.Range(0, count).All(i => images.AsSpan(i * Augmentation.ImageFloats, Augmentation.ImageFloats)
                .SequenceEqual(all.AsSpan(permutation[last * batchSize + i] * Augmentation.ImageFloats, Augmentation.ImageFloats)));
        }, iter: 10);

    // Frozen: every training run depends on these bits. The values were computed by a separate program (Python, NumPy) from the documentation.
    [Fact]
    public void The_first_batch_of_seed_1_keeps_its_bits()
    {
        int[] permutation = new int[s_train.Count], labels = new int[128];
        float[] images = new float[128 * Augmentation.ImageFloats];
        Augmentation.FillPermutation(1, 1, permutation);
        Augmentation.FillTrainingBatch(s_train, 1, 1, 0, 128, permutation, images, labels);
        Assert.Equal([58, 47, 286], permutation[..3]);
        Assert.Equal(
            "2e1a1411c30e5aa21731d9785ec2c6484e54defe0191358ee4c3b2c3a85ee2a6",
            BatchFile.Hash(System.Runtime.InteropServices.MemoryMarshal.AsBytes(images.AsSpan())));
    }

    [Fact]
    public void Test_batches_are_the_images_in_file_order()
    {
        int[] labels = new int[256];
        float[] images = new float[256 * Augmentation.ImageFloats], plain = new float[Augmentation.ImageFloats];
        Assert.Equal(44, Augmentation.FillTestBatch(s_train, 1, 256, images, labels));
        Assert.Equal(s_train.Labels[256..].Select(label => (int)label), labels[..44]);
        ReadOnlySpan<byte> image = s_train.Images.AsSpan(299 * Dataset.ImageBytes);
        for (int pixel = 0; pixel < 1024; pixel++)
            for (int channel = 0; channel < 4; channel++)
            {
                float expected = channel == 3 ? 0 : Augmentation.Normalize(channel, image[channel * 1024 + pixel]);
                Assert.Equal(expected, images[43 * Augmentation.ImageFloats + pixel * 4 + channel]);
            }
    }

    [Fact]
    public void Preparing_a_batch_allocates_nothing()
    {
        int[] permutation = new int[s_train.Count], labels = new int[128];
        float[] images = new float[128 * Augmentation.ImageFloats];
        Augmentation.FillTestBatch(s_train, 0, 128, images, labels); // The table is made at the first use.
        long before = GC.GetAllocatedBytesForCurrentThread();
        Augmentation.FillPermutation(1, 1, permutation);
        Augmentation.FillTrainingBatch(s_train, 1, 1, 0, 128, permutation, images, labels);
        Augmentation.FillTestBatch(s_train, 0, 128, images, labels);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
