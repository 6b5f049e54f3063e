using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Engines.Reference;
using LastBit.Models;

namespace LastBit.Tests.Engines.Cpu;

/// <summary>
/// The backward pass of each kind of layer, alone in a small network, and of whole networks: every gradient beside that of
/// <see cref="ReferenceEngine"/>, and that beside central differences.
/// </summary>
public class BackwardTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(3, 1)]
    [InlineData(1, 1)]
    [InlineData(5, 1)]
    [InlineData(3, 2)]
    [InlineData(1, 2)]
    [InlineData(5, 2)]
    public void Convolution(int size, int stride) => Check(b =>
    {
        var stem = b.Convolution("stem", b.Images, 16, 3);
        return b.Convolution("conv", stem, 32, size, stride);
    });

    [Theory]
    [InlineData(3, 1)]
    [InlineData(3, 2)]
    [InlineData(5, 2)]
    public void Convolution_of_the_images(int size, int stride) =>
        Check(b => b.Convolution("conv", b.Images, 48, size, stride), classes: 3);

    [Theory]
    [InlineData(1, 16)]
    [InlineData(3, 8)]
    [InlineData(5, 16)]
    public void Images_of_any_channels_and_size(int channels, int side) =>
        Check(b => b.Convolution("conv", b.Images, 16, 3), images: new TensorShape(side, side, channels));

    [Theory]
    [InlineData(1, Activation.None)]
    [InlineData(8, Activation.Relu)]
    [InlineData(16, Activation.Swish)]
    public void Group_normalisation(int groups, Activation activation) => Check(b => SmallNetworks.GroupNormalised(b, groups, activation));

    [Fact]
    public void Dropout() =>
        Check((NetworkSettings.Parse("fc-tanh", Activation.None) with { Images = new TensorShape(7, 7, 3), Dropout = 0.4 }).Build(), 6);

    [Theory]
    [InlineData(Activation.None)]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Swish)]
    [InlineData(Activation.Tanh)]
    [InlineData(Activation.Elu)]
    [InlineData(Activation.Softplus)]
    public void Normalisation_and_activation(Activation activation) => Check(b => SmallNetworks.NormalisedAndActivated(b, activation));

    [Theory]
    [InlineData(Activation.None)]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Swish)]
    [InlineData(Activation.Tanh)]
    [InlineData(Activation.Elu)]
    [InlineData(Activation.Softplus)]
    public void Activation_without_normalisation(Activation activation) => Check(b => SmallNetworks.Activated(b, activation));

    [Theory]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Swish)]
    public void Activation_of_the_images(Activation activation) =>
        Check(b => b.Convolution("conv", b.Activate(b.Images, activation), 16, 3));

    [Theory]
    [InlineData(false, false, Activation.None)]
    [InlineData(false, false, Activation.Swish)]
    [InlineData(true, false, Activation.Swish)]
    [InlineData(true, true, Activation.None)]
    [InlineData(true, true, Activation.Swish)]
    [InlineData(false, true, Activation.Swish)]
    public void Addition(bool normaliseLeft, bool normaliseRight, Activation right) =>
        Check(b => SmallNetworks.Added(b, normaliseLeft, normaliseRight, right));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Several_chunks_at_once(bool normalised) =>
        Check(SmallNetworks.Build(b => SmallNetworks.ReadAsItIsAndActivated(b, Activation.Swish, normalised)), 11, slopes: false);

    [Fact]
    public void Gradients_that_one_pass_needs_take_the_place_of_a_chunk()
    {
        // Without normalisation all layers are one pass back, and four images share a place; the activations need one each.
        Assert.InRange(BytesOfAnImage(normalised: true) / (double)BytesOfAnImage(normalised: false), 1.3, 2);

        static long BytesOfAnImage(bool normalised)
        {
            var model = SmallNetworks.Build(b =>
            {
                var x = b.Images;
                for (int k = 0; k < 3; k++)
                {
                    x = b.Convolution($"conv{k}", x, 16, 3);
                    x = b.Activate(normalised ? b.Normalize($"bn{k}", x) : x, Activation.Relu);
                }
                return x;
            });
            return Bytes(64) - Bytes(32);

            long Bytes(int capacity)
            {
                using var team = new WorkerTeam(1);
                using var engine = new CpuEngine(model, capacity, team);
                return engine.Bytes;
            }
        }
    }

    [Fact]
    public void Addition_whose_left_operand_is_activated() => Check(b =>
    {
        var stem = b.Convolution("stem", b.Images, 16, 3, 2);
        return b.Add("add", b.Activate(stem, Activation.Swish), b.Convolution("branch", stem, 16, 3));
    });

    [Fact]
    public void Addition_whose_operand_nobody_else_reads() => Check(SmallNetworks.AddedAndReadByNobodyElse);

    [Theory]
    [InlineData(Activation.Relu, false)]
    [InlineData(Activation.Swish, true)]
    public void A_tensor_read_both_as_it_is_and_activated(Activation activation, bool normalised) =>
        Check(b => SmallNetworks.ReadAsItIsAndActivated(b, activation, normalised));

    [Theory]
    [InlineData(8, 8, 3, 50, Activation.Tanh, 9)]
    [InlineData(2, 3, 1, 33, Activation.Softplus, 139)]
    [InlineData(1, 1, 70, 16, Activation.Elu, 1)]
    [InlineData(16, 16, 3, 70, Activation.Relu, 3)]
    public void Connected_layers_of_any_size(int height, int width, int channels, int hidden, Activation activation, int count)
    {
        foreach (Loss loss in Enum.GetValues<Loss>())
        {
            var b = new ModelBuilder(new TensorShape(height, width, channels));
            var x = b.Activate(b.Connect("fc1", b.Images, hidden), activation);
            b.Connect("fc3", b.Activate(b.Connect("fc2", x, hidden + 1), activation), 7);
            // 139 images: more than two chains of 64, and the last of them not whole.
            Check(b.Build("connected", loss), count);
        }
    }

    [Fact]
    public void A_connected_layer_behind_a_convolution_and_before_a_small_one()
    {
        var b = new ModelBuilder(new TensorShape(8, 8, 3));
        var x = b.Activate(b.Normalize("bn", b.Convolution("conv", b.Images, 16, 3)), Activation.Swish);
        x = b.Add("sum", b.Convolution("conv2", x, 16, 3), x);
        b.Connect("fc2", b.Activate(b.Connect("fc1", b.Activate(x, Activation.Relu), 21), Activation.Tanh), 10);
        Check(b.Build("behind"), 11);
    }

    [Theory]
    [InlineData(PoolKind.Average, Activation.Tanh, false)]
    [InlineData(PoolKind.Max, Activation.Elu, false)]
    [InlineData(PoolKind.Average, Activation.Softplus, true)]
    [InlineData(PoolKind.Max, Activation.Relu, true)]
    public void Pooling_and_convolutions_with_bias(PoolKind kind, Activation activation, bool normalised) => Check(b =>
    {
        var x = b.DefaultConvolution("conv1", b.Images, 32, bias: true);
        x = b.Pool("pool1", b.Activate(normalised ? b.Normalize("bn1", x) : x, activation), kind);
        x = b.DefaultConvolution("conv2", x, 16, bias: true);
        return b.Pool("pool2", b.Activate(x, activation), kind);
    });

    /// <summary>2^20 weights and few pixels: the images of the batch together.</summary>
    [Theory]
    [InlineData(4, 4, 5, 1, false)]
    [InlineData(2, 2, 17, 3, true)]
    public void Convolutions_with_more_weights_than_pixels(int height, int width, int count, int size, bool bias)
    {
        int channels = size == 1 ? 1024 : 352;
        var b = new ModelBuilder(new TensorShape(height, width, 3));
        var x = b.Normalize("bn1", b.Convolution("conv1", b.Images, channels, 1));
        x = b.Append(new Convolution("conv2", channels, size) { Bias = bias }, b.Activate(x, Activation.Relu));
        b.Classify("fc", b.Activate(b.Normalize("bn2", x), Activation.Swish), 3);
        Check(b.Build("patches"), count, slopes: false);
    }

    [Fact]
    public void Convolutions_of_narrow_images() => Check(
        b =>
        {
            var x = b.Activate(b.Normalize("bn1", b.Convolution("conv1", b.Images, 32, 3)), Activation.Swish);
            return b.Convolution("conv2", b.Append(new Pool("pool", PoolKind.Average), b.Convolution("conv3", x, 16, 5)), 16, 3);
        },
        images: new TensorShape(4, 12, 3));

    [Fact]
    public void Two_small_layers_behind_the_average()
    {
        var b = new ModelBuilder(new TensorShape(8, 8, 3));
        var x = b.Append(new GlobalAverage("average"), b.Convolution("conv", b.Images, 32, 3));
        b.Connect("fc2", b.Activate(b.Connect("fc1", x, 21), Activation.Elu), 10);
        Check(b.Build("small", Loss.SquaredError), 3);
    }

    [Theory]
    [InlineData("resnet8", Activation.Relu)]
    [InlineData("resnet8", Activation.Swish)]
    [InlineData("preresnet8", Activation.Relu)]
    [InlineData("preresnet8", Activation.Swish)]
    [InlineData("resnet8-nobn", Activation.Swish)]
    [InlineData("preresnet8-nobn", Activation.Swish)]
    [InlineData("resnet11-bottleneck", Activation.Swish)]
    [InlineData("preresnet11-bottleneck", Activation.Relu)]
    [InlineData("fc-softplus", Activation.None)]
    [InlineData("cnn-elu", Activation.None)]
    [InlineData("cnn-relu-max", Activation.None)]
    public void Whole_networks(string name, Activation activation) =>
        Check((NetworkSettings.Parse(name, activation) with { Images = new TensorShape(16, 16, 3) }).Build(), 2);

    [Fact]
    public void A_small_vgg() =>
        Check(new VggSettings
        { Stages = [[16, 16], [32], [32]], Images = new TensorShape(16, 16, 3), Activation = Activation.Swish }.Build(), 2);

    private void Check(Func<ModelBuilder, Node> describe, int classes = 10, TensorShape? images = null) =>
        Check(SmallNetworks.Build(describe, classes, images), 3);

    /// <summary>What every layer gives, and the gradient with respect to it.</summary>
    private static void CompareOutputs(Model model, IOutputReader ours, ReferenceEngine exact)
    {
        Node[] read = [.. model.Nodes.Where(node => ours.Read(node, new float[ours.Count * node.Shape.Count]))];
        Assert.Equal(model.Nodes.Where(node => node.Layer is not (Images or Activate)), read.Where(node => node.Layer is not Activate));
        foreach (Node node in read)
        {
            float[] mine = new float[ours.Count * node.Shape.Count], theirs = new float[mine.Length];
            Assert.True(ours.Read(node, mine) && exact.Read(node, theirs));
            Assert.True(Farthest(mine, theirs) < 1e-5, node.Layer.Name);
            Assert.True(ours.ReadGradient(node, mine) && exact.ReadGradient(node, theirs), node.Layer.Name);
            Assert.True(Farthest(mine, theirs) < 1e-4, $"gradient of {node.Layer.Name}: {Farthest(mine, theirs)}");
        }

        static double Farthest(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Abs((double)x - y)).Max() / b.Max(Math.Abs);
    }

    private void Check(Model model, int count, bool slopes = true)
    {
        using var team = new WorkerTeam(2);
        using var engine = new SingleReplica(new CpuEngine(model, count, team));
        var reference = new ReferenceEngine(model, count);
        using var single = new SingleReplica(reference);
        RandomProblem problem = RandomProblem.Of(model, count);
        var (_, state, images, labels) = problem;

        engine.Load(state);
        IOutputReader outputs = engine.Engine.Outputs!;
        outputs.KeepsGradients = true;
        double loss = engine.Forward(images, labels, training: true).LossSum;
        engine.Engine.Backward();
        float[] statistics = engine.State.Statistics.ToArray(), gradients = engine.Gradients();
        single.Load(state);
        Assert.Equal(single.Forward(images, labels, training: true).LossSum, loss, 1e-4);
        reference.Backward();
        CompareOutputs(model, outputs, reference);
        float[] moved = single.State.Statistics.ToArray();
        for (int i = 0; i < statistics.Length; i++)
            Assert.True(Math.Abs(statistics[i] - moved[i]) <= 1e-5 * Math.Max(1, Math.Abs(statistics[i])), $"statistic {i}");

        double[] exact = reference.ExactGradients.ToArray(), parameters = [.. state.Parameters.ToArray().Select(v => (double)v)],
            direction = problem.Direction(0);
        foreach (var parameter in model.Layout.All.Where(p => p.IsTrainable))
        {
            double largest = 0, error = 0, norm = 0, slope = 0;
            for (int i = parameter.Offset; i < parameter.Offset + parameter.Count; i++)
            {
                largest = Math.Max(largest, Math.Abs(exact[i]));
                error = Math.Max(error, Math.Abs(exact[i] - gradients[i]));
                norm += exact[i] * exact[i];
                slope += exact[i] * direction[i];
            }
            double slopeError = slopes ? Math.Abs(Slope(parameter) - slope) : 0, allowed = (1e-4 * Math.Sqrt(norm)) + 1e-7;
            output.WriteLine(
                $"{parameter.Name,-30} largest {largest:E2}, differs by {error:E2}; the slope along a direction from central differences "
                    + $"by {slopeError:E2}");
            Assert.True(error <= (1e-4 * largest) + 1e-7, $"{parameter.Name}: largest {largest:E3}, differs by {error:E3}");
            Assert.True(slopeError <= allowed, $"{parameter.Name}: {slopeError:E3} from the central difference, more than {allowed:E3}");
        }

        // Along a direction in which all weights of a tensor move: one wrong gradient among them shows.
        double Slope(Parameter parameter)
        {
            const double step = 1e-6;
            return (Moved(step) - Moved(-step)) / (2 * step);

            double Moved(double by)
            {
                double[] weights = [.. parameters];
                for (int i = parameter.Offset; i < parameter.Offset + parameter.Count; i++)
                    weights[i] += by * direction[i];
                return reference.Loss(weights);
            }
        }
    }
}
