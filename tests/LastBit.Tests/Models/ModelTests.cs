using LastBit.Models;

namespace LastBit.Tests.Models;

/// <summary>Descriptions: names that round-trip, shapes that are checked, identities that tell networks apart.</summary>
public class ModelTests
{
    [Theory]
    [InlineData("resnet20")]
    [InlineData("preresnet56")]
    [InlineData("resnet20x2")]
    [InlineData("resnet29-bottleneck")]
    [InlineData("preresnet164-bottleneck")]
    [InlineData("preresnet20x4-nobn")]
    [InlineData("fc-tanh", Activation.Tanh)]
    [InlineData("fc-relu", Activation.Relu)]
    [InlineData("fc-elu", Activation.Elu)]
    [InlineData("fc-softplus", Activation.Softplus)]
    [InlineData("cnn-relu", Activation.Relu)]
    [InlineData("cnn-tanh-max", Activation.Tanh)]
    [InlineData("vgg16")]
    public void A_name_is_read_as_it_is_written(string name, Activation activation = Activation.Swish)
    {
        var settings = NetworkSettings.Parse(name, Activation.Swish);
        Assert.Equal(name, settings.Name);
        Assert.Equal(activation, settings.Activation);
        Assert.Equal(name, settings.Build().Name);
    }

    [Fact]
    public void Initialisation_belongs_to_the_layer_and_not_to_a_name()
    {
        var b = new ModelBuilder(new TensorShape(32, 32, 3));
        b.Classify("head", b.Normalize("n", b.Convolution("c", b.Images, 16, 3)), 7);
        var layout = b.Build("named otherwise").Layout;
        Assert.Equal(new Initialisation.Normal(Math.Sqrt(2.0 / (9 * 16))), layout["c.weight"].Initial);
        Assert.Equal(new Initialisation.Constant(1), layout["n.running_var"].Initial);
        Assert.Equal(new Initialisation.Uniform(0.25), layout["head.bias"].Initial);
        Assert.Equal(layout["head.bias"].Initial, layout["head.weight"].Initial);
    }

    [Fact]
    public void Networks_that_differ_have_different_identities()
    {
        var plain = new ResNetSettings(20);
        Assert.Equal("resnet20", plain.Build().Identity);
        NetworkSettings[] others =
        [
            plain with { Classes = 100 }, plain with { Images = new TensorShape(64, 64, 3) }, plain with { Width = 32 },
            plain with { Normalized = false },
            plain with { Loss = Loss.SquaredError }, plain with { PreActivation = true },
            plain with { PreActivation = true, Activation = Activation.Swish },
        ];
        Assert.Distinct([plain.Build().Identity, .. others.Select(other => other.Build().Identity)]);
        Assert.Equal("Swish", (plain with { Activation = Activation.Swish }).Build().Activations);
    }

    [Fact]
    public void The_connected_network_is_that_of_the_literature()
    {
        var layout = NetworkSettings.Parse("fc-tanh", Activation.Relu).Build().Layout;
        Assert.Equal(["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias", "fc3.weight", "fc3.bias"],
            layout.All.Select(parameter => parameter.Name));
        Assert.Equal((3072 * 200) + 200 + (200 * 200) + 200 + (200 * 10) + 10, layout.ParameterCount);
        Assert.Equal(new Initialisation.Uniform(1 / Math.Sqrt(3072)), layout["fc1.bias"].Initial);
    }

    [Fact]
    public void The_convolutional_networks_are_those_of_the_literature()
    {
        var layout = NetworkSettings.Parse("cnn-elu", Activation.Relu).Build().Layout;
        Assert.Equal(["conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias", "fc.weight", "fc.bias"],
            layout.All.Select(parameter => parameter.Name));
        Assert.Equal([10, 2048], layout["fc.weight"].Shape);
        Assert.Equal(new Initialisation.Uniform(1 / Math.Sqrt(27)), layout["conv1.weight"].Initial);
        Assert.Equal(new Initialisation.Uniform(1 / Math.Sqrt(288)), layout["conv2.bias"].Initial);
        var vgg = NetworkSettings.Parse("vgg16", Activation.Relu).Build();
        Assert.Equal(14_724_042, vgg.Layout.ParameterCount);
        Assert.Equal([512, 512, 3, 3], vgg.Layout["features.40.weight"].Shape);
        Assert.NotNull(vgg.Layout.Find("features.41.running_var"));
    }

    /// <summary>What came later is not in the text that these rest on: checkpoints are older.</summary>
    [Theory]
    [InlineData("preresnet8", "2f06dd6bd2eca135")]
    [InlineData("resnet20x2-nobn", "74890e706351f71a")]
    public void Identities_of_the_first_networks_stay(string name, string identity) =>
        Assert.Equal($"{name} {identity}", NetworkSettings.Parse(name, Activation.Relu).Build().Identity);

    [Fact]
    public void What_is_no_network_is_refused_as_it_is_described()
    {
        var b = new ModelBuilder(new TensorShape(32, 32, 3));
        var x = b.Convolution("conv", b.Images, 16, 3);
        Assert.Throws<ArgumentException>(() => b.Convolution("even", x, 16, 2));
        Assert.Throws<ArgumentException>(() => b.Convolution("conv", x, 16, 3));
        Assert.Throws<ArgumentException>(() => b.Add("sum", x, b.Images));
        Assert.Throws<ArgumentException>(() => b.Append(new Addition("one operand"), x));
        Assert.Throws<ArgumentException>(() => new ModelBuilder(new TensorShape(32, 32, 3)).Normalize("foreign", x));
        Assert.Throws<InvalidOperationException>(() => b.Build("no end"));
    }
}
