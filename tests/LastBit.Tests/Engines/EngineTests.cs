using LastBit.Data;
using LastBit.Engines;
using LastBit.Engines.Cpu;
using LastBit.Models;
using LastBit.Training;

namespace LastBit.Tests.Engines;

/// <summary>One trainer, two engines: they walk the same way to within rounding.</summary>
public class EngineTests
{
    [Fact]
    public void A_training_goes_the_same_way_on_either_engine()
    {
        var b = new ModelBuilder(new TensorShape(32, 32, 3));
        var x = b.Activate(b.Normalize("bn1", b.Convolution("conv1", b.Images, 16, 3, 4)), Activation.Swish);
        b.Classify("fc", b.Activate(b.Add("block", b.Normalize("bn2", b.Convolution("conv2", x, 16, 3)), x), Activation.Swish), 10);
        var model = b.Build("small");
        var (train, test) = Cifar10.Load(Cifar10.Sample, 20);
        var settings = new TrainingSettings(Epochs: 2, BatchSize: 10, LearningRate: 0.05);
        using var team = new WorkerTeam(2);
        using var ours = Trainer.OnCpu(model, settings, [1], train, test.First(10), team);
        using var engine = new Binary64Engine(model, 10);
        using var exact = new Trainer(engine, settings, [1], train, test.First(10), team);
        while (!ours.IsFinished)
        {
            ours.Step();
            exact.Step();
            Assert.Equal(exact.Scores[0].LossSum, ours.Scores[0].LossSum, 1e-3);
        }
        var stop = TestContext.Current.CancellationToken;
        Assert.Equal(exact.Evaluate(exact.Replicas[0], stop).Loss, ours.Evaluate(ours.Replicas[0], stop).Loss, 1e-3);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        var model = new ResNetSettings(8).Build();
        using var team = new WorkerTeam(1);
        using var engine = new CpuEngine(model, 2, team);
        using var state = new NetworkState(model.Layout);
        using var foreign = new NetworkState(new ResNetSettings(8).Build().Layout);
        Assert.Throws<InvalidOperationException>(() => engine.Forward(new float[4096], [0], true));
        Assert.Throws<ArgumentException>(() => engine.Load(foreign));
        engine.Load(state);
        Assert.Throws<ArgumentException>(() => engine.Forward(new float[4095], [0], true));
        Assert.Throws<ArgumentException>(() => engine.Forward(new float[3 * 4096], [0, 0, 0], true));
        Assert.Throws<ArgumentException>(() => engine.Forward(new float[4096], [10], true));
        Assert.Throws<ArgumentException>(() => engine.Forward(new float[4096], [-1], true));
        engine.Forward(new float[4096], [9], false);
        Assert.Throws<InvalidOperationException>(engine.Backward);
    }

    [Fact]
    public void What_the_kernels_cannot_compute_is_refused_with_the_layer_s_name()
    {
        Refused("20 output channels", (b, x) => b.Convolution("odd", x, 20, 3));
        Refused("multiples of the stride", (b, x) => b.Convolution("odd", x, 16, 3, 5));
        Refused("once and before", (b, x) => b.Normalize("odd", b.Activate(x, Activation.Relu)));
        Refused("once and before", (b, x) => b.Normalize("odd", b.Images));
        Refused("two activation functions", (b, x) => b.Activate(b.Activate(x, Activation.Relu), Activation.Swish));

        static void Refused(string why, Func<ModelBuilder, Node, Node> layer)
        {
            var b = new ModelBuilder(new TensorShape(32, 32, 3));
            b.Classify("fc", layer(b, b.Convolution("conv", b.Images, 16, 3)), 10);
            using var team = new WorkerTeam(1);
            Assert.Contains(why, Assert.Throws<InputException>(() => new CpuEngine(b.Build("bad"), 1, team)).Message, StringComparison.Ordinal);
        }
    }
}
