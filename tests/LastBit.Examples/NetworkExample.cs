using LastBit.Data;
using LastBit.Engines.Cpu;
using LastBit.Models;
using LastBit.Training;

namespace LastBit.Examples;

/// <summary>The custom network in docs/networks.md.</summary>
public class NetworkExample
{
    [Fact]
    public void A_network_of_ones_own_learns()
    {
        var b = new ModelBuilder(new TensorShape(32, 32, 3));
        var x = b.Activate(b.Normalize("bn1", b.Convolution("conv1", b.Images, channels: 32, size: 5, stride: 2)), Activation.Swish);
        var y = b.Normalize("bn2", b.Convolution("conv2", x, channels: 32, size: 3));
        b.Classify("fc", b.Activate(b.Add("block", y, x), Activation.Relu), classes: 10);
        Model model = b.Build("one-block");

        var (train, test) = Cifar10.Load(Cifar10.Sample);
        var settings = new TrainingSettings(Seed: 1, Epochs: 3, BatchSize: 50, LearningRate: 0.05);
        using var engines = new CpuEngineFactory(threads: 2);
        using var trainer = new Trainer(engines, model, settings, [1, 3], train, test);
        Score before = trainer.Evaluate(trainer.Replicas[0]);
        while (!trainer.IsFinished)
            trainer.Step();
        Score after = trainer.Evaluate(trainer.Replicas[0]);
        string digest = trainer.Replicas[0].State.Digest();

        Assert.True(after.Loss < 0.95 * before.Loss, $"The loss went from {before.Loss} to {after.Loss}.");
        Assert.NotEqual(digest, trainer.Replicas[1].State.Digest());
        Assert.Equal(model.Identity, Again().Identity);

        static Model Again()
        {
            var b = new ModelBuilder(new TensorShape(32, 32, 3));
            var x = b.Activate(b.Normalize("bn1", b.Convolution("conv1", b.Images, channels: 32, size: 5, stride: 2)), Activation.Swish);
            var y = b.Normalize("bn2", b.Convolution("conv2", x, channels: 32, size: 3));
            b.Classify("fc", b.Activate(b.Add("block", y, x), Activation.Relu), classes: 10);
            return b.Build("one-block");
        }
    }

    [Fact]
    public void A_further_network_learns()
    {
        var b = new ModelBuilder(new TensorShape(32, 32, 3));
        var x = b.Pool("pool1", b.Activate(b.DefaultConvolution("conv1", b.Images, 32, bias: true), Activation.Tanh), PoolKind.Average);
        x = b.Activate(b.Connect("fc1", x, 100), Activation.Elu);
        b.Connect("fc2", x, 10);
        Model model = b.Build("small", Loss.SquaredError);

        var (train, test) = Cifar10.Load(Cifar10.Sample, 200);
        using var engines = new CpuEngineFactory(threads: 2);
        using var trainer =
            new Trainer(engines, model, new TrainingSettings(Epochs: 4, BatchSize: 50, LearningRate: 0.01), [1], train, test);
        Score before = trainer.Evaluate(trainer.Replicas[0]);
        while (!trainer.IsFinished)
            trainer.Step();
        Score after = trainer.Evaluate(trainer.Replicas[0]);
        Assert.True(after.Loss < before.Loss, $"The loss went from {before.Loss} to {after.Loss}.");
    }

    [Fact]
    public void The_docs_show_what_is_compiled()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "LastBit.slnx")))
            folder = Path.GetDirectoryName(folder)!;
        string compiled =
            string.Concat(Directory.GetFiles(Path.Combine(folder, "tests", "LastBit.Examples"), "*.cs").Select(File.ReadAllText));
        string[] examples = [.. File.ReadAllText(Path.Combine(folder, "docs", "networks.md")).Split("```csharp\n").Skip(1)
            .Select(part => part.Split("```")[0])];
        Assert.Equal(3, examples.Length);
        foreach (string line in examples.SelectMany(example =>
            example.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
            Assert.Contains(line, compiled, StringComparison.Ordinal);
    }
}
