using LastBit.Engines;
using LastBit.Models;

namespace LastBit.Tests.Engines;

/// <summary>The order of work is data: a reader of a plan sees what decides bits.</summary>
public class WorkPlanTests
{
    [Fact]
    public void Passes_end_where_a_normalisation_needs_all_images()
    {
        WorkPlan plan = WorkPlan.Of(new ResNetSettings(8).Build());
        Assert.Equal(
            [
                "conv1", "layer1.0.conv1", "layer1.0.conv2", "layer1.0 layer2.0.conv1", "layer2.0.conv2 layer2.0.downsample.0",
                "layer2.0 layer3.0.conv1",
                "layer3.0.conv2 layer3.0.downsample.0", "layer3.0 average before fc fc loss",
            ],
            plan.Forward.Select(Names));
        Assert.Equal(plan.Layers.Count, plan.Backward.Sum(pass => pass.Layers.Count));
        Assert.Equal(plan.Layers.Reverse(), plan.Backward.SelectMany(pass => pass.Layers));
        Assert.Equal("bn1", plan.Forward[0].Normalised.Single().Normalization!.Layer.Name);

        WorkPlan plain = WorkPlan.Of(NetworkSettings.Parse("resnet8-nobn", Activation.Relu).Build());
        Assert.Single(plain.Forward);
        Assert.Single(plain.Backward);

        static string Names(PassPlan pass) => string.Join(' ', pass.Layers.Select(layer => layer.Name));
    }

    [Fact]
    public void The_last_layer_writes_a_gradient_the_others_add_and_the_first_closes_it()
    {
        var b = new ModelBuilder(new TensorShape(8, 8, 3));
        Node x = b.Activate(b.Normalize("bn", b.Convolution("conv", b.Images, 16, 3)), Activation.Relu);
        Node y = b.Convolution("left", x, 16, 3), z = b.Convolution("right", x, 16, 3);
        b.Classify("fc", b.Add("sum", y, z), 10);
        WorkPlan plan = WorkPlan.Of(b.Build("fork"));
        LayerPlan conv = plan.Layers[0], left = plan.Layers[1], right = plan.Layers[2], sum = plan.Layers[3];
        Assert.Equal((true, false), (right.Contributions[0]!.IsFirst, right.Contributions[0]!.Closes));
        Assert.Equal((false, true), (left.Contributions[0]!.IsFirst, left.Contributions[0]!.Closes));
        Assert.Same(right.Contributions[0]!.Buffer, left.Contributions[0]!.Buffer);
        Assert.Null(conv.Contributions[0]);
        // Both operands of a sum take the same numbers.
        Assert.Same(sum.Contributions[0]!.Buffer, sum.Contributions[1]!.Buffer);
        Assert.Equal((16, 3), (conv.Output.Shape.Channels, plan.Images.Shape.Channels - 1));
    }

    [Fact]
    public void Layers_of_many_weights_take_all_images_together()
    {
        WorkPlan vgg = WorkPlan.Of(new VggSettings().Build()), tangents = WorkPlan.Of(new VggSettings().Build(), tangents: true);
        Assert.Contains(vgg.Layers, layer => layer is { TakesAllImages: true, Node.Layer: Convolution });
        Assert.DoesNotContain(tangents.Layers, layer => layer is { TakesAllImages: true, Node.Layer: Convolution });
        Assert.All(vgg.Forward.Concat(vgg.Backward).Where(pass => pass.Layers.Any(layer => layer.TakesAllImages)),
            pass => Assert.Single(pass.Layers));
        Assert.All(tangents.Gradients, gradient => Assert.False(gradient.IsBrief));

        WorkPlan connected = WorkPlan.Of(new ConnectedNetworkSettings { Activation = Activation.Tanh }.Build());
        Assert.Equal(["fc1", "fc2", "fc3"], connected.Layers.Where(layer => layer.TakesAllImages).Select(layer => layer.Name));
    }
}
