using LastBit.Data;
using LastBit.Engines.Cpu;
using LastBit.Experiments.Train;
using LastBit.Models;

namespace LastBit.Tests.Models;

/// <summary>Which image sizes each network takes, and that it is asked before anything is made of it.</summary>
public class ImageSizeTests
{
    private static readonly string[] s_anySize =
        ["resnet8", "preresnet8", "resnet8x2", "resnet8-nobn", "resnet8-gn", "resnet11-bottleneck", "fc-relu"];

    private static readonly string[] s_multiplesOf4 = ["cnn-relu", "cnn-elu-max"];

    private static readonly (int Height, int Width)[] s_sizes =
    [
        .. Enumerable.Range(1, 9).Select(size => (size, size)), (5, 7), (7, 5), (1, 32), (32, 1), (2, 48), (16, 4), (4, 12), (12, 8),
        (12, 16), (28, 28), (28, 32), (32, 32),
        (30, 31), (33, 33), (64, 32), (36, 20),
    ];

    public static TheoryData<string> Networks => [.. s_anySize, .. s_multiplesOf4, "vgg16"];

    [Theory]
    [MemberData(nameof(Networks))]
    public void Every_size_is_taken_padded_or_refused_in_one_line(string network)
    {
        using var team = new WorkerTeam(1);
        NetworkSettings settings = NetworkSettings.Parse(network, Activation.Relu);
        foreach ((int height, int width) in s_sizes)
        {
            int multiple = network == "vgg16" ? 32 : s_multiplesOf4.Contains(network) ? 4 : 1;
            if (height % multiple != 0 || width % multiple != 0)
            {
                Assert.Equal(
                    $"{network}: the images have {width} x {height} pixels, and this network takes widths and heights that are multiples "
                        + $"of {multiple}; "
                    + "scale the images, or name a network that takes any size: a ResNet or fc-F",
                    Assert.Throws<InputException>(() => settings.SizeFor(height, width)).Message);
                continue;
            }
            (int Height, int Width) padded = settings.SizeFor(height, width);
            Assert.InRange(padded.Height, height, height + 7);
            Assert.InRange(padded.Width, width, width + 7);
            Assert.Equal(padded, settings.SizeFor(padded.Height, padded.Width));
            if (!network.Contains("resnet", StringComparison.Ordinal))
                Assert.Equal((height, width), padded);
            // Whatever the engine takes as it is stays as it is: its bits are known.
            Assert.Equal(padded == (height, width), Takes(settings with { Images = new TensorShape(height, width, 3) }, team));
            Assert.True(Takes(settings with { Images = new TensorShape(padded.Height, padded.Width, 1) }, team));
        }
    }

    [Theory]
    [InlineData(28, 28, 32, 32)]
    [InlineData(28, 32, 28, 32)]
    [InlineData(30, 30, 32, 32)]
    [InlineData(1, 1, 8, 8)]
    [InlineData(12, 8, 16, 8)]
    [InlineData(36, 36, 40, 40)]
    [InlineData(224, 224, 224, 224)]
    public void A_ResNet_takes_the_next_size(int height, int width, int paddedHeight, int paddedWidth) =>
        Assert.Equal((paddedHeight, paddedWidth), NetworkSettings.Parse("resnet20", Activation.Swish).SizeFor(height, width));

    [Fact]
    public void A_network_for_images_that_it_does_not_take_is_refused_whoever_asks()
    {
        var settings = new TrainingRunSettings { Network = "vgg16" };
        Assert.StartsWith("vgg16: the images have 16 x 16 pixels",
            Assert.Throws<InputException>(() => settings.ToModel(new DatasetShape(3, 16, 16, 2))).Message, StringComparison.Ordinal);
        settings = new TrainingRunSettings { Network = "resnet8" };
        Assert.Equal("resnet8: takes no images of 28 x 28 pixels; pad them to 32 x 32",
            Assert.Throws<InputException>(() => settings.ToModel(new DatasetShape(3, 28, 28, 2))).Message);
    }

    private static bool Takes(NetworkSettings settings, WorkerTeam team)
    {
        try
        {
            using var engine = new CpuEngine(settings.Build(), 1, team);
            return true;
        }
        catch (Exception error) when (error is InputException or ArgumentException)
        {
            return false;
        }
    }
}
