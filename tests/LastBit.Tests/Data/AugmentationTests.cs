using CsCheck;
using LastBit.Data;

namespace LastBit.Tests.Data;

public class AugmentationTests
{
    private static readonly Dataset s_train = Cifar10.Load("sample", 300).Train;
    private static readonly int s_floats = s_train.Shape.ImageFloats;
    private static readonly Gen<byte[]> s_image = Gen.Byte.Array[Cifar10.ImageBytes];

    [Fact]
    public void Bytes_are_normalised_in_binary64_and_rounded_once()
    {
        double[] mean = [0.507, 0.487, 0.441], deviation = [0.267, 0.256, 0.276];
        for (int channel = 0; channel < 3; channel++)
            for (int value = 0; value < 256; value++)
                Assert.Equal((float)(((double)value / 255 - mean[channel]) / deviation[channel]),
                    Normalization.Paper[channel, (byte)value]);
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
                        expected[(y * 32 + x) * 4 + c] = Normalization.Paper[c, padded[c, top + y, left + (flip ? 31 - x : x)]];
            actual.AsSpan().Fill(float.NaN);
            Augmentation.FillImage(Of(image), 0, top - 4, left - 4, flip, actual);
            return expected.AsSpan().SequenceEqual(actual);
        }, iter: 50);

    [Fact]
    public void Crops_and_flips_are_uniform_and_drawn_anew_each_epoch()
    {
        int[] permutation = [.. Enumerable.Range(0, s_train.Count)];
        int[] offsets = new int[81];
        int flips = 0;
        float[] batch = new float[s_train.Count * s_floats], candidate = new float[s_floats];
        int[] labels = new int[s_train.Count];
        Dataset marked = Of(Mark(s_train.Count));
        for (int epoch = 0; epoch < 10; epoch++)
        {
            Augmentation.FillTrainingBatch(marked, 5, epoch, 0, s_train.Count, permutation, batch, labels);
            for (int i = 0; i < s_train.Count; i++)
            {
                // Red holds the column and green the row, so that one inner pixel tells what was done.
                ReadOnlySpan<float> a = batch.AsSpan(i * s_floats + (16 * 32 + 16) * 4, 4);
                ReadOnlySpan<float> b = batch.AsSpan(i * s_floats + (16 * 32 + 17) * 4, 4);
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
            byte[] images = new byte[count * Cifar10.ImageBytes];
            for (int i = 0; i < images.Length; i++)
                images[i] = (i / 1024 % 3) switch { 0 => (byte)(i % 32), 1 => (byte)(i / 32 % 32), _ => 0 };
            return images;
        }

        static int ByteOf(int channel, float value) => Enumerable.Range(0, 256).First(b => Normalization.Paper[channel, (byte)b] == value);
    }

    [Fact]
    public void An_epoch_shows_every_image_once_and_its_last_batch_is_what_is_left()
    {
        int[] permutation = new int[s_train.Count], labels = new int[128];
        float[] images = new float[128 * s_floats];
        Augmentation.FillPermutation(3, 2, permutation);
        Assert.Equal(3, Augmentation.BatchesPerEpoch(300, 128));
        int[] counts =
            [.. Enumerable.Range(0, 3).Select(b => Augmentation.FillTrainingBatch(s_train, 3, 2, b, 128, permutation, images, labels))];
        Assert.Equal([128, 128, 44], counts);
        Assert.Equal(permutation[256..].Select(i => (int)s_train.Labels[i]), labels[..44]);
        Assert.Equal(Enumerable.Range(0, 300), permutation.Order());
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            Augmentation.FillTrainingBatch(s_train, 3, 2, 3, 128, permutation, images, labels));
    }

    [Fact]
    public void What_happens_to_an_image_depends_on_seed_epoch_and_image_and_not_on_its_batch() =>
        Gen.Select(Gen.ULong, Gen.Int[0, 200], Gen.Int[1, 300]).Sample((seed, epoch, batchSize) =>
        {
            int[] permutation = new int[s_train.Count], identity = [.. Enumerable.Range(0, s_train.Count)];
            int[] labels = new int[batchSize], allLabels = new int[s_train.Count];
            float[] images = new float[batchSize * s_floats], all = new float[s_train.Count * s_floats];
            Augmentation.FillPermutation(seed, epoch, permutation);
            Augmentation.FillTrainingBatch(s_train, seed, epoch, 0, s_train.Count, identity, all, allLabels);
            int last = Augmentation.BatchesPerEpoch(s_train.Count, batchSize) - 1;
            int count = Augmentation.FillTrainingBatch(s_train, seed, epoch, last, batchSize, permutation, images, labels);
            return Enumerable.Range(0, count).All(i => images.AsSpan(i * s_floats, s_floats)
                .SequenceEqual(all.AsSpan(permutation[last * batchSize + i] * s_floats, s_floats)));
        }, iter: 10);

    // Frozen: every training run depends on these bits. The values were computed by a separate program (Python, NumPy) from the
    // documentation.
    [Fact]
    public void The_first_batch_of_seed_1_keeps_its_bits()
    {
        int[] permutation = new int[s_train.Count], labels = new int[128];
        float[] images = new float[128 * s_floats];
        Augmentation.FillPermutation(1, 1, permutation);
        Augmentation.FillTrainingBatch(s_train, 1, 1, 0, 128, permutation, images, labels);
        Assert.Equal([58, 47, 286], permutation[..3]);
        Assert.Equal(
            "2e1a1411c30e5aa21731d9785ec2c6484e54defe0191358ee4c3b2c3a85ee2a6",
            DataFile.Sha256(System.Runtime.InteropServices.MemoryMarshal.AsBytes(images.AsSpan())));
    }

    [Fact]
    public void Test_batches_are_the_images_in_file_order()
    {
        int[] labels = new int[256];
        float[] images = new float[256 * s_floats], plain = new float[s_floats];
        Assert.Equal(44, Augmentation.FillTestBatch(s_train, 1, 256, images, labels));
        Assert.Equal(s_train.Labels[256..].Select(label => (int)label), labels[..44]);
        ReadOnlySpan<byte> image = s_train.Images.AsSpan(299 * Cifar10.ImageBytes);
        for (int pixel = 0; pixel < 1024; pixel++)
            for (int channel = 0; channel < 4; channel++)
            {
                float expected = channel == 3 ? 0 : Normalization.Paper[channel, image[channel * 1024 + pixel]];
                Assert.Equal(expected, images[43 * s_floats + pixel * 4 + channel]);
            }
    }

    [Fact]
    public void Preparing_a_batch_allocates_nothing()
    {
        int[] permutation = new int[s_train.Count], labels = new int[128];
        float[] images = new float[128 * s_floats];
        Augmentation.FillTestBatch(s_train, 0, 128, images, labels); // The table is made at the first use.
        long before = GC.GetAllocatedBytesForCurrentThread();
        Augmentation.FillPermutation(1, 1, permutation);
        Augmentation.FillTrainingBatch(s_train, 1, 1, 0, 128, permutation, images, labels);
        Augmentation.FillTestBatch(s_train, 0, 128, images, labels);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Images_of_any_size_and_channels_keep_their_rows_and_get_zeros_up_to_four_channels()
    {
        var shape = new DatasetShape(1, 3, 5, 2);
        var data = new Dataset(shape, new Normalization([0], [1 / 255.0]), [.. Enumerable.Range(1, 30).Select(i => (byte)i)], [0, 1]);
        float[] images = new float[2 * shape.ImageFloats];
        int[] labels = new int[2];
        images.AsSpan().Fill(float.NaN);
        Assert.Equal(2, Augmentation.FillTestBatch(data, 0, 2, images, labels));
        Assert.Equal(Enumerable.Range(0, 30 * 4).Select(i => i % 4 == 0 ? i / 4 + 1f : 0f), images.Select(value => MathF.Round(value, 3)));
        Assert.Equal([0, 1], labels);
        float[] moved = new float[shape.ImageFloats];
        Augmentation.FillImage(data, 1, 1, -2, flip: true, moved);
        // The second image has the rows 16.., 21.., 26..: one row up, turned round, two columns further left, black beyond.
        Assert.Equal([23, 22, 21, 0, 0, 28, 27, 26, 0, 0, 0, 0, 0, 0, 0],
            Enumerable.Range(0, 15).Select(i => MathF.Round(moved[4 * i], 3)));
    }

    [Fact]
    public void Without_augmentation_training_images_are_test_images_and_a_flip_alone_only_flips()
    {
        int[] identity = [.. Enumerable.Range(0, 300)], labels = new int[300];
        float[] plain = new float[300 * s_floats], images = new float[300 * s_floats];
        Augmentation.FillTestBatch(s_train, 0, 300, plain, labels);
        var still = new Dataset(s_train.Shape, s_train.Normalization, s_train.Images, s_train.Labels);
        Augmentation.FillTrainingBatch(still, 1, 1, 0, 300, identity, images, labels);
        Assert.Equal(plain, images);

        var flipping = new Dataset(s_train.Shape, s_train.Normalization, s_train.Images, s_train.Labels) { Augmentation = new(0, true) };
        Augmentation.FillTrainingBatch(flipping, 1, 1, 0, 300, identity, images, labels);
        int flipped = Enumerable.Range(0, 300).Count(i =>
            !images.AsSpan(i * s_floats, s_floats).SequenceEqual(plain.AsSpan(i * s_floats, s_floats)));
        Assert.InRange(flipped, 100, 200);
        for (int i = 0; i < 300; i++)
            for (int pixel = 0; pixel < 1024; pixel++)
                Assert.True(images[i * s_floats + pixel * 4] == plain[i * s_floats + pixel * 4]
                    || images[i * s_floats + pixel * 4] == plain[i * s_floats + (pixel / 32 * 32 + 31 - pixel % 32) * 4]);
    }

    private static Dataset Of(byte[] images) =>
        new(s_train.Shape, s_train.Normalization, images, s_train.Labels[..(images.Length / Cifar10.ImageBytes)])
        {
            Augmentation = s_train.Augmentation,
        };
}
