using LastBit.Data;

namespace LastBit.Tests.Data;

/// <summary>Means and deviations of each pixel by itself, over all training images however few are kept.</summary>
public class StandardizationTests
{
    [Fact]
    public void Each_pixel_has_mean_0_and_deviation_1_over_all_training_images()
    {
        var settings = new DataSettings { Data = Cifar10.Sample, Standardization = StandardizationKind.Pixel, Augmentation = "none" };
        (Dataset all, Dataset test) = DataSets.Load(settings);
        float[] images = new float[all.Count * all.Shape.ImageFloats];
        int[] labels = new int[all.Count];
        Augmentation.FillTestBatch(all, 0, all.Count, images, labels);
        for (int number = 0; number < all.Shape.ImageFloats; number += 61)
        {
            double[] values = [.. Enumerable.Range(0, all.Count).Select(i => (double)images[(i * all.Shape.ImageFloats) + number])];
            double mean = values.Average(), deviation = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
            Assert.Equal(0, mean, 1e-6);
            Assert.Equal(number % 4 == 3 ? 0 : 1, deviation, 1e-6);
        }

        (Dataset few, _) = DataSets.Load(settings with { TrainSize = 7 });
        float[] first = new float[7 * all.Shape.ImageFloats];
        Augmentation.FillTestBatch(few, 0, 7, first, labels);
        Assert.Equal(images[..first.Length], first);
        Assert.Equal(all.Normalization.Mean, test.Normalization.Mean);
        Assert.NotEqual(few.Digest(),
            DataSets.Load(settings with { TrainSize = 7, Standardization = StandardizationKind.Channel }).Train.Digest());
    }

    [Fact]
    public void A_flipped_image_is_standardised_where_its_pixels_come_to()
    {
        var data = new Dataset(new DatasetShape(1, 1, 3, 2),
            new Normalization([0, 1 / 255.0, 2 / 255.0], [1 / 255.0, 0.5 / 255, 1 / 255.0]), [10, 20, 30], [0]);
        float[] image = new float[data.Shape.ImageFloats];
        Augmentation.FillImage(data, 0, 0, 0, flip: true, image);
        Assert.Equal([30, 38, 8], ((float[])[image[0], image[4], image[8]]).Select(value => (int)Math.Round(value)));
        Augmentation.FillImage(data, 0, 0, 1, flip: false, image);
        Assert.Equal([20, 58, -2], ((float[])[image[0], image[4], image[8]]).Select(value => (int)Math.Round(value)));
    }

    [Fact]
    public void Means_that_are_given_are_those_of_channels()
    {
        var settings = new DataSettings
        { Data = Cifar10.Sample, Standardization = StandardizationKind.Pixel, Mean = [0, 0, 0], Deviation = [1, 1, 1] };
        Assert.StartsWith("standardization: ", Assert.Throws<InputException>(() => DataSets.Load(settings)).Message,
            StringComparison.Ordinal);
    }
}
