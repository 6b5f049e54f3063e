using LastBit.Engines.Cpu;
using LastBit.Models;
using LastBit.Random;
using LastBit.Training;

namespace LastBit.Tests.Engines.Cpu;

/// <summary>The backward pass of each kind of layer, alone in a small network, and of whole networks, beside central differences in binary64.</summary>
public unsafe class BackwardTests(ITestOutputHelper output)
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
        var stem = b.Convolution("stem", View.Of(b.Images), 16, 3, 1);
        b.Classify("fc", View.Of(b.Convolution("conv", View.Of(stem), 32, size, stride)), 10);
    });

    [Theory]
    [InlineData(3, 1)]
    [InlineData(3, 2)]
    [InlineData(5, 2)]
    public void Convolution_of_the_images(int size, int stride) => Check(b =>
        b.Classify("fc", View.Of(b.Convolution("conv", View.Of(b.Images), 48, size, stride)), 3));

    [Theory]
    [InlineData(Activation.None)]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Swish)]
    public void Normalisation_and_activation(Activation activation) => Check(b =>
    {
        var y = b.Normalize("bn", b.Convolution("conv", View.Of(b.Images), 16, 3, 1), activation);
        b.Classify("fc", b.Normalize("bn2", b.Convolution("conv2", y, 16, 3, 2), activation), 10);
    });

    [Theory]
    [InlineData(Activation.None)]
    [InlineData(Activation.Relu)]
    [InlineData(Activation.Swish)]
    public void Activation_without_normalisation(Activation activation) => Check(b =>
    {
        var first = new View(b.Convolution("conv", View.Of(b.Images), 16, 3, 1), false, activation);
        b.Classify("fc", new View(b.Convolution("conv2", first, 16, 3, 2), false, activation), 10);
    });

    [Theory]
    [InlineData(false, false, Activation.None)]
    [InlineData(false, false, Activation.Swish)]
    [InlineData(true, false, Activation.Swish)]
    [InlineData(true, true, Activation.None)]
    [InlineData(true, true, Activation.Swish)]
    [InlineData(false, true, Activation.Swish)]
    public void Addition(bool normaliseLeft, bool normaliseRight, Activation right) => Check(b =>
    {
        var stem = b.Convolution("stem", View.Of(b.Images), 16, 3, 2);
        var shortcut = normaliseRight ? b.Normalize("bns", stem, right) : new View(stem, false, right);
        var branch = b.Convolution("branch", shortcut, 16, 3, 1);
        var left = normaliseLeft ? b.Normalize("bnb", branch, Activation.None) : View.Of(branch);
        b.Classify("fc", new View(b.Add("add", left, shortcut), false, Activation.Swish), 10);
    });

    [Fact]
    public void Addition_whose_operand_nobody_else_reads() => Check(b =>
    {
        var left = b.Normalize("bn1", b.Convolution("conv1", View.Of(b.Images), 16, 3, 2), Activation.None);
        var right = b.Normalize("bn2", b.Convolution("conv2", View.Of(b.Images), 16, 1, 2), Activation.Swish);
        b.Classify("fc", new View(b.Add("add", left, right), false, Activation.Relu), 10);
    });

    [Theory]
    [InlineData(false, Activation.Relu)]
    [InlineData(false, Activation.Swish)]
    [InlineData(true, Activation.Relu)]
    [InlineData(true, Activation.Swish)]
    public void Whole_networks(bool preActivation, Activation activation)
    {
        using var team = new WorkerTeam(2);
        Check(ResNet.Build(new NetworkSettings(8, preActivation, activation), 2, team), everyNth: 3001);
    }

    private void Check(Action<NetworkBuilder> describe)
    {
        using var team = new WorkerTeam(2);
        using var builder = new NetworkBuilder(3);
        describe(builder);
        Check(builder.Build(team), everyNth: 577);
    }

    private void Check(Network network, int everyNth)
    {
        using var owned = network;
        int count = network.Capacity;
        using var replica = new Replica(network.Layout, 1);
        replica.Initialise(3);
        // Weights and biases of a normalisation begin at 1 and 0, where some mistakes do not show.
        foreach (var parameter in network.Layout.All.Where(p => p.IsTrainable && p.Shape.Count == 1))
        {
            var values = replica.State.Get(parameter);
            for (int i = 0; i < values.Length; i++)
                values[i] += 0.3f * Philox.Uniform(5, RandomPurpose.None, (uint)parameter.Offset, (ulong)i);
        }
        float[] images = GC.AllocateArray<float>(count * 4096, pinned: true);
        int[] labels = GC.AllocateArray<int>(count, pinned: true);
        Philox.FillNormal(11, RandomPurpose.None, 0, 1, images);
        for (int i = 0; i < images.Length; i++)
            images[i] = i % 4 == 3 ? 0 : images[i];
        for (int i = 0; i < count; i++)
            labels[i] = i % 3;

        network.Load(replica.State);
        BatchResult result;
        fixed (float* x = images)
        fixed (int* y = labels)
        {
            result = network.Forward(x, y, count, training: true);
            network.Backward();
        }

        var reference = new Binary64Network(network, [.. images.Select(v => (double)v)], labels);
        double[] parameters = [.. replica.State.Parameters.ToArray().Select(v => (double)v)];
        Assert.Equal(reference.Loss(parameters), result.LossSum / count, 1e-5);
        foreach (var parameter in network.Layout.All.Where(p => p.IsTrainable))
        {
            double largest = 0, error = 0;
            for (int i = 0; i < parameter.Count; i += Math.Max(1, Math.Min(everyNth, parameter.Count / 3)))
            {
                int index = parameter.Offset + i;
                double before = parameters[index];
                const double step = 1e-6;
                parameters[index] = before + step;
                double up = reference.Loss(parameters);
                parameters[index] = before - step;
                double down = reference.Loss(parameters);
                parameters[index] = before;
                double slope = (up - down) / (2 * step);
                largest = Math.Max(largest, Math.Abs(slope));
                error = Math.Max(error, Math.Abs(slope - network.Gradients[index]));
            }
            output.WriteLine($"{parameter.Name,-30} slope {largest:E2}, differs by {error:E2}");
            Assert.True(error <= (2e-4 * largest) + 1e-7, $"{parameter.Name}: slope {largest:E3}, differs by {error:E3}");
        }
    }
}
