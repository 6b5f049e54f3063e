using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Engines.Cpu.Tangents;
using LastBit.Models;
using LastBit.Random;

namespace LastBit.Tests.Engines.Cpu;

/// <summary>Products with the Hessian: each kind of layer, alone in a small network, beside central differences of the gradients of <see cref="Binary64Engine"/>.</summary>
public class HessianProductTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(3, 1)]
    [InlineData(1, 1)]
    [InlineData(5, 1)]
    [InlineData(3, 2)]
    [InlineData(1, 2)]
    public void Convolution(int size, int stride) => Check(b => b.Convolution("conv", b.Convolution("stem", b.Images, 16, 3), 32, size, stride));

    [Theory]
    [InlineData(Activation.None)]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Swish)]
    public void Normalisation_and_activation(Activation activation) => Check(b =>
    {
        var y = b.Activate(b.Normalize("bn", b.Convolution("conv", b.Images, 16, 3)), activation);
        return b.Activate(b.Normalize("bn2", b.Convolution("conv2", y, 16, 3, 2)), activation);
    });

    [Theory]
    [InlineData(Activation.None)]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Swish)]
    public void Activation_without_normalisation(Activation activation) => Check(b =>
    {
        var first = b.Activate(b.Convolution("conv", b.Images, 16, 3), activation);
        return b.Activate(b.Convolution("conv2", first, 16, 3, 2), activation);
    });

    [Fact]
    public void Activation_of_the_images() => Check(b => b.Convolution("conv", b.Activate(b.Images, Activation.Swish), 16, 3));

    [Theory]
    [InlineData(false, false, Activation.None)]
    [InlineData(false, false, Activation.Swish)]
    [InlineData(true, false, Activation.Swish)]
    [InlineData(true, true, Activation.None)]
    [InlineData(true, true, Activation.Swish)]
    [InlineData(false, true, Activation.Swish)]
    public void Addition(bool normaliseLeft, bool normaliseRight, Activation right) => Check(b =>
    {
        var stem = b.Convolution("stem", b.Images, 16, 3, 2);
        var shortcut = b.Activate(normaliseRight ? b.Normalize("bns", stem) : stem, right);
        var branch = b.Convolution("branch", shortcut, 16, 3);
        var left = normaliseLeft ? b.Normalize("bnb", branch) : branch;
        return b.Activate(b.Add("add", left, shortcut), Activation.Swish);
    });

    [Fact]
    public void Addition_whose_operand_nobody_else_reads() => Check(b =>
    {
        var left = b.Normalize("bn1", b.Convolution("conv1", b.Images, 16, 3, 2));
        var right = b.Activate(b.Normalize("bn2", b.Convolution("conv2", b.Images, 16, 1, 2)), Activation.Swish);
        return b.Activate(b.Add("add", left, right), Activation.Relu);
    });

    [Theory]
    [InlineData(Activation.Relu, false)]
    [InlineData(Activation.Swish, true)]
    public void A_tensor_read_both_as_it_is_and_activated(Activation activation, bool normalised) => Check(b =>
    {
        var stem = b.Convolution("stem", b.Images, 16, 3, 2);
        var first = b.Add("first", b.Convolution("branch", stem, 16, 3), stem);
        var read = b.Activate(normalised ? b.Normalize("bn", first) : first, activation);
        return b.Activate(b.Add("second", b.Convolution("branch2", read, 16, 3), first), activation);
    });

    [Theory]
    [InlineData("resnet8", Activation.Relu)]
    [InlineData("resnet8", Activation.Swish)]
    [InlineData("preresnet8", Activation.Swish)]
    [InlineData("resnet8-nobn", Activation.Swish)]
    [InlineData("preresnet11-bottleneck", Activation.Relu)]
    public void Whole_networks(string name, Activation activation) =>
        Check((NetworkSettings.Parse(name, activation) with { Images = new TensorShape(16, 16, 3) }).Build(), 2);

    private void Check(Func<ModelBuilder, Node> describe)
    {
        var builder = new ModelBuilder(new TensorShape(16, 16, 3));
        builder.Classify("fc", describe(builder), 10);
        Check(builder.Build("test"), 3);
    }

    private void Check(Model model, int count)
    {
        var problem = Problem.Of(model, count);
        using var team = new WorkerTeam(2);
        using var hessian = new HessianProduct(model, count, team);
        using var reference = new Binary64Engine(model, count);
        hessian.Load(problem.State);
        hessian.Use(problem.Images, problem.Labels);
        double[] v = problem.Direction(0), product = hessian.Multiply(v);
        reference.Load(problem.State);
        Assert.Equal(reference.Forward(problem.Images, problem.Labels, training: true).LossSum / count, hessian.Loss, 1e-5);
        double[] exact = reference.HessianProduct([.. problem.State.Parameters.ToArray().Select(w => (double)w)], v, 1e-5);
        foreach (var parameter in model.Layout.All.Where(p => p.IsTrainable))
        {
            double largest = 0, error = 0;
            for (int i = parameter.Offset; i < parameter.Offset + parameter.Count; i++)
            {
                largest = Math.Max(largest, Math.Abs(exact[i]));
                error = Math.Max(error, Math.Abs(exact[i] - product[i]));
            }
            output.WriteLine($"{parameter.Name,-30} largest {largest:E2}, differs by {error:E2}");
            Assert.True(error <= (1e-4 * largest) + 1e-6, $"{parameter.Name}: largest {largest:E3}, differs by {error:E3}");
        }
    }

    /// <summary>A network with weights, images and directions drawn at random.</summary>
    private sealed record Problem(NetworkState State, float[] Images, int[] Labels)
    {
        public static Problem Of(Model model, int count)
        {
            var state = new NetworkState(model.Layout);
            state.Initialise(3);
            // Weights and biases of a normalisation begin at 1 and 0, where some mistakes do not show.
            foreach (var parameter in model.Layout.All.Where(p => p.IsTrainable && p.Shape.Count == 1))
            {
                var values = state.Get(parameter);
                for (int i = 0; i < values.Length; i++)
                    values[i] += 0.3f * Philox.Uniform(5, RandomPurpose.None, (uint)parameter.Offset, (ulong)i);
            }
            float[] images = new float[count * model.ImageFloats];
            Philox.FillNormal(11, RandomPurpose.None, 0, 1, images);
            for (int i = 0; i < images.Length; i++)
                images[i] = i % model.Images.BatchChannels >= model.Images.Channels ? 0 : images[i];
            return new Problem(state, images, [.. Enumerable.Range(0, count).Select(i => i % 3)]);
        }

        /// <summary>A vector of independent normal numbers of deviation 1.</summary>
        public double[] Direction(uint number)
        {
            float[] v = new float[State.Parameters.Length];
            Philox.FillNormal(17, RandomPurpose.None, number, 1, v);
            return [.. v.Select(value => (double)value)];
        }
    }
}
