using LastBit.Data;
using LastBit.Engines.Cpu;
using LastBit.Models;
using LastBit.Training;

namespace LastBit.Tests.Engines.Cpu;

/// <summary>The example of docs/networks.md: it must be there word for word, build, and learn.</summary>
public unsafe class ExampleNetworkTests
{
    [Fact]
    public void The_example_of_the_docs_builds_and_learns()
    {
        using var team = new WorkerTeam(2);
        using var builder = new NetworkBuilder(capacity: 64);
        var x = builder.Normalize("bn1", builder.Convolution("conv1", View.Of(builder.Images), channels: 32, size: 5, stride: 2), Activation.Swish);
        var y = builder.Normalize("bn2", builder.Convolution("conv2", x, channels: 32, size: 3, stride: 1), Activation.None);
        var sum = builder.Add("block", y, x);
        builder.Classify("fc", new View(sum, Normalised: false, Activation.Relu), classes: 10);
        using Network network = builder.Build(team);
        using var replica = new Replica(network.Layout, k: 3);
        replica.Initialise(seed: 1);

        float[] images = GC.AllocateArray<float>(64 * DatasetShape.Cifar10.ImageFloats, pinned: true);
        int[] labels = GC.AllocateArray<int>(64, pinned: true);
        int count = Augmentation.FillTestBatch(Cifar10.Load(Cifar10.Sample).Train, 0, 64, images, labels);
        var settings = new TrainingSettings(new NetworkSettings(8), LearningRate: 0.05);
        var losses = new List<double>();
        fixed (float* pixels = images)
        fixed (int* classes = labels)
        {
            for (int step = 0; step < 30; step++)
            {
                network.Load(replica.State);
                losses.Add(network.Forward(pixels, classes, count, training: true).LossSum / count);
                network.Backward();
                replica.Update(network, settings, settings.LearningRate, team);
            }
        }
        Assert.True(losses[^1] < 0.75 * losses[0], $"The loss went from {losses[0]} to {losses[^1]}.");
    }

    [Fact]
    public void The_docs_show_what_is_tested()
    {
        string docs = File.ReadAllText(Path.Combine(Root(), "docs", "networks.md"));
        string test = File.ReadAllText(Path.Combine(Root(), "tests", "LastBit.Tests", "Engines", "Cpu", "ExampleNetworkTests.cs"));
        string[] example = docs.Split("```csharp\n")[1].Split("```")[0].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(example.Length > 5);
        Assert.All(example, line => Assert.Contains($"        {line}\n", test, StringComparison.Ordinal));
    }

    [Fact]
    public void What_the_kernels_cannot_compute_is_refused_when_the_network_is_described()
    {
        using var builder = new NetworkBuilder(4);
        var x = builder.Convolution("conv", View.Of(builder.Images), 16, 3, 1);
        Assert.Throws<ArgumentException>(() => builder.Convolution("a", View.Of(x), 20, 3, 1));
        Assert.Throws<ArgumentException>(() => builder.Convolution("b", View.Of(x), 16, 2, 1));
        Assert.Throws<ArgumentException>(() => builder.Convolution("c", View.Of(x), 16, 3, 5));
        Assert.Throws<ArgumentException>(() => builder.Convolution("conv", View.Of(x), 16, 3, 1));
        Assert.Throws<ArgumentException>(() => builder.Add("d", View.Of(x), View.Of(builder.Images)));
        Assert.Throws<ArgumentException>(() => builder.Normalize("e", builder.Images, Activation.Relu));
        using var team = new WorkerTeam(1);
        Assert.Throws<InvalidOperationException>(() => builder.Build(team));
    }

    private static string Root()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "LastBit.slnx")))
            folder = Path.GetDirectoryName(folder)!;
        return folder;
    }
}
